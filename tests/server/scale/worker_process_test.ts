import { assertEquals, assertRejects } from "@std/assert";
import { Children } from "../../../server/scale/children.ts";
import {
  runWorkerProcess,
  WORKER_COMMAND,
  type WorkerCalls,
} from "../../../server/scale/worker_process.ts";

const shared = Deno.build.os === "linux";

Deno.test({
  name: `worker processes echo on one port together${shared ? "" : ": only Linux shares a port"}`,
  ignore: !shared,
  async fn() {
    const workers = await Children.start<WorkerCalls>(WORKER_COMMAND, 2);
    let port = 0;
    for (const { link } of workers.all) port = await link.call("listen", "127.0.0.1", port, true);
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
    const echoed = await new Promise((resolve, reject) => {
      socket.onopen = () => socket.send("hello");
      socket.onmessage = ({ data }) => resolve(data);
      socket.onerror = reject;
    });
    assertEquals(echoed, "hello");
    socket.close();
    await new Promise((resolve) => socket.onclose = resolve);
    await workers.close();
  },
});

Deno.test("a worker process says why it cannot listen", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const workers = await Children.start<WorkerCalls>(WORKER_COMMAND, 1);
  const [{ link }] = workers.all as [typeof workers.all[number]];
  await assertRejects(
    () => link.call("listen", "127.0.0.1", taken.addr.port, false),
    Error,
    "in use",
  );
  await workers.close();
});

Deno.test("runWorkerProcess() fails in a process that has no parent", async () => {
  await assertRejects(runWorkerProcess, Error, "no parent");
});
