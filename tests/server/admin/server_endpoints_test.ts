import { assertEquals } from "@std/assert";
import type { DescriptorRow } from "../../../server/operations/operations.ts";
import { fakeConnections, FakeOperations } from "../../helpers/fake_operations.ts";
import { OpsPort } from "../../helpers/ops_port.ts";

Deno.test("GET snapshot, host and limits answer what the server says", async () => {
  await using port = new OpsPort();
  const { operations } = port;
  assertEquals((await port.ask("/api/v1/snapshot")).json, await operations.snapshot());
  assertEquals((await port.ask("/api/v1/host")).json, await operations.host());
  assertEquals((await port.ask("/api/v1/limits")).json, await operations.limits());
});

Deno.test("GET fds pages through descriptors, of all workers or of one", async () => {
  const connections = fakeConnections(20).map((one) => ({ ...one, worker: one.id % 3 }));
  await using port = new OpsPort({ operations: new FakeOperations(connections) });
  const all = (await port.operations.descriptors({ limit: 100 })).rows;
  for (const worker of ["", "&worker=0", "&worker=1", "&worker=2"]) {
    const wanted = worker === "" ? undefined : Number(worker.slice(-1));
    const isWanted = (row: DescriptorRow) => wanted === undefined || (row.worker ?? 0) === wanted;
    const rows: DescriptorRow[] = [];
    let after = "";
    do {
      const { json } = await port.ask(`/api/v1/fds?limit=2${worker}${after}`);
      if (worker === "") assertEquals([json.open, json.connections, json.flagged], [23, 20, 1]);
      else assertEquals(json.open, all.filter((row) => isWanted(row)).length);
      rows.push(...json.rows);
      after = json.next === null ? "" : `&after=${json.next}`;
    } while (after !== "");
    assertEquals(rows, JSON.parse(JSON.stringify(all.filter((row) => isWanted(row)))));
  }
});

Deno.test("GET fds lists what is flagged alone when asked to", async () => {
  await using port = new OpsPort();
  const { json } = await port.ask("/api/v1/fds?flagged=true");
  assertEquals(json.rows.map(({ flag }: { flag: string }) => flag), ["not_in_registry"]);
  assertEquals((await port.ask("/api/v1/fds?after=x&flagged=1")).json.errors.length, 2);
});

Deno.test("PATCH limits changes limits, and is audited", async () => {
  await using port = new OpsPort();
  const change = (body: unknown) => port.ask("/api/v1/limits", { method: "PATCH", body });
  const { status, json } = await change({ pingInterval: 7_000, connections: 500 });
  assertEquals([status, json.pingInterval, json.connections], [200, 7_000, 500]);
  assertEquals((await change({ connections: null })).json.connections, undefined);
  const { status: refused, json: problem } = await change({ pingInterval: 1, nonsense: 2 });
  assertEquals([refused, problem.errors.length], [400, 2]);
  assertEquals(port.operations.callsOf("reconfigure").length, 2);
  assertEquals(port.audits.all.map(({ action, outcome }) => `${action} ${outcome}`), [
    "limits.set done",
    "limits.set done",
    "limits.set refused",
  ]);
});

Deno.test("PUT log-level sets the log's level, and is audited", async () => {
  await using port = new OpsPort();
  assertEquals((await port.ask("/api/v1/log-level")).json, { level: "info" });
  const set = (body: unknown) => port.ask("/api/v1/log-level", { method: "PUT", body });
  assertEquals((await set({ level: "debug" })).json, { level: "debug" });
  assertEquals(port.level, "debug");
  assertEquals((await set({ level: "loud" })).status, 400);
  assertEquals(port.audits.all.map(({ action, outcome }) => `${action} ${outcome}`), [
    "log-level.set done",
    "log-level.set refused",
  ]);
});

Deno.test("POST drain begins a drain, GET drain tells how far it is", async () => {
  await using port = new OpsPort();
  assertEquals((await port.ask("/api/v1/drain")).json, { phase: "serving", left: 10 });
  const { json } = await port.ask("/api/v1/drain", { body: { deadline: 5_000 } });
  assertEquals([json.phase, json.connections, json.deadline - json.began], ["draining", 10, 5_000]);
  assertEquals(port.operations.callsOf("drain")[0]!.args, [{ deadline: 5_000 }]);
  port.operations.endDrain();
  const over = await port.ask("/api/v1/drain");
  assertEquals([over.json.phase, over.json.result], ["stopped", { closed: 10, cut: 0 }]);
  const { action, target, outcome } = await port.audits.next();
  assertEquals([action, target, outcome], ["drain", { deadline: 5_000 }, "done"]);
  assertEquals((await port.ask("/api/v1/drain", { body: { deadline: -1 } })).status, 400);
});

Deno.test("POST drain is audited when it begins, before the answer", async () => {
  await using port = new OpsPort();
  const gate = Promise.withResolvers<void>();
  port.operations.gate = gate.promise;
  const answer = port.ask("/api/v1/drain", { body: {} });
  const { action, outcome, result } = await port.audits.next();
  assertEquals([action, outcome, result], ["drain", "done", { phase: "draining" }]);
  gate.resolve();
  assertEquals((await answer).status, 200);
  assertEquals(port.audits.all.length, 1);
});

Deno.test("a fault of the server is a 500 without detail, logged, and audited as failed", async () => {
  await using port = new OpsPort();
  port.operations.fault = new TypeError("undefined is no function at /home/me");
  const { status, json } = await port.ask("/api/v1/connections/close", { body: { all: true } });
  assertEquals([status, json.detail], [500, "The server met a fault of its own"]);
  assertEquals((await port.book.next("admin_fault")).level, "error");
  assertEquals((await port.audits.next()).outcome, "failed");
  assertEquals((await port.ask("/api/v1/host")).status, 500);
});
