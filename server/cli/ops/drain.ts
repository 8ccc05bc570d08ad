/**
 * `fourtuple drain`: ends a running server in good order.
 *
 * @module
 */

import { jsonLine } from "../../escape.ts";
import { pause } from "../../loop/pause.ts";
import type { DrainProgress } from "../../operations/operations.ts";
import type { Command, CommandIo } from "../command/command.ts";
import { optionHelp, type OptionTable, type OptionValues } from "../command/options.ts";
import { runUntilSignal } from "../command/run_until_signal.ts";
import { count, duration } from "../terminal/figures.ts";
import { type AdminClient, AdminError } from "./admin_client.ts";
import { adminCommand, type JsonOption } from "./admin_command.ts";
import { ADMIN_EXIT_CODES, ADMIN_OPTIONS } from "./admin_options.ts";

/** With --wait, progress is asked for every so many milliseconds. */
const PAUSE = 500;

const OPTIONS = {
  deadline: {
    kind: "integer",
    placeholder: "N",
    range: [0, 2_147_483_647],
    help: "Longest drain, in ms; then what is left is cut (default: the server's own)",
  },
  wait: {
    kind: "switch",
    help: "Show on standard error how many are left, and return when it is over. Ctrl-C stops " +
      "the waiting, not the drain",
  },
  json: { kind: "switch", help: "Print the last progress as one JSON object" },
} as const satisfies OptionTable;

const help = `Usage: fourtuple drain [options]

Ends a running server in good order: no new connections, 1001 to everybody, and
after the deadline the cut. A server that drains already goes on as it was told
before.

Options:
${optionHelp({ ...OPTIONS, ...ADMIN_OPTIONS })}

Exit codes: 0 it drains, or with --wait has drained, 1 failed,
${ADMIN_EXIT_CODES},
130, 131 or 143 a signal ended the waiting
`;

/** What was asked for. */
interface Options {
  readonly deadline?: number;
  readonly wait: boolean;
}

/** The `drain` command. */
export const drain: Command = adminCommand({
  name: "drain",
  summary: "End a running server in good order",
  help,
  options: OPTIONS,
  read,
  run,
});

function read({ deadline, wait }: OptionValues<typeof OPTIONS>): Options {
  return { wait, ...deadline !== undefined && { deadline } };
}

async function run(
  client: AdminClient,
  { deadline, wait, json }: Options & JsonOption,
  io: CommandIo,
): Promise<number> {
  let progress = await client.drain(deadline);
  if (wait) {
    const waited = await runUntilSignal((signal) => untilOver(client, progress, io, signal));
    if (typeof waited === "number") return waited;
    if (!waited.over) return 130;
    progress = waited.progress;
  }
  io.out(json ? jsonLine(progress) : `${progressText(progress)}\n`);
  return 0;
}

/** Asks until it is over; a server that has drained may be gone before it could say so. */
async function untilOver(
  client: AdminClient,
  first: DrainProgress,
  { err }: CommandIo,
  signal: AbortSignal,
): Promise<{ progress: DrainProgress; over: boolean }> {
  let progress = first;
  let said = "";
  while (progress.result === undefined && progress.phase !== "stopped") {
    const line = `${progressText(progress)}\n`;
    if (line !== said) err(line);
    said = line;
    await pause(PAUSE, signal);
    if (signal.aborted) return { progress, over: false };
    try {
      progress = await client.drainProgress();
    } catch (error) {
      if (!(error instanceof AdminError) || error.exitCode !== 3) throw error;
      if (error.late) continue;
      return { progress: { ...progress, phase: "stopped", left: 0 }, over: true };
    }
  }
  return { progress, over: true };
}

/**
 * Says how far a drain is.
 *
 * @param progress The progress.
 * @returns One line, without a line feed.
 */
export function progressText(
  { began, deadline, connections, left, result, phase }: DrainProgress,
): string {
  if (result !== undefined) {
    return `Drained: ${count(result.closed)} closed, ${count(result.cut)} cut`;
  }
  if (phase === "stopped") return "Drained: the server has gone";
  const of = connections === undefined ? "" : ` of ${count(connections)}`;
  const cut = began === undefined || deadline === undefined
    ? ""
    : `; what is left is cut ${duration(deadline - began)} after its start`;
  return `Draining: ${count(left)}${of} ${left === 1 ? "connection" : "connections"} left${cut}`;
}
