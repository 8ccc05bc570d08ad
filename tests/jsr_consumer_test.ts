import { assert, assertEquals } from "@std/assert";
import { type JsrPackage, JsrRegistry } from "./helpers/jsr_registry.ts";
import { codeBlocks, readReadme, sectionOf } from "./helpers/markdown.ts";
import { listFiles, parseModule, reachedFrom, readModules, ROOT } from "./helpers/module_graph.ts";

const NAME = "@fourtuple/fourtuple";

/** Runs this Deno, where `jsr:` means a registry of the test's own. */
async function runDeno(
  registry: JsrRegistry,
  cwd: string | URL,
  args: string[],
  env: Record<string, string> = {},
): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd,
    env: { JSR_URL: registry.url, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", ...env },
    stdin: "null",
  }).output();
  const text = new TextDecoder();
  assert(success, text.decode(stdout) + text.decode(stderr));
}

/** Publishes this package as its task does, and returns what the registry got. */
async function publish(): Promise<JsrPackage> {
  await using registry = new JsrRegistry(await standardLibrary());
  const args = ["task", "publish", "--allow-dirty", "--no-provenance", "--token", "unused"];
  await runDeno(registry, ROOT, args);
  const got = registry.packages.get(NAME);
  if (got === undefined) throw new Error("Nothing was published");
  return got;
}

let publishing: Promise<JsrPackage> | undefined;

/** Publishes once for all tests. */
async function published(): Promise<JsrPackage> {
  publishing ??= publish();
  return await publishing;
}

/** Makes JSR's packages of the standard library out of the npm mirror's files. */
async function standardLibrary(): Promise<Map<string, JsrPackage>> {
  const { imports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", imports["@std/assert"]],
    cwd: ROOT,
  }).output();
  const info = JSON.parse(new TextDecoder().decode(stdout));
  const packages: { name: string; version: string; localPath: string }[] = Object.values(
    info.npmPackages,
  );
  const mirror = packages.find(({ name }) => imports["@std/assert"].startsWith(`npm:${name}@`));
  if (mirror === undefined) throw new Error("The mirror of the standard library is not there");

  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  const folders = new Map<string, Record<string, string>>();
  for await (const path of listFiles(mirror.localPath)) {
    const file = path.slice(mirror.localPath.length);
    files.set(file, await Deno.readFile(path));
    const [, folder = "", module] = /^\/(\w+)\/(.+)\.js$/.exec(file) ?? [];
    if (module === undefined) continue;
    const exports = folders.get(folder) ?? {};
    exports[module === "mod" ? "." : `./${module.replaceAll("_", "-")}`] = `.${file}`;
    folders.set(folder, exports);
  }
  // Every package has all files, since the mirror's modules import from each other's folders.
  return new Map([...folders].map(([folder, exports]) => {
    return [`@std/${folder.replaceAll("_", "-")}`, { version: mirror.version, exports, files }];
  }));
}

/** Runs an example in an empty project that depends on the published package. */
async function runAsConsumer(example: string, ...flags: string[]): Promise<void> {
  const packages = (await standardLibrary()).set(NAME, await published());
  await using registry = new JsrRegistry(packages);
  const project = await Deno.makeTempDir({ prefix: "fourtuple-consumer-" });
  try {
    const imports = { [NAME]: `jsr:${NAME}@^0.1.0`, "@std/assert": "jsr:@std/assert@^1" };
    await Deno.writeTextFile(`${project}/deno.json`, JSON.stringify({ imports }));
    await Deno.writeTextFile(`${project}/example.ts`, example);
    // A cache of its own: what is not in the registry is nowhere.
    const env = { DENO_DIR: `${project}/cache` };
    await runDeno(registry, project, ["run", "-A", ...flags, "example.ts"], env);
  } finally {
    await Deno.remove(project, { recursive: true });
  }
}

Deno.test("the published package holds the library and no module besides", async () => {
  const { exports, files } = await published();
  const graph = await readModules("mod.ts", "protocol", "server", "client");
  const reached = reachedFrom(graph, ...Object.values(exports).map((path) => path.slice(2)))
    .map(({ path }) => `/${path}`);
  const modules = [...files.keys()].filter((path) => /(?<!\.d)\.[jt]sx?$/.test(path));
  assertEquals(modules.sort(), reached.sort());
  assertEquals(exports, {
    ".": "./mod.ts",
    "./ops": "./server/ops.ts",
    "./protocol": "./protocol/mod.ts",
    "./reconnecting": "./client/reconnecting_mod.ts",
  });
});

Deno.test("the published package comes with its README, changelog and licence", async () => {
  const { files } = await published();
  const texts = ["/README.md", "/CHANGELOG.md", "/LICENSE"];
  assertEquals(texts.filter((path) => !files.has(path)), []);
});

Deno.test("the published package imports jsr:@std and node: and nothing else", async () => {
  const { files } = await published();
  const modules = [...files].filter(([path]) => path.endsWith(".ts"))
    .map(([path, bytes]) => parseModule(path, new TextDecoder().decode(bytes)));
  const specifiers = modules.flatMap((module) => module.specifiers);
  const good = /^(?:\.{1,2}\/|node:|jsr:@std\/)/;
  assertEquals(specifiers.filter((specifier) => !good.test(specifier)), []);
  const config = JSON.parse(new TextDecoder().decode(files.get("/deno.json")));
  const targets = Object.values<string>(config.imports);
  assert(targets.length > 0);
  assertEquals(targets.filter((target) => !/^jsr:@std\/\w+@\^1\b/.test(target)), []);
});

// The examples are not checked: the mirror's modules, unlike those on JSR, come without types.
Deno.test("a JSR consumer gets every entry point with its types", async () => {
  await runAsConsumer(
    `import { serve, type ServeOptions } from "jsr:${NAME}";
     import { isToken } from "jsr:${NAME}/protocol";
     import { reconnecting } from "jsr:${NAME}/reconnecting";
     const options: ServeOptions = { port: 0 };
     // @ts-expect-error A port is a number.
     const wrong: ServeOptions = { port: "0" };
     await using server = serve(options);
     if (!isToken("abc") || server.registry.size !== 0) throw new Error(String(wrong.port));
     const socket = reconnecting("ws://127.0.0.1:" + server.addr.port);
     await new Promise<void>((resolve) => socket.addEventListener("open", () => resolve()));
     socket.close(1000);
     await new Promise<number>((resolve) =>
       socket.addEventListener("stopped", ({ code }) => resolve(code))
     );`,
    "--check",
  );
});

Deno.test("a JSR consumer can run the example of mod.ts", async () => {
  const source = await Deno.readTextFile(new URL("mod.ts", ROOT));
  const [example = ""] = codeBlocks(source.replaceAll(/^ \* ?/gm, ""));
  assert(example.includes(NAME));
  await runAsConsumer(example);
});

Deno.test("a JSR consumer can run the library's example in the README", async () => {
  const [example = ""] = codeBlocks(sectionOf(await readReadme(), "library"));
  assert(example.includes(`"jsr:${NAME}"`), "the example names the package as JSR does");
  await runAsConsumer(example);
});
