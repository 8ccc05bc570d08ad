/**
 * `deno task bench large`: the server's memory while messages of gigabytes go through it.
 *
 * @module
 */

import type { Command, CommandIo } from "../../server/cli/command/command.ts";
import { runUntilSignal } from "../../server/cli/command/run_until_signal.ts";
import { firstLine } from "../../server/cli/terminal/problems.ts";
import { VERSION } from "../../server/cli/version.ts";
import { mayReadHost } from "../../server/host/host_reader.ts";
import { commandLine, Flags } from "../flags.ts";
import { filesIn, tryFiles, writeFiles } from "../report_files.ts";
import { Subprocesses } from "../throughput/subprocess.ts";
import { type LargeResult, reportPicture, summarize } from "./report.ts";
import { type Transfer, transfer, type Way, WAYS } from "./transfer.ts";

const SIZE = { least: 0.001, most: 1_024, fraction: true };
const DEFAULTS: Readonly<Record<Way, number>> = { relay: 1, echo: 4 };

const help = `Usage: deno task bench large [options]

Sends one message through "--app relay" from one client to another, and one to a
server that sends it back while it comes; both in frames of 64 KiB. Checks that
they come as they were sent, and shows the server's memory meanwhile. Needs Linux
and --allow-all.

Options:
  --only WAYS   Some of ${WAYS.join(",")}
  --relay GIB   The size of the first message (default: ${DEFAULTS.relay})
  --echo GIB    The size of the second one (default: ${DEFAULTS.echo})
  --out FOLDER  Write JSON and the plot
  -h, --help    Print this text

Exit codes: 0 done, 1 something failed or was ended early, 2 wrong usage,
130 or 143 ended by a second signal
`;

/** The `large` command. */
export const large: Command = {
  name: "large",
  summary: "Show the server's memory while messages of gigabytes go through it",
  help,
  run,
};

async function run(args: string[], io: CommandIo): Promise<number> {
  const flags = new Flags(args, { string: ["only", ...WAYS, "out"] });
  const ways = flags.words("only", WAYS);
  const sizes = WAYS.map((way) => [way, flags.number(way, SIZE, DEFAULTS[way])] as const);
  const out = flags.path("out");
  if (flags.faults.length > 0) {
    for (const fault of flags.faults) io.err(`bench large: ${fault}\n`);
    io.err("Try: deno task bench large --help\n");
    return 2;
  }
  if (flags.isSet("help")) {
    io.out(help);
    return 0;
  }
  if (!mayReadHost()) {
    io.err("bench large: it reads /proc, which takes Linux and deno run --allow-all\n");
    return 1;
  }
  const files = filesIn<LargeResult>(out, `large-${VERSION}`, { picture: reportPicture });
  if (!await tryFiles(files, "bench large", io)) return 1;
  const wanted = sizes.filter(([way]) => ways.includes(way));
  const date = new Date().toISOString();
  const transfers = await runUntilSignal((signal) => runAll(wanted, signal, io));
  if (typeof transfers === "number") return transfers;
  if (transfers.length === 0) return 1;
  const command = commandLine("deno task bench large", args);
  const result = { command, date, fourtuple: VERSION, deno: Deno.version.deno, transfers };
  io.out(`${summarize(result).join("\n")}\n`);
  const isWhole = transfers.length === wanted.length && transfers.every(({ isSame }) => isSame);
  return await writeFiles(files, result, "bench large", io) && isWhole ? 0 : 1;
}

/** Sends them one after the other, as far as nothing fails. */
async function runAll(
  wanted: readonly (readonly [Way, number])[],
  signal: AbortSignal,
  io: CommandIo,
): Promise<Transfer[]> {
  await using processes = new Subprocesses();
  signal.addEventListener("abort", () => processes.stop());
  const transfers: Transfer[] = [];
  for (const [way, size] of wanted) {
    io.err(`${way}: sending ${size} GiB\n`);
    try {
      transfers.push(await transfer(way, Math.round(size * 2 ** 30), processes));
    } catch (error) {
      io.err(`bench large: ${signal.aborted ? "It was ended early" : firstLine(error)}\n`);
      break;
    }
  }
  return transfers;
}
