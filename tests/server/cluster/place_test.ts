import { assertEquals, assertRejects } from "@std/assert";
import { Place } from "../../../server/cluster/place.ts";
import type { WorkerProcess } from "../../../server/cluster/worker_process.ts";
import { LogBook } from "../../helpers/log_book.ts";
import { ManualTimers } from "../../helpers/manual_timers.ts";

/** A supervisor of one place whose workers are mere names. */
class Fake {
  readonly #ending = new AbortController();
  readonly ending = this.#ending.signal;
  readonly book = new LogBook();
  readonly log = this.book.log;
  /** What becomes of the starts to come; good ones where it says nothing. */
  readonly failures: Error[] = [];
  readonly givenUp: string[] = [];
  readonly giveUp = (message: string) => void this.givenUp.push(message);
  readonly place: Place = new Place(this);
  starts = 0;

  start = (place: Place): Promise<void> => {
    this.starts++;
    const failure = this.failures.shift();
    if (failure !== undefined) return Promise.reject(failure);
    place.worker = { worker: this.starts } as unknown as WorkerProcess;
    return Promise.resolve();
  };

  end(): void {
    this.#ending.abort();
  }

  get events(): string[] {
    return this.book.entries().map(({ event }) => event);
  }
}

/** Fires the timers of the pauses between starts, and says how long they were. */
async function pauses(timers: ManualTimers): Promise<number[]> {
  const lengths: number[] = [];
  for (await timers.settle(); timers.timeouts.size > 0; await timers.settle()) {
    lengths.push(...[...timers.timeouts.values()].map(({ length }) => length));
    timers.turn();
  }
  return lengths;
}

Deno.test("Place.vacate() has it filled at once after a worker that had lived long", async () => {
  using timers = new ManualTimers();
  const fake = new Fake();
  for (const lived of [5_000, Infinity]) fake.place.vacate(lived);
  assertEquals(await pauses(timers), []);
  assertEquals([fake.starts, fake.events], [2, []]);
});

Deno.test("Place.vacate() pauses longer after each early death, and a long life is a new beginning", async () => {
  using timers = new ManualTimers();
  const fake = new Fake();
  const lengths: number[] = [];
  for (const lived of [4_999, 0, 0, 5_000, 0]) {
    fake.place.vacate(lived);
    lengths.push(...await pauses(timers));
  }
  assertEquals(lengths, [100, 200, 400, 100]);
  assertEquals(fake.events, Array(4).fill("worker_restarting"));
});

Deno.test("Place gives up when six starts in a row come to nothing", async () => {
  using timers = new ManualTimers();
  const fake = new Fake();
  fake.failures.push(...Array.from({ length: 9 }, () => new Error("No port")));
  fake.place.vacate(0);
  assertEquals(await pauses(timers), [100, 200, 400, 800, 1_600]);
  assertEquals(fake.givenUp, ["Workers died early 6 times in a row: no more are started"]);
  assertEquals(fake.book.entries("worker_failed").map(({ message }) => message), [
    ...Array(5).fill("Worker did not start: No port"),
  ]);
});

Deno.test("Place stays empty when the supervisor ends, also in the middle of a pause", async () => {
  using timers = new ManualTimers();
  const fake = new Fake();
  fake.place.vacate(0);
  await timers.settle();
  fake.end();
  fake.failures.push(new Error("It is ending"));
  await timers.settle();
  assertEquals([fake.place.worker, timers.timeouts.size], [undefined, 0]);
  fake.place.vacate(Infinity);
  await timers.settle();
  assertEquals([fake.starts, fake.events], [1, ["worker_restarting"]]);
});

Deno.test("Place.renew() puts a new worker in, and returns the one before", async () => {
  const fake = new Fake();
  assertEquals(await fake.place.renew(), undefined);
  const first = fake.place.worker;
  assertEquals(await fake.place.renew(), first);
  assertEquals(fake.place.worker?.worker, 2);
});

Deno.test("Place.renew() leaves the one before where the new one cannot serve", async () => {
  const fake = new Fake();
  await fake.place.renew();
  fake.failures.push(new Error("No port"));
  await assertRejects(() => fake.place.renew(), Error, "No port");
  assertEquals([fake.place.worker?.worker, fake.starts], [1, 2]);
});

Deno.test("Place.renew() waits for a refill that is under way", async () => {
  using timers = new ManualTimers();
  const fake = new Fake();
  fake.place.vacate(0);
  const renewed = fake.place.renew();
  await timers.settle();
  assertEquals(fake.starts, 0);
  assertEquals(await pauses(timers), [100]);
  assertEquals([(await renewed)?.worker, fake.starts], [1, 2]);
});

Deno.test("Place.renew() has the place filled later where both workers have died", async () => {
  using timers = new ManualTimers();
  const fake = new Fake();
  await fake.place.renew();
  fake.failures.push(new Error("No port"));
  const renewed = assertRejects(() => fake.place.renew(), Error, "No port");
  await Promise.resolve();
  fake.place.vacate(Infinity);
  await renewed;
  assertEquals(await pauses(timers), [100]);
  assertEquals([fake.place.worker?.worker, fake.starts], [3, 3]);
});
