import { assert, assertEquals } from "@std/assert";
import {
  addCounters,
  CONNECTION_SORTS,
  type ConnectionRecord,
  type ConnectionSort,
  recordOf,
  sortValue,
} from "../../../server/connection/connection_record.ts";
import { madeUpEntry } from "../../helpers/entries.ts";

const RECORD: ConnectionRecord = {
  id: 1,
  key: "127.0.0.1:1-127.0.0.1:8080",
  state: "closing",
  target: "/a",
  connectedAt: 2,
  lastActivity: 3,
  bytesIn: 4,
  bytesOut: 5,
  messagesIn: 6,
  messagesOut: 7,
  messagesDropped: 8,
  queuedBytes: 9,
};

Deno.test("recordOf() has each property once, and none that is undefined", () => {
  assertEquals(recordOf(madeUpEntry(1, RECORD)), RECORD);
  const more = {
    ...RECORD,
    client: { address: "10.0.0.1" },
    subprotocol: "",
    deflateBytes: 0,
    roundTrip: 0,
  };
  assertEquals(recordOf(madeUpEntry(1, more)), more);
});

Deno.test("addCounters() adds every counter to the sum of its name", () => {
  const sums = { bytesIn: 1, bytesOut: 2, messagesIn: 3, messagesOut: 4, messagesDropped: 5 };
  addCounters(sums, RECORD);
  assertEquals(sums, {
    bytesIn: 5,
    bytesOut: 7,
    messagesIn: 9,
    messagesOut: 11,
    messagesDropped: 13,
  });
});

Deno.test("CONNECTION_SORTS has every order once", () => {
  // The type checker refuses a record that lacks one.
  const all: Record<ConnectionSort, true> = {
    age: true,
    bytes: true,
    rate: true,
    queued: true,
    idle: true,
    roundTrip: true,
  };
  assertEquals([...CONNECTION_SORTS].sort(), Object.keys(all).sort());
});

Deno.test("sortValue() is greater for what comes first", () => {
  const less = madeUpEntry(2);
  const more = madeUpEntry(1, { bytesIn: 1, bytesOut: 1, queuedBytes: 1, roundTrip: 0 });
  for (const sort of CONNECTION_SORTS) {
    if (sort !== "rate") assert(sortValue(less, sort) < sortValue(more, sort), sort);
  }
});
