import { assertEquals } from "@std/assert";
import { pause } from "../../../server/loop/pause.ts";
import { ManualTimers } from "../../helpers/manual_timers.ts";

Deno.test("pause() ends when its time is over", async () => {
  using timers = new ManualTimers();
  let over = false;
  const pausing = pause(5, new AbortController().signal).then(() => over = true);
  await timers.settle();
  assertEquals([over, [...timers.timeouts.values()].map(({ length }) => length)], [false, [5]]);
  timers.turn();
  await pausing;
});

Deno.test("pause() ends when it is aborted, before or meanwhile, and leaves no timer", async () => {
  using timers = new ManualTimers();
  await pause(600_000, AbortSignal.abort());
  const abort = new AbortController();
  let over = false;
  const pausing = pause(600_000, abort.signal).then(() => over = true);
  await timers.settle();
  assertEquals([over, timers.timeouts.size], [false, 1]);
  abort.abort();
  await pausing;
  assertEquals(timers.timeouts.size, 0);
});
