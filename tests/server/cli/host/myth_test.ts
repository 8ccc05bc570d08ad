import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { myth } from "../../../../server/cli/host/myth.ts";
import { mayReadHost } from "../../../../server/host/host_reader.ts";
import type { ScaleResult } from "../../../../server/scale/result.ts";
import { childrenOf } from "../../../helpers/children_of.ts";
import { until } from "../../../helpers/events.ts";
import { gone } from "../../../helpers/gone.ts";
import { fourtuple } from "../../../helpers/process.ts";
import { written } from "../../../helpers/written.ts";

function run(...args: string[]) {
  return written((io) => myth.run(args, io));
}

Deno.test("myth prints its help", async () => {
  for (const word of ["--help", "-h"]) {
    assertEquals(await run(word), { code: 0, out: myth.help, err: "" });
  }
  assert(myth.help.startsWith("Usage: fourtuple myth "));
});

Deno.test("myth lists everything that is wrong at once", async () => {
  const { code, out, err } = await run("--connections", "many", "now", "--fast");
  assertEquals([code, out], [2, ""]);
  for (const part of ['received "many"', "--fast: no such option", '"now"', "myth --help"]) {
    assertStringIncludes(err, part);
  }
  for (const value of ["0", "-5", "1e3", ""]) {
    assertEquals((await run(`--connections=${value}`)).code, 2, value);
  }
});

Deno.test("myth opens connections, counts and explains them", async () => {
  const { code, out, err } = await run("--connections", "200");
  assertEquals([code, err], [0, ""]);
  assertStringIncludes(out, "Opens 200 WebSocket connections to one port of this host");
  assertStringIncludes(out, "held 200 connections at once");
  if (!mayReadHost()) return;
  assertStringIncludes(out, "server ports used: 1, connections: 200, 4-tuples: 200");
  assertStringIncludes(out, "It counted 200 different 4-tuples, one for each connection.");
});

Deno.test("myth --json prints nothing but JSON on stdout", async () => {
  const { code, out, err } = await run("--connections", "150", "--json");
  assertEquals(code, 0);
  const { steps, plan }: ScaleResult = JSON.parse(out);
  assertEquals([plan.asked, steps.at(-1)?.connections], [150, 150]);
  assertStringIncludes(err, "held 150 connections at once");
});

const LINUX = Deno.build.os === "linux";
const reason = LINUX ? "" : ": only Linux tells which processes there are";

Deno.test({
  name: `myth ends at Ctrl-C, explains what it saw and leaves no process${reason}`,
  ignore: !LINUX,
  async fn() {
    await using process = fourtuple(["myth", "--connections", "30000"]);
    await process.outLine("connections: 1,000");
    const children = await childrenOf(process.pid);
    assert(children.length >= 2);
    process.signal("SIGINT");
    const { code, out } = await process.ended();
    assertEquals(code, 1);
    assertStringIncludes(out, "The kernel tells connections apart by source address");
    assertStringIncludes(out, "It was interrupted");
    await Promise.all(children.map(gone));
  },
});

Deno.test({
  name: `myth ends well at a Ctrl-C that comes before its processes are ready${reason}`,
  ignore: !LINUX,
  async fn() {
    await using process = fourtuple(["myth", "--connections", "30000"]);
    let children: number[] = [];
    await until("a process has been started", async () => {
      children = await childrenOf(process.pid);
      return children.length > 0;
    });
    // A terminal sends it to all of them.
    for (const pid of children) Deno.kill(pid, "SIGINT");
    process.signal("SIGINT");
    const { code, out, err } = await process.ended();
    assertEquals([code, err], [1, ""]);
    assertStringIncludes(out, "It was interrupted");
    await Promise.all(children.map(gone));
  },
});

Deno.test({
  name: `myth leaves no process when it is killed${reason}`,
  ignore: !LINUX,
  async fn() {
    await using process = fourtuple(["myth", "--connections", "2000"]);
    await process.outLine("connections: 1,000");
    const children = await childrenOf(process.pid);
    assert(children.length >= 2);
    process.signal("SIGKILL");
    await process.ended();
    await Promise.all(children.map(gone));
  },
});
