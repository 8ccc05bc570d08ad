import { assertEquals } from "@std/assert";
import type { z } from "@hono/zod-openapi";
import {
  closeBody,
  closeOneBody,
  connectionsQuery,
  descriptorsQuery,
  drainBody,
  keyParams,
  limitsBody,
  pingBody,
  tapQuery,
  writeConnectionCursor,
  writeDescriptorCursor,
} from "../../../server/admin/input_schemas.ts";
import { LIMIT_NAMES } from "../../../server/limits.ts";

function refuses(schema: z.ZodType, ...inputs: unknown[]): void {
  for (const input of inputs) {
    assertEquals(schema.safeParse(input).success, false, JSON.stringify(input));
  }
}

Deno.test("keyParams reads a 4-tuple in any spelling", () => {
  const key = "[0:0::1]:5-[::1]:80";
  assertEquals(keyParams.parse({ key }), { key: "[::1]:5-[::1]:80" });
  refuses(keyParams, {}, { key: "a" }, { key: "" }, { key: "1.2.3.4:0-1.2.3.4:1" });
});

Deno.test("connectionsQuery reads conditions, order and page", () => {
  const after = { value: -1.5, worker: 2, id: 77 };
  const query = {
    source: "::ffff:10.0.0.0/104",
    path: "/chat*",
    subprotocol: "",
    state: "open",
    worker: "3",
    sort: "roundTrip",
    reverse: "true",
    limit: "1000",
    cursor: writeConnectionCursor(after, { sort: "roundTrip", reverse: true }),
  };
  assertEquals(connectionsQuery.parse(query), {
    ...query,
    source: "10.0.0.0/8",
    state: "open",
    worker: 3,
    sort: "roundTrip",
    reverse: true,
    limit: 1_000,
    cursor: { place: after, order: [5, 1] },
  });
  assertEquals(connectionsQuery.parse({}), {});
});

Deno.test("connectionsQuery refuses a cursor of another order", () => {
  const place = { value: 1, worker: 0, id: 2 };
  const cursor = writeConnectionCursor(place, {});
  for (const same of [{}, { sort: "age" }, { reverse: "false" }]) {
    assertEquals(connectionsQuery.parse({ ...same, cursor }).cursor?.place, place);
  }
  for (const other of [{ sort: "bytes" }, { reverse: "true" }]) {
    const { error } = connectionsQuery.safeParse({ ...other, cursor });
    assertEquals(error?.issues.map(({ path, message }) => [path, message]), [
      [["cursor"], "Expected a cursor of the same sort and reverse"],
    ]);
  }
});

Deno.test("connectionsQuery refuses what it does not know", () => {
  refuses(
    connectionsQuery,
    { souce: "127.0.0.1" },
    { source: "everybody" },
    { source: "10.0.0.1/8" },
    { key: "x" },
    { state: "half-open" },
    { sort: "name" },
    { reverse: "yes" },
    { reverse: "" },
    { limit: "0" },
    { limit: "1001" },
    { limit: "1e2" },
    { limit: "-1" },
    { limit: " 1" },
    { limit: "" },
    { limit: ["1", "2"] },
    { worker: "65536" },
    { worker: "0x1" },
    { cursor: "" },
    { cursor: writeDescriptorCursor({ worker: 1, descriptor: 2 }) },
    { path: "x".repeat(8_193) },
    JSON.parse('{"__proto__":"a"}'),
  );
});

Deno.test("descriptorsQuery reads what writeDescriptorCursor() wrote", () => {
  const after = { worker: 1, descriptor: -1 };
  const query = { after: writeDescriptorCursor(after), flagged: "false", limit: "1" };
  assertEquals(descriptorsQuery.parse(query), { after, flagged: false, limit: 1 });
  refuses(descriptorsQuery, { after: "x" }, { cursor: "x" }, { flagged: "1" });
});

Deno.test("tapQuery reads how much payload is wanted", () => {
  assertEquals(tapQuery.parse({ payload: "true", bytes: "4096" }), { payload: true, bytes: 4_096 });
  refuses(tapQuery, { bytes: "0" }, { bytes: "4097" }, { payload: "TRUE" });
});

Deno.test("closeBody wants a condition, or all in so many words", () => {
  assertEquals(closeBody.parse({ all: true }), { all: true });
  const order = { match: { path: "/", worker: 0 }, code: 4_000, reason: "é", dryRun: true };
  assertEquals(closeBody.parse(order), order);
  refuses(
    closeBody,
    {},
    null,
    [],
    "all",
    { all: false },
    { match: {} },
    { match: { path: "/" }, all: true },
    { match: { path: "/", worker: "0" } },
    { match: { souce: "127.0.0.1" } },
    { match: { limit: 1 } },
    { match: { source: "x" } },
    { match: null },
    { match: [] },
    { all: true, dryrun: true },
  );
});

Deno.test("closeBody takes up to 1,000 4-tuples, in any spelling, and names the bad one", () => {
  const keys = ["[0:0::1]:5-[::1]:80", "127.0.0.1:1-127.0.0.1:2"];
  assertEquals(closeBody.parse({ match: { keys } }).match?.keys, ["[::1]:5-[::1]:80", keys[1]]);
  const many = (length: number) => new Array(length).fill(keys[1]);
  assertEquals(closeBody.safeParse({ match: { keys: many(1_000) } }).success, true);
  refuses(
    closeBody,
    { match: { keys: many(1_001) } },
    { match: { keys: [] } },
    { match: { keys: keys[1] } },
    { match: { keys: [null] } },
    { keys },
  );
  const { error } = closeBody.safeParse({ match: { keys: [...keys, "nonsense"] } });
  assertEquals(error?.issues.map(({ path }) => path), [["match", "keys", 2]]);
});

Deno.test("closeOneBody takes codes that may be sent, and reasons that fit", () => {
  assertEquals(closeOneBody.parse({}), {});
  for (const code of [1000, 1001, 1014, 3000, 4999]) {
    assertEquals(closeOneBody.parse({ code }), { code });
  }
  for (const code of [0, 999, 1005, 1006, 1015, 2999, 5000, 1000.5, "1000", null]) {
    refuses(closeOneBody, { code });
  }
  assertEquals(closeOneBody.safeParse({ reason: "é".repeat(61) }).success, true);
  refuses(closeOneBody, { reason: "é".repeat(62) }, { reason: 1 }, { dryRun: true });
});

Deno.test("drainBody and pingBody are strict", () => {
  assertEquals(drainBody.parse({ deadline: 0 }), { deadline: 0 });
  refuses(drainBody, { deadline: -1 }, { deadline: 2 ** 31 }, { deadline: 1.5 }, { dedline: 5 });
  assertEquals(pingBody.parse({}), {});
  refuses(pingBody, { a: 1 }, null, []);
});

Deno.test("limitsBody knows every limit, and null for its default", () => {
  for (const name of LIMIT_NAMES) {
    assertEquals(limitsBody.parse({ [name]: null }), { [name]: null });
  }
  const changes = { pingInterval: 5_000, whenFull: "drop" } as const;
  assertEquals(limitsBody.parse(changes), changes);
  refuses(
    limitsBody,
    {},
    { pingInterval: 9 },
    { pingInterval: "5000" },
    { connections: 0 },
    { connections: 1.5 },
    { whenFull: "explode" },
    { whenFull: 1 },
    { pingIntervals: 5_000 },
    null,
  );
});
