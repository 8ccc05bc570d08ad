import { assertEquals } from "@std/assert";
import {
  COLUMNS,
  endsOf,
  EXTRA_COLUMNS,
  linkTo,
  partsOf,
  writeClient,
} from "../../../../server/admin/dashboard/columns.js";
import { CONNECTION_SORTS } from "../../../../server/connection/connection_record.ts";
import { FAKE_EPOCH, fakeConnection } from "../../../helpers/fake_operations.ts";

Deno.test("COLUMNS sort by all that the server can sort by", () => {
  const sorts = COLUMNS.flatMap(({ sort }) => sort ?? []);
  assertEquals(sorts.sort(), [...CONNECTION_SORTS].sort());
});

Deno.test("COLUMNS write hostile text so that it can be seen", () => {
  const connection = fakeConnection(1, { target: "/\u202Eb", subprotocol: "a\u0007" });
  const written = COLUMNS.map(({ write }) => write(connection, FAKE_EPOCH));
  assertEquals(written.slice(0, 2), ["/\\u{202e}b", "a\\u{7}"]);
});

Deno.test("endsOf() and partsOf() cut a 4-tuple of either family", () => {
  assertEquals(endsOf("[::1]:51324-[::1]:8080"), ["[::1]:51324", "[::1]:8080"]);
  assertEquals(partsOf("[::1]:51324"), ["[::1]", "51324"]);
  assertEquals(partsOf("127.0.0.1:8080"), ["127.0.0.1", "8080"]);
});

Deno.test("linkTo() escapes the 4-tuple for the address", () => {
  assertEquals(linkTo("[::1]:1-[::1]:2"), "#/connection/%5B%3A%3A1%5D%3A1-%5B%3A%3A1%5D%3A2");
});

Deno.test("EXTRA_COLUMNS tell which connections they are for", () => {
  const own = (changes: Parameters<typeof fakeConnection>[1]) =>
    EXTRA_COLUMNS.filter(({ has }) => has(fakeConnection(1, changes))).map(({ name }) => name);
  assertEquals(own({}), []);
  assertEquals(own({ worker: 0, client: { address: "192.0.2.7" } }), ["Client", "Worker"]);
});

Deno.test("writeClient() writes the port where the proxy told it", () => {
  assertEquals(writeClient({ address: "192.0.2.7" }), "192.0.2.7");
  assertEquals(writeClient({ address: "192.0.2.7", port: 5 }), "192.0.2.7:5");
  assertEquals(writeClient({ address: "2001:db8::1", port: 5 }), "[2001:db8::1]:5");
});
