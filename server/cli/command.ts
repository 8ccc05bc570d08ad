/**
 * What every command of the binary is made of.
 *
 * @module
 */

/** Where a command writes: the process's streams, or a test's strings. */
export interface CommandIo {
  /** Writes to standard output: what was asked for. */
  out(text: string): void;
  /** Writes to standard error: faults, and what a pipe should not carry. */
  err(text: string): void;
}

/** One command of the binary, as in `fourtuple doctor`. */
export interface Command {
  /** The word that selects it. */
  name: string;
  /** One line for the list of commands. */
  summary: string;
  /** The whole text of `--help`, ending with a line feed. */
  help: string;
  /**
   * Runs the command.
   *
   * @param args The arguments after the command's name.
   * @param io Where it writes.
   * @returns The exit code: 0 done, 1 failed, 2 wrong usage.
   */
  run(args: string[], io: CommandIo): Promise<number>;
}
