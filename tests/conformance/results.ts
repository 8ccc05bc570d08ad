import type { Proof, Shown } from "./rule.ts";
import { namePatternOf } from "./test_names.ts";

/** What came of a test. */
export type Outcome = "passed" | "failed" | "ignored";

/** What came of the tests of a run: files, from tests/, to names, to outcomes. */
export type Run = ReadonlyMap<string, ReadonlyMap<string, Outcome>>;

/** What a row of the report says at its end. */
export type Result = "passes" | "fails" | "not run" | "missing" | "not kept" | "not ours";

const CASE_REGEXP =
  /<testcase name="([^"]*)" classname="([^"]*)"[^>]*?(?:\/>|>([^]*?)<\/testcase>)/g;
const ENTITIES: Readonly<Record<string, string>> = {
  quot: '"',
  apos: "'",
  lt: "<",
  gt: ">",
  amp: "&",
};

/** Reads what `deno test --junit-path` has written. */
export function readRun(xml: string): Run {
  const run = new Map<string, Map<string, Outcome>>();
  for (const [, name = "", file = "", inside = ""] of xml.matchAll(CASE_REGEXP)) {
    const path = unescapeXml(file).replace(/^(?:\.\/)?tests\//, "");
    const outcomes = run.get(path) ?? new Map<string, Outcome>();
    run.set(path, outcomes.set(unescapeXml(name), outcomeOf(inside)));
  }
  return run;
}

function outcomeOf(inside: string): Outcome {
  if (/<(?:failure|error)\b/.test(inside)) return "failed";
  return inside.includes("<skipped") ? "ignored" : "passed";
}

function unescapeXml(text: string): string {
  return text.replaceAll(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (_, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[name] ?? `&${name};`;
    return String.fromCodePoint(parseInt(decimal ?? hex, decimal === undefined ? 16 : 10));
  });
}

/** The outcomes of all tests that proofs name, each test once, by its file and its name. */
export function namedTests(proofs: readonly Proof[], run: Run): Map<string, Outcome> {
  const named = new Map<string, Outcome>();
  for (const proof of proofs) {
    const pattern = namePatternOf(proof);
    for (const [name, outcome] of run.get(proof[0]) ?? []) {
      if (pattern.test(name)) named.set(`${proof[0]}: ${name}`, outcome);
    }
  }
  return named;
}

/** The outcomes of all tests that a proof names. */
export function outcomesOf(proof: Proof, run: Run): Outcome[] {
  return [...namedTests([proof], run).values()];
}

/** What a run says about a row: it passes when at least one test of each proof did, and none failed. */
export function resultOf(shown: Shown, run: Run): Result {
  if (shown.notOurs !== undefined) return "not ours";
  if (shown.notKept !== undefined) return "not kept";
  const { tests = [] } = shown;
  if (tests.length === 0) return "missing";
  const outcomes = tests.map((proof) => outcomesOf(proof, run));
  if (outcomes.flat().includes("failed")) return "fails";
  return outcomes.every((all) => all.includes("passed")) ? "passes" : "not run";
}
