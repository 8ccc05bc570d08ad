import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { VERSION } from "../server/cli/version.ts";
import { TEST_CERTIFICATE, TEST_KEY } from "./helpers/certificate.ts";
import { NO_CLUSTERS } from "./helpers/clusters.ts";
import { type Ended, Process, ROOT, servedAt } from "./helpers/process.ts";

/** Why no binary can be compiled here without asking the network for a base; else undefined. */
async function missingBase(): Promise<string | undefined> {
  if (Deno.env.has("DENO_COMPILE") || Deno.env.has("DENORT_BIN")) return undefined;
  const info = new Deno.Command(Deno.execPath(), { args: ["info", "--json"], stderr: "null" });
  const { denoDir } = JSON.parse(new TextDecoder().decode((await info.output()).stdout));
  const release = `${denoDir}/dl/release/v${Deno.version.deno}`;
  try {
    for await (const { name } of Deno.readDir(release)) {
      if (name.startsWith("denort-")) return undefined;
    }
  } catch {
    // Nothing was ever fetched for this version.
  }
  return "needs DENO_COMPILE and DENORT_BIN, or a base that deno compile has fetched before";
}

const missing = await missingBase();

Deno.test({
  name: "binary serves, diagnoses and ends as the source does" +
    (missing === undefined ? "" : ` (ignored: ${missing})`),
  ignore: missing !== undefined,
  fn: async (test) => {
    const directory = await Deno.makeTempDir();
    try {
      await driveBinary(test, directory);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});

async function driveBinary(test: Deno.TestContext, directory: string): Promise<void> {
  const path = `${directory}/fourtuple`;
  // Elsewhere than in the checkout, whose files are not to be found by accident.
  const start = (...args: string[]): Process => new Process(path, args, { cwd: directory });
  const run = async (...args: string[]): Promise<Ended> => {
    await using process = start(...args);
    return await process.ended();
  };

  await test.step("deno task compile makes it, without the packages of tests", async () => {
    await using task = new Process(Deno.execPath(), ["task", "compile", path], { cwd: ROOT });
    const { code, out, err } = await task.ended();
    assertEquals(code, 0, err);
    // Deno draws a tree of what it has embedded: "├── zod/4.6.7/* (5.9MB)", "└─┬ server (9KB)".
    const embedded = (out + err).split("\n").map((line) => line.replace(/^[│├└─┬ ]+/, ""));
    const holds = (name: string): boolean =>
      embedded.some((line) => line.startsWith(`${name}/`) || line.startsWith(`${name} (`));
    assertEquals(["zod", "@logtape/logtape", "protocol"].map(holds), [true, true, true], out + err);
    for (const name of ["playwright-core", "ws", "tests", "bench"]) {
      assert(!holds(name), `${name} is in the binary:\n${out}${err}`);
    }
  });

  await test.step("--version", async () => {
    assertEquals(await run("--version"), { code: 0, out: `fourtuple ${VERSION}\n`, err: "" });
  });

  await test.step({
    name: "a full disk exits 1 and is named",
    ignore: Deno.build.os === "windows",
    async fn() {
      const shell = ["-c", '"$@" >/dev/full', "sh", path, "completions", "bash"];
      await using process = new Process("sh", shell, { cwd: directory });
      const err = "fourtuple: Cannot write to stdout: no space left on device\n";
      assertEquals(await process.ended(), { code: 1, out: "", err });
    },
  });

  await test.step("doctor --json", async () => {
    const { code, out, err } = await run("doctor", "--json");
    assertEquals([code, err], [Deno.build.os === "linux" ? 0 : 1, ""]);
    const { first, capacity } = JSON.parse(out);
    assertEquals(capacity[0]?.name, first);
    if (Deno.build.os === "linux") assertEquals(typeof first, "string");
  });

  await test.step("a wrong flag exits 2", async () => {
    const { code, out, err } = await run("--nope", "--port=x");
    assertEquals([code, out], [2, ""]);
    assertStringIncludes(err, "--nope: no such option\n");
    assertStringIncludes(err, "--port: expected an integer");
  });

  await test.step("the page comes from embedded files", async () => {
    await using process = start("--port", "0");
    const url = await servedAt(process);
    for (
      const [target, name, type] of [
        ["/", "index.html", "text/html"],
        ["/talk.css", "talk.css", "text/css"],
        ["/talk.js", "talk.js", "text/javascript"],
      ] as const
    ) {
      const answer = await fetch(new URL(target, url));
      assertEquals(answer.status, 200);
      assertStringIncludes(answer.headers.get("content-type") ?? "", type);
      const source = await Deno.readTextFile(new URL(`server/apps/talk/${name}`, ROOT));
      assertEquals(await answer.text(), source, name);
    }
    const none = await fetch(new URL("/nothing", url));
    assertEquals(none.status, 404);
    await none.body?.cancel();
  });

  await test.step("--app echo answers a client, and SIGTERM drains and exits 0", async () => {
    await using process = start("--app", "echo", "--port", "0");
    const socket = new WebSocket(await servedAt(process));
    const end = new Promise<CloseEvent>((resolve) => socket.onclose = resolve);
    socket.onopen = () => socket.send("hello");
    const { data } = await new Promise<MessageEvent>((resolve) => socket.onmessage = resolve);
    assertEquals(data, "hello");
    process.signal("SIGTERM");
    assertEquals((await end).code, 1001);
    const { code, err } = await process.ended();
    assertEquals(code, 0);
    assertStringIncludes(err, "Drained: 1 closed, 0 cut\n");
  });

  await test.step({
    name: "--workers 2 serves by two more of itself, rolls, and SIGTERM drains and exits 0" +
      (NO_CLUSTERS === undefined ? "" : ` (ignored: ${NO_CLUSTERS})`),
    ignore: NO_CLUSTERS !== undefined,
    fn: async () => {
      await using process = start("--workers=2", "--app=echo", "--port=0");
      const url = await servedAt(process);
      process.signal("SIGUSR2");
      await process.errLine("Rolled 2 workers");
      const socket = new WebSocket(url);
      const end = new Promise<CloseEvent>((resolve) => socket.onclose = resolve);
      socket.onopen = () => socket.send("hello");
      const { data } = await new Promise<MessageEvent>((resolve) => socket.onmessage = resolve);
      assertEquals(data, "hello");
      process.signal("SIGTERM");
      assertEquals((await end).code, 1001);
      const { code, err } = await process.ended();
      assertEquals(code, 0, err);
      assertStringIncludes(err, "Drained: 1 closed, 0 cut\n");
    },
  });

  await test.step("TLS works, or says which Deno it needs", async () => {
    await Deno.writeTextFile(`${directory}/cert.pem`, TEST_CERTIFICATE);
    await Deno.writeTextFile(`${directory}/key.pem`, TEST_KEY);
    await using process = start("--port=0", "--tls-cert=cert.pem", "--tls-key=key.pem");
    if (await isNewEnough()) {
      const url = await servedAt(process);
      using client = Deno.createHttpClient({ caCerts: [TEST_CERTIFICATE] });
      assertStringIncludes(await (await fetch(url, { client })).text(), "<title>");
      return;
    }
    const { code, out, err } = await process.ended();
    assertEquals([code, out], [1, ""]);
    const needs = "fourtuple serve: Cannot serve TLS: it needs Deno 2.9.6 or later, this is ";
    assert(err.startsWith(needs) && err.trimEnd().split("\n").length === 1, err);
  });
}

/** Whether the Deno in the binary can serve TLS. */
async function isNewEnough(): Promise<boolean> {
  const deno = Deno.env.get("DENO_COMPILE") ?? Deno.execPath();
  const { stdout } = await new Deno.Command(deno, { args: ["--version"] }).output();
  const [, version = ""] = new TextDecoder().decode(stdout).match(/^deno (\S+)/)!;
  return version.localeCompare("2.9.6", "en", { numeric: true }) >= 0;
}
