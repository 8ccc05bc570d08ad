/**
 * The result as a page.
 *
 * @module
 */

import { escapeHtml, page, type PageSection } from "../page.ts";
import { loadCommand } from "./measure.ts";
import type { CaseResult, Outcome, ThroughputResult } from "./result.ts";
import { displayCommand } from "./run.ts";
import { cellsOf, explain, HEADING, PUSH_HEADING, pushCellsOf } from "./table.ts";

/**
 * Writes the result as one page that needs no network.
 *
 * @param result The result.
 */
export function formatHtml(result: ThroughputResult): string {
  const cases = result.cases.filter(({ skipped }) => skipped === undefined);
  return page("Fourtuple: throughput side by side", [
    { heading: "What was measured", html: aboutHtml(result) },
    ...cases.map(caseSection),
    { heading: "Commands", html: commandsHtml(result) },
  ]);
}

function aboutHtml(result: ThroughputResult): string {
  const { environment } = result;
  const facts = [
    ["Date", environment.date],
    ["Processor", `${environment.cpu}, ${environment.cores} cores`],
    ["Kernel", environment.kernel],
    ["Versions", Object.entries(environment.versions).map((pair) => pair.join(" ")).join(", ")],
  ];
  const rows = facts.map(([name = "", value = ""]) =>
    `<tr><th>${escapeHtml(name)}</th><td class="text">${escapeHtml(value)}</td></tr>`
  );
  return `<div class="scroll"><table>\n${rows.join("\n")}\n</table></div>\n` +
    explain(result).map((text) => `<p>${escapeHtml(text)}</p>`).join("\n");
}

function caseSection(test: CaseResult): PageSection {
  const longest = Math.max(...test.outcomes.map(({ median }) => median?.value ?? 0));
  const rows = test.outcomes.map((outcome) => {
    const [, name = "", ...cells] = cellsOf(test, outcome).map(escapeHtml);
    return [name, barHtml(outcome, longest), ...cells];
  });
  const pushRows = test.outcomes.map(pushCellsOf).filter((cells) => cells !== undefined);
  const [, server = "", ...heading] = HEADING;
  const tables = [tableHtml([server, `${test.better} is better`, ...heading], rows)];
  if (pushRows.length > 0) {
    tables.push(tableHtml(PUSH_HEADING, pushRows.map((cells) => cells.map(escapeHtml))));
  }
  return { heading: `${test.name}: ${test.title}`, html: tables.join("\n") };
}

/** A bar as long as the figure is in comparison with the longest one. */
function barHtml({ median }: Outcome, longest: number): string {
  const share = median === undefined || longest === 0 ? 0 : median.value / longest;
  const style = `width:${(share * 12).toFixed(2)}rem;height:1rem;background:var(--c1)`;
  return `<div style="${style}"></div>`;
}

/** Cells are HTML, headings are text. */
function tableHtml(heading: readonly string[], rows: readonly string[][]): string {
  const head = heading.map((text) => `<th>${escapeHtml(text)}</th>`).join("");
  const body = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`);
  return `<figure class="scroll"><table>\n<thead><tr>${head}</tr></thead>\n` +
    `<tbody>\n${body.join("\n")}\n</tbody>\n</table></figure>`;
}

function commandsHtml({ environment, cases }: ThroughputResult): string {
  const servers = new Set<string>(); // most cases start the same ones
  const loads: string[] = [];
  for (const { outcomes, load, skipped } of cases) {
    if (skipped !== undefined) continue;
    for (const { command } of outcomes) servers.add(command);
    loads.push(displayCommand(loadCommand("PORT", load)));
  }
  const lines = [environment.command, ...servers, ...loads];
  return `<pre><code>${escapeHtml(lines.join("\n"))}</code></pre>`;
}
