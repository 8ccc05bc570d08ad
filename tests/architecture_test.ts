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
  roomOf,
  ROOMS,
} from "./helpers/module_rules.ts";

const TOP = ["mod.ts", "protocol", "server", "client", "bench", "tests"];
const graph = await readModules(...TOP);
const modules = [...graph.values()];

Deno.test("architecture: every import points one way", () => {
  assert(graph.has("mod.ts") && graph.has("protocol/mod.ts") && graph.has("server/server.ts"));
  assertEquals(misdirectedImports(graph), []);
});

Deno.test("architecture: a room may import rooms before it alone, so rooms form no circle", () => {
  const names = Object.keys(ROOMS).filter((room) => !room.startsWith("tests"));
  const upward = names.flatMap((room, at) =>
    ROOMS[room]!.mayImport.filter((other) => !names.slice(0, at).includes(other))
      .map((other) => `${room} -> ${other}`)
  );
  assertEquals(upward, []);
});

Deno.test("architecture: every room has files", () => {
  const used = new Set(modules.map(({ path }) => roomOf(path)));
  const sources = Object.keys(ROOMS).filter((room) => !room.startsWith("tests/"));
  assertEquals(sources.filter((room) => !used.has(room)), []);
});

Deno.test("architecture: one file of each folder of server/ says at its top what the room is for", async () => {
  const folders = new Set(
    modules.map(({ path }) => path.replace(/[^/]+$/, "")).filter((it) => /^server\/./.test(it)),
  );
  folders.delete("server/cli/"); // it holds rooms, and the version
  const found: string[] = [];
  for (const { path } of modules) {
    const folder = path.replace(/[^/]+$/, "");
    const text = await Deno.readTextFile(new URL(path, ROOT));
    if (text.startsWith(`/**\n * \`${folder}\` is for `)) found.push(folder);
  }
  assertEquals(found.sort(), [...folders].sort());
});

Deno.test("architecture: there is no import cycle", () => {
  assertEquals(importCycles(graph), []);
});

Deno.test("architecture: an entry point only re-exports", () => {
  const entries = modules.filter(({ path }) =>
    ["mod.ts", "server/ops.ts", "protocol/mod.ts"].includes(path)
  );
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
  const library = reachedFrom(graph, "mod.ts", "server/ops.ts", "protocol/mod.ts");
  assertEquals(library.flatMap((module) => foreignImports(module, "node:")), []);
});

// Other test files run in the same process meanwhile (.ci/run_tests.ts).
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
  for await (const path of listFiles(...TOP, ".ci", "deno.json", "deno.lock")) {
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
  const [path, specifier, rooms] of [
    ["protocol/a.ts", "../server/log.ts", ["protocol", "server/log.ts"]],
    ["protocol/a.ts", "../mod.ts", ["protocol", "mod.ts"]],
    ["server/log.ts", "./limits.ts", ["server/log.ts", "server/limits.ts"]],
    ["server/loop/a.ts", "../net/b.ts", ["server/loop", "server/net"]],
    ["server/net/a.ts", "../connection/b.ts", ["server/net", "server/connection"]],
    ["server/host/a.ts", "../registry.ts", ["server/host", "server/registry.ts"]],
    ["server/topics/a.ts", "../connection/b.ts", ["server/topics", "server/connection"]],
    ["server/connection/a.ts", "../operations/b.ts", ["server/connection", "server/operations"]],
    ["server/connection/a/b.ts", "../../options.ts", ["server/connection", "server/options.ts"]],
    ["server/http/a.ts", "../server.ts", ["server/http", "server/server.ts"]],
    ["server/operations/a.ts", "../http/b.ts", ["server/operations", "server/http"]],
    ["server/server.ts", "../mod.ts", ["server/server.ts", "mod.ts"]],
    ["server/server.ts", "@fourtuple/fourtuple", ["server/server.ts", "mod.ts"]],
    ["server/server.ts", "./main.ts", ["server/server.ts", "server/main.ts"]],
    ["server/server.ts", "./cluster/b.ts", ["server/server.ts", "server/cluster"]],
    ["server/scale/a.ts", "../cli/serve/b.ts", ["server/scale", "server/cli/serve"]],
    ["server/admin/a.ts", "../cli/ops/b.ts", ["server/admin", "server/cli/ops"]],
    ["server/apps/a.ts", "../server.ts", ["server/apps", "server/server.ts"]],
    ["server/apps/a.ts", "../../protocol/mod.ts", ["server/apps", "protocol"]],
    ["server/cli/terminal/a.ts", "../ops/b.ts", ["server/cli/terminal", "server/cli/ops"]],
    ["server/cli/ops/a.ts", "../../main.ts", ["server/cli/ops", "server/main.ts"]],
    ["client/a.ts", "../server/server.ts", ["client", "server/server.ts"]],
    ["client/a.ts", "../server/http/b.ts", ["client", "server/http"]],
    ["mod.ts", "./server/main.ts", ["mod.ts", "server/main.ts"]],
    ["bench/a.ts", "../tests/b.ts", ["bench", "tests"]],
    ["tests/server/net/a_test.ts", "../../../server/http/b.ts", [
      "tests/server/net",
      "server/http",
    ]],
    ["tests/protocol/a_test.ts", "../../server/log.ts", ["tests/protocol", "server/log.ts"]],
    ["tests/helpers/a.ts", "../fuzz/b.ts", ["tests/helpers", "tests/fuzz"]],
    ["server/net/a.ts", "../../outside.ts", ["server/net", undefined]],
  ] as const
) {
  Deno.test(`misdirectedImports() says why ${path} may not import ${specifier}`, () => {
    const found = misdirectedImports(parseModules({ [path]: `export * from "${specifier}";` }));
    const [room, other] = rooms;
    const target = other === undefined ? "no room" : `${other} (${ROOMS[other]!.subject})`;
    assertEquals(found.map((it) => it.slice(it.indexOf(": ") + 2)), [
      `${room} (${ROOMS[room]!.subject}) may not import ${target}`,
    ]);
  });
}

Deno.test("misdirectedImports() finds a computed import", () => {
  const found = misdirectedImports(parseModules({ "server/net/a.ts": "await import(name);" }));
  assert(found[0]!.startsWith(`server/net/a.ts -> ${COMPUTED}: `), found.join());
});

Deno.test("misdirectedImports() finds a file in no room", () => {
  const modules = parseModules({ "lib/a.ts": "", "server/a.ts": "", "server/cli/b.ts": "" });
  assertEquals(misdirectedImports(modules), [...modules.keys()].map((it) => `${it} is in no room`));
});

Deno.test("misdirectedImports() lets imports in the right direction pass", () => {
  const right = parseModules({
    "mod.ts": 'export * from "./protocol/a.ts"; export * from "./server/server.ts";',
    "protocol/a.ts": 'import "./b.ts"; import "@std/encoding/base64";',
    "server/net/a.ts": 'import "../../protocol/mod.ts"; import "node:tls"; import "./b/c.ts";',
    "server/server.ts": 'import "./http/a.ts"; import "./log.ts";',
    "server/apps/a.ts": 'import "../../mod.ts"; import "./a_helper.ts"; import "zod";',
    "server/cli/serve/a.ts":
      'import "../../server.ts"; import "../../apps/a.ts"; import "../../../deno.json";',
    "server/admin/a.ts": 'import "../registry.ts";',
    "server/main.ts": 'import "./cli/serve/a.ts"; import "./admin/a.ts";',
    "client/a.ts": 'import "../server/net/a.ts"; import "../protocol/mod.ts";',
    "bench/a.ts": 'import "../server/main.ts"; import "../client/a.ts"; await import(name);',
    "tests/server/net/a_test.ts":
      'import "../../../server/net/a.ts"; import "../../helpers/b.ts"; import "../../../mod.ts";',
    "tests/a.ts": 'import "../bench/a.ts"; import "../server/cli/serve/a.ts";',
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
