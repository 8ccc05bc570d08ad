import { assert, assertEquals, assertMatch } from "@std/assert";
import { run } from "../../bench/main.ts";
import { HELP } from "../../bench/scaling/options.ts";
import { throughput } from "../../bench/throughput/command.ts";
import { childrenOf } from "../helpers/children_of.ts";
import { gone } from "../helpers/gone.ts";
import { Process, type ProcessOptions, ROOT } from "../helpers/process.ts";
import { written } from "../helpers/written.ts";

/** Starts the benches as the task does. */
function bench(args: string[], options?: ProcessOptions): Process {
  const script = new URL("bench/main.ts", ROOT).pathname;
  return new Process(Deno.execPath(), ["run", "--allow-all", script, ...args], options);
}

function runHere(args: string[]) {
  return written((io) => run(args, io));
}

const onLinux = Deno.build.os === "linux";
const named = (name: string): string =>
  onLinux ? name : `${name} (ignored: it takes Linux's /proc)`;

Deno.test("run() chooses the bench by the first word", async () => {
  assertEquals(await runHere(["--help"]), { code: 0, out: HELP, err: "" });
  assertEquals(await runHere(["throughput", "--help"]), { code: 0, out: throughput.help, err: "" });
  assertEquals((await runHere(["throughputs"])).code, 2);
});

Deno.test({
  name: named("bench measures a server of its own and writes the report"),
  ignore: !onLinux,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      await using own = bench(["--connections", "60", "--out", folder]);
      const { code, out, err } = await own.ended();
      assertEquals(code, 0, err);
      assert(/60 connections were open at once, and the server had 1 port for them/.test(out), out);
      const [html] = (await Array.fromAsync(Deno.readDir(folder)))
        .filter(({ name }) => name.endsWith(".html"));
      const page = await Deno.readTextFile(`${folder}/${html!.name}`);
      assert(page.includes("<td>60</td>"));
      assertEquals(page.match(/\b(?:NaN|undefined|null)\b/g), null);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: named("bench ends at Ctrl-C with a report and leaves no process behind"),
  ignore: !onLinux,
  async fn() {
    await using process = bench(["--connections", "50", "--steps", "10"]);
    await process.errLine("Step 1 of 2: 10 connections");
    const children = await childrenOf(process.pid);
    assert(children.length >= 2, "a server and a client");
    process.signal("SIGINT");
    const { code, out, err } = await process.ended();
    assertEquals(code, 1, err);
    // 10, or as many of 50 as were open when it came late.
    assertMatch(out, /\b[1-5]\d connections were open at once/);
    assert(out.includes("It was interrupted."), out);
    await Promise.all(children.map(gone));
  },
});

Deno.test({
  name: named("bench leaves no process behind when it is killed"),
  ignore: !onLinux,
  async fn() {
    await using process = bench(["--connections", "50", "--steps", "10"]);
    await process.errLine("Step 1 of 2: 10 connections");
    const children = await childrenOf(process.pid);
    assert(children.length >= 2, "a server and a client");
    process.signal("SIGKILL");
    // They write where it wrote, so its output ends when the last of them has.
    assertEquals((await process.ended()).code, 137);
  },
});
