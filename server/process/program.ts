/** How to start this program once more. */
export interface Program {
  /** The file to execute. */
  readonly command: string;
  /** What comes before the program's own arguments. */
  readonly args: readonly string[];
}

/** Deno 2.4 and later say whether they are inside a compiled binary. */
const compiled: boolean = Deno.build.standalone === true;

/** What a child may do: as much as its parent, which could not start it with less. */
const PERMISSIONS = ["-A", "--unstable-net"] as const;

/**
 * Says how to run a module as a process of its own: with this same Deno, or, in a binary made by
 * `deno compile`, as the binary itself, which has no module but its main one.
 *
 * @param module The module's URL.
 */
export function programOf(module: string): Program {
  const command = Deno.execPath();
  return compiled ? { command, args: [] } : { command, args: ["run", ...PERMISSIONS, module] };
}
