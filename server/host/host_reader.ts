/** Reads the host's files, which are small; undefined for those that cannot be read. */
export interface HostReader {
  /** Reads a whole file as text. */
  text(path: string): Promise<string | undefined>;
  /** Reads a whole file as bytes. */
  bytes(path: string): Promise<Uint8Array | undefined>;
}

/**
 * Returns whether host files may be read. Deno lets only `--allow-all` read /proc; this asks before
 * the first read, since without permission Deno would stop and ask at the terminal.
 */
export function mayReadHost(): boolean {
  return Deno.build.os === "linux" &&
    Deno.permissions.querySync({ name: "read" }).state === "granted";
}

/** Reads the files of this host. */
export const hostReader: HostReader = {
  text: (path) => absentOnFailure(() => Deno.readTextFile(path)),
  bytes: (path) => absentOnFailure(() => Deno.readFile(path)),
};

/** Runs one read of the host; undefined if it may not or does not succeed. */
export async function absentOnFailure<T>(read: () => Promise<T>): Promise<T | undefined> {
  if (!mayReadHost()) return undefined;
  try {
    return await read();
  } catch {
    return undefined;
  }
}
