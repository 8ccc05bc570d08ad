import type { Result } from "./results.ts";
import type { Proof, Row, Shown, Table } from "./rule.ts";

/** What a run has added to a report. */
export interface Findings {
  /** What was run. */
  readonly run: string;
  /** What came of each row, in the order of the tables. */
  readonly results: readonly Result[];
}

const RUN_REGEXP = /^Run: (.*)$/m;
const RESULT_REGEXP = /^\|.* \| ([^|]*) \|$/gm;
const RESULTS: readonly Result[] = [
  "passes",
  "fails",
  "not run",
  "missing",
  "not kept",
  "not ours",
];

const HEAD = `<!-- deno-fmt-ignore-file -->
<!-- Written by tests/conformance/write.ts: change the tables in tests/conformance instead. -->

# Conformance

What the specifications demand and what has gone wrong elsewhere, with the tests that show how
Fourtuple does. A result is what one run of the tests has shown:

- **passes**: every test that is named ran and passed.
- **fails**: one of them failed.
- **not run**: one of them is ignored on the machine of that run, or was not there.
- **missing**: there is no test yet.
- **not kept**: we know that we do not do so; why is said there.
- **not ours**: it binds nothing that is in here; why is said there.

In the name of a test … stands for any text: all tests that fit are meant.
`;

/**
 * Writes the report.
 *
 * @param tables The tables.
 * @param findings What was run, and a result for each row.
 * @returns Markdown.
 */
export function writeReport(tables: readonly Table[], { run, results }: Findings): string {
  const left = [...results];
  const sections = tables.map((table) => {
    const rows = table.rows.map((row) => ({ row, result: left.shift() ?? "not run" }));
    return { table, rows };
  });
  const summary = [
    ["What", ...RESULTS, "in all"],
    ["---", ...RESULTS.map(() => "--:"), "--:"],
    ...sections.map(({ table, rows }) => [
      table.title,
      ...RESULTS.map((result) => String(rows.filter((row) => row.result === result).length)),
      String(rows.length),
    ]),
  ];
  return [
    HEAD,
    `Run: ${run}\n`,
    ...summary.map(line),
    ...sections.flatMap(({ table, rows }) => [
      `\n## ${table.title}\n\n${table.text}\n`,
      line([...table.columns, "Tests", "Result"]),
      line([...table.columns, "", ""].map(() => "---")),
      ...rows.map(({ row, result }) => rowLine(row, result)),
    ]),
    "",
  ].join("\n");
}

/** Reads out of a report what a run has added to it. */
export function readFindings(report: string): Findings {
  const rows = report.slice(report.indexOf("\n## "));
  const cells = Array.from(rows.matchAll(RESULT_REGEXP), ([, cell = ""]) => cell);
  return {
    run: RUN_REGEXP.exec(report)?.[1] ?? "",
    results: cells.filter((cell): cell is Result => RESULTS.some((result) => result === cell)),
  };
}

function rowLine({ cells, shown }: Row, result: Result): string {
  return line([...cells.map(escapeCell), shownCell(shown), result]);
}

function shownCell({ tests = [], notOurs, notKept }: Shown): string {
  const why = notOurs ?? notKept;
  const files = Map.groupBy(tests, ([file]) => file);
  const lists = [...files].map(([file, proofs]) =>
    `[${file}](${file})${[...new Set(proofs.map(nameItem))].join("")}`
  );
  return [...why === undefined ? [] : [escapeCell(why)], ...lists].join("<br>") || "–";
}

function nameItem([, name]: Proof): string {
  return `<br>· \`${name.replaceAll("|", "\\|")}\``;
}

function escapeCell(text: string): string {
  return text.replaceAll(/[|<*_]/g, "\\$&");
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
