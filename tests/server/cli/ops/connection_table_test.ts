import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { clientText, connectionTable } from "../../../../server/cli/ops/connection_table.ts";
import { FAKE_EPOCH, fakeConnection } from "../../../helpers/fake_operations.ts";

const { bytesPerSecond: _, ...PLAIN } = fakeConnection(1, {
  key: "127.0.0.1:51324-127.0.0.1:8080",
  connectedAt: FAKE_EPOCH,
  lastActivity: FAKE_EPOCH + 60_000,
  bytesIn: 2_048,
  bytesOut: 10,
  roundTrip: 0.5,
  target: "/chat",
});

Deno.test("connectionTable() shows a connection, without columns that nobody has a value for", () => {
  assertEquals(connectionTable([PLAIN], FAKE_EPOCH + 61_000), [
    "4-tuple                         state     age         in        out     queued    idle     rtt  target",
    "127.0.0.1:51324-127.0.0.1:8080  open    1m01s    2.0 KiB       10 B        0 B      1s  0.5 ms  /chat",
  ]);
});

Deno.test("connectionTable() has a column for what some have", () => {
  const client = { address: "2001:db8::1", port: 7 };
  const more = { ...PLAIN, worker: 0, client, subprotocol: "chat.v1", bytesPerSecond: 0 };
  const [heading = "", row = ""] = connectionTable([more, PLAIN], FAKE_EPOCH);
  for (const name of ["rate", "worker", "client", "subprotocol"]) {
    assertStringIncludes(heading, name);
  }
  for (const cell of ["0 B/s", " 0 ", "[2001:db8::1]:7", "chat.v1"]) {
    assertStringIncludes(row, cell);
  }
});

Deno.test("connectionTable() escapes what peers have chosen", () => {
  const hostile = "\x1b]0;\u202e日\x07";
  const lines = connectionTable([{ ...PLAIN, target: hostile, subprotocol: hostile }], FAKE_EPOCH);
  assert(lines.every((line) => /^[ -~]*$/.test(line)));
  assertStringIncludes(lines[1]!, "\\x1b]0;\\u{202e}\\u{65e5}\\x07");
});

Deno.test("clientText() shows the port where it is known", () => {
  assertEquals(clientText({ address: "192.0.2.7" }), "192.0.2.7");
  assertEquals(clientText({ address: "192.0.2.7", port: 9 }), "192.0.2.7:9");
});
