/**
 * `server/process/` is for child processes and the link to each.
 *
 * Further processes of this program, and the link to each. A link's socket has a path only until
 * the child has come: nothing is left over, unless both processes are killed before.
 *
 * @module
 */
import { type Calls, Link } from "./link.ts";
import type { Program } from "./program.ts";

/** Tells a child where its parent waits; `FOURTUPLE_*` are settings, and this is not one. */
const SOCKET_VARIABLE = "_FOURTUPLE_PARENT";

/** A child that has not joined after this many milliseconds never will. */
const JOIN_DEADLINE = 30_000;

/** A child that runs, and the link to it. */
export interface Child<Theirs extends Calls<Theirs>> {
  /** The process. */
  readonly pid: number;
  /** The link; it closes when the child is gone. */
  readonly link: Link<Theirs>;
  /** Resolves when the process has ended. */
  readonly status: Promise<Deno.CommandStatus>;
  /** Sends a signal; does nothing when the process has ended. */
  kill(signal: Deno.Signal): void;
}

/** The options of a child. */
export interface ChildOptions {
  /** The functions that the child can call. */
  readonly ours: object;
  /** Takes bytes that the child sends. */
  readonly received?: (bytes: Uint8Array<ArrayBuffer>) => void;
  /** Kills it, from its start until it has ended. */
  readonly signal?: AbortSignal;
}

/**
 * Starts a process of this program and waits until it has joined.
 *
 * @param program The program.
 * @param args Its arguments.
 * @param options The child's options.
 * @returns The child, linked.
 * @throws {Error} When it ends before it has joined.
 * @throws The signal's reason, when it was aborted before the start.
 */
export async function startChild<Theirs extends Calls<Theirs>>(
  program: Program,
  args: readonly string[],
  { ours, received, signal }: ChildOptions,
): Promise<Child<Theirs>> {
  const { folder, path, listener } = await openSocket();
  try {
    using _ = listener;
    signal?.throwIfAborted();
    const process = new Deno.Command(program.command, {
      args: [...program.args, ...args],
      env: { [SOCKET_VARIABLE]: path },
      stdin: "null",
    }).spawn();
    const end = () => kill(process, "SIGKILL");
    signal?.addEventListener("abort", end);
    process.status.finally(() => signal?.removeEventListener("abort", end));
    const deadline = setTimeout(end, JOIN_DEADLINE);
    const conn = await Promise.race([listener.accept(), process.status])
      .finally(() => clearTimeout(deadline));
    if ("code" in conn) throw new Error(`Process ended before it had joined: ${endOf(conn)}`);
    const link = new Link<Theirs>(conn, ours, received);
    return {
      pid: process.pid,
      link,
      status: process.status,
      kill: (signal) => kill(process, signal),
    };
  } finally {
    // A folder that is left is no reason to lose the child.
    await Deno.remove(folder, { recursive: true }).catch(() => {});
  }
}

/** A socket that a child joins at, in a folder that nobody else may enter. */
interface JoiningSocket {
  readonly folder: string;
  readonly path: string;
  readonly listener: Deno.UnixListener;
}

/**
 * Opens it where that can be: `TMPDIR` may be too long for a socket's address, which has room for
 * 107 bytes, or be read-only as all of a hardened container is but for its shared memory.
 *
 * @throws {Error} When it can be nowhere, with the reasons.
 */
async function openSocket(): Promise<JoiningSocket> {
  const faults: string[] = [];
  for (const dir of [undefined, "/tmp", Deno.env.get("XDG_RUNTIME_DIR") ?? "", "/dev/shm"]) {
    if (dir === "") continue;
    let folder: string | undefined;
    try {
      folder = await Deno.makeTempDir({ prefix: "fourtuple-", ...dir !== undefined && { dir } });
      const path = `${folder}/link`;
      return { folder, path, listener: Deno.listen({ transport: "unix", path }) };
    } catch (error) {
      faults.push(`${dir ?? "the system's folder for temporary files"}: ${reasonOf(error)}`);
      if (folder !== undefined) await Deno.remove(folder).catch(() => {});
    }
  }
  const message = "Cannot start a process as no folder takes the socket that it is linked by";
  throw new Error(
    `${message}; set TMPDIR to one that is writable and short (${faults.join("; ")})`,
  );
}

/** Without the name of the call, which Deno adds: `Read-only file system (os error 30)`. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/(\(os error \d+\)).*/s, "$1");
}

function kill(process: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    process.kill(signal);
  } catch {
    // It has ended, which is all that a signal could bring about.
  }
}

/**
 * Says how a process ended.
 *
 * @param status Its status.
 * @returns A few words.
 */
export function endOf({ code, signal }: Deno.CommandStatus): string {
  return signal === null ? `exit code ${code}` : `ended by ${signal}`;
}

/** Whether this process was started by {@linkcode startChild} and has not joined yet. */
export function isChild(): boolean {
  return Deno.env.get(SOCKET_VARIABLE) !== undefined;
}

/**
 * Links a child with its parent.
 *
 * @param ours The functions that the parent can call.
 * @param received Takes bytes that the parent sends.
 * @returns The link; when it closes the parent is gone, however it ended.
 * @throws {Error} When this process is no child, or the parent is gone already.
 */
export async function joinParent<Theirs extends Calls<Theirs>>(
  ours: object,
  received?: (bytes: Uint8Array<ArrayBuffer>) => void,
): Promise<Link<Theirs>> {
  const path = Deno.env.get(SOCKET_VARIABLE);
  if (path === undefined) throw new Error("This process has no parent to join");
  // Processes that this one starts are not children of that parent.
  Deno.env.delete(SOCKET_VARIABLE);
  return new Link<Theirs>(await connect(path), ours, received);
}

async function connect(path: string): Promise<Deno.UnixConn> {
  try {
    return await Deno.connect({ transport: "unix", path });
  } catch (error) {
    // A process that was killed could not clean up after itself.
    await removeSocket(path).catch(() => {});
    throw new Error("Process that started this one has gone", { cause: error });
  }
}

/** Removes a socket and its folder, and nothing else: the path comes from the environment. */
async function removeSocket(path: string): Promise<void> {
  if (!(await Deno.lstat(path)).isSocket) return;
  await Deno.remove(path);
  await Deno.remove(path.slice(0, path.lastIndexOf("/")));
}
