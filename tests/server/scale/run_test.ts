// Runs alone: it ends children of the process, which other tests have too.

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { mayReadHost } from "../../../server/host/host_reader.ts";
import type { ScaleProgress } from "../../../server/scale/result.ts";
import { prepareScale, runScale } from "../../../server/scale/run.ts";
import { serve } from "../../../server/server.ts";
import { childrenOf } from "../../helpers/children_of.ts";
import { until } from "../../helpers/events.ts";
import { gone } from "../../helpers/gone.ts";

const LINUX = mayReadHost();
const reason = LINUX ? "" : ": only Linux shares a port and tells these figures";

Deno.test({
  name: `runScale() opens connections step by step and measures them${reason}`,
  ignore: !LINUX,
  async fn() {
    const seen: ScaleProgress[] = [];
    const result = await runScale({
      connections: 300,
      steps: [120],
      workers: 2,
      clients: 2,
      latency: { connections: 20, perSecond: 200, seconds: 0.1 },
    }, (progress) => seen.push(progress));
    assertEquals([result.stop, result.plan.workers, result.plan.clients], [undefined, 2, 2]);
    assertEquals(result.steps.map(({ target }) => target), [120, 300]);
    for (const step of result.steps) {
      assertEquals([step.connections, step.kernelCount?.connections], [step.target, step.target]);
      assertEquals([step.kernelCount?.fourTuples, step.kernelCount?.serverPorts], [step.target, 1]);
      assertEquals(step.kernelCount?.sharedPort.uses, 2, "one source port from both addresses");
      assert(step.server!.descriptors! >= step.target && step.clients.descriptors! >= step.target);
      assert(step.server!.heapUsed! > 0 && step.kernelMemory.sockets! >= 2 * step.target);
      assertEquals([step.latency?.sent, step.latency?.received], [20, 20]);
      assert(step.perConnection.server! >= 0 && step.perConnection.serverHeap! >= 0);
    }
    assertEquals(result.steps.map(({ handshakes }) => handshakes.opened), [120, 180]);
    assertEquals(seen.flatMap(({ measured }) => measured ?? []), result.steps);
    assertEquals(JSON.parse(JSON.stringify(result)), result, "it is JSON as it stands");
  },
});

Deno.test("runScale() measures another server, and stops where that is full", async () => {
  await using server = serve({
    port: 0,
    limits: { connections: 150 },
    message: (connection, data) => void connection.send(data),
    log: () => {},
  });
  const result = await runScale({
    connections: 200,
    steps: [100],
    url: server.url,
    latency: false,
  });
  assertEquals([result.plan.workers, result.url], [0, server.url]);
  assertEquals(result.steps.map(({ connections }) => connections), [100, 150]);
  assertEquals([result.stop?.limit, result.stop?.connections], ["server", 150]);
  assertStringIncludes(result.stop!.message, "HTTP 503");
});

Deno.test("runScale() ends when it is told to, and returns what it has", async () => {
  const interrupt = new AbortController();
  const { steps, stop } = await runScale(
    { connections: 100, steps: [50], latency: false },
    ({ measured }) => measured && interrupt.abort(),
    interrupt.signal,
  );
  assertEquals(steps.map(({ connections }) => connections), [50]);
  assertEquals([stop?.limit, stop?.connections], ["interrupted", 50]);
});

Deno.test("runScale() tells how many were open when it was ended in the middle of a step", async () => {
  const interrupt = new AbortController();
  const { steps, stop } = await runScale(
    { connections: 10_000, steps: [50], latency: false },
    ({ step, connections }) => step === 2 && connections > 50 && interrupt.abort(),
    interrupt.signal,
  );
  assertEquals(steps.length, 2);
  assert(stop!.connections > 50 && stop!.connections < 10_000);
  assertEquals(stop!.connections, steps[1]?.connections);
});

Deno.test({
  name: `runScale() ends well when Ctrl-C has ended its processes before they were ready${reason}`,
  ignore: !LINUX,
  async fn() {
    const before = await childrenOf(Deno.pid);
    const interrupt = new AbortController();
    let killed: Promise<void> | undefined;
    const kill = async () => {
      let children: number[] = [];
      await until("a process has been started", async () => {
        children = (await childrenOf(Deno.pid)).filter((pid) => !before.includes(pid));
        return children.length > 0;
      });
      // As SIGINT does to those that cannot ignore it yet; who has started them hears of it later.
      for (const pid of children) Deno.kill(pid, "SIGKILL");
      await Promise.all(children.map(gone));
      interrupt.abort();
    };
    const { steps, stop } = await runScale(
      { connections: 100, latency: false },
      ({ phase }) => phase === "starting" && (killed = kill()),
      interrupt.signal,
    );
    await killed;
    assertEquals([steps, stop?.limit, stop?.connections], [[], "interrupted", 0]);
  },
});

Deno.test({
  name: `runScale() stops when one of its processes ends, and leaves none${reason}`,
  ignore: !LINUX,
  async fn() {
    const before = await childrenOf(Deno.pid);
    let children: number[] = [];
    const kill = async () => {
      children = (await childrenOf(Deno.pid)).filter((pid) => !before.includes(pid));
      Deno.kill(children[0]!, "SIGKILL");
    };
    const killed: Promise<void>[] = [];
    const { steps, stop } = await runScale(
      { connections: 2_000, steps: [50], latency: false },
      ({ measured }) => measured?.target === 50 && killed.push(kill()),
    );
    await Promise.all(killed);
    assertEquals(steps[0]?.connections, 50);
    assert(["worker", "client"].includes(stop!.limit), stop!.limit);
    assertStringIncludes(stop!.message, "ended by SIGKILL");
    assertEquals(children.length, 2);
    await Promise.all(children.map(gone));
  },
});

Deno.test("runScale() tells time that was over from an interruption, and opens nothing then", async () => {
  const signal = AbortSignal.abort(new DOMException("Over", "TimeoutError"));
  const { steps, stop } = await runScale({ connections: 10, latency: false }, () => {}, signal);
  assertEquals([steps, stop?.limit], [[], "time"]);
});

Deno.test("runScale() refuses a URL that is none before it starts anything", async () => {
  await assertRejects(() => runScale({ connections: 10, url: "nonsense" }), TypeError);
});

Deno.test("prepareScale() says what a run would do", async () => {
  const { connections, workers, clients } = await prepareScale({ connections: 10 });
  assertEquals([connections, workers, clients], [10, 1, 1]);
});
