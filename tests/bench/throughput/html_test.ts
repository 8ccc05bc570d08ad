import { assert, assertStringIncludes } from "@std/assert";
import { formatHtml } from "../../../bench/throughput/html.ts";
import { summarize } from "../../../bench/throughput/result.ts";
import { caseResult, measurement, throughputResult } from "./result.ts";

const push = { setupBytes: 283, bytesPerMessage: 66, requests: 0, delayMedian: 1.5, delayP99: 12 };
const outcomes = summarize([
  {
    name: "own",
    title: "",
    command: "serve <a>",
    rounds: [measurement(20, { push })],
    failures: [],
  },
  { name: "peer", title: "", command: "peer", rounds: [measurement(40)], failures: ["<b> broke"] },
]);
const html = formatHtml(throughputResult({ cases: [caseResult({ title: "<echo>", outcomes })] }));

Deno.test("formatHtml() shows figures, bars, commands and failures", () => {
  for (
    const part of [
      "0.50",
      "width:6.00rem",
      "width:12.00rem",
      "1.5 ms",
      "deno task bench throughput",
    ]
  ) assertStringIncludes(html, part);
  assertStringIncludes(html, "deno run -A bench/throughput/load/main.ts PORT");
});

Deno.test("formatHtml() escapes every text", () => {
  for (const part of ["&lt;echo&gt;", "&lt;a&gt;", "&lt;b&gt; broke"]) {
    assertStringIncludes(html, part);
  }
  assert(!/<(?:echo|a|b)>/.test(html));
});

Deno.test("formatHtml() needs nothing from a network", () => {
  assert(!/\b(?:src|href)=|@import|url\(/.test(html));
});

Deno.test("formatHtml() works without a figure", () => {
  const [own] = outcomes;
  const { median: _, ...failed } = { ...own!, rounds: [], failures: ["It broke"] };
  const page = formatHtml(throughputResult({ cases: [caseResult({ outcomes: [failed] })] }));
  assertStringIncludes(page, "It broke");
  assert(!page.includes("NaN") && !page.includes("Infinity"));
});
