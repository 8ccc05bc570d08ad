import { assertEquals } from "@std/assert";
import { DroppedEvent, StateEvent } from "../../client/reconnecting_mod.ts";

Deno.test("StateEvent tells of a state, with nothing for what it has not", () => {
  const events = [
    new StateEvent({ state: "open" }),
    new StateEvent({ state: "waiting", until: 5, code: 1001, reason: "away" }),
    new StateEvent({ state: "stopped", code: 1008, reason: "rule" }),
  ];
  assertEquals(events.map(({ type, until, code, reason }) => [type, until, code, reason]), [
    ["open", 0, 0, ""],
    ["waiting", 5, 1001, "away"],
    ["stopped", 0, 1008, "rule"],
  ]);
});

Deno.test("DroppedEvent tells of a message", () => {
  const { type, data } = new DroppedEvent("gone");
  assertEquals([type, data], ["dropped", "gone"]);
});
