/** The command that starts this program once more. */
export interface Program {
  /** The file to execute. */
  readonly command: string;
  /** The arguments before the program's own ones. */
  readonly args: readonly string[];
}

/** Deno 2.4 and later say whether they are inside a compiled binary. */
const compiled: boolean = Deno.build.standalone === true;

/** The permissions of a child: those of its parent, which could not start it with fewer. */
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
