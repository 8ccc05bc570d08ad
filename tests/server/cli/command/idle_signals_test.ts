import { assertEquals, assertStringIncludes } from "@std/assert";
import { clusterTest } from "../../../helpers/clusters.ts";
import { fourtuple, servedAt } from "../../../helpers/process.ts";
import { assertServes, pidOf, twoWorkers } from "../../../helpers/serving.ts";

const ignore = Deno.build.os === "windows";

// The signals come to the whole program, since a process has only one set of them.

Deno.test({
  name: "noteIdleSignals() has a server say that SIGUSR1 and SIGUSR2 do nothing, and go on" +
    (ignore ? " (ignored: Windows has no such signals)" : ""),
  ignore,
  async fn() {
    await using process = fourtuple(["--app=echo", "--port=0"]);
    const url = await servedAt(process);
    for (const signal of ["SIGUSR1", "SIGUSR2"] as const) {
      process.signal(signal);
      const line = await process.errLine(`${signal} does nothing: `);
      assertStringIncludes(line, " warning signal_ignored ");
    }
    // What the README says of the others.
    for (const signal of ["SIGPIPE", "SIGWINCH", "SIGCONT"] as const) process.signal(signal);
    await assertServes(url);
    process.signal("SIGTERM");
    assertEquals((await process.ended()).code, 0);
  },
});

clusterTest("noteIdleSignals() has workers and who started them say so, and go on", async () => {
  await using process = twoWorkers();
  const url = await servedAt(process);
  const worker = await pidOf(process, 1);
  process.signal("SIGUSR1");
  const line = JSON.parse(await process.errLine("SIGUSR1 does nothing"));
  assertEquals([line.event, line.worker], ["signal_ignored", undefined]);
  Deno.kill(worker, "SIGUSR2");
  const ignored = JSON.parse(await process.errLine("SIGUSR2 does nothing in a worker"));
  assertEquals([ignored.event, ignored.worker], ["signal_ignored", 1]);
  for (const signal of ["SIGUSR1", "SIGQUIT", "SIGINT", "SIGHUP"] as const) {
    Deno.kill(worker, signal);
  }
  await assertServes(url);
  process.signal("SIGQUIT");
  const { code, err } = await process.ended();
  assertEquals(code, 0, err);
  assertEquals(err.includes("worker_restarting"), false, err);
});
