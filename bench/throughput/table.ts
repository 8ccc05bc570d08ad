/**
 * The result for the terminal.
 *
 * @module
 */

import { type CaseResult, limitOf, type Outcome, type ThroughputResult } from "./result.ts";

/** The longest line of text on the terminal. */
const WIDTH = 96;

/**
 * What has to be known to read the figures, a paragraph each. The page has them too.
 *
 * @param result The result.
 */
export function explain(result: ThroughputResult): string[] {
  const { environment, rounds, seconds, cases, leftOut, interrupted } = result;
  const { pinned, notPinned } = environment;
  const paragraphs = [
    `Figures are ${rounds === 1 ? "of 1 round" : `medians of ${rounds} rounds`}, the servers in ` +
    `turn, counted for ${seconds} s each. Echo and fan-out are closed-loop: as many messages as ` +
    "server and load generator manage together. Ratio is Fourtuple's figure divided by this " +
    "server's; of memory and bytes, below 1 is better.",
    pinned
      ? `The servers ran on core ${pinned.server}, the load generator on core ${pinned.load}.`
      : `Server and load generator were NOT pinned to cores: ${notPinned}.`,
    "CPU is in percent of one core; the limit is the side that used all of its own. Where that is " +
    "the load generator, the server could do more, and its processor time per operation (us/op) " +
    "tells more than the rate. Where it is neither, other programs were at work on these cores, or " +
    "both sides waited for each other.",
  ];
  if (cases.some(({ outcomes }) => outcomes.some(({ median }) => median?.push))) {
    paragraphs.push(
      "Of the transports, polling asks every second and long polling waits for its answer, both over " +
        "HTTP/1.1 with keep-alive by Deno.serve and with no header that is not needed: a browser " +
        "sends some hundred bytes more with each request. Bytes are of TCP payload in both " +
        "directions, after the connection was set up; the WebSocket handshake stands apart.",
    );
  }
  const remarks = cases.flatMap(({ name, skipped, outcomes }) => [
    ...skipped === undefined ? [] : [`${name} was skipped: it ${skipped}.`],
    ...outcomes.flatMap((outcome) =>
      outcome.failures.map((failure) => `${name} failed with ${outcome.name}: ${failure}.`)
    ),
  ]);
  return [
    ...paragraphs,
    ...remarks,
    ...leftOut.map(({ name, reason }) => `${name} was left out: ${reason}.`),
    ...interrupted ? ["The run was ended before it was done."] : [],
  ];
}

/**
 * Writes the result for a person.
 *
 * @param result The result.
 */
export function formatResult(result: ThroughputResult): string {
  const { environment, cases } = result;
  const lines = [
    `${environment.cpu}, ${environment.kernel}, ${environment.date}`,
    ...formatTable(cases),
    ...formatPush(cases),
    ...explain(result).flatMap((paragraph) => ["", ...wrap(paragraph)]),
  ];
  return `${lines.join("\n")}\n`;
}

/** Breaks a text into lines between words. */
function wrap(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && longer.length <= WIDTH) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** The heading of the table. */
export const HEADING: readonly string[] = [
  "case",
  "server",
  "median",
  "unit",
  "ratio",
  "server CPU",
  "load CPU",
  "us/op",
  "limit",
];

/**
 * The cells of one line.
 *
 * @param test The case.
 * @param outcome One of its outcomes.
 */
export function cellsOf(test: CaseResult, outcome: Outcome): string[] {
  const { name, median, ratio, rounds, failures } = outcome;
  if (median === undefined) {
    return [test.name, name, failures.length > 0 ? "failed" : "-", test.unit];
  }
  return [
    test.name,
    name,
    formatValue(median.value),
    test.unit,
    ratio === undefined ? "" : ratio.toFixed(2),
    percent(median.serverCpu),
    percent(median.loadCpu),
    median.serverMicroseconds === undefined ? "" : formatValue(median.serverMicroseconds),
    test.better === "more" ? limitOf(median) : "",
    ...failures.length > 0 ? [`${rounds.length} of ${rounds.length + failures.length} rounds`] : [],
  ];
}

/** The heading of the table about push. */
export const PUSH_HEADING: readonly string[] = [
  "push",
  "B/delivery",
  "requests",
  "delay median",
  "delay p99",
  "server CPU",
  "B to set up",
];

/**
 * The cells of one line about push.
 *
 * @param outcome What came of one transport.
 * @returns The cells, or `undefined` where there are no figures.
 */
export function pushCellsOf({ name, median }: Outcome): string[] | undefined {
  const push = median?.push;
  return push && [
    name,
    formatValue(push.bytesPerMessage),
    formatValue(push.requests),
    `${formatValue(push.delayMedian)} ms`,
    `${formatValue(push.delayP99)} ms`,
    percent(median.serverCpu),
    formatValue(push.setupBytes),
  ];
}

function formatTable(cases: readonly CaseResult[]): string[] {
  const rows = cases.flatMap((test) => {
    const [first, ...rest] = test.outcomes.map((outcome) => cellsOf(test, outcome));
    return first === undefined ? [] : [first, ...rest.map(([, ...cells]) => ["", ...cells])];
  });
  return rows.length === 0 ? [] : ["", ...alignTable([HEADING, ...rows], [2, 4, 5, 6, 7])];
}

function formatPush(cases: readonly CaseResult[]): string[] {
  const rows = cases.flatMap(({ outcomes }) => outcomes)
    .map(pushCellsOf).filter((row) => row !== undefined);
  return rows.length === 0 ? [] : ["", ...alignTable([PUSH_HEADING, ...rows], [1, 2, 3, 4, 5, 6])];
}

/**
 * Pads columns to equal width.
 *
 * @param rows The rows; they need not be equally long.
 * @param right The columns that stand to the right.
 */
export function alignTable(
  rows: readonly (readonly string[])[],
  right: readonly number[],
): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    }
  }
  const pad = (cell: string, column: number): string => {
    const width = widths[column]!;
    return right.includes(column) ? cell.padStart(width) : cell.padEnd(width);
  };
  return rows.map((row) => row.map(pad).join("  ").trimEnd());
}

/**
 * Writes a figure with as many digits as say something: three, or all before the point.
 *
 * @param value The figure.
 */
export function formatValue(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString("en-US", { maximumFractionDigits: digits });
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
}
