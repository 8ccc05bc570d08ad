/**
 * The binary: `fourtuple [command] [options]`.
 *
 * @module
 */
import type { Command, CommandIo } from "./cli/command/command.ts";
import { keepInspectorClosed } from "./cli/command/inspector.ts";
import { processIo } from "./cli/command/process_io.ts";
import { completionsCommand } from "./cli/completions/completions.ts";
import { connect } from "./cli/connect/connect.ts";
import { decode } from "./cli/decode/decode.ts";
import { doctor } from "./cli/host/doctor.ts";
import { myth } from "./cli/host/myth.ts";
import { scaleClient, scaleWorker } from "./cli/host/scale_process.ts";
import { connections } from "./cli/ops/connections.ts";
import { drain } from "./cli/ops/drain.ts";
import { fds } from "./cli/ops/fds.ts";
import { kick } from "./cli/ops/kick.ts";
import { report } from "./cli/ops/report.ts";
import { tap } from "./cli/ops/tap.ts";
import { top } from "./cli/ops/top.ts";
import { serveCommand } from "./cli/serve/serve.ts";
import { firstLine, quote } from "./cli/terminal/problems.ts";
import { VERSION } from "./cli/version.ts";

/** Without an ops port, what it consists of would cost memory for nothing. */
const serve = serveCommand(async () => (await import("./admin/admin.ts")).startAdmin);

/** All commands that people type. */
export const COMMANDS: readonly Command[] = [
  serve,
  top,
  connections,
  tap,
  kick,
  drain,
  report,
  fds,
  doctor,
  myth,
  decode,
  completionsCommand(() => COMMANDS),
  connect,
];

/** Commands that only other processes of ours type. */
const HIDDEN: readonly Command[] = [scaleWorker, scaleClient];

const HELP = `Usage: fourtuple [command] [options]
       fourtuple help [command]

A WebSocket server you can see into.

Commands:
${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(11)} ${summary}`).join("\n")}

Options:
  -h, --help     Print this text, or that of a command
  -V, --version  Print the version

Exit codes of every command, beside its own: 1 also where its output cannot be
written, as on a full disk, which stderr tells, and 141 where nobody reads it any more
`;

/**
 * Runs a command line.
 *
 * @param args The words after the program's name.
 * @param io Where it writes.
 * @returns The exit code.
 */
export async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const [first = "", ...rest] = args;
  // "help serve" is "serve --help".
  if (first === "help" && rest.length > 0) {
    const [named = "", ...more] = rest;
    if (more.length === 0 && !named.startsWith("-")) return await run([named, "--help"], io);
    io.err("fourtuple help: expected one command\nTry: fourtuple --help\n");
    return 2;
  }
  if (first === "--help" || first === "-h" || first === "help") {
    io.out(HELP);
    return 0;
  }
  if (first === "--version" || first === "-V") {
    io.out(`fourtuple ${VERSION}\n`);
    return 0;
  }
  if (first === "" || first.startsWith("-")) return await runCommand(serve, [...args], io);
  const command = [...COMMANDS, ...HIDDEN].find(({ name }) => name === first);
  if (command !== undefined) return await runCommand(command, rest, io);
  io.err(`fourtuple: no such command: ${quote(first)}\nTry: fourtuple --help\n`);
  return 2;
}

/** Runs a command; what it did not expect, such as a permission that Deno lacks, is one line. */
async function runCommand(command: Command, args: string[], io: CommandIo): Promise<number> {
  try {
    return await command.run(args, io);
  } catch (error) {
    io.err(`fourtuple ${command.name}: ${firstLine(error)}\n`);
    return 1;
  }
}

if (import.meta.main) {
  keepInspectorClosed();
  const io = processIo();
  Deno.exit(await run(Deno.args, io) || io.outputCode());
}
