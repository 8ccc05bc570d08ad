import { assertEquals, assertRejects } from "@std/assert";
import { Snapshots } from "../../../server/admin/snapshots.ts";
import { FakeOperations } from "../../helpers/fake_operations.ts";

Deno.test("Snapshots.take() shares the snapshot that is being taken", async () => {
  const operations = new FakeOperations();
  const snapshots = new Snapshots(operations);
  const gate = Promise.withResolvers<void>();
  operations.gate = gate.promise;
  const shared = [snapshots.take(), snapshots.take(), snapshots.take()];
  gate.resolve();
  const [first, ...others] = await Promise.all(shared);
  assertEquals(others.every((other) => other === first), true);
  assertEquals(operations.callsOf("snapshot").length, 1);
  await snapshots.take();
  assertEquals(operations.callsOf("snapshot").length, 2);
});

Deno.test("Snapshots.take() tries again after one that failed", async () => {
  const operations = new FakeOperations();
  const snapshots = new Snapshots(operations);
  operations.fault = new Error("no descriptor");
  await assertRejects(() => snapshots.take(), Error, "no descriptor");
  operations.fault = undefined;
  assertEquals((await snapshots.take()).phase, "serving");
});
