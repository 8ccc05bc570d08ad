import { assertEquals } from "@std/assert";
import type { ConnectionSort } from "../../../server/connection/connection_record.ts";
import { CONNECTION_SORTS } from "../../../server/operations/operations.ts";

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
