import { assertEquals } from "@std/assert";
import { type HasWaits, LongWaitDetector } from "../../../server/loop/long_wait_detector.ts";
import { ManualTimers } from "../../helpers/manual_timers.ts";

/** One that waits for so many looks, and takes note of each. */
class Counted implements HasWaits {
  looks = 0;
  readonly over: Promise<void>;
  readonly #waits: number;
  readonly #resolve: () => void;

  constructor(waits: number) {
    this.#waits = waits;
    ({ promise: this.over, resolve: this.#resolve } = Promise.withResolvers<void>());
  }

  look(): boolean {
    if (++this.looks > this.#waits) this.#resolve();
    return this.looks <= this.#waits;
  }
}

Deno.test("LongWaitDetector.watch() has looks 10 ms apart, and none any more when nobody waits", () => {
  using timers = new ManualTimers();
  const longWaits = new LongWaitDetector();
  const [short, long] = [new Counted(0), new Counted(2)];
  longWaits.watch(short);
  longWaits.watch(long);
  assertEquals([short.looks, long.looks], [0, 0]);
  const lengths: number[] = [];
  for (let look = 0; look < 5 && timers.timeouts.size > 0; look++) {
    lengths.push(...[...timers.timeouts.values()].map(({ length }) => length));
    timers.turn();
  }
  assertEquals([short.looks, long.looks, lengths], [1, 3, [10, 10, 10]]);
});

Deno.test("LongWaitDetector.watch() begins again with one that has waited before", async () => {
  const longWaits = new LongWaitDetector();
  const waiter = new Counted(1);
  longWaits.watch(waiter);
  await waiter.over;
  longWaits.watch(waiter);
  const other = new Counted(1);
  longWaits.watch(other);
  await other.over;
  assertEquals([waiter.looks, other.looks], [3, 2]);
});

Deno.test("LongWaitDetector.watch() takes who comes in the middle of a look", async () => {
  const longWaits = new LongWaitDetector();
  const late = new Counted(1);
  longWaits.watch({
    look: () => {
      longWaits.watch(late);
      return false;
    },
  });
  await late.over;
  assertEquals(late.looks, 2);
});

Deno.test("LongWaitDetector.stop() leaves no timer behind, and nobody is called", () => {
  const longWaits = new LongWaitDetector();
  const waiter = new Counted(1);
  longWaits.watch(waiter);
  longWaits.stop();
  longWaits.stop();
  assertEquals(waiter.looks, 0);
});
