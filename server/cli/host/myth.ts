/**
 * `fourtuple myth`: more connections to one port than there are port numbers, before your eyes.
 *
 * @module
 */

import type { ScaleOptions, ScalePlan, ScaleProgress, ScaleResult } from "../../scale/result.ts";
import { prepareScale, runScale } from "../../scale/run.ts";
import type { Command, CommandIo } from "../command/command.ts";
import { readConnectionsOptions } from "../command/connections_options.ts";
import { runUntilSignal } from "../command/run_until_signal.ts";
import { explanation, liveBlock, liveLine, planText } from "./myth_text.ts";

/** Well past 65,535. */
const DEFAULT_CONNECTIONS = 70_000;

/** Measured at these, so that something is known however far it comes. */
const STEPS = [1_000, 10_000, 30_000, 65_536];

/** After this many milliseconds no further connection is opened. */
const TIME = 110_000;

/** A line every so many milliseconds where nothing can be written over. */
const LINE_PAUSE = 3_000;

const help = `Usage: fourtuple myth [--connections N] [--json]

"A server can hold only 65,535 connections, because there are no more ports."
Opens more than that to one port of this host, counts them in the kernel's
table, and explains in ten lines what really bounds them. Where this host
allows fewer, it goes as far as it can and says which limit stopped it and how
to raise it. Takes two minutes at most; server and clients are processes of
their own, and all are gone at the end. Connects to this host alone.

Options:
  --connections N  Open N connections (default: ${DEFAULT_CONNECTIONS})
  --json           Print all that was measured as JSON, and the display to stderr
  -h, --help       Print this text

Ctrl-C ends it and still explains what was seen; a second one, more than a
second later, ends at once.

Exit codes: 0 done as far as this host's limits allow, 1 it did not come so
far, 2 wrong usage, 130, 131 or 143 ended by a second signal
`;

/** The `myth` command. */
export const myth: Command = {
  name: "myth",
  summary: "Open more than 65,535 connections to one port, and explain",
  help,
  run: runMyth,
};

async function runMyth(args: string[], io: CommandIo): Promise<number> {
  const { problems, showHelp, json, connections = DEFAULT_CONNECTIONS } = readConnectionsOptions(
    args,
  );
  if (showHelp && problems.length === 0) {
    io.out(help);
    return 0;
  }
  if (problems.length > 0) {
    for (const problem of problems) io.err(`fourtuple myth: ${problem}\n`);
    io.err("Try: fourtuple myth --help\n");
    return 2;
  }
  const show = json ? io.err : io.out;
  const stream = json ? Deno.stderr : Deno.stdout;
  const options: ScaleOptions = { connections, steps: STEPS, latency: false };
  const plan = await prepareScale(options);
  show(`${planText(plan)}\n`);
  const display = stream.isTerminal() ? inPlace(show, plan) : lineByLine(show, plan);
  const result = await runInTime(options, display);
  if (typeof result === "number") return result;
  show(`\n${explanation(result)}`);
  if (json) io.out(JSON.stringify(result, null, 2) + "\n");
  return reached(result) ? 0 : 1;
}

/** Ctrl-C ends the run and not the process, and so does the time. */
async function runInTime(
  options: ScaleOptions,
  display: (progress: ScaleProgress) => void,
): Promise<ScaleResult | number> {
  const time = new AbortController();
  const timer = setTimeout(
    () => time.abort(new DOMException("Its time was over", "TimeoutError")),
    TIME,
  );
  try {
    return await runUntilSignal((signal) =>
      runScale(options, display, AbortSignal.any([signal, time.signal]))
    );
  } finally {
    clearTimeout(timer);
  }
}

/** Whether it went as far as was planned. */
function reached({ plan, steps }: ScaleResult): boolean {
  const open = Math.max(0, ...steps.map(({ connections }) => connections));
  return plan.connections > 0 && open >= plan.connections;
}

/** Writes a block of lines over the one before (ECMA-48: cursor up, erase line). */
function inPlace(show: (text: string) => void, plan: ScalePlan): (progress: ScaleProgress) => void {
  let height = 0;
  return (progress) => {
    const lines = liveBlock(progress, plan);
    const up = height === 0 ? "" : `\x1b[${height}A`;
    // A line that the terminal breaks would take two, and the next block would begin too low.
    const { columns } = Deno.consoleSize();
    show(up + lines.map((line) => `\x1b[2K${line.slice(0, Math.max(columns, 40) - 1)}\n`).join(""));
    height = lines.length;
  };
}

/** Writes a line for each step, and one every few seconds in between. */
function lineByLine(
  show: (text: string) => void,
  plan: ScalePlan,
): (progress: ScaleProgress) => void {
  let last = -Infinity;
  return (progress) => {
    const now = performance.now();
    const due = progress.phase === "opening" && now - last >= LINE_PAUSE;
    if (progress.measured === undefined && !due) return;
    last = now;
    show(`${liveLine(progress, plan)}\n`);
  };
}
