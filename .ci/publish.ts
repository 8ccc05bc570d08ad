/**
 * Publishes the library: `deno task publish`, with the options of `deno publish`.
 *
 * The checkout takes the standard library from its npm mirror, so that npm alone is enough to work
 * on it. A package on JSR has no need of the mirror. So what `deno publish` takes from the checkout
 * is copied, and published from there under a deno.json that names `jsr:@std/…` instead, which
 * `deno publish` then writes into the modules.
 *
 * @module
 */

const ROOT = new URL("../", import.meta.url);

/** The release of every package of the standard library that the mirror's modules belong to. */
const STD_VERSION = "^1";

/** Runs `deno publish`; its output is shown, and returned. */
async function denoPublish(cwd: URL, args: readonly string[]): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["publish", ...args],
    cwd,
    env: { NO_COLOR: "1" },
    stdin: "inherit",
    stderr: "piped",
    stdout: "inherit",
  });
  const child = command.spawn();
  let output = "";
  for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
    await Deno.stderr.write(new TextEncoder().encode(text));
    output += text;
  }
  const { code } = await child.status;
  if (code !== 0) throw new Error(`deno publish ended with exit code ${code}`);
  return output;
}

/** Reads from a dry run's output which files would be published, as paths from the root. */
function listedFiles(output: string): string[] {
  return [...output.matchAll(/^ +(file:\/\/\S+) \(\S+\)$/gm)]
    .map(([, url = ""]) => decodeURI(url.slice(ROOT.href.length)));
}

/** Names the standard library on JSR; whatever else the checkout imports, the library does not. */
function jsrImports(imports: Readonly<Record<string, string>>): Record<string, string> {
  const names = Object.keys(imports).filter((name) => name.startsWith("@std/"));
  return Object.fromEntries(names.map((name) => {
    const [scope, std, ...path] = name.split("/");
    return [name, [`jsr:${scope}`, `${std}@${STD_VERSION}`, ...path].join("/")];
  }));
}

// The checks of a publish in the checkout: a clean tree, the licence, no slow types.
const dirty = Deno.args.filter((arg) => arg === "--allow-dirty");
const files = listedFiles(await denoPublish(ROOT, ["--dry-run", ...dirty]));

const directory = await Deno.makeTempDir({ prefix: "fourtuple-publish-" });
try {
  const copy = new URL(`file://${directory}/`);
  for (const file of files.filter((it) => it !== "deno.json")) {
    await Deno.mkdir(new URL(".", new URL(file, copy)), { recursive: true });
    await Deno.copyFile(new URL(file, ROOT), new URL(file, copy));
  }
  const config = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const { name, version, license, exports, imports, compilerOptions } = config;
  const published = {
    name,
    version,
    license,
    exports,
    imports: jsrImports(imports),
    compilerOptions,
  };
  await Deno.writeTextFile(
    new URL("deno.json", copy),
    JSON.stringify(published, undefined, 2) + "\n",
  );
  await denoPublish(copy, Deno.args);
} finally {
  await Deno.remove(directory, { recursive: true });
}
