/** How long all deflating, inflating and encoding together may hold the event loop, in milliseconds. */
const BUDGET = 4;

let began = -Infinity;
let next: Promise<void> | undefined;

/**
 * Waits for the next turn of the event loop if such work has had its time in this one. Whoever has more
 * than a little to deflate, inflate or encode asks before each further piece: all of that works on the
 * main thread, so timers, signals and all connections would wait meanwhile. The budget is one for all.
 */
export async function spareTurn(): Promise<void> {
  // Whoever is woken late in a turn may find that those before have used it up.
  while (next !== undefined || performance.now() - began > BUDGET) {
    // A timer, since Deno goes through immediates without a look at the sockets.
    next ??= new Promise((resolve) =>
      setTimeout(() => {
        next = undefined;
        began = performance.now();
        resolve();
      })
    );
    await next;
  }
}
