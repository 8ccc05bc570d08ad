/**
 * `server/cli/command/` is for the parts that every command is made of: arguments, options,
 * signals.
 *
 * What every command of the binary is made of.
 *
 * @module
 */

import type { Prompt } from "../terminal/prompt.ts";
import type { Screen } from "../terminal/terminal.ts";
import type { OptionTable } from "./options.ts";

/** Where a command writes: the process's streams, or a test's strings. */
export interface CommandIo {
  /**
   * Writes to standard output: what was asked for.
   *
   * @returns `false` once it cannot be written to; what would go on for ever ends then.
   */
  out(text: string): boolean | void;
  /** The same, behind what was written before; signals and connections are seen while its reader is slow. */
  write(data: string | Uint8Array): Promise<boolean>;
  /** Writes to standard error: problems, and what a pipe should not carry. */
  err(text: string): void;
  /** The columns of the terminal that standard output is; absent where it is none. */
  readonly columns?: number;
  /**
   * Asks the person at the terminal that standard input is; absent where it is none.
   *
   * @param question Is written to standard error.
   * @returns One line, without its line feed; empty when there is no more input.
   */
  ask?(question: string): Promise<string>;
  /** Takes the whole terminal; absent where standard input or output is none. */
  openScreen?(): Screen;
  /** Takes the terminal for a prompt; absent where standard input or output is none. */
  openPrompt?(): Prompt;
}

/** One command of the binary, as in `fourtuple doctor`. */
export interface Command {
  /** The word that selects it. */
  name: string;
  /** One line for the list of commands. */
  summary: string;
  /** The whole text of `--help`, ending with a line feed. */
  help: string;
  /** Its options, by which shells complete; absent where they are read out of its help. */
  options?: OptionTable;
  /**
   * Runs the command.
   *
   * @param args The arguments after the command's name.
   * @param io Where it writes.
   * @returns The exit code: 0 done, 1 failed, 2 wrong usage; others are in its help. Where it is 0 and
   * output was lost, the process ends with another one.
   */
  run(args: string[], io: CommandIo): Promise<number>;
}
