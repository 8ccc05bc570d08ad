/**
 * The report of a run: one HTML page that needs no network, and the picture for the README.
 *
 * @module
 */

import type { ScaleStep } from "../../server/scale/result.ts";
import { drawLines, drawPicture, type LinePlot } from "../charts.ts";
import { escapeHtml, page, type PageSection } from "../page.ts";
import { type Column, CONNECTIONS, MEMORY, type Subject, SUBJECTS } from "./figures.ts";
import { HIGHEST_PORT, highestStep, type ScalingReport, summarize } from "./summary.ts";
import { formatBytes, formatFigure, formatSeconds } from "./units.ts";

/** What the vertical line says. */
const MARK = { at: HIGHEST_PORT, label: formatFigure(HIGHEST_PORT) };

/** Cells of up to so many characters, such as counts, stay on one line. */
const MAX_UNBROKEN = 12;

/**
 * Writes the page.
 *
 * @param report The run.
 * @returns The HTML document.
 */
export function reportPage(report: ScalingReport): string {
  const most = highestStep(report)?.connections ?? 0;
  return page(`Connections on one port: ${formatFigure(most)}`, [
    { heading: "What was seen", html: seen(report, most) },
    ...SUBJECTS.map((subject) => section(subject, report.steps)),
    { heading: "Limits of the host", html: limits(report) },
    { heading: "The run", html: facts(report) },
  ]);
}

/**
 * Draws the picture for the README: the memory of the server against its connections.
 *
 * @param report The run.
 * @returns The SVG document.
 */
export function reportPicture(report: ScalingReport): string {
  const plot = plotOf(MEMORY, report.steps);
  const most = formatFigure(highestStep(report)?.connections ?? 0);
  return drawPicture({
    ...plot,
    title: `Fourtuple ${report.host.fourtuple}: ${most} connections on one port`,
  });
}

function seen(report: ScalingReport, most: number): string {
  const commands = report.stop?.raise ?? [];
  const where = most > HIGHEST_PORT
    ? `The dashed line of the plots stands at ${MARK.label}, the highest port number: nothing changes there.`
    : `${MARK.label}, the highest port number, was not reached; plots that reach as far mark it.`;
  return [
    ...summarize(report).map((text) => paragraph(text)),
    ...commands.length === 0 ? [] : [paragraph("To raise that limit, run:"), listing(commands)],
    paragraph(where),
  ].join("\n");
}

function section(subject: Subject, steps: readonly ScaleStep[]): PageSection {
  const plot = plotOf(subject, steps);
  const figure = plot.series.length === 0 ? "" : `<figure>${drawLines(plot)}</figure>\n`;
  const columns = [CONNECTIONS, ...subject.columns];
  const table = dataTable(
    columns.map(headOf),
    steps.map((step) => columns.map(({ of, digits }) => formatFigure(of(step), digits))),
  );
  return { heading: subject.heading, html: `${paragraph(subject.text)}\n${figure}${table}` };
}

/** The head of a column; "4-tuples" stays on one line. */
function headOf({ name, unit }: Column): string {
  const whole = name.replaceAll("-", "\u2011");
  return unit === undefined ? whole : `${whole} (${unit})`;
}

function plotOf(
  { heading, axis = "", log, columns }: Subject,
  steps: readonly ScaleStep[],
): LinePlot {
  return {
    title: `${heading} against connections`,
    xName: "Connections on one port",
    yName: axis,
    ...log !== undefined && { log },
    mark: MARK,
    series: columns.filter(({ drawn }) => drawn).flatMap((column) => {
      const points = pointsOf(column, steps);
      return points.length === 0 ? [] : [{ name: column.name, points }];
    }),
  };
}

function pointsOf({ of }: Column, steps: readonly ScaleStep[]): [number, number][] {
  return steps.flatMap((step): [number, number][] => {
    const value = of(step);
    return value === undefined ? [] : [[step.connections, value]];
  });
}

function limits({ plan }: ScalingReport): string {
  if (plan.limits.length === 0) return paragraph("No limit of this host could be read.");
  return paragraph("How many connections each allowed to this run, the one met first at the top:") +
    "\n" + textTable(
      ["Limit", "Connections", "Because", "What raises it"],
      plan.limits.map(({ name, connections, reason, raise }) => [
        name,
        formatFigure(connections),
        reason,
        raise.join("\n"),
      ]),
    );
}

function facts({ command, date, host, plan, url, seconds }: ScalingReport): string {
  const rows: [string, string][] = [
    ["Command", command],
    ["Date", date],
    ["Took", `${formatSeconds(seconds)}`],
    ["Server", plan.workers === 0 ? url : `${url}, processes: ${plan.workers}`],
    [
      "Clients",
      `processes: ${plan.clients}, of up to ${formatFigure(plan.connectionsPerClient)} connections`,
    ],
  ];
  if (plan.varied !== "none") rows.push([`Addresses (${plan.varied})`, plan.addresses.join(", ")]);
  rows.push(
    ["Processor", `${host.processor ?? host.arch}, cores: ${host.cores}`],
    ...host.memory === undefined ? [] : [["Memory", formatBytes(host.memory)] as [string, string]],
    ["System", `${host.os}, ${host.arch}`],
    ["Versions", `Fourtuple ${host.fourtuple}, Deno ${host.deno}, V8 ${host.v8}`],
    ...plan.notes.map((note): [string, string] => ["Note", note]),
  );
  return textTable(undefined, rows);
}

function paragraph(text: string): string {
  return `<p>${escapeHtml(text)}</p>`;
}

function listing(commands: readonly string[]): string {
  return `<pre><code>${escapeHtml(commands.join("\n"))}</code></pre>`;
}

/** A table of figures, which a phone scrolls. */
function dataTable(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  return `<div class="scroll"><table class="figures">${headRow(heads)}<tbody>${
    rows.map((row) => `<tr>${row.map((cell) => `<td>${escapeHtml(cell)}</td>`).join("")}</tr>\n`)
      .join("")
  }</tbody></table></div>`;
}

/** A table whose cells are texts, the first of each row its head. */
function textTable(
  heads: readonly string[] | undefined,
  rows: readonly (readonly string[])[],
): string {
  const body = rows.map(([first = "", ...rest]) =>
    `<tr><th>${escapeHtml(first)}</th>${
      rest.map((cell) =>
        `<td class="${cell.length > MAX_UNBROKEN ? "text" : "short"}">${escapeHtml(cell)}</td>`
      ).join("")
    }</tr>\n`
  );
  const head = heads === undefined ? "" : headRow(heads, "text");
  return `<div class="scroll"><table>${head}<tbody>${body.join("")}</tbody></table></div>`;
}

function headRow(heads: readonly string[], name = ""): string {
  const attribute = name === "" ? "" : ` class="${name}"`;
  const cells = heads.map((head) => `<th${attribute}>${escapeHtml(head)}</th>`);
  return `<thead><tr>${cells.join("")}</tr></thead>`;
}
