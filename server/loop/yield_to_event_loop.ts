import { setImmediate } from "node:timers";

/** The time all deflating, inflating and encoding together may hold the event loop, in ms. */
const BUDGET = 4;

/** The callers that wait, in the order in which they came. */
const waiting: (() => void)[] = [];
let began = -Infinity;
/** Whether a timer or an immediate that wakes the next caller is under way. */
let scheduled = false;

/**
 * Waits for the next turn of the event loop if such work has had its time in this one. A caller
 * with more than a little to deflate, inflate or encode asks before each further piece: all of that
 * runs on the main thread, so timers, signals and all connections would wait meanwhile. The budget
 * is one for all, and waiting callers go on one after the other: woken together, each would take
 * its piece.
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

/** Wakes one caller; the next one's turn comes when that one's piece is done. */
function wakeNext(): void {
  // A timer, since Deno goes through immediates without a look at the sockets.
  if (performance.now() - began > BUDGET) return void setTimeout(beginTurn);
  waiting.shift()!();
  scheduled = waiting.length > 0;
  if (scheduled) setImmediate(wakeNext);
}
