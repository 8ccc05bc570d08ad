import { assertEquals, assertRejects } from "@std/assert";
import { WorkerProcess } from "../../../server/cluster/worker_process.ts";
import { programOf } from "../../../server/process/program.ts";
import { clusterTest } from "../../helpers/clusters.ts";
import { until } from "../../helpers/events.ts";

/** Starts one worker that does a deed, without a supervisor. */
function startOne(deed: string, signal = new AbortController().signal): Promise<WorkerProcess> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  return WorkerProcess.start({
    program: programOf(import.meta.resolve("../../helpers/worker_program.ts")),
    args: [deed],
    assignment: { worker: 7, hostname, port, drainDeadline: 10_000, config: {} },
    ours: {
      leave: () => {},
      report: () => Promise.reject(new Error("Nobody asks")),
      tapped: () => Promise.resolve(),
      untapped: () => {},
    },
    received: () => {},
    signal,
  });
}

clusterTest(
  "WorkerProcess drain() gives the last words once and for all, and waits for the end",
  async () => {
    const worker = await startOne("serve");
    assertEquals([worker.worker, worker.finalReport], [7, undefined]);
    const [first, second] = await Promise.all([worker.drain(Infinity, 0), worker.drain(0, 0)]);
    assertEquals(first, second);
    assertEquals([first?.closed, first?.cut, first?.totals.accepted], [0, 0, 0]);
    assertEquals(typeof first?.resets, "number");
    assertEquals(worker.finalReport, first);
    assertEquals(await worker.ended, "exit code 0");
  },
);

clusterTest("WorkerProcess drain() gives nothing when the worker dies before", async () => {
  const worker = await startOne("serve");
  worker.kill();
  assertEquals(await worker.drain(5_000, 0), undefined);
  assertEquals(await worker.ended, "ended by SIGKILL");
});

clusterTest(
  "WorkerProcess drain() holds a shorter deadline than that of one under way",
  async () => {
    const worker = await startOne("serve");
    Deno.kill(worker.pid, "SIGSTOP");
    const drained = worker.drain(600_000, 0);
    assertEquals(await worker.drain(0, 0), undefined);
    assertEquals(await drained, undefined);
    assertEquals(await worker.ended, "ended by SIGKILL");
  },
);

clusterTest("WorkerProcess isAwake() asks one that is stuck once, until it answers", async () => {
  const worker = await startOne("serve");
  assertEquals(await worker.isAwake(), true);
  Deno.kill(worker.pid, "SIGSTOP");
  let asked = 0;
  const { size } = worker;
  worker.size = () => {
    asked++;
    return size.call(worker);
  };
  assertEquals(await Promise.all([worker.isAwake(), worker.isAwake()]), [false, false]);
  assertEquals([await worker.isAwake(), asked], [false, 1]);
  Deno.kill(worker.pid, "SIGCONT");
  await until("it answers", () => worker.isAwake());
  worker.kill();
  assertEquals(await worker.ended, "ended by SIGKILL");
  assertEquals(await worker.isAwake(), false);
});

// It takes the five seconds that a process has for its end.
clusterTest("WorkerProcess is killed when its link is closed and it does not end", async () => {
  const worker = await startOne("stay");
  worker.link.close();
  assertEquals(await worker.ended, "ended by SIGKILL");
});

clusterTest(
  "WorkerProcess start() fails with the worker's words or how it ended, or when its signal is aborted",
  async () => {
    await assertRejects(() => startOne("refuse"), Error, "Cannot serve today");
    await assertRejects(() => startOne("quit"), Error, "ended before it listened: exit code 5");
    const reason = new Error("Not any more");
    await assertRejects(() => startOne("serve", AbortSignal.abort(reason)), Error, "Not any more");
  },
);
