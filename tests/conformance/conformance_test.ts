import { assert, assertEquals } from "@std/assert";
import { ROOT } from "../helpers/module_graph.ts";
import { readFindings, writeReport } from "./report.ts";
import { namedTests, readRun, resultOf } from "./results.ts";
import type { Proof, Table } from "./rule.ts";
import { TABLES } from "./rules.ts";
import { namePatternOf, testNames } from "./test_names.ts";

const ROWS = TABLES.flatMap(({ rows }) => rows);

Deno.test("conformance: every test that is named is there", async () => {
  const absent: Proof[] = [];
  const proofs = ROWS.flatMap(({ shown }) => shown.tests ?? []);
  for (const [file, named] of Map.groupBy(proofs, ([file]) => file)) {
    const names = testNames(await Deno.readTextFile(new URL(`tests/${file}`, ROOT)));
    absent.push(...named.filter(([, name]) => !names.some((pattern) => pattern.test(name))));
  }
  assertEquals(absent, []);
});

// What a run has added is read out of the file: whether that holds, only a whole run can tell, and
// .ci/run asks `write.ts --check` after it.
Deno.test("conformance: CONFORMANCE.md is what the tables give", async () => {
  const report = await Deno.readTextFile(new URL("tests/CONFORMANCE.md", ROOT));
  const findings = readFindings(report);
  assertEquals(findings.results.length, ROWS.length, HOW);
  assert(report === writeReport(TABLES, findings), HOW);
});

const HOW = "Write it again: deno task test --junit-path=junit.xml; " +
  "deno run -A tests/conformance/write.ts junit.xml";

Deno.test("conformance: the rules are in the order of their sections", () => {
  for (const { title, columns, rows } of TABLES) {
    if (columns[0] !== "Section") continue;
    const sections = rows.map(({ cells: [section = ""] }) => /^[\d.]+/.exec(section)?.[0] ?? "");
    const order = sections.toSorted((a, b) => a.localeCompare(b, "en", { numeric: true }));
    assertEquals(sections, order, title);
  }
});

Deno.test("testNames() reads plain, joined and interpolated names", () => {
  const names = testNames([
    'Deno.test("plain (5.1)", () => {});',
    "  Deno.test(`as ${role} reads ${a.map((b) => { return b; })} twice`, () => {});",
    'Deno.test({\n  name: "joined " +\n    "of two" + WITHOUT,\n  fn() {} });',
    'test("of a helper", () => {});',
    '// Deno.test("left out", () => {});',
  ].join("\n"));
  const known = (name: string) => names.some((pattern) => pattern.test(name));
  assertEquals(names.length, 4);
  for (const name of ["plain (5.1)", "as client reads 5 twice", "as … reads … twice"]) {
    assert(known(name), name);
  }
  for (const name of ["joined of two", "joined of two (ignored: no fish)", "of a helper"]) {
    assert(known(name), name);
  }
  for (const name of ["plain (5x1)", "plain", "as client reads 5", "left out", "joined"]) {
    assert(!known(name), name);
  }
});

Deno.test("namePatternOf() takes any text for …, and a reason why a test is ignored", () => {
  const pattern = namePatternOf(["a_test.ts", "a (1) … c"]);
  for (const name of ["a (1) b c", "a (1) … c", "a (1) b c (ignored: no fish)"]) {
    assert(pattern.test(name), name);
  }
  for (const name of ["a 1 b c", "a (1) b", "x a (1) b c", "a (1) b c d"]) {
    assert(!pattern.test(name), name);
  }
});

const XML = `<testsuite name="./tests/a_test.ts">
  <testcase name="a &quot;1&quot; &amp; &#233;" classname="./tests/a_test.ts" time="0.000" line="1">
  </testcase>
  <testcase name="b 1" classname="./tests/a_test.ts" time="0.000"/>
  <testcase name="b 2" classname="./tests/a_test.ts" time="0.000">
    <failure message="Uncaught">Error: <skipped/></failure>
  </testcase>
  <testcase name="c (ignored: no fish)" classname="./tests/a_test.ts"><skipped/>
  </testcase>
</testsuite>`;

Deno.test("readRun() reads what deno test writes", () => {
  const run = readRun(XML);
  assertEquals([...run.keys()], ["a_test.ts"]);
  assertEquals([...run.get("a_test.ts") ?? []], [
    ['a "1" & é', "passed"],
    ["b 1", "passed"],
    ["b 2", "failed"],
    ["c (ignored: no fish)", "ignored"],
  ]);
});

Deno.test("resultOf() says passes only of what has run and has not failed", () => {
  const run = readRun(XML);
  const result = (...names: string[]) =>
    resultOf({ tests: names.map((name): Proof => ["a_test.ts", name]) }, run);
  assertEquals(result('a "1" & é', "b 1"), "passes");
  assertEquals(result('a "1" & é', "b …"), "fails");
  assertEquals(result('a "1" & é', "c"), "not run");
  assertEquals(result('a "1" & é', "d"), "not run");
  assertEquals(result(), "missing");
  assertEquals(resultOf({ notOurs: "It is not" }, run), "not ours");
  assertEquals(resultOf({ notKept: "Not yet" }, run), "not kept");
});

Deno.test("namedTests() has each test once", () => {
  const proofs: Proof[] = [["a_test.ts", "b …"], ["a_test.ts", "b 1"], ["b_test.ts", "b 1"]];
  assertEquals([...namedTests(proofs, readRun(XML))], [
    ["a_test.ts: b 1", "passed"],
    ["a_test.ts: b 2", "failed"],
  ]);
});

Deno.test("readFindings() reads out of a report what writeReport() put in", () => {
  const table: Table = {
    title: "A table",
    text: "Of three rows.",
    columns: ["Section", "Demands"],
    rows: [
      { cells: ["1", "a | b, *c* <d>"], shown: { tests: [["a_test.ts", "x | y"]] } },
      { cells: ["2", "b"], shown: {} },
      { cells: ["3", "c"], shown: { notOurs: "It is | not" } },
    ],
  };
  const results = ["passes", "missing", "not ours"] as const;
  const report = writeReport([table, table], {
    run: "all of it",
    results: [...results, ...results],
  });
  assertEquals(readFindings(report), { run: "all of it", results: [...results, ...results] });
  assert(
    report.includes(
      "| 1 | a \\| b, \\*c\\* \\<d> | [a_test.ts](a_test.ts)<br>· `x \\| y` | passes |",
    ),
  );
  assert(report.includes("| A table | 1 | 0 | 0 | 1 | 0 | 1 | 3 |"));
});
