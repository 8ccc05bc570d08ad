import { assert, assertEquals } from "@std/assert";
import { MESSAGES, Pace, SPREAD_MS } from "../../../../server/apps/talk/pace.js";
import { FloodGate, WINDOW_MESSAGES, WINDOW_MS } from "../../../../server/apps/talk_flood.ts";

Deno.test("Pace admits as many messages as the server passes on, and no more", () => {
  const pace = new Pace();
  const verdicts = Array.from({ length: MESSAGES + 2 }, () => pace.admit(0));
  assertEquals(verdicts, [...Array(MESSAGES).fill(true), false, false]);
  assertEquals(MESSAGES, WINDOW_MESSAGES);
  assert(SPREAD_MS > WINDOW_MS);
});

Deno.test("Pace admits one more as each of the old ones leaves the window", () => {
  const pace = new Pace();
  for (let now = 0; now < MESSAGES; now++) pace.admit(now);
  assertEquals(pace.admit(SPREAD_MS - 1), false);
  assertEquals(pace.admit(SPREAD_MS), true);
  assertEquals(pace.admit(SPREAD_MS), false);
  assertEquals(pace.admit(SPREAD_MS + 1), true);
});

Deno.test("Pace lets nothing through that the server would refuse, up to a second late", () => {
  const pace = new Pace();
  const gate = new FloodGate();
  for (let now = 0; now < 20_000; now += 10) {
    // The first of each second wait for the last: they all arrive together.
    const arrival = Math.ceil(now / 1000) * 1000;
    if (pace.admit(now)) assertEquals(gate.count(arrival), "admit");
  }
});
