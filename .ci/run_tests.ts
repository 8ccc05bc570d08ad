/**
 * Runs all tests, or those that the arguments of `deno test` choose, in two parts: files side by
 * side first, as threads of one process; then, one after another, the files with a line
 * `// Runs alone: …` that says what their tests share with those of other files.
 *
 * The second part runs even if the first fails. The last line counts the tests of both, and the
 * exit code is not 0 if either failed. `--junit-path` gets the results of both in one file.
 *
 * @module
 */

import { stripVTControlCharacters } from "node:util";

const ROOT = new URL("../", import.meta.url);
const ALONE = /^\/\/ Runs alone: \S/m;
const SUMMARY = /^(?:ok|FAILED) \| (\d+) passed.*? \| (\d+) failed(?: \| (\d+) ignored)?/;

/** Counts of tests: passed, failed and ignored. */
type Counts = readonly [passed: number, failed: number, ignored: number];

/** The test files below a folder. */
async function testsBelow(folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, ROOT))) {
    const path = folder + name;
    if (isDirectory) files.push(...await testsBelow(`${path}/`));
    else if (name.endsWith("_test.ts")) files.push(path);
  }
  return files.sort();
}

/** Those of the files that run alone. */
async function thoseAlone(files: readonly string[]): Promise<string[]> {
  const texts = await Promise.all(files.map((file) => Deno.readTextFile(new URL(file, ROOT))));
  return files.filter((_, at) => ALONE.test(texts[at]!));
}

/** Runs `deno test`, shows its output, and reads the counts in it. */
async function runTests(args: string[]): Promise<{ code: number; counts: Counts }> {
  const env = Deno.stdout.isTerminal() ? { FORCE_COLOR: "1" } : {};
  const command = new Deno.Command(Deno.execPath(), {
    args: ["test", "--permit-no-files", ...args],
    cwd: ROOT,
    env,
    stdout: "piped",
  });
  const child = command.spawn();
  let counts: Counts = [0, 0, 0];
  let line = "";
  const decoder = new TextDecoder();
  for await (const bytes of child.stdout) {
    for (let written = 0; written < bytes.length;) {
      written += await Deno.stdout.write(bytes.subarray(written));
    }
    const lines = (line + decoder.decode(bytes, { stream: true })).split("\n");
    line = lines.pop()!;
    for (const text of lines) {
      const [, passed, failed, ignored = 0] = SUMMARY.exec(stripVTControlCharacters(text)) ?? [];
      if (passed !== undefined) counts = [Number(passed), Number(failed), Number(ignored)];
    }
  }
  return { code: (await child.status).code, counts };
}

/** Joins what two runs have written for `--junit-path`. */
function joinReports(reports: readonly string[]): string {
  const total = (name: string, digits: number) =>
    reports.map((xml) => Number(RegExp(` ${name}="([\\d.]+)"`).exec(xml)?.[1] ?? 0))
      .reduce((sum, value) => sum + value, 0).toFixed(digits);
  const suites = reports.map((xml) => xml.replace(/^[^]*?<testsuites[^>]*>\n?/, ""))
    .map((xml) => xml.replace(/<\/testsuites>\s*$/, ""));
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="deno test" ` +
    `tests="${total("tests", 0)}" failures="${total("failures", 0)}" ` +
    `errors="${total("errors", 0)}" time="${total("time", 3)}">\n${suites.join("")}</testsuites>\n`;
}

/** Takes an option with a value out of the arguments. */
function takeOption(args: string[], name: string): string | undefined {
  const at = args.findIndex((arg) => arg === name || arg.startsWith(`${name}=`));
  if (at < 0) return undefined;
  const [option, next] = args.splice(at, args[at] === name ? 2 : 1);
  return option === name ? next : option!.slice(name.length + 1);
}

function isBelow(file: string, path: string): boolean {
  return path === "" || file === path || file.startsWith(`${path}/`);
}

/** An argument as a path from the root, if there is such a file or folder. */
async function pathOf(arg: string): Promise<string | undefined> {
  try {
    const path = await Deno.realPath(new URL(arg, ROOT));
    return path.slice((await Deno.realPath(ROOT)).length + 1).replaceAll("\\", "/");
  } catch {
    return undefined;
  }
}

const args = [...Deno.args];
const junit = takeOption(args, "--junit-path");
const ignored = takeOption(args, "--ignore")?.split(",") ?? [];
const tests = await testsBelow("tests/");
const alone = await thoseAlone(tests);
const options: string[] = [];
const chosen: { arg: string; path: string }[] = [];
for (const arg of args) {
  const path = await pathOf(arg);
  if (path === undefined) options.push(arg);
  else chosen.push({ arg, path });
}
// Deno ignores no file that is named as well, and none at all where several folders are named.
const together = chosen.flatMap(({ arg, path }) =>
  alone.some((file) => isBelow(file, path))
    ? tests.filter((file) => isBelow(file, path) && !alone.includes(file))
    : [arg]
);
const apart = alone.filter((file) =>
  !ignored.some((it) => file.startsWith(it)) && (chosen.length === 0 ||
    chosen.some(({ path }) => isBelow(file, path)))
);
const parts: string[][] = [];
if (chosen.length === 0 || together.length > 0) {
  parts.push(["--parallel", `--ignore=${[...ignored, ...alone].join()}`, ...options, ...together]);
}
if (apart.length > 0) {
  // The coverage data of the first part stay.
  parts.push([...options.filter((it) => it !== "--doc" && it !== "--clean"), ...apart]);
}

const start = performance.now();
const reports: string[] = [];
const results: Awaited<ReturnType<typeof runTests>>[] = [];
for (const part of parts) {
  const path = junit === undefined ? undefined : await Deno.makeTempFile({ suffix: ".xml" });
  results.push(await runTests(path === undefined ? part : [`--junit-path=${path}`, ...part]));
  if (path === undefined) continue;
  reports.push(await Deno.readTextFile(path));
  await Deno.remove(path);
}
if (junit !== undefined) await Deno.writeTextFile(new URL(junit, ROOT), joinReports(reports));

const [passed, failed, skipped] = [0, 1, 2].map((column) =>
  results.reduce((sum, { counts }) => sum + counts[column]!, 0)
);
const code = results.find((result) => result.code !== 0)?.code ?? 0;
const seconds = Math.round((performance.now() - start) / 1_000);
Deno.stdout.writeSync(new TextEncoder().encode(
  `\n${parts.length === 1 ? "One part" : "Both parts"} in ${Math.floor(seconds / 60)}m${
    seconds % 60
  }s:\n` +
    `${code === 0 ? "ok" : "FAILED"} | ${passed} passed | ${failed} failed | ${skipped} ignored\n`,
));
Deno.exit(code);
