/**
 * `deno task bench throughput`: this server and its peers, side by side.
 *
 * @module
 */

import type { Command, CommandIo } from "../../server/cli/command/command.ts";
import { connectionsPerSource } from "../../server/host/capacity.ts";
import { descriptorLimit, readHostLimits } from "../../server/host/host.ts";
import { mayReadHost } from "../../server/host/host_reader.ts";
import { jsonOf, type ReportFile, tryFiles, writeFiles } from "../report_files.ts";
import { listCases } from "./cases.ts";
import { findPeers, FOURTUPLE, PEERS } from "./contestants.ts";
import { describeEnvironment, findPinning } from "./environment.ts";
import { formatHtml } from "./html.ts";
import { CASE_NAMES, type Options, readOptions } from "./options.ts";
import type { ThroughputResult } from "./result.ts";
import { runCases } from "./run.ts";
import { Subprocesses } from "./subprocess.ts";
import { formatResult } from "./table.ts";

/** The signals that end a run. */
const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** The exit codes that shells give to a process that a signal ended. */
const SIGNAL_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

const help = `Usage: deno task bench throughput [options]

Measures this server side by side with its peers: servers in turn, case by case,
medians of rounds, one load generator for all. Needs Linux and --allow-all.

Peers are ${PEERS.join(", ")}; those that npm has to install go into
$XDG_CACHE_HOME/fourtuple-bench at their first use. One that cannot be had is
left out.

Options:
  --rounds N    Rounds of each case (default: 3)
  --seconds N   Seconds that each is counted (default: 3)
  --only CASES  Some of ${CASE_NAMES.slice(0, 6).join(",")},
                ${CASE_NAMES.slice(6).join(",")}
  --peers LIST  Some of ${PEERS.join(",")}, or none
  --json FILE   Write the result as JSON
  --html FILE   Write the result as a page
  -h, --help    Print this text

Exit codes: 0 done, 1 something failed, 2 wrong usage,
130 or 143 ended by a signal
`;

/** The `throughput` command. */
export const throughput: Command = {
  name: "throughput",
  summary: "Compare throughput and memory with other servers, side by side",
  help,
  run: runThroughput,
};

async function runThroughput(args: string[], io: CommandIo): Promise<number> {
  const options = readOptions(args);
  if (options.showHelp && options.faults.length === 0) {
    io.out(help);
    return 0;
  }
  if (options.faults.length > 0) {
    for (const fault of options.faults) io.err(`bench throughput: ${fault}\n`);
    io.err("Try: deno task bench throughput --help\n");
    return 2;
  }
  if (!mayReadHost()) {
    io.err("bench throughput: it reads /proc, which takes Linux and deno run --allow-all\n");
    return 1;
  }
  const files = filesOf(options);
  if (!await tryFiles(files, "bench throughput", io)) return 1;
  await using processes = new Subprocesses();
  const aborted = new AbortController();
  let signalCode: number | undefined;
  const listeners = SIGNALS.map((signal) => {
    const listener = () => {
      signalCode ??= SIGNAL_CODES[signal];
      aborted.abort();
      processes.stop();
    };
    Deno.addSignalListener(signal, listener);
    return () => Deno.removeSignalListener(signal, listener);
  });
  try {
    const result = await run(options, args, processes, aborted.signal, io);
    io.out(formatResult(result));
    const written = await writeFiles(files, result, "bench throughput", io);
    return signalCode ?? (written && isWhole(result) ? 0 : 1);
  } finally {
    for (const remove of listeners) remove();
  }
}

async function run(
  { only, peers: wanted, rounds, seconds }: Options,
  args: string[],
  processes: Subprocesses,
  signal: AbortSignal,
  io: CommandIo,
): Promise<ThroughputResult> {
  const say = (line: string) => io.err(`${line}\n`);
  const pinning = await findPinning(processes);
  if ("notPinned" in pinning) say(`Not pinned to cores, as ${pinning.notPinned}`);
  const { peers, leftOut } = await findPeers(wanted, processes, say);
  for (const { name, reason } of leftOut) say(`Left out: ${name}, as ${reason}`);
  const contestants = [FOURTUPLE, ...peers];
  const environment = await describeEnvironment(contestants, pinning, args);
  const cases = await runCases(listCases(seconds).filter(({ name }) => only.includes(name)), {
    contestants,
    rounds,
    cores: environment.pinned,
    bounds: {
      descriptors: descriptorLimit(),
      connectionsPerSource: connectionsPerSource(await readHostLimits()),
    },
    processes,
    signal,
    say,
  });
  return { environment, rounds, seconds, leftOut, interrupted: signal.aborted, cases };
}

/** Whether nothing failed. A case that the host does not allow, and a peer left out, are no failures. */
function isWhole({ cases }: ThroughputResult): boolean {
  return cases.every(({ outcomes }) => outcomes.every(({ failures }) => failures.length === 0));
}

function filesOf({ json, html }: Options): ReportFile<ThroughputResult>[] {
  return [
    ...json === undefined ? [] : [{ path: json, text: jsonOf }],
    ...html === undefined ? [] : [{ path: html, text: formatHtml }],
  ];
}
