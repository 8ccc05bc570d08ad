/**
 * Writes tests/CONFORMANCE.md from the tables and from one run of the tests:
 *
 *     deno task test --junit-path=junit.xml
 *     deno run -A tests/conformance/write.ts junit.xml
 *
 * With `--check` nothing is written: it fails when a named test failed or was not there, or when the
 * file says of a test that it passes and this run says otherwise. A test that this run has ignored
 * says nothing.
 *
 * @module
 */
import { readFindings, writeReport } from "./report.ts";
import { namedTests, outcomesOf, readRun, resultOf, type Run } from "./results.ts";
import { TABLES } from "./rules.ts";

// deno-lint-ignore no-console -- a tool for the command line
const say = (text: string): void => console.error(text);

const ROOT = new URL("../../", import.meta.url);
const REPORT = new URL("tests/CONFORMANCE.md", ROOT);
const ROWS = TABLES.flatMap(({ rows }) => rows);

const [path = "", ...others] = Deno.args.filter((arg) => arg !== "--check");
if (path === "" || others.length > 0) {
  say("Usage: deno run -A tests/conformance/write.ts [--check] JUNIT-FILE");
  Deno.exit(2);
}
const run = readRun(await Deno.readTextFile(path));
if (Deno.args.includes("--check")) Deno.exit(await check(run) ? 0 : 1);
await Deno.writeTextFile(REPORT, writeReport(TABLES, await findings(run)));

async function findings(run: Run) {
  const { version } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const outcomes = [...namedTests(ROWS.flatMap(({ shown }) => shown.tests ?? []), run).values()];
  const count = (wanted: string) => outcomes.filter((outcome) => outcome === wanted).length;
  return {
    run: `Fourtuple ${version} on Deno ${Deno.version.deno}. The tables name ${outcomes.length} ` +
      `tests: ${count("passed")} passed, ${count("failed")} failed, ${count("ignored")} ignored.`,
    results: ROWS.map(({ shown }) => resultOf(shown, run)),
  };
}

/** Whether the report says nothing that this run does not bear out. */
async function check(run: Run): Promise<boolean> {
  const written = readFindings(await Deno.readTextFile(REPORT)).results;
  const faults = ROWS.flatMap(({ cells, shown }, index) => {
    const outcomes = (shown.tests ?? []).map((proof) => outcomesOf(proof, run));
    const absent = (shown.tests ?? []).filter((_, at) => outcomes[at]?.length === 0);
    const result = resultOf(shown, run);
    const stale = result !== written[index] && !outcomes.flat().includes("ignored");
    return [
      ...absent.map(([file, name]) => `No test in ${file} has the name "${name}"`),
      ...stale ? [`${cells[0]}: the report says "${written[index]}", the run "${result}"`] : [],
    ];
  });
  for (const fault of faults) say(fault);
  return faults.length === 0;
}
