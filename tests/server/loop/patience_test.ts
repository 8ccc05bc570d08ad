import { assertEquals } from "@std/assert";
import { Patience, type Patient } from "../../../server/loop/patience.ts";
import { ManualTimers } from "../../helpers/manual_timers.ts";

/** One that waits for so many looks, and takes note of each. */
class Counted implements Patient {
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

Deno.test("Patience.watch() has looks 10 ms apart, and none any more when nobody waits", () => {
  using timers = new ManualTimers();
  const patience = new Patience();
  const [short, long] = [new Counted(0), new Counted(2)];
  patience.watch(short);
  patience.watch(long);
  assertEquals([short.looks, long.looks], [0, 0]);
  const lengths: number[] = [];
  for (let look = 0; look < 5 && timers.timeouts.size > 0; look++) {
    lengths.push(...[...timers.timeouts.values()].map(({ length }) => length));
    timers.turn();
  }
  assertEquals([short.looks, long.looks, lengths], [1, 3, [10, 10, 10]]);
});

Deno.test("Patience.watch() begins again with one that has waited before", async () => {
  const patience = new Patience();
  const patient = new Counted(1);
  patience.watch(patient);
  await patient.over;
  patience.watch(patient);
  const other = new Counted(1);
  patience.watch(other);
  await other.over;
  assertEquals([patient.looks, other.looks], [3, 2]);
});

Deno.test("Patience.watch() takes who comes in the middle of a look", async () => {
  const patience = new Patience();
  const late = new Counted(1);
  patience.watch({
    look: () => {
      patience.watch(late);
      return false;
    },
  });
  await late.over;
  assertEquals(late.looks, 2);
});

Deno.test("Patience.stop() leaves no timer behind, and nobody is called", () => {
  const patience = new Patience();
  const patient = new Counted(1);
  patience.watch(patient);
  patience.stop();
  patience.stop();
  assertEquals(patient.looks, 0);
});
