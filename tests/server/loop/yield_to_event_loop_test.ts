import { assert } from "@std/assert";
import { yieldToEventLoop } from "../../../server/loop/yield_to_event_loop.ts";
import { socketPair } from "../../helpers/socket_pair.ts";

/**
 * Many more pieces of work than fit into the turns that a test needs; some dozens do. With immediates
 * in the place of timers each turn of a socket would take thousands.
 */
const PIECES = 2_000;

/** Works without pause for a while that is not short to the budget of a turn. */
function work(): void {
  const until = performance.now() + 0.1;
  while (performance.now() < until);
}

/** Works piece by piece until something has happened, or much too long. */
async function workUntil(happened: () => boolean): Promise<boolean> {
  for (let piece = 0; piece < PIECES && !happened(); piece++) {
    await yieldToEventLoop();
    work();
  }
  return happened();
}

Deno.test("yieldToEventLoop() lets a timer have its turn", async () => {
  let fired = false;
  const timer = setTimeout(() => fired = true);
  assert(await workUntil(() => fired));
  clearTimeout(timer);
});

Deno.test("yieldToEventLoop() lets sockets have their turn, several round trips long", async () => {
  const [one, other] = await socketPair();
  let trips = 0;
  const byte = new Uint8Array(1);
  const echo = async () => {
    while (await other.read(byte) !== null) await other.write(byte);
  };
  const ask = async () => {
    for (; trips < 3; trips++) {
      await one.write(byte);
      await one.read(byte);
    }
    one.close();
  };
  const talking = Promise.all([echo(), ask()]);
  assert(await workUntil(() => trips === 3));
  await talking;
  other.close();
});

Deno.test("yieldToEventLoop() has one budget for all who work at the same time", async () => {
  let fired = false;
  const timer = setTimeout(() => fired = true);
  const all = await Promise.all(Array.from({ length: 50 }, () => workUntil(() => fired)));
  assert(all.every((happened) => happened));
  clearTimeout(timer);
});

Deno.test("yieldToEventLoop() wakes no more of those who wait than there is time for", async () => {
  let [turns, done] = [0, 0];
  const inTurn: number[] = [];
  const timer = setInterval(() => turns++);
  await Promise.all(Array.from({ length: 20 }, async () => {
    while (done < 20) {
      await yieldToEventLoop();
      for (let at = 0; at < 20; at++) work(); // half of what a turn has
      inTurn[turns] = (inTurn[turns] ?? 0) + 1;
      done++;
    }
  }));
  clearInterval(timer);
  assert(Math.max(...inTurn.filter((pieces) => pieces > 0)) <= 10, inTurn.join());
});
