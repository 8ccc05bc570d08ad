/**
 * What a soak has shown: sentences and a table, the page, and the picture of its memory.
 *
 * @module
 */

import { drawLines, drawPicture, type LinePlot } from "../charts.ts";
import { escapeHtml, page, type PageSection } from "../page.ts";
import { formatCount, formatFigure, formatSeconds } from "../scaling/units.ts";
import type { SoakResult, SoakSample } from "./result.ts";
import { MIN_LEAK, partsOf, type Point, type Trend } from "./trend.ts";

const KIB = 1_024;
const MIB = 1_048_576;

/** Lines of the table on the terminal, and points of a plot. */
const ROWS = 12;
const POINTS = 60;

/** One figure of every sample. */
interface Column {
  readonly name: string;
  readonly digits: number;
  of(sample: SoakSample): number | undefined;
}

const MINUTES: Column = { name: "Minute", digits: 2, of: ({ at }) => at / 60 };

const CONNECTIONS: Column = { name: "Connections", digits: 0, of: (it) => it.connections };
const DESCRIPTORS: Column = { name: "Descriptors", digits: 0, of: (it) => it.descriptors };
const RESIDENT_EACH: Column = {
  name: "RSS each (KiB)",
  digits: 2,
  of: ({ residentEach }) => residentEach / KIB,
};
const HEAP_EACH: Column = {
  name: "Heap each (KiB)",
  digits: 2,
  of: ({ heapEach }) => heapEach / KIB,
};
const RESIDENT: Column = { name: "RSS (MiB)", digits: 1, of: ({ resident }) => resident / MIB };
const HEAP: Column = { name: "Heap (MiB)", digits: 1, of: ({ heapUsed }) => heapUsed / MIB };
const RESERVED: Column = {
  name: "Heap reserved (MiB)",
  digits: 1,
  of: ({ heapTotal }) => heapTotal / MIB,
};
const EXTERNAL: Column = {
  name: "External (MiB)",
  digits: 1,
  of: ({ external }) => external / MIB,
};
const CORES: Column = { name: "CPU (cores)", digits: 2, of: ({ cores }) => cores };
const LAG: Column = { name: "Lag (ms)", digits: 1, of: ({ lag }) => lag };

const OVERVIEW = [
  MINUTES,
  CONNECTIONS,
  DESCRIPTORS,
  RESIDENT,
  RESIDENT_EACH,
  HEAP_EACH,
  EXTERNAL,
  CORES,
  LAG,
];

const EACH = [RESIDENT_EACH, HEAP_EACH];

/**
 * Says what was seen.
 *
 * @param result The soak.
 * @returns Paragraphs, the verdict first.
 */
export function summarize(result: SoakResult): string[] {
  const { trend, heapTrend, counts, seconds, interrupted, faults, before, after, notes } = result;
  const rate = (count: number): string => formatFigure(seconds === 0 ? 0 : count / seconds, 1);
  const { left, opened, echoed, sent, abandoned, bytes, slow } = counts;
  const closed = left.close + left.reset + left.fin;
  const paragraphs = [
    ...trend === undefined || heapTrend === undefined
      ? [
        `Too few samples (${result.samples.length}) to say whether the memory of a connection grows.`,
      ]
      : [
        verdictText("resident memory", trend),
        verdictText("heap", heapTrend),
        boundText(trend),
      ],
    `${formatCount(counts.open, "connection was", "connections were")} held for ` +
    `${formatSeconds(seconds)}. ${formatCount(closed, "was", "were")} closed and opened again ` +
    `(${rate(closed)} a second): ${formatFigure(left.close)} by a Close frame, ` +
    `${formatFigure(left.reset)} by RST, ${formatFigure(left.fin)} by FIN alone; ` +
    `${formatFigure(opened)} were opened in all.`,
    `${formatCount(sent, "message")} were sent (${rate(sent)} a second), ${formatFigure(echoed)} ` +
    `came back right, ${formatFigure(bytes / MIB)} MiB of them, and of ${
      formatFigure(abandoned)
    } ` +
    `the client left before. ${formatFigure(sent - echoed - abandoned)} are missing. ` +
    `${formatCount(slow, "time")} a client read nothing for some seconds.`,
    ...after === undefined ? [] : [
      "Before the first connection the server took " +
      `${formatFigure(before.resident / MIB, 1)} MiB and ${formatFigure(before.descriptors)} ` +
      `descriptors, after the last ${formatFigure(after.resident / MIB, 1)} MiB and ` +
      `${formatFigure(after.descriptors)}, with ${
        formatCount(after.connections, "connection")
      } left.`,
    ],
    ...result.events.close_timeout === undefined ? [] : [
      `The server cut ${formatCount(result.events.close_timeout, "connection")} whose client did ` +
      "not end its side in time; on a host that is busy with other things that may be.",
    ],
    ...notes.map((note) => `${note}.`),
    ...interrupted ? ["It was ended early."] : [],
  ];
  const wrong = Object.entries(faults).map(([fault, times]) => `${formatFigure(times)} × ${fault}`);
  return [
    ...paragraphs,
    wrong.length === 0 ? "Nothing went wrong." : `What went wrong: ${wrong.join("; ")}.`,
  ];
}

/**
 * Whether nothing went wrong: no fault, no missing echo, no growth, and not ended early.
 *
 * @param result The soak.
 */
export function isGood({ counts, faults, interrupted, trend, heapTrend }: SoakResult): boolean {
  const missing = counts.sent - counts.echoed - counts.abandoned;
  return Object.keys(faults).length === 0 && missing === 0 && !interrupted &&
    trend?.verdict !== "growing" && heapTrend?.verdict !== "growing";
}

/**
 * Writes the samples as a table for the terminal: the middles of up to twelve parts.
 *
 * @param samples The samples.
 */
export function formatTable(samples: readonly SoakSample[]): string {
  const rows = rowsOf(OVERVIEW, samples, ROWS);
  const widths = OVERVIEW.map(({ name }, index) =>
    Math.max(name.length, ...rows.map((row) => row[index]!.length))
  );
  return [OVERVIEW.map(({ name }) => name), ...rows].map((row) =>
    `${row.map((cell, index) => cell.padStart(widths[index]!)).join("  ")}\n`
  ).join("");
}

/**
 * Writes the page.
 *
 * @param result The soak.
 * @returns The HTML document.
 */
export function reportPage(result: SoakResult): string {
  const { samples } = result;
  const last = "The points are medians of parts of equally many samples.";
  return page(titleOf(result), [
    { heading: "What was seen", html: summarize(result).map(paragraph).join("\n") },
    section(
      "Memory of one connection",
      "Growth of the server’s resident memory and of its heap since before the first connection, " +
        `divided by the connections. ${last}`,
      memoryPlot(result),
      tableOf([MINUTES, ...EACH, RESIDENT, HEAP, RESERVED, EXTERNAL], samples),
    ),
    section(
      "Descriptors",
      "Those of the server’s process and the connections that it held: one descriptor for each, a " +
        "few for everything else, and some for connections that are about to begin or end.",
      plot("Descriptors and connections", "How many", [DESCRIPTORS, CONNECTIONS], samples),
      tableOf([MINUTES, CONNECTIONS, DESCRIPTORS], samples),
    ),
    section(
      "Load",
      "Of how many processors the server took the time.",
      plot("Processors", "Cores", [CORES], samples),
      "",
    ),
    section(
      "Delay of the event loop",
      "The longest that a timer of the server came late between two samples.",
      plot("Delay of the event loop", "Longest delay (ms)", [LAG], samples),
      tableOf([MINUTES, CORES, LAG], samples),
    ),
    { heading: "The run", html: facts(result) },
  ]);
}

/**
 * Draws the memory of a connection over time.
 *
 * @param result The soak.
 * @returns The SVG document.
 */
export function reportPicture(result: SoakResult): string {
  return drawPicture({ ...memoryPlot(result), title: titleOf(result) });
}

function titleOf({ host, counts, seconds }: SoakResult): string {
  return `Fourtuple ${host.fourtuple}: ${formatFigure(counts.open)} connections for ${
    formatSeconds(seconds)
  }`;
}

function verdictText(what: string, { verdict, perHour, level }: Trend): string {
  const said = {
    flat: `The ${what} of a connection is flat`,
    growing: `THE ${what.toUpperCase()} OF A CONNECTION GROWS`,
    undecided: `This run cannot tell whether the ${what} of a connection grows`,
  }[verdict];
  return `${said}: ${kibibytes(level)} each, and ${kibibytes(perHour.middle)} more in an hour ` +
    `(with 95% confidence ${kibibytes(perHour.low)} to ${kibibytes(perHour.high)}).`;
}

function boundText({ bound }: Trend): string {
  return "Growth is the median of all slopes between 24 parts of the last two thirds (Theil–Sen): " +
    "of the resident memory the middle of each part, of the heap its least, which is what a " +
    `collection of garbage leaves. Flat is what is surely at or below ${kibibytes(bound)} in an ` +
    `hour, growing what is surely above: that much it would be if the server kept ${MIN_LEAK} ` +
    "bytes, a least object and what holds it, of each connection that was closed (where none was, " +
    "of each message, or else of each ping). Less than ten minutes cannot show growth, since V8 and " +
    "the allocator take memory for minutes after a start.";
}

function kibibytes(bytes: number): string {
  return `${formatFigure(bytes / KIB, 2)} KiB`;
}

function memoryPlot({ samples }: SoakResult): LinePlot {
  return plot("Memory of one connection", "Memory of one connection (KiB)", EACH, samples);
}

function plot(
  title: string,
  yName: string,
  columns: readonly Column[],
  samples: readonly SoakSample[],
): LinePlot {
  const series = columns.map((column) => ({
    name: column.name,
    points: partsOf(pointsOf(column, samples), POINTS),
  }));
  return {
    title,
    xName: "Minutes under load",
    yName,
    series: series.filter(({ points }) => points.length > 0),
  };
}

function pointsOf({ of }: Column, samples: readonly SoakSample[]): Point[] {
  return samples.flatMap((sample): Point[] => {
    const value = of(sample);
    return value === undefined ? [] : [[sample.at / 60, value]];
  });
}

/** A row for each part of the samples, the middle of each figure in it. */
function rowsOf(
  columns: readonly Column[],
  samples: readonly SoakSample[],
  count: number,
): string[][] {
  const middles = columns.map((column) => partsOf(pointsOf(column, samples), count));
  return Array.from(
    { length: Math.min(count, samples.length) },
    (_, row) => columns.map(({ digits }, index) => formatFigure(middles[index]![row]?.[1], digits)),
  );
}

function section(heading: string, text: string, drawn: LinePlot, table: string): PageSection {
  const figure = drawn.series.length === 0 ? "" : `<figure>${drawLines(drawn)}</figure>\n`;
  return { heading, html: `${paragraph(text)}\n${figure}${table}` };
}

function tableOf(columns: readonly Column[], samples: readonly SoakSample[]): string {
  const cells = (tag: string, texts: readonly string[]): string =>
    `<tr>${texts.map((text) => `<${tag}>${escapeHtml(text)}</${tag}>`).join("")}</tr>`;
  const rows = rowsOf(columns, samples, ROWS).map((row) => cells("td", row));
  const head = cells("th", columns.map(({ name }) => name));
  return `<div class="scroll"><table class="figures"><thead>${head}</thead><tbody>${
    rows.join("\n")
  }</tbody></table></div>`;
}

function facts({ command, date, host, options }: SoakResult): string {
  const rows = [
    ["Command", command],
    ["Date", date],
    [
      "Asked for",
      `${formatFigure(options.minutes, 1)} minutes, ${formatFigure(options.connections)} ` +
      `connections, ${formatFigure(options.churn)} closed and ${formatFigure(options.messages)} ` +
      "messages a second",
    ],
    ["Processor", `${host.processor ?? host.arch}, cores: ${host.cores}`],
    ["System", `${host.os}, ${host.arch}`],
    ["Versions", `Fourtuple ${host.fourtuple}, Deno ${host.deno}, V8 ${host.v8}`],
  ];
  const body = rows.map(([name = "", value = ""]) =>
    `<tr><th>${escapeHtml(name)}</th><td class="text">${escapeHtml(value)}</td></tr>`
  );
  return `<div class="scroll"><table><tbody>${body.join("\n")}</tbody></table></div>`;
}

function paragraph(text: string): string {
  return `<p>${escapeHtml(text)}</p>`;
}
