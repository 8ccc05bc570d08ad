import { assertEquals, assertStringIncludes } from "@std/assert";
import { tap } from "../../../../server/cli/ops/tap.ts";
import { startAdminPort } from "../../../helpers/admin_port.ts";
import { until } from "../../../helpers/events.ts";
import { FakeOperations, type FakeTap } from "../../../helpers/fake_operations.ts";
import { fourtuple } from "../../../helpers/process.ts";
import { written } from "../../../helpers/written.ts";

/** Waits for the tap that a command opens. */
async function opened(operations: FakeOperations): Promise<FakeTap> {
  await until("there is a tap", () => operations.taps.length > 0);
  return operations.taps[0]!;
}

Deno.test("tap shows frames until the connection is over", async () => {
  const operations = new FakeOperations();
  await using port = startAdminPort(operations);
  const { key } = operations.connections[0]!;
  const running = written((io) => tap.run(["--admin", port.place, key], io));
  const source = await opened(operations);
  source.pushText("hello");
  source.push({ type: "end", at: 1, code: 1000, reason: "bye" });
  const { code, out, err } = await running;
  assertEquals([code, err, source.options], [0, "", {}]);
  assertEquals(
    out,
    "08:53:20.000 -> text         0x1       5 B fin mask\n" +
      '00:00:00.001 == over: 1000 "bye"\n',
  );
});

Deno.test("tap --payload shows payloads, as JSON too", async () => {
  const operations = new FakeOperations();
  await using port = startAdminPort(operations);
  const { key } = operations.connections[0]!;
  const args = ["--admin", port.place, "--payload", "--bytes", "2", "--json", key];
  const running = written((io) => tap.run(args, io));
  const source = await opened(operations);
  source.pushText("\x9bx");
  source.push({ type: "end", at: 1, code: 1000, reason: "" });
  const { out } = await running;
  assertEquals(JSON.parse(out.split("\n")[0]!).text, "\x9b");
  assertStringIncludes(out, "\\u009b");
});

Deno.test("tap ends with 0 at Ctrl-C, and the server's tap with it", async () => {
  const operations = new FakeOperations();
  await using port = startAdminPort(operations);
  await using process = fourtuple(["tap", "--admin", port.place, operations.connections[0]!.key]);
  const source = await opened(operations);
  source.pushText("hello");
  await process.outLine("text");
  process.signal("SIGINT");
  const { code, err } = await process.ended();
  assertEquals([code, err], [0, ""]);
  await source.cancelled;
});

Deno.test("tap ends quietly when nobody reads on", async () => {
  const operations = new FakeOperations();
  await using port = startAdminPort(operations);
  await using process = fourtuple(["tap", "--admin", port.place, operations.connections[0]!.key]);
  const source = await opened(operations);
  source.pushText("hello");
  await process.outLine("text");
  await process.leaveOut();
  source.pushText("again");
  const { code, err } = await process.ended();
  assertEquals([code, err], [141, ""]);
  await source.cancelled;
});

Deno.test("tap exits 1 when the server goes before the connection is over", async () => {
  const operations = new FakeOperations();
  await using port = startAdminPort(operations);
  const { key } = operations.connections[0]!;
  const running = written((io) => tap.run(["--admin", port.place, key], io));
  const source = await opened(operations);
  source.fail(new Error("The worker has gone"));
  const { code, err } = await running;
  assertEquals([code !== 0, err.startsWith("fourtuple tap: ")], [true, true]);
});

Deno.test("tap exits 1 where there is no such connection", async () => {
  await using port = startAdminPort(new FakeOperations());
  const args = ["--admin", port.place, "192.0.2.1:1-192.0.2.2:2"];
  const { code, out } = await written((io) => tap.run(args, io));
  assertEquals([code, out], [1, ""]);
});

for (
  const [args, problem] of [
    [[], "expected the 4-tuple of a connection"],
    [["nonsense"], '"nonsense": Cannot parse 4-tuple'],
    [["127.0.0.1:1-127.0.0.1:2", "--bytes=9"], "--bytes: needs --payload"],
    [["127.0.0.1:1-127.0.0.1:2", "--payload", "--bytes=4097"], "--bytes: expected an integer"],
  ] as const
) {
  Deno.test(`tap ${args.join(" ")} is wrong usage`, async () => {
    const { code, err } = await written((io) => tap.run([...args], io));
    assertEquals(code, 2);
    assertStringIncludes(err, problem);
  });
}
