import { assertEquals, assertStringIncludes } from "@std/assert";
import { drain, progressText } from "../../../../server/cli/ops/drain.ts";
import { startAdminPort } from "../../../helpers/admin_port.ts";
import { until } from "../../../helpers/events.ts";
import { FakeOperations } from "../../../helpers/fake_operations.ts";
import { fourtuple } from "../../../helpers/process.ts";
import { written } from "../../../helpers/written.ts";

Deno.test("drain begins to drain, and returns", async () => {
  const operations = new FakeOperations();
  await using port = startAdminPort(operations);
  const { code, out, err } = await written((io) =>
    drain.run(["--admin", port.place, "--deadline", "5000"], io)
  );
  assertEquals([code, err, operations.phase], [0, "", "draining"]);
  assertEquals(
    out,
    "Draining: 10 of 10 connections left; what is left is cut 5s after its start\n",
  );
});

Deno.test("drain --wait shows progress, and ends with the drain", async () => {
  const operations = new FakeOperations();
  await using port = startAdminPort(operations);
  const running = written((io) => drain.run(["--admin", port.place, "--wait", "--json"], io));
  await until("it asks again", () => operations.callsOf("drainProgress").length > 0);
  operations.endDrain();
  const { code, out, err } = await running;
  assertEquals([code, JSON.parse(out).result], [0, { closed: 10, cut: 0 }]);
  assertStringIncludes(err, "Draining: 10 of 10 connections left");
});

Deno.test("drain --wait takes a server that has gone for one that has drained", async () => {
  const operations = new FakeOperations();
  await using port = startAdminPort(operations);
  const running = written((io) => drain.run(["--admin", port.place, "--wait"], io));
  await until("it asks again", () => operations.callsOf("drainProgress").length > 0);
  await port.close();
  const { code, out } = await running;
  assertEquals([code, out], [0, "Drained: the server has gone\n"]);
});

Deno.test("drain --wait stops waiting at Ctrl-C", async () => {
  const operations = new FakeOperations();
  await using port = startAdminPort(operations);
  await using process = fourtuple(["drain", "--admin", port.place, "--wait"]);
  await process.errLine("Draining: 10");
  process.signal("SIGINT");
  const { code, out } = await process.ended();
  assertEquals([code, out, operations.phase], [130, "", "draining"]);
});

Deno.test("drain refuses a deadline that is none", async () => {
  const { code, err } = await written((io) => drain.run(["--deadline", "5s"], io));
  assertEquals(code, 2);
  assertStringIncludes(err, "--deadline: expected an integer from 0 to 2147483647");
});

Deno.test("progressText() says how far it is and how it went", () => {
  assertEquals(progressText({ phase: "draining", left: 1 }), "Draining: 1 connection left");
  assertEquals(
    progressText({ phase: "stopped", left: 0, result: { closed: 1_000, cut: 2 } }),
    "Drained: 1,000 closed, 2 cut",
  );
});
