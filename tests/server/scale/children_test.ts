import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { mayReadHost } from "../../../server/host/host_reader.ts";
import { Children, serveParent } from "../../../server/scale/children.ts";
import { WORKER_COMMAND, type WorkerCalls } from "../../../server/scale/worker_process.ts";

Deno.test("Children.start() starts processes and sums up what they take", async () => {
  const children = await Children.start<WorkerCalls>(WORKER_COMMAND, 2);
  const { processes, heapUsed, resident, descriptorLimit } = await children.figures();
  assertEquals(processes, 2);
  assert(heapUsed! > 2_000_000);
  if (mayReadHost()) assert(resident! > heapUsed! && descriptorLimit! > 0);
  await children.close();
  const { heapUsed: after } = await children.figures();
  assertEquals(after, undefined);
});

Deno.test("Children.failed tells how the first one ended", async () => {
  const children = await Children.start<WorkerCalls>(WORKER_COMMAND, 2);
  const [first] = children.all;
  first!.kill("SIGKILL");
  assertEquals(await children.failed, `process ${first!.pid}: ended by SIGKILL`);
  await children.close();
});

Deno.test("Children outlive Ctrl-C, which a terminal sends to all processes of the group", async () => {
  const children = await Children.start<WorkerCalls>(WORKER_COMMAND, 1);
  const [{ kill, link }] = children.all as [typeof children.all[number]];
  kill("SIGINT");
  assert(await link.call("heapUsed") > 0);
  await children.close();
  assertStringIncludes(await children.failed, "SIGKILL");
});

Deno.test("Children.start() fails when a process does not start", async () => {
  await assertRejects(() => Children.start("--version", 2), Error, "before it had joined");
});

Deno.test("serveParent() fails in a process that has no parent", async () => {
  await assertRejects(() => serveParent({}), Error, "no parent");
});
