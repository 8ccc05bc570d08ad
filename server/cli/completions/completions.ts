/**
 * `server/cli/completions/` is for scripts with which shells complete a command.
 *
 * `fourtuple completions`: scripts with which shells complete what is typed after `fourtuple`.
 *
 * @module
 */

import type { Command, CommandIo } from "../command/command.ts";
import { parseArgs } from "../command/parse_args.ts";
import { quote } from "../terminal/problems.ts";
import { completionScript } from "./completion_scripts.ts";
import { completionTable, SHELLS } from "./completion_table.ts";

const help = `Usage: fourtuple completions [options] ${SHELLS.join("|")}

Prints a script with which a shell completes commands, options and, where they are
known, their values. To have it in this shell:

  eval "$(fourtuple completions bash)"
  source <(fourtuple completions zsh)     # after compinit
  fourtuple completions fish | source

and in all: put the first into ~/.bashrc, the second into ~/.zshrc, and the output of
the third into ~/.config/fish/completions/fourtuple.fish.

Options:
  -h, --help
      Print this text

Exit codes: 0 done, 2 wrong usage
`;

/**
 * The `completions` command.
 *
 * @param commands Gives all commands, this one too; the first is the one that needs not be typed.
 */
export function completionsCommand(commands: () => readonly Command[]): Command {
  return {
    name: "completions",
    summary: "Print a script for bash, zsh or fish that completes all this",
    help,
    run: (args, io) => Promise.resolve(runCompletions(args, io, commands())),
  };
}

function runCompletions(args: string[], io: CommandIo, commands: readonly Command[]): number {
  const problems: string[] = [];
  const flags = parseArgs(args, { boolean: ["help"], alias: { h: "help" }, words: 1 }, problems);
  if (flags.help === true && problems.length === 0) {
    io.out(help);
    return 0;
  }
  const [word = ""] = flags._ as string[];
  const shell = SHELLS.find((shell) => shell === word);
  if (shell === undefined) {
    problems.push(`expected one of ${SHELLS.join(", ")}, received ${quote(word)}`);
  }
  if (shell === undefined || problems.length > 0) {
    for (const problem of problems) io.err(`fourtuple completions: ${problem}\n`);
    io.err("Try: fourtuple completions --help\n");
    return 2;
  }
  io.out(completionScript(shell, completionTable(commands)));
  return 0;
}
