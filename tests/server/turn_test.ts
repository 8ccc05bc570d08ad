import { assert, assertEquals } from "@std/assert";
import { Turn } from "../../server/turn.ts";

Deno.test("Turn.over() lets go on for 10 ms, and then makes everybody wait for the event loop", async () => {
  const turn = new Turn();
  assertEquals([turn.over(100), turn.over(105), turn.over(110)], [undefined, undefined, undefined]);
  const waits = [turn.over(110.1), turn.over(115)];
  let timers = 0;
  setTimeout(() => timers++);
  await Promise.all(waits);
  assertEquals(timers, 0, "The turn's own timer was the first of this turn of the loop");
  assertEquals(turn.over(200), undefined, "A new turn has begun");
  turn.stop();
});

Deno.test("Turn.over() begins anew when the event loop has turned", async () => {
  const turn = new Turn();
  assertEquals(turn.over(100), undefined);
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(turn.over(10_000), undefined);
  assert(turn.over(10_011) !== undefined);
  turn.stop();
});

Deno.test("Turn.stop() lets everybody go", async () => {
  const turn = new Turn();
  turn.stop();
  turn.over(1);
  const wait = turn.over(100);
  turn.stop();
  await wait;
});
