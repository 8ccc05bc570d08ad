/**
 * What `fourtuple report` says. Pure.
 *
 * @module
 */

import { escapeToAscii } from "../../escape.ts";
import type { CapacityLimit } from "../../host/capacity.ts";
import type { HostDescription, ProcessSnapshot, Snapshot } from "../../operations/operations.ts";
import { bytes, count, countOf, duration, milliseconds, percent } from "../terminal/figures.ts";
import { alignTable } from "../terminal/table.ts";

/**
 * Writes what a server holds and what its host allows.
 *
 * @param snapshot What it holds.
 * @param host What the host allows.
 * @returns The lines, of any length.
 */
export function reportLines(snapshot: Snapshot, host: HostDescription): string[] {
  const { sum, processes, supervisor, phase, at } = snapshot;
  const since = Math.min(...processes.map(({ since }) => since));
  const up = Number.isFinite(since) ? ` for ${duration(at - since)}` : "";
  return [
    `Phase: ${phase}${up}, ${
      supervisor === undefined
        ? `process ${processes[0]?.pid ?? "unknown"}`
        : `${countOf(processes.length, "worker")} and their supervisor (process ${supervisor.pid})`
    }`,
    "",
    ...alignTable(figures(sum, supervisor), []),
    ...refusals(sum.totals.refused),
    ...supervisor === undefined ? [] : ["", ...workerTable(processes)],
    "",
    ...capacityLines(host.capacity),
  ];
}

function figures(
  { report, totals, measured }: Snapshot["sum"],
  supervisor: Snapshot["supervisor"],
): string[][] {
  const { memory, descriptors, hostTcp, maxConnections } = report;
  const most = maxConnections === undefined ? "" : ` of ${count(maxConnections)}`;
  return [
    ["connections", `${count(report.connections)}${most}`],
    ["handshakes and requests", count(report.exchanges)],
    ["source addresses", optional(report.sourceAddresses, count)],
    ["server ports", count(report.serverPorts)],
    ["distinct 4-tuples", count(report.fourTuples)],
    ["bytes that wait to be sent", bytes(report.queuedBytes)],
    [],
    ["accepted", count(totals.accepted)],
    ["opened", count(totals.opened)],
    ["closed", count(totals.closed)],
    ["plain requests", count(totals.requests)],
    ["in", `${bytes(totals.bytesIn)}, ${countOf(totals.messagesIn, "message")}`],
    ["out", `${bytes(totals.bytesOut)}, ${countOf(totals.messagesOut, "message")}`],
    ["forged forwarded headers", count(totals.spoofed)],
    ["unread forwarded headers", count(totals.forwardedMalformed)],
    ["messages dropped", count(totals.messagesDropped)],
    ["closed as too slow", count(measured.slowClosed)],
    ["unfinished, too slow", count(measured.unfinishedLate)],
    ["unfinished, too much", count(measured.unfinishedFull)],
    ["peers lost", count(measured.peersLost)],
    [],
    ["memory, resident", bytes(memory.resident)],
    ["memory, heap", `${bytes(memory.heapUsed)} of ${bytes(memory.heapTotal)}`],
    ["memory, buffers", bytes(memory.external)],
    ["memory per connection", optional(memory.perConnection, bytes)],
    ...supervisor === undefined ? [] : [["memory, supervisor", bytes(supervisor.resident)]],
    ["descriptors", descriptorText(descriptors)],
    ["TCP sockets of the host", optional(hostTcp?.sockets, count)],
    ["their buffers", optional(hostTcp?.bytes, bytes)],
    [
      "event loop is late by",
      `${milliseconds(1000 * measured.loopDelay.mean)}, at most ${
        milliseconds(1000 * measured.loopDelay.max)
      }`,
    ],
    ...supervisor === undefined ? [] : [
      ["dropped between workers", countOf(supervisor.relayDropped, "message")],
      ["serving workers", `${count(supervisor.serving)} of ${count(supervisor.desired)}`],
      ["restarted workers", count(supervisor.restarts)],
    ],
  ];
}

function refusals(refused: Readonly<Record<string, number>>): string[] {
  const rows = Object.entries(refused)
    .sort(([, a], [, b]) => b - a)
    .map(([reason, number]) => [`  ${escapeToAscii(reason)}`, count(number)]);
  return rows.length === 0 ? [] : ["", "Refused:", ...alignTable(rows, [1])];
}

function workerTable(processes: readonly ProcessSnapshot[]): string[] {
  const rows = processes.map(({ worker, pid, report, measured }) => [
    worker === undefined ? "-" : String(worker),
    String(pid),
    count(report.connections),
    bytes(report.queuedBytes),
    bytes(report.memory.resident),
    descriptorText(report.descriptors),
    milliseconds(1000 * measured.loopDelay.max),
  ]);
  const heading = ["worker", "process", "connections", "queued", "resident", "descriptors", "late"];
  return alignTable([heading, ...rows], [0, 1, 2, 3, 4, 5, 6]);
}

/** The commands that raise a limit are shown for the one that is met first: the others can wait. */
function capacityLines(capacity: readonly CapacityLimit[]): string[] {
  const [first] = capacity;
  if (first === undefined) return ["No limit of the host can be read."];
  const rows = capacity.map((limit) => [
    escapeToAscii(limit.name),
    amount(limit.value, limit.unit),
    limit.used === undefined ? "" : amount(limit.used, limit.unit),
    limit.used === undefined ? "" : percent(limit.used, limit.value),
    count(limit.connections),
  ]);
  return [
    ...alignTable([["limit", "value", "in use", "", "connections"], ...rows], [1, 2, 3, 4]),
    "",
    `Met first: ${escapeToAscii(first.name)}, at ${count(first.connections)} connections ` +
    `(${escapeToAscii(first.reason)}).`,
    "For twice as many:",
    ...first.raise.map((command) => `  ${escapeToAscii(command)}`),
  ];
}

/**
 * Says how many descriptors are open, and how many may be.
 *
 * @param descriptors What is known of them.
 */
export function descriptorText(
  { open, soft }: NonNullable<Snapshot["sum"]["report"]["descriptors"]> = {},
): string {
  const of = soft === undefined ? "" : ` of ${count(soft)}`;
  return open === undefined ? `-${of}` : `${count(open)}${of}`;
}

function amount(value: number, unit: string): string {
  return unit === "bytes" ? bytes(value) : count(value);
}

/** What cannot be known is a dash. */
function optional(value: number | undefined, text: (value: number) => string): string {
  return value === undefined ? "-" : text(value);
}
