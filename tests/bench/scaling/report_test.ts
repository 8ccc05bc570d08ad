import { assert, assertEquals } from "@std/assert";
import { escapeHtml } from "../../../bench/page.ts";
import { SUBJECTS } from "../../../bench/scaling/figures.ts";
import { reportPage, reportPicture } from "../../../bench/scaling/report.ts";
import type { ScalingReport } from "../../../bench/scaling/summary.ts";
import { FOREIGN, STOPPED, WHOLE } from "./result.ts";

const MARK = ">65,535</text>";
const REPORTS = { WHOLE, STOPPED, FOREIGN };

/** The plots of a page by the headings above them. */
function plots(report: ScalingReport): Map<string, string> {
  const sections = reportPage(report).split("<section>").slice(1);
  return new Map(sections.flatMap((section) => {
    const [, heading = ""] = /<h2>([^<]*)</.exec(section) ?? [];
    const [svg] = /<svg[^]*<\/svg>/.exec(section) ?? [];
    return svg === undefined ? [] : [[heading, svg]];
  }));
}

for (const [name, report] of Object.entries(REPORTS)) {
  Deno.test(`reportPage() refers to nothing outside itself in ${name}`, () => {
    const html = reportPage(report);
    // What the server was called is a text, and no reference.
    const urls = html.match(/\b(?:https?|wss?):\/\/[^\s<",]*/g);
    assertEquals(new Set(urls), new Set([report.url]));
    assertEquals(
      html.match(/\b(?:src|href|srcset|action)=|@import|<script|<link|\bon\w+=/gi),
      null,
    );
    assertEquals(html.match(/url\((?!#)/g), null);
    assertEquals(html.match(/\b(?:NaN|undefined|Infinity|null|\[object)\b/g), null);
  });
}

Deno.test("reportPage() plots every series of every subject", () => {
  const drawn = plots(WHOLE);
  const subjects = SUBJECTS.filter(({ axis }) => axis !== undefined);
  assertEquals([...drawn.keys()], subjects.map(({ heading }) => heading));
  for (const { heading, axis = "", columns } of subjects) {
    const svg = drawn.get(heading)!;
    assert(svg.includes(`>${escapeHtml(axis)}</text>`), axis);
    columns.filter((column) => column.drawn).forEach(({ name }, index) => {
      assert(svg.includes(`>${escapeHtml(name)}</text>`), `${heading}: ${name}`);
      const points = svg.match(new RegExp(`transform="matrix[^>]*var\\(--c${index + 1}\\)`, "g"));
      assertEquals(points?.length, WHOLE.steps.length, `${heading}: ${name}`);
    });
  }
});

Deno.test("reportPage() marks 65,535 in every plot that reaches as far, and in no other", () => {
  for (const svg of plots(WHOLE).values()) assert(svg.includes(MARK));
  for (const svg of plots(STOPPED).values()) assert(!svg.includes(MARK));
  assert(reportPage(STOPPED).includes("65,535, the highest port number, was not reached"));
});

Deno.test("reportPage() has a table under each plot with the figures of each step", () => {
  const html = reportPage(WHOLE);
  for (const { heading, columns } of SUBJECTS) {
    const [, section = ""] = html.split(`<h2>${escapeHtml(heading)}</h2>`);
    const table = section.slice(section.indexOf("<table"), section.indexOf("</table>"));
    assert(section.indexOf("</section>") > section.indexOf("</table>"), heading);
    assertEquals(table.match(/<th>/g)?.length, columns.length + 1, heading);
    assertEquals(table.match(/<td>/g)?.length, (columns.length + 1) * WHOLE.steps.length, heading);
  }
});

Deno.test("reportPage() escapes every text of a result", () => {
  const html = reportPage({ ...WHOLE, ...STOPPED });
  const texts = [
    WHOLE.command,
    WHOLE.host.processor!,
    WHOLE.plan.limits[0]!.reason,
    WHOLE.plan.limits[0]!.raise[0]!,
    WHOLE.plan.notes[0]!,
    STOPPED.stop!.message,
    STOPPED.stop!.raise[0]!,
  ];
  for (const text of texts) {
    assert(!html.includes(text), text);
    assert(html.includes(escapeHtml(text)), text);
  }
});

Deno.test("reportPage() names host, versions, date and command", () => {
  const html = reportPage(WHOLE);
  const facts = [WHOLE.date, "24.0 GiB", "linux 6.18.0", "Fourtuple 0.1.0, Deno 2.9.6, V8 14.1"];
  for (const fact of facts) assert(html.includes(fact), fact);
});

Deno.test("reportPage() leaves plots out for which nothing could be read", () => {
  assertEquals([...plots(FOREIGN).keys()], ["Memory", "Descriptors", "Handshakes"]);
});

Deno.test("reportPage() says so when nothing was measured", () => {
  const html = reportPage({ ...WHOLE, steps: [] });
  assert(html.includes("Nothing was measured.") && !html.includes("<svg"));
});

Deno.test("reportPicture() stands alone, and marks 65,535", () => {
  const svg = reportPicture(WHOLE);
  assert(svg.startsWith('<svg xmlns="http://www.w3.org/2000/svg" '));
  assert(svg.includes("Fourtuple 0.1.0: 100,000 connections on one port") && svg.includes(MARK));
  assertEquals(svg.match(/var\(|href|undefined|NaN/g), null);
});
