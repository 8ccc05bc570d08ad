/** How to start this program once more. */
export interface Program {
  /** The file to execute. */
  readonly command: string;
  /** What comes before the program's own arguments. */
  readonly args: readonly string[];
}

/** Deno 2.4 and later say whether they are inside a compiled binary. */
const compiled: boolean = Deno.build.standalone === true;

/**
 * Says how to run a module as a process of its own: with this same Deno, or, in a binary made by
 * `deno compile`, as the binary itself, which has no module but its main one.
 *
 * @param module The module's URL.
 * @param permissions Deno's flags; a compiled binary has its own.
 */
export function programOf(
  module: string,
  permissions: readonly string[] = ["-A", "--unstable-net"],
): Program {
  const command = Deno.execPath();
  return compiled ? { command, args: [] } : { command, args: ["run", ...permissions, module] };
}
