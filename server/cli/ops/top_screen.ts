/**
 * Draws `fourtuple top`: from what is shown to lines. Pure.
 *
 * @module
 */

import { escapeToAscii } from "../../escape.ts";
import type { OperatedDescription, Snapshot } from "../../operations/operations.ts";
import {
  bytes,
  count,
  countOf,
  duration,
  milliseconds,
  percent,
  timeOfDay,
} from "../terminal/figures.ts";
import { alignTable, fitLine } from "../terminal/table.ts";
import type { Line, Size } from "../terminal/terminal.ts";
import { clientText, connectionTable } from "./connection_table.ts";
import { descriptorText } from "./report_text.ts";
import { type Rates, selectedRow, type TopState } from "./top_state.ts";

/** Lines above the rows of the table: six of figures, one empty, the order, the heading. */
const ABOVE = 9;

/** The last line. */
const BELOW = 1;

const KEYS: readonly string[] = [
  "r b u a i t   sort by rate, bytes, queued, age, idle, round trip",
  "s             sort by the next of these",
  "v             the least first, or the most again",
  "up k, down j  select; page up and down, home, end",
  "enter         the selected connection with the kernel's queues; escape goes back",
  "/             show connections from an address or a network only",
  "x             close the selected connection",
  "p             pause",
  "? h           this list; any key goes back",
  "q, Ctrl-C     quit",
];

/**
 * Returns how many connections fit.
 *
 * @param size The screen.
 */
export function roomForRows({ rows }: Size): number {
  return Math.max(1, rows - ABOVE - BELOW);
}

/**
 * Draws all of the screen.
 *
 * @param state What is shown.
 * @param size The screen.
 * @returns As many lines as the screen has rows, none wider than it, and all ASCII.
 */
export function drawTop(state: TopState, { columns, rows }: Size): Line[] {
  const content = [
    ...headerLines(state),
    { text: "" },
    ...bodyLines(state, Math.max(1, rows - ABOVE - BELOW)),
  ].slice(0, Math.max(0, rows - BELOW));
  while (content.length < rows - BELOW) content.push({ text: "" });
  return [...content, footerLine(state)].map((line) => {
    const text = fitLine(escapeToAscii(line.text), columns);
    // A bar goes from side to side.
    return line.style === "inverse"
      ? { text: text.padEnd(columns), style: "inverse" }
      : { ...line, text };
  });
}

/**
 * Writes the same without a screen: the figures and the connections there are.
 *
 * @param state What is shown.
 * @returns Lines of any length.
 */
export function plainTop(state: TopState): string[] {
  return [...headerLines(state), { text: "" }, ...tableLines(state, Infinity)]
    .map(({ text }) => escapeToAscii(text).replace(/^> /, "  "));
}

/** Six lines: who, connections, traffic, memory, descriptors, what is met next. */
function headerLines({ snapshot, rates, place, paused }: TopState): Line[] {
  if (snapshot === undefined) {
    const first: Line = { text: `Fourtuple at ${place}`, style: "bold" };
    return [first, ...Array.from({ length: 5 }, () => ({ text: "" }))];
  }
  const { sum: { report, totals, measured }, processes, supervisor, phase, at } = snapshot;
  const { memory, descriptors, nextLimit, maxConnections } = report;
  const since = Math.min(...processes.map(({ since }) => since));
  const loop = measured.loopDelay;
  return [
    {
      text: spaced(
        `Fourtuple at ${place}`,
        phase,
        Number.isFinite(since) ? `up ${duration(at - since)}` : undefined,
        supervisor === undefined ? undefined : countOf(processes.length, "worker"),
        `${timeOfDay(at).slice(0, 8)} UTC`,
        paused ? "PAUSED" : undefined,
      ),
      style: "bold",
    },
    {
      text: spaced(
        `Connections ${count(report.connections)}` +
          (maxConnections === undefined ? "" : ` of ${count(maxConnections)}`),
        `opened ${perSecond(rates, "opened", count)}, closed ${perSecond(rates, "closed", count)}`,
        `handshakes ${count(report.exchanges)}`,
        `refused ${count(Object.values(totals.refused).reduce((sum, some) => sum + some, 0))}`,
      ),
    },
    {
      text: spaced(
        `In ${perSecond(rates, "bytesIn", bytes)}, ${perSecond(rates, "messagesIn", count)} msg`,
        `Out ${perSecond(rates, "bytesOut", bytes)}, ${perSecond(rates, "messagesOut", count)} msg`,
        `queued ${bytes(report.queuedBytes)}`,
        `dropped ${count(totals.messagesDropped)}`,
      ),
    },
    {
      text: spaced(
        `Memory ${bytes(memory.resident)}`,
        `heap ${bytes(memory.heapUsed)} of ${bytes(memory.heapTotal)}`,
        memory.perConnection === undefined
          ? undefined
          : `${bytes(memory.perConnection)} a connection`,
        `Loop late by ${milliseconds(1000 * loop.mean)}, at most ${milliseconds(1000 * loop.max)}`,
      ),
    },
    { text: `Descriptors ${descriptorText(descriptors)}${barOf(descriptors)}` },
    {
      text: nextLimit === undefined
        ? "Next limit unknown"
        : `Next limit ${nextLimit.name}, at ${count(nextLimit.connections)} connections (${
          percent(report.connections, nextLimit.connections)
        } there)`,
    },
  ];
}

function bodyLines(state: TopState, room: number): Line[] {
  if (state.help) return KEYS.map((text) => ({ text }));
  if (state.details !== undefined) return detailLines(state.details, state.snapshot);
  return tableLines(state, room);
}

/** What is shown, in which order; the heading; and the rows, moved so that the selected one is there. */
function tableLines(state: TopState, room: number): Line[] {
  const { connections, matched, sort, reverse, source, snapshot } = state;
  const order: Line = {
    text: spaced(
      `${count(connections.length)} of ${count(matched)} connections` +
        (source === "" ? "" : ` from ${source}`),
      `by ${sort}, the ${reverse ? "least" : "most"} first`,
    ),
  };
  const [heading = "", ...rows] = connectionTable(connections, snapshot?.at ?? 0);
  const selected = selectedRow(state);
  const first = Math.max(0, selected - room + 1);
  const lines = rows.map((text, row): Line =>
    row === selected ? { text: `> ${text}`, style: "inverse" } : { text: `  ${text}` }
  );
  return [order, { text: `  ${heading}`, style: "bold" }, ...lines.slice(first, first + room)];
}

function detailLines(
  { key, description }: NonNullable<TopState["details"]>,
  snapshot: Snapshot | undefined,
): Line[] {
  const rows = description === undefined
    ? [["", "asking..."]]
    : description === null
    ? [["", "It is not there any more."]]
    : detailRows(description, snapshot?.at ?? description.lastActivity);
  return [{ text: key, style: "bold" }, ...alignTable(rows, []).map((text) => ({ text }))];
}

function detailRows(connection: OperatedDescription, now: number): string[][] {
  const { kernel, worker, client, subprotocol, deflateBytes, roundTrip } = connection;
  return [
    ["state", `${connection.state}, id ${connection.id}`],
    ...worker === undefined ? [] : [["worker", String(worker)]],
    ["target", connection.target],
    ...client === undefined ? [] : [["client", clientText(client)]],
    ["subprotocol", subprotocol ?? "-"],
    [
      "age",
      `${duration(now - connection.connectedAt)}, idle for ${
        duration(now - connection.lastActivity)
      }`,
    ],
    ["in", `${bytes(connection.bytesIn)} in ${count(connection.messagesIn)} messages`],
    ["out", `${bytes(connection.bytesOut)} in ${count(connection.messagesOut)} messages`],
    ["dropped", `${count(connection.messagesDropped)} messages`],
    ["queued by us", bytes(connection.queuedBytes)],
    ...deflateBytes === undefined
      ? []
      : [["compression", `keeps ${bytes(deflateBytes)} while idle`]],
    ["round trip", roundTrip === undefined ? "-" : milliseconds(roundTrip)],
    ...kernel === undefined ? [["kernel", "not known"]] : [
      ["kernel", `${kernel.state}, descriptor ${kernel.descriptor ?? "-"}, inode ${kernel.inode}`],
      ["not read by us", bytes(kernel.receiveQueue)],
      ["not acknowledged", bytes(kernel.sendQueue)],
    ],
  ];
}

function footerLine({ prompt, message, help, details }: TopState): Line {
  if (prompt?.kind === "filter") {
    return { text: `Connections from (address or network, empty for all): ${prompt.text}_` };
  }
  if (prompt?.kind === "kick") return { text: `Close ${prompt.key}? y/n`, style: "bold" };
  if (message !== "") return { text: message, style: "bold" };
  if (help) return { text: "Any key goes back" };
  return {
    text: details === undefined
      ? "q quit  ? keys  s sort  / filter  enter details  x close  p pause"
      : "q quit  escape back  x close  p pause",
  };
}

const BAR = 30;

/** A bar of how many descriptors are open, as wide as the limit. */
function barOf({ open, soft }: { open?: number; soft?: number } = {}): string {
  if (open === undefined || soft === undefined || soft <= 0) return "";
  const full = Math.min(BAR, Math.ceil(BAR * open / soft));
  return `  [${"#".repeat(full)}${".".repeat(BAR - full)}] ${percent(open, soft)}`;
}

function perSecond(
  rates: Rates | undefined,
  name: keyof Rates,
  text: (value: number) => string,
): string {
  return rates === undefined ? "-/s" : `${text(rates[name])}/s`;
}

function spaced(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined).join("   ");
}
