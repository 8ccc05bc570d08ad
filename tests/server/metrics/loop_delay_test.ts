import { assertEquals } from "@std/assert";
import { LoopDelayMeter } from "../../../server/metrics/loop_delay.ts";

/** A clock and a timer that a test moves by hand. */
class Hands {
  now = 5_000;
  timers: { callback: () => void; interval: number }[] = [];
  readonly meter = new LoopDelayMeter(() => this.now, (callback, interval) => {
    const timer = { callback, interval };
    this.timers.push(timer);
    return () => this.timers = this.timers.filter((it) => it !== timer);
  });

  /** Comes to the timer after so many milliseconds. */
  tickAfter(...milliseconds: number[]): void {
    for (const elapsed of milliseconds) {
      this.now += elapsed;
      for (const { callback } of this.timers) callback();
    }
  }
}

Deno.test("LoopDelayMeter measures by how much a timer is late, in seconds", () => {
  const hands = new Hands();
  assertEquals(hands.meter.read(), { mean: 0, max: 0 });
  assertEquals(hands.timers.map(({ interval }) => interval), [20]);
  hands.tickAfter(20, 30, 20, 50);
  assertEquals(hands.meter.read(), { mean: 0.01, max: 0.03 });
});

Deno.test("LoopDelayMeter counts a timer that comes early as in time", () => {
  const hands = new Hands();
  hands.meter.start();
  hands.tickAfter(19.5, 24.5);
  assertEquals(hands.meter.read(), { mean: 0.00225, max: 0.0045 });
});

Deno.test("LoopDelayMeter forgets what is ten seconds old, a second at a time", () => {
  const hands = new Hands();
  hands.meter.start();
  hands.tickAfter(420); // in the sixth second of the clock
  hands.now = 14_999;
  assertEquals(hands.meter.read().max, 0.4);
  hands.now = 15_000;
  assertEquals(hands.meter.read().max, 0);
});

Deno.test("LoopDelayMeter uses a slot again for a later second", () => {
  const hands = new Hands();
  hands.meter.start();
  hands.tickAfter(420, 10_020);
  assertEquals(hands.meter.read(), { mean: 10, max: 10 });
});

Deno.test("LoopDelayMeter forgets all after a pause longer than its window", () => {
  const hands = new Hands();
  hands.meter.start();
  hands.tickAfter(420);
  hands.meter.stop();
  hands.now += 10_000;
  assertEquals(hands.meter.read(), { mean: 0, max: 0 });
  hands.tickAfter(20);
  assertEquals(hands.meter.read(), { mean: 0, max: 0 }); // the pause is no delay
});

Deno.test("LoopDelayMeter has one timer, until nobody has read for 90 seconds", () => {
  const hands = new Hands();
  assertEquals(hands.timers.length, 0);
  hands.meter.read();
  hands.meter.start();
  hands.meter.read();
  assertEquals(hands.timers.length, 1);
  hands.tickAfter(60_000);
  hands.meter.read();
  hands.tickAfter(89_999);
  assertEquals(hands.timers.length, 1);
  hands.tickAfter(1);
  assertEquals(hands.timers.length, 0);
  hands.meter.read();
  assertEquals(hands.timers.length, 1);
});

Deno.test("LoopDelayMeter stop() ends the timer, and may come again or first", () => {
  const hands = new Hands();
  hands.meter.stop();
  hands.meter.start();
  hands.meter.stop();
  assertEquals(hands.timers.length, 0);
  hands.meter.stop();
});

Deno.test("LoopDelayMeter sees the event loop being kept from its timers", async () => {
  const meter = new LoopDelayMeter();
  meter.start();
  for (const start = performance.now(); performance.now() - start < 60;);
  await new Promise((resolve) => setTimeout(resolve)); // behind the meter's own
  const { mean, max } = meter.read();
  meter.stop();
  // It began to be late after 20 of the 60 ms.
  assertEquals([max >= 0.035, mean > 0, mean <= max], [true, true, true]);
});
