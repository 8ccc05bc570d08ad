import { assertEquals, assertStringIncludes } from "@std/assert";
import { connections } from "../../../../server/cli/ops/connections.ts";
import type { ConnectionPage, ConnectionQuery } from "../../../../server/operations/operations.ts";
import { startAdminPort } from "../../../helpers/admin_port.ts";
import {
  fakeConnection,
  fakeConnections,
  FakeOperations,
} from "../../../helpers/fake_operations.ts";
import { fourtuple } from "../../../helpers/process.ts";
import { written } from "../../../helpers/written.ts";

/** Runs the command against connections of a made-up server. */
async function run(operations: FakeOperations, args: string[], columns?: number) {
  await using port = startAdminPort(operations);
  return await written((io) =>
    connections.run(
      ["--admin", port.place, ...args],
      columns === undefined ? io : { ...io, columns },
    )
  );
}

Deno.test("connections shows a table, and how many there are", async () => {
  const { code, out, err } = await run(new FakeOperations(fakeConnections(150)), []);
  assertEquals([code, err], [0, ""]);
  const lines = out.split("\n");
  assertEquals(lines.length, 1 + 100 + 1 + 1 + 1);
  assertEquals(lines.at(-2), "100 connections shown, 150 match, 150 are there");
});

Deno.test("connections --all follows all pages", async () => {
  const operations = new FakeOperations(fakeConnections(2_345));
  const { out } = await run(operations, ["--all", "--json"]);
  const rows = out.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(new Set(rows.map(({ id }) => id)).size, 2_345);
  assertEquals(operations.callsOf("query").length, 3);
});

Deno.test("connections --limit ends where it was told, over pages too", async () => {
  const operations = new FakeOperations(fakeConnections(2_345));
  const { out } = await run(operations, ["--limit", "1001", "--json"]);
  assertEquals(out.trimEnd().split("\n").length, 1_001);
});

Deno.test("connections passes conditions and the order on", async () => {
  const operations = new FakeOperations(fakeConnections(200));
  const args =
    "--source 127.0.0.0/24 --path /chat* --subprotocol chat.v1 --state open --worker 0 " +
    "--sort queued --reverse --limit 3";
  assertEquals((await run(operations, args.split(" "))).code, 0);
  assertEquals(operations.callsOf("query")[0]!.args, [{
    source: "127.0.0.0/24",
    path: "/chat*",
    subprotocol: "chat.v1",
    state: "open",
    worker: 0,
    sort: "queued",
    reverse: true,
    limit: 3,
  }]);
});

Deno.test("connections fits the table into the terminal, and escapes what peers chose", async () => {
  const target = `/\x1b[2J日${"x".repeat(200)}`;
  const operations = new FakeOperations([fakeConnection(1, { target })]);
  const { out } = await run(operations, [], 100);
  const lines = out.split("\n");
  assertEquals([lines[1]!.length, lines[1]!.at(-1)], [100, "~"]);
  for (const line of lines) assertEquals(/^[ -~]{0,100}$/.test(line), true, line);
  const whole = await run(operations, []);
  assertStringIncludes(whole.out, `/\\x1b[2J\\u{65e5}${"x".repeat(200)}`);
});

Deno.test("connections says so where there is none", async () => {
  const { code, out } = await run(new FakeOperations([]), []);
  assertEquals([code, out], [0, "0 connections shown, 0 match, 0 are there\n"]);
});

Deno.test("connections ends quietly when nobody reads on", async () => {
  const operations = new FakeOperations(fakeConnections(2_345));
  await using port = startAdminPort(operations);
  let err = "";
  const code = await connections.run(["--admin", port.place, "--all", "--json"], {
    out: () => false,
    write: () => Promise.resolve(false),
    err: (text) => void (err += text),
  });
  assertEquals([code, err, operations.callsOf("query").length], [0, "", 1]);
  await using process = fourtuple(["connections", "--admin", port.place, "--all", "--json"]);
  await process.leaveOut();
  const ended = await process.ended();
  assertEquals([ended.code, ended.err], [141, ""]);
});

Deno.test("connections refuses what cannot be", async () => {
  const args = [
    "--state",
    "gone",
    "--sort",
    "size",
    "--worker=-1",
    "--limit=0",
    "--all",
    "--source=x",
  ];
  const { code, err } = await written((io) => connections.run(args, io));
  assertEquals([code, err.split("\n").length], [2, 8]);
});

Deno.test("connections asks once more for a page that a worker has not answered", async () => {
  class WithSlowWorker extends FakeOperations {
    override async query(query: ConnectionQuery): Promise<ConnectionPage> {
      const page = await super.query(query);
      return this.calls.length === 2 ? { ...page, connections: [], missing: [3] } : page;
    }
  }
  const operations = new WithSlowWorker(fakeConnections(1_010));
  const { out, err } = await run(operations, ["--all", "--json"]);
  assertEquals([out.trimEnd().split("\n").length, err], [1_010, ""]);
  const [, second, third] = operations.callsOf("query");
  assertEquals(second, third);
});

Deno.test("connections says whose connections are left out", async () => {
  class WithSilentWorker extends FakeOperations {
    override async query(query: ConnectionQuery): Promise<ConnectionPage> {
      return { ...await super.query(query), missing: [3] };
    }
  }
  const { code, out, err } = await run(new WithSilentWorker(fakeConnections(1)), ["--json"]);
  assertEquals([code, out.trimEnd().split("\n").length], [0, 1]);
  assertStringIncludes(err, "No answer from worker 3");
});
