import { assert, assertEquals } from "@std/assert";
import { DEFAULT_LIMITS, LIMIT_NAMES } from "../server/limits.ts";
import { codeBlocks, readReadme, sectionOf, tableRows } from "./helpers/markdown.ts";
import { ROOT } from "./helpers/module_graph.ts";
import { Process } from "./helpers/process.ts";

// `deno task test` itself runs every block of TypeScript in the README, unless the block says not to.
Deno.test("README: every block of TypeScript runs as a test", async () => {
  const readme = await readReadme();
  assert(codeBlocks(readme).length > 0);
  assertEquals(
    readme.match(/^```(?:ts|typescript|js|javascript)\b.*\b(?:ignore|no-run).*$/gm),
    null,
  );
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  assert(/\.ci\/run_tests\.ts .*--doc\b/.test(tasks.test));
});

Deno.test("README: its example runs in a project that links to a checkout", async () => {
  const readme = await readReadme();
  assert(sectionOf(readme, "library").includes('`{ "links": ["../fourtuple"] }`'));
  const directory = await Deno.makeTempDir();
  try {
    await Deno.symlink(ROOT, `${directory}/fourtuple`);
    await Deno.mkdir(`${directory}/project`);
    await Deno.writeTextFile(`${directory}/project/deno.json`, '{ "links": ["../fourtuple"] }');
    await Deno.writeTextFile(`${directory}/project/main.ts`, codeBlocks(readme)[0]!);
    const args = ["run", "--cached-only", "--allow-net", "--no-prompt", "main.ts"];
    await using process = new Process(Deno.execPath(), args, { cwd: `${directory}/project` });
    const { code, out, err } = await process.ended();
    assertEquals([code, out.split("\n")[0]], [0, "Welcome, ada"], err);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("README: the table of limits is DEFAULT_LIMITS", async () => {
  const rows = tableRows(sectionOf(await readReadme(), "limits"));
  const documented = rows.map(([name = "", value = ""]) => [
    name.replaceAll("`", ""),
    value.replaceAll(/[`",]| ms$/g, ""),
  ]);
  const defaults = Object.fromEntries(Object.entries(DEFAULT_LIMITS));
  // What stands for a limit without a fixed default is for the README to say.
  const expected = documented.map(([name = "", value]) => [
    name,
    name in defaults ? String(defaults[name]) : value,
  ]);
  assertEquals(documented, expected);
  assertEquals(documented.map(([name]) => name).sort(), [...LIMIT_NAMES].sort());
});

Deno.test("README: every task that it names is in deno.json", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const named = (await readReadme()).matchAll(/\bdeno(?:@[\d.]+)? task ([\w:-]+)/g);
  const names = [...named].map(([, name = ""]) => name);
  assert(names.includes("start") && names.includes("test"));
  assertEquals(names.filter((name) => !(name in tasks)), []);
});

Deno.test("README: every file that it links to is there", async () => {
  const links = (await readReadme()).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g);
  for (const [, path = ""] of links) await Deno.stat(new URL(path, ROOT));
});
