import { assert, assertEquals } from "@std/assert";
import {
  COMPUTED,
  listFiles,
  parseModule,
  parseModules,
  reachedFrom,
  readModules,
  ROOT,
  tokenize,
} from "./helpers/module_graph.ts";
import {
  foreignImports,
  hasRuntime,
  importCycles,
  impurities,
  misdirectedImports,
  onlyReExports,
} from "./helpers/module_rules.ts";

const ROOMS = ["mod.ts", "protocol", "server", "client", "bench", "tests"];
const graph = await readModules(...ROOMS);
const modules = [...graph.values()];

Deno.test("architecture: every import points one way", () => {
  assert(graph.has("mod.ts") && graph.has("protocol/mod.ts") && graph.has("server/server.ts"));
  assertEquals(misdirectedImports(graph), []);
});

Deno.test("architecture: there is no import cycle", () => {
  assertEquals(importCycles(graph), []);
});

Deno.test("architecture: an entry point only re-exports", () => {
  const entries = modules.filter(({ path }) => ["mod.ts", "protocol/mod.ts"].includes(path));
  assertEquals(entries.filter((module) => !onlyReExports(module)).map(({ path }) => path), []);
});

Deno.test("architecture: protocol/ is pure", () => {
  const room = modules.filter(({ path }) => path.startsWith("protocol/"));
  assertEquals(room.flatMap((module) => impurities(module)), []);
});

Deno.test("architecture: protocol/ imports the standard library and nothing else", () => {
  const room = modules.filter(({ path }) => path.startsWith("protocol/"));
  assertEquals(room.flatMap((module) => foreignImports(module)), []);
});

Deno.test("architecture: what the entry points reach is free of npm packages", () => {
  const library = reachedFrom(graph, "mod.ts", "protocol/mod.ts");
  assertEquals(library.flatMap((module) => foreignImports(module, "node:")), []);
});

// Other test files run in the same process meanwhile (.ci/test.ts).
Deno.test("architecture: a test file that changes or inspects its process runs alone", async () => {
  const isShared =
    /\bDeno\.(?:env\.(?:set|delete)|chdir|umask|kill\(Deno\.pid)|\b(?:childrenOf|pidsOf)\(Deno\.pid/;
  const wrong: string[] = [];
  for (const { path } of modules.filter(({ path }) => path.endsWith("_test.ts"))) {
    const text = await Deno.readTextFile(new URL(path, ROOT));
    if (isShared.test(text) && !/^\/\/ Runs alone: \S/m.test(text)) wrong.push(path);
  }
  assertEquals(wrong, []);
});

// It is 60 MB, and what main reaches is compiled into the binary.
Deno.test("architecture: echarts draws for bench/ alone", () => {
  const users = modules.filter(({ specifiers }) =>
    specifiers.some((it) => /^(?:npm:)?echarts\b/.test(it))
  ).map(({ path }) => path);
  assertEquals(users, ["bench/charts.ts"]);
  assert(!reachedFrom(graph, "server/main.ts", "mod.ts").some(({ path }) => users.includes(path)));
});

Deno.test("architecture: the standard library comes from its npm mirror", async () => {
  const { imports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const std = Object.entries<string>(imports).filter(([name]) => name.startsWith("@std/"));
  assert(std.length > 0);
  assertEquals(std.filter(([, target]) => !target.startsWith("npm:deno-std@")), []);
});

// A file of types alone has nothing to run, and an entry point has exports_test.ts.
Deno.test("architecture: every source file of protocol/ and server/ has its test file", () => {
  const sources = modules.filter((module) =>
    /^(?:protocol|server)\//.test(module.path) && hasRuntime(module) && !onlyReExports(module)
  );
  const tests = sources.map(({ path }) => `tests/${path.replace(/\.ts$/, "_test.ts")}`);
  assertEquals(tests.filter((path) => !graph.has(path)).sort(), []);
});

/** Joined here, so that this file does not hold what it looks for. */
const PLACE_REGEXP = new RegExp(
  [
    `(?<![\\w.}])/(?:${["work", "root", "tmp/exp"].join("|")})\\b`,
    `\\b(?:${["npmjs", "npmmirror", "jsr"].join("|")})\\.(?:com|io|org)\\b`,
  ].join("|"),
);

Deno.test("architecture: no file names a path of some machine or a package registry", async () => {
  const found: string[] = [];
  for await (const path of listFiles(...ROOMS, ".ci", "deno.json", "deno.lock")) {
    if (/\.(?:png|jpg|ico|woff2)$/.test(path)) continue;
    const hit = PLACE_REGEXP.exec(await Deno.readTextFile(new URL(path, ROOT)));
    if (hit !== null) found.push(`${path}: ${hit[0]}`);
  }
  assertEquals(found, []);
});

// The rest tries the rules on made-up modules: a rule that cannot fail guards nothing.

Deno.test("architecture: a path of some machine is told from other paths", () => {
  for (const place of [`cd /${"work"}/a`, `"/${"root"}"`, `https://${"jsr"}.io/@std`]) {
    assert(PLACE_REGEXP.test(place), place);
  }
  for (const other of ["/worker", "../work", "/proc/root", "/tmp/a", "jsr:@std/assert"]) {
    assert(!PLACE_REGEXP.test(other), other);
  }
});

Deno.test("tokenize() leaves comments out and tells text from code", () => {
  const tokens = tokenize(`
    // Deno.listen
    /* fetch() */ const text = "Deno.env" + 'a\\'b' + \`now \${Date} \${{ a: \`\${1}\` }} end\`;
    const half = all / 2 / parts; const pattern = /["'\`/[/]]/g; return /x/.test(y);
  `);
  const text = (kind: string) => tokens.filter((it) => it.kind === kind).map((it) => it.text);
  assertEquals(text("string"), ["Deno.env", "a\\'b", "now ", " ", "", "", " end"]);
  assertEquals(text("regexp"), ["/[\"'`/[/]]/g", "/x/"]);
  assert(text("word").includes("Date"));
  assert(!text("word").includes("Deno") && !text("word").includes("fetch"));
});

Deno.test("parseModule() finds every kind of import", () => {
  const { specifiers } = parseModule(
    "server/a.ts",
    `import "./effect.ts";
     import type { A } from "./type.ts";
     import all, { b } from './all.ts';
     export * from "./star.ts";
     export { c } from "./named.ts";
     type D = import("./inline.ts").D;
     const json = await import("./data.json", { with: { type: "json" } });
     const late = await import(name); const joined = await import("./" + name);
     // import "./comment.ts";
     const text = 'import "./text.ts"'; const list = Array.from("abc");`,
  );
  assertEquals(specifiers, [
    "./effect.ts",
    "./type.ts",
    "./all.ts",
    "./star.ts",
    "./named.ts",
    "./inline.ts",
    "./data.json",
    COMPUTED,
    COMPUTED,
  ]);
});

for (
  const [path, specifier] of [
    ["protocol/a.ts", "../server/b.ts"],
    ["protocol/a.ts", "../mod.ts"],
    ["server/a.ts", "../mod.ts"],
    ["server/a.ts", "@fourtuple/fourtuple"],
    ["server/a.ts", "./main.ts"],
    ["server/a.ts", "./cli/b.ts"],
    ["server/a.ts", "./admin/b.ts"],
    ["server/a.ts", "./apps/b.ts"],
    ["server/a.ts", "../client/b.ts"],
    ["server/a.ts", "../bench/b.ts"],
    ["server/a.ts", "../tests/b.ts"],
    ["server/a.ts", "../outside.ts"],
    ["server/apps/a.ts", "../server.ts"],
    ["server/apps/a.ts", "../../protocol/mod.ts"],
    ["server/cli/a.ts", "../admin/b.ts"],
    ["server/cli/a.ts", "../main.ts"],
    ["server/admin/a.ts", "../cli/b.ts"],
    ["client/a.ts", "../server/server.ts"],
    ["bench/a.ts", "../tests/b.ts"],
    ["mod.ts", "./server/main.ts"],
    ["mod.ts", "./server/cli/b.ts"],
  ] as const
) {
  Deno.test(`misdirectedImports() finds ${specifier} in ${path}`, () => {
    const found = misdirectedImports(parseModules({ [path]: `export * from "${specifier}";` }));
    assertEquals(found.length, 1, found.join());
  });
}

Deno.test("misdirectedImports() finds a computed import", () => {
  const found = misdirectedImports(parseModules({ "server/a.ts": "await import(name);" }));
  assertEquals(found, [`server/a.ts -> ${COMPUTED}`]);
});

Deno.test("misdirectedImports() finds a file in no room", () => {
  assertEquals(misdirectedImports(parseModules({ "lib/a.ts": "" })), ["lib/a.ts is in no room"]);
});

Deno.test("misdirectedImports() lets imports in the right direction pass", () => {
  const right = parseModules({
    "mod.ts": 'export * from "./protocol/a.ts"; export * from "./server/a.ts";',
    "protocol/a.ts": 'import "./b.ts"; import "@std/encoding/base64";',
    "server/a.ts": 'import "../protocol/mod.ts"; import "node:tls";',
    "server/apps/a.ts": 'import "../../mod.ts"; import "./a_helper.ts"; import "zod";',
    "server/cli/a.ts": 'import "../server.ts"; import "../apps/a.ts"; import "../../deno.json";',
    "server/admin/a.ts": 'import "../registry.ts";',
    "server/main.ts": 'import "./cli/a.ts"; import "./admin/a.ts";',
    "client/a.ts": 'import "../server/net/transport.ts"; import "../protocol/mod.ts";',
    "bench/a.ts": 'import "../server/main.ts"; import "../client/a.ts";',
    "tests/a.ts": 'import "../bench/a.ts"; import "../server/cli/a.ts";',
  });
  assertEquals(misdirectedImports(right), []);
});

Deno.test("importCycles() finds a cycle, of types too, and no diamond", () => {
  const cyclic = parseModules({
    "server/a.ts": 'import "./b.ts";',
    "server/b.ts": 'import type { C } from "./c.ts";',
    "server/c.ts": 'import "./a.ts";',
  });
  assertEquals(importCycles(cyclic), ["server/a.ts -> server/b.ts -> server/c.ts -> server/a.ts"]);
  const diamond = parseModules({
    "server/a.ts": 'import "./b.ts"; import "./c.ts";',
    "server/b.ts": 'import "./d.ts";',
    "server/c.ts": 'import "./d.ts";',
    "server/d.ts": "",
  });
  assertEquals(importCycles(diamond), []);
});

for (
  const code of [
    "Deno.listen({ port: 0 })",
    "crypto.getRandomValues(key)",
    "performance.now()",
    "await fetch(url)",
    "setTimeout(run, 1)",
    "setInterval(run, 1)",
    "Math.random()",
    "Math?.random()",
    "Date.now()",
    "new Date()",
    "console.log(1)",
    "globalThis.crypto",
    "({ ...performance })",
    "`${Date}`",
  ]
) {
  Deno.test(`impurities() finds ${code}`, () => {
    assertEquals(impurities(parseModule("protocol/a.ts", code)).length, 1);
  });
}

Deno.test("impurities() lets comments, text and members of the same name pass", () => {
  const code = `
    /** Deno.listen, Math.random() and console are not used. */
    const text = "Date.now()"; const other = \`performance\`; // fetch
    this.fetch(options.crypto, this.#performance, random, Math.max(1, 2));`;
  assertEquals(impurities(parseModule("protocol/a.ts", code)), []);
});

Deno.test("foreignImports() finds npm packages, and node: where it is not allowed", () => {
  const module = parseModule(
    "server/a.ts",
    `import "zod"; import "npm:ws"; import "node:tls"; import "jsr:@std/assert";
     import "https://example.com/a.ts"; import "@std/assert"; import "./b.ts";`,
  );
  const found = ["zod", "npm:ws", "jsr:@std/assert", "https://example.com/a.ts"];
  assertEquals(foreignImports(module, "node:"), found.map((it) => `server/a.ts -> ${it}`));
  assertEquals(foreignImports(module).includes("server/a.ts -> node:tls"), true);
});

Deno.test("onlyReExports() is false for anything but a re-export", () => {
  const only = (code: string) => onlyReExports(parseModule("mod.ts", code));
  assert(only('/** Doc. */ export * from "./a.ts"; export { b, type C } from "./b.ts";'));
  assert(only('export type { D } from "./d.ts"\nexport * as e from "./e.ts"'));
  assert(!only("export const a = 1;"));
  assert(!only('import "./a.ts";'));
  assert(!only('export * from "./a.ts"; run();'));
});

Deno.test("hasRuntime() is false where only types are declared", () => {
  const runs = (code: string) => hasRuntime(parseModule("server/a.ts", code));
  assert(
    !runs('import { type A, default as b } from "./b.ts"; export interface C { run(): void }'),
  );
  assert(!runs("export type Handler = (value: { const: string }) => void;"));
  assert(runs("export const A = 1;"));
  assert(runs("export function a(): void {}"));
  assert(runs("export interface A {} class B {}"));
});

Deno.test("reachedFrom() follows imports through other modules", () => {
  const some = parseModules({
    "mod.ts": 'export * from "./server/a.ts";',
    "server/a.ts": 'import "../protocol/b.ts";',
    "protocol/b.ts": 'import "zod";',
    "server/c.ts": "",
  });
  const reached = reachedFrom(some, "mod.ts");
  assertEquals(reached.map(({ path }) => path), ["mod.ts", "server/a.ts", "protocol/b.ts"]);
  assertEquals(reached.flatMap((module) => foreignImports(module)), ["protocol/b.ts -> zod"]);
});
