import { assertEquals } from "@std/assert";
import { fakeConnections, FakeOperations } from "../../../helpers/fake_operations.ts";
import { findNext } from "../../../../server/admin/dashboard/next_limit.js";

Deno.test("findNext() takes the limit of the one process", async () => {
  const snapshot = await new FakeOperations(fakeConnections(30)).snapshot();
  const next = findNext(snapshot);
  assertEquals([next?.limit.name, next?.connections, next?.worker], ["descriptors", 30, undefined]);
});

Deno.test("findNext() takes the worker that is nearest to its limit where the sum has none", async () => {
  const connections = fakeConnections(30).map((it, index) => ({
    ...it,
    worker: index < 10 ? 1 : 2,
  }));
  const snapshot = await new FakeOperations(connections).snapshot();
  const { nextLimit: _, ...report } = snapshot.sum.report;
  const next = findNext({ ...snapshot, sum: { ...snapshot.sum, report } });
  assertEquals([next?.limit.name, next?.connections, next?.worker], ["descriptors", 20, 2]);
});

Deno.test("findNext() gives nothing where no limit can be read", async () => {
  const snapshot = await new FakeOperations().snapshot();
  const { nextLimit: _, ...report } = snapshot.sum.report;
  assertEquals(
    findNext({ ...snapshot, sum: { ...snapshot.sum, report }, processes: [] }),
    undefined,
  );
});
