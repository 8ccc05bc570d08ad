import { assertEquals } from "@std/assert";
import { FloodGate, WINDOW_MESSAGES, WINDOW_MS } from "../../../server/apps/talk_flood.ts";

Deno.test("FloodGate admits a window's messages, refuses one aloud and ignores the rest", () => {
  const gate = new FloodGate();
  const verdicts = Array.from({ length: WINDOW_MESSAGES + 3 }, () => gate.count(0));
  assertEquals(verdicts.slice(0, WINDOW_MESSAGES), Array(WINDOW_MESSAGES).fill("admit"));
  assertEquals(verdicts.slice(WINDOW_MESSAGES), ["refuse", "ignore", "ignore"]);
});

Deno.test("FloodGate starts over when the window has passed", () => {
  const gate = new FloodGate();
  for (let count = 0; count < WINDOW_MESSAGES + 5; count++) gate.count(100);
  assertEquals(gate.count(100 + WINDOW_MS - 1), "ignore");
  assertEquals(gate.count(100 + WINDOW_MS), "admit");
});

Deno.test("FloodGate.pause() lets a burst through, and then 2 MB a second", () => {
  const gate = new FloodGate();
  const burst = 4 * 1024 * 1024;
  assertEquals(gate.pause(burst, 0), 0);
  assertEquals(gate.pause(2_000_000, 0), 1000);
  assertEquals(gate.pause(2_000_000, 1000), 1000);
  assertEquals(gate.pause(burst, 10_000), 0, "it has paid all back");
});
