// Runs alone: it looks at the children of the process, which other tests have too.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { throughput } from "../../../bench/throughput/command.ts";
import { pidsOf } from "../../../bench/throughput/process_stat.ts";
import type { ThroughputResult } from "../../../bench/throughput/result.ts";
import { mayReadHost } from "../../../server/host/host_reader.ts";
import { Process, ROOT } from "../../helpers/process.ts";
import { written } from "../../helpers/written.ts";

/** It starts servers and reads their processor time. */
const needs = { ignore: !mayReadHost() };

function run(...args: string[]) {
  return written((io) => throughput.run(args, io));
}

Deno.test("throughput prints its help", async () => {
  assertEquals(await run("--help"), { code: 0, out: throughput.help, err: "" });
  for (const line of throughput.help.split("\n")) assert(line.length <= 80, line);
});

Deno.test("throughput refuses wrong usage with 2", async () => {
  const { code, out, err } = await run("--only", "echo65");
  assertEquals([code, out], [2, ""]);
  assertStringIncludes(err, "echo65");
});

Deno.test({
  ...needs,
  name: "throughput finds out before the run that it cannot write (needs Linux)",
  async fn() {
    const file = await Deno.makeTempFile();
    try {
      const { code, out, err } = await run("--only", "push", "--json", `${file}/x`);
      assertEquals([code, out], [1, ""]);
      assertEquals(err.split("\n").length, 2, err);
      assertStringIncludes(err, `bench throughput: Cannot write "${file}/x": `);
    } finally {
      await Deno.remove(file);
    }
  },
});

Deno.test({
  ...needs,
  name: "throughput compares this server with Deno's and leaves nothing running (needs Linux)",
  async fn() {
    const before = pidsOf(Deno.pid);
    const folder = await Deno.makeTempDir();
    try {
      const [json, html] = [`${folder}/a.json`, `${folder}/a.html`];
      const { code, out, err } = await run(
        ..."--rounds 1 --seconds 0.2 --only echo64,text64 --peers deno --json".split(" "),
        json,
        "--html",
        html,
      );
      assertEquals(code, 0, err);
      assertStringIncludes(out, "fourtuple");
      assertStringIncludes(await Deno.readTextFile(html), "<!DOCTYPE html>");
      checkResult(JSON.parse(await Deno.readTextFile(json)));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
    assertEquals(pidsOf(Deno.pid), before);
  },
});

function checkResult(result: ThroughputResult): void {
  const { environment, cases, rounds, seconds, interrupted, leftOut } = result;
  assertEquals([rounds, seconds, interrupted, leftOut], [1, 0.2, false, []]);
  assertEquals(environment.versions.deno, Deno.version.deno);
  assert(environment.kernel !== "" && environment.cpu !== "" && environment.cores > 0);
  assert(environment.pinned !== undefined || environment.notPinned !== undefined);
  assertEquals(cases.map(({ name }) => name), ["echo64", "text64"]);
  for (const { outcomes } of cases) {
    assertEquals(outcomes.map(({ name }) => name), ["fourtuple", "deno"]);
    for (const { median, rounds, failures, command } of outcomes) {
      assertEquals([rounds.length, failures], [1, []]);
      assertEquals(rounds[0], median);
      assert(median!.value > 0 && median!.serverCpu >= 0 && median!.loadCpu >= 0);
      assert(median!.serverMicroseconds !== undefined);
      assert(command.startsWith("deno run -A "));
    }
    assert(outcomes[1]!.ratio! > 0);
  }
}

Deno.test({
  ...needs,
  name: "throughput reports what it has when Ctrl-C ends it, and stops everything (needs Linux)",
  async fn() {
    const script = `
      const { throughput } = await import("./bench/throughput/command.ts");
      const write = (stream) => (text) => stream.writeSync(new TextEncoder().encode(text));
      const io = { out: write(Deno.stdout), err: write(Deno.stderr) };
      Deno.exit(await throughput.run(["--seconds", "20", "--only", "idle", "--peers", "none"], io));`;
    await using bench = new Process(Deno.execPath(), ["eval", script], { cwd: ROOT });
    await bench.errLine("This takes up to");
    let started: number[] = [];
    while (started.length < 2) {
      started = pidsOf(bench.pid).slice(1);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    bench.signal("SIGINT");
    const { code, out } = await bench.ended();
    assertEquals(code, 130);
    assertStringIncludes(out, "The run was ended before it was done.");
    assertEquals(started.filter((pid) => pidsOf(pid).length > 0), []);
  },
});
