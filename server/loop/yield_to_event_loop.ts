import { setImmediate } from "node:timers";

/** How long all deflating, inflating and encoding together may hold the event loop, in milliseconds. */
const BUDGET = 4;

/** Those who wait, in the order in which they came. */
const waiting: (() => void)[] = [];
let began = -Infinity;
/** Whether a timer or an immediate is under way, which looks after those who wait. */
let scheduled = false;

/**
 * Waits for the next turn of the event loop if such work has had its time in this one. Whoever has more
 * than a little to deflate, inflate or encode asks before each further piece: all of that works on the
 * main thread, so timers, signals and all connections would wait meanwhile. The budget is one for all,
 * and those who wait go on one after the other: were they woken together, each would have its piece.
 */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (!scheduled) setImmediate(wakeNext);
    scheduled = true;
  });
}

function beginTurn(): void {
  began = performance.now();
  wakeNext();
}

/** Wakes one who waits; the next one's turn comes when that one's piece is done. */
function wakeNext(): void {
  // A timer, since Deno goes through immediates without a look at the sockets.
  if (performance.now() - began > BUDGET) return void setTimeout(beginTurn);
  waiting.shift()!();
  scheduled = waiting.length > 0;
  if (scheduled) setImmediate(wakeNext);
}
