import { assert, assertEquals } from "@std/assert";
import { run } from "../../../bench/main.ts";
import { HELP } from "../../../bench/soak/options.ts";
import type { SoakResult } from "../../../bench/soak/result.ts";
import { childrenOf } from "../../helpers/children_of.ts";
import { gone } from "../../helpers/gone.ts";
import { Process, ROOT } from "../../helpers/process.ts";
import { written } from "../../helpers/written.ts";

/** Starts the soak as the task does. */
function soak(...args: string[]): Process {
  const script = new URL("bench/main.ts", ROOT).pathname;
  return new Process(Deno.execPath(), ["run", "--allow-all", script, "soak", ...args]);
}

function runHere(args: string[]) {
  return written((io) => run(["soak", ...args], io));
}

const SMALL = ["--connections", "50", "--churn", "20", "--messages", "50"];

const onLinux = Deno.build.os === "linux";
const named = (name: string): string =>
  onLinux ? name : `${name} (ignored: it takes Linux's /proc)`;

Deno.test("soak prints its help", async () => {
  assertEquals(await runHere(["--help"]), { code: 0, out: HELP, err: "" });
});

Deno.test("soak refuses wrong usage and a folder that cannot be", async () => {
  const { code, err } = await runHere(["--minutes", "x"]);
  assertEquals(code, 2);
  assert(err.startsWith("bench soak: --minutes: expected a number from 0.05 to 10080"), err);
  const file = await Deno.makeTempFile();
  try {
    const { code, err } = await runHere(["--out", `${file}/x`]);
    assertEquals(code, 1);
    assert(err.startsWith(`bench soak: Cannot write "${file}/x/soak-`), err);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test({
  name: named("soak loads a server of its own and writes what it saw"),
  ignore: !onLinux,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      await using process = soak("--minutes", "0.1", ...SMALL, "--out", folder, "--json");
      await process.errLine(" connections, ");
      const children = await childrenOf(process.pid);
      assertEquals(children.length, 2, "a server and its clients");
      const { code, out, err } = await process.ended();
      assertEquals(code, 0, err + out);
      await Promise.all(children.map(gone));
      const result: SoakResult = JSON.parse(out);
      const { counts, samples, before, after, faults } = result;
      assertEquals(faults, {});
      assertEquals([counts.open, before.connections, after?.connections], [50, 0, 0]);
      assertEquals(counts.echoed + counts.abandoned, counts.sent);
      assert(counts.echoed > 0 && counts.left.close > 0 && counts.left.fin > 0);
      assertEquals(
        counts.opened,
        50 + counts.left.close + counts.left.fin + counts.left.reset,
      );
      assert(samples.length > 0);
      assert(samples.every(({ connections }) => connections > 0));
      const html = await Deno.readTextFile((await pathOf(folder, ".html"))!);
      assertEquals(html.match(/\b(?:NaN|undefined|null|Infinity)\b/g), null);
      assert((await Deno.readTextFile((await pathOf(folder, ".svg"))!)).startsWith("<svg "));
      assertEquals(
        JSON.parse(await Deno.readTextFile((await pathOf(folder, ".json"))!)),
        result,
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: named("soak ends at Ctrl-C with a report and leaves no process behind"),
  ignore: !onLinux,
  async fn() {
    await using process = soak("--minutes", "1", ...SMALL);
    await process.errLine(" connections, ");
    const children = await childrenOf(process.pid);
    process.signal("SIGINT");
    const { code, out, err } = await process.ended();
    assertEquals(code, 1, err);
    assert(out.includes("It was ended early.") && out.includes("Nothing went wrong."), out);
    await Promise.all(children.map(gone));
  },
});

Deno.test({
  name: named("soak says so when its server ends, and leaves no process behind"),
  ignore: !onLinux,
  async fn() {
    await using process = soak("--minutes", "1", ...SMALL);
    await process.errLine(" connections, ");
    const children = await childrenOf(process.pid);
    const server = Math.min(...children); // it is started first
    Deno.kill(server, "SIGKILL");
    const { code, out, err } = await process.ended();
    assertEquals(code, 1, err);
    assert(/a (?:server|client) process ended: ended by SIGKILL/.test(out), out);
    await Promise.all(children.map(gone));
  },
});

Deno.test({
  name: named("soak leaves no process behind when it is killed"),
  ignore: !onLinux,
  async fn() {
    await using process = soak("--minutes", "1", ...SMALL);
    await process.errLine(" connections, ");
    const children = await childrenOf(process.pid);
    process.signal("SIGKILL");
    await process.ended();
    await Promise.all(children.map(gone));
  },
});

/** A network of its own has a loopback that is down: it can be listened on, and not connected to. */
const NO_NETWORK = ["unshare", "--net", Deno.execPath()];

async function canUnshare(): Promise<boolean> {
  const [program = "", ...args] = [...NO_NETWORK, "--version"];
  const command = new Deno.Command(program, { args, stdout: "null", stderr: "null" });
  return await command.output().then(({ success }) => success, () => false);
}

const noNetwork = onLinux && await canUnshare();

Deno.test({
  name: `soak says so when no connection can be opened${
    noNetwork ? "" : " (ignored: it takes the right to unshare the network)"
  }`,
  ignore: !noNetwork,
  async fn() {
    const script = new URL("bench/main.ts", ROOT).pathname;
    const [program = "", ...args] = [...NO_NETWORK, "run", "--allow-all", script, "soak", ...SMALL];
    await using process = new Process(program, args);
    await process.errLine("Opening the connections");
    const children = await childrenOf(process.pid);
    const { code, out, err } = await process.ended();
    assertEquals([code, out], [1, ""]);
    assert(/No connection could be opened: ENETUNREACH, \d+ times\n/.test(err), err);
    await Promise.all(children.map(gone));
  },
});

async function pathOf(folder: string, ending: string): Promise<string | undefined> {
  const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  const name = names.find((it) => it.endsWith(ending));
  return name && `${folder}/${name}`;
}
