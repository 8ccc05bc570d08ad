import { assertEquals } from "@std/assert";
import { ConnectionRates } from "../../../server/operations/connection_rates.ts";
import { madeUpEntry } from "../../helpers/entries.ts";
import { ManualTimers } from "../../helpers/manual_timers.ts";

/** A clock and timers that the test moves on. */
class Time implements Disposable {
  readonly #timers = new ManualTimers();
  readonly #now = performance.now;
  #passed = 0;

  constructor() {
    performance.now = () => this.#passed;
  }

  /** Lets so many milliseconds pass, in which timers fire that are not longer. */
  async pass(milliseconds: number): Promise<void> {
    await this.#timers.settle();
    this.#passed += milliseconds;
    this.#timers.turn(milliseconds);
    await this.#timers.settle();
  }

  [Symbol.dispose](): void {
    performance.now = this.#now;
    this.#timers[Symbol.dispose]();
  }
}

Deno.test("ConnectionRates.measure() tells how much flowed a second since a moment ago", async () => {
  using time = new Time();
  const entries = [madeUpEntry(1, { bytesIn: 1_000 }), madeUpEntry(2, { bytesOut: 500 })];
  const rates = new ConnectionRates(() => entries);
  const measuring = rates.measure();
  await time.pass(2_000);
  const rateOf = await measuring;
  // What there was before counts for nothing; of what has come since, a second's share.
  assertEquals(rateOf(1, 1_000), 0);
  assertEquals(rateOf(2, 500 + 10_000), 5_000);
  // One that has come since had nothing before; a counter that went back is another connection's.
  assertEquals(rateOf(3, 700), 350);
  assertEquals(rateOf(1, 10), 0);
  rates.stop();
});

Deno.test("ConnectionRates.measure() answers all who ask at once, and at once who asks again", async () => {
  using time = new Time();
  let samples = 0;
  const rates = new ConnectionRates(() => {
    samples++;
    return [madeUpEntry(1, { bytesIn: 5 })];
  });
  const both = Promise.all([rates.measure(), rates.measure()]);
  await time.pass(1_000);
  await both;
  assertEquals(samples, 2);
  await rates.measure();
  assertEquals(samples, 2);
  rates.stop();
  const again = rates.measure();
  await time.pass(1_000);
  await again;
  assertEquals(samples, 4);
  rates.stop();
});
