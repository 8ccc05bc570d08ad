import { assertEquals, assertRejects } from "@std/assert";
import type { WorkerProcess } from "../../../server/cluster/worker_process.ts";
import { WorkerSlot } from "../../../server/cluster/worker_slot.ts";
import { LogBook } from "../../helpers/log_book.ts";
import { ManualTimers } from "../../helpers/manual_timers.ts";

/** A supervisor of one slot whose workers are mere names. */
class Fake {
  readonly #ending = new AbortController();
  readonly ending = this.#ending.signal;
  readonly book = new LogBook();
  readonly log = this.book.log;
  /** What becomes of the starts to come; good ones where it says nothing. */
  readonly failures: Error[] = [];
  readonly serving = "3 of 4 workers serve";
  /** How often it was asked whether it goes on. */
  asked = 0;
  /** It gives up after so many failures. */
  patience = Infinity;
  readonly slot: WorkerSlot;
  starts = 0;

  /** @param random What the pauses take for chance. */
  constructor(random = 1) {
    this.slot = new WorkerSlot(this, () => random);
  }

  failed = (): boolean => ++this.asked <= this.patience;

  start = (slot: WorkerSlot): Promise<void> => {
    this.starts++;
    const failure = this.failures.shift();
    if (failure !== undefined) return Promise.reject(failure);
    slot.worker = { worker: this.starts } as unknown as WorkerProcess;
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

Deno.test("WorkerSlot.vacate() has it filled at once after a worker that had lived long", async () => {
  using timers = new ManualTimers();
  const fake = new Fake();
  for (const lived of [5_000, Infinity]) fake.slot.vacate(lived);
  assertEquals(await pauses(timers), []);
  assertEquals([fake.starts, fake.events], [2, []]);
  assertEquals(fake.slot.restarts, 1, "the end of the other one was no death");
});

Deno.test("WorkerSlot.vacate() pauses longer after each early death, and a long life is a new beginning", async () => {
  using timers = new ManualTimers();
  const fake = new Fake();
  const lengths: number[] = [];
  for (const lived of [4_999, 0, 0, 5_000, 0]) {
    fake.slot.vacate(lived);
    lengths.push(...await pauses(timers));
  }
  assertEquals(lengths, [100, 200, 400, 100]);
  assertEquals(fake.events, Array(4).fill("worker_restarting"));
});

Deno.test("WorkerSlot tries again without end, after pauses of at most 30 seconds", async () => {
  using timers = new ManualTimers();
  const fake = new Fake();
  fake.failures.push(...Array.from({ length: 11 }, () => new Error("No port")));
  fake.slot.notStarted(new Error("No certificate"));
  const doubled = [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600];
  assertEquals(await pauses(timers), [...doubled, 30_000, 30_000, 30_000]);
  assertEquals(fake.book.entries("worker_failed").map(({ message }) => message), [
    "Worker did not start: No certificate",
    ...Array(11).fill("Worker did not start: No port"),
  ]);
  assertEquals(
    fake.book.entries("worker_restarting").at(-1)?.message,
    "Worker died early or did not start, 12 in a row: the next starts in 30000 ms; " +
      "3 of 4 workers serve",
  );
  assertEquals([fake.slot.worker?.worker, fake.starts, fake.slot.restarts], [12, 12, 12]);
});

Deno.test("WorkerSlot pauses for half of it at least, and leaves the rest to chance", async () => {
  for (const [random, expected] of [[0, [50, 100]], [0.5, [75, 150]]] as const) {
    using timers = new ManualTimers();
    const fake = new Fake(random);
    fake.failures.push(new Error("No port"));
    fake.slot.vacate(0);
    assertEquals(await pauses(timers), [...expected]);
  }
});

Deno.test("WorkerSlot is failing after six failures in a row, and stays empty when its supervisor gives up", async () => {
  using timers = new ManualTimers();
  const fake = new Fake();
  fake.patience = 5;
  fake.failures.push(...Array.from({ length: 9 }, () => new Error("No port")));
  fake.slot.vacate(0);
  assertEquals(fake.slot.failing, false);
  assertEquals(await pauses(timers), [100, 200, 400, 800, 1_600]);
  assertEquals([fake.slot.failing, fake.starts, fake.asked], [true, 5, 6]);
});

Deno.test("WorkerSlot.hurry() starts a worker that waits for its pause at once", async () => {
  using timers = new ManualTimers();
  const fake = new Fake();
  fake.slot.hurry();
  fake.slot.vacate(0);
  await timers.settle();
  assertEquals(fake.starts, 0);
  fake.slot.hurry();
  await timers.settle();
  assertEquals([fake.slot.worker?.worker, timers.timeouts.size], [1, 0]);
});

Deno.test("WorkerSlot stays empty when the supervisor ends, also in the middle of a pause", async () => {
  using timers = new ManualTimers();
  const fake = new Fake();
  fake.slot.vacate(0);
  await timers.settle();
  fake.end();
  fake.failures.push(new Error("It is ending"));
  await timers.settle();
  assertEquals([fake.slot.worker, timers.timeouts.size], [undefined, 0]);
  fake.slot.vacate(Infinity);
  await timers.settle();
  assertEquals([fake.starts, fake.events], [0, ["worker_restarting"]]);
});

Deno.test("WorkerSlot.renew() puts a new worker in, and returns the one before", async () => {
  const fake = new Fake();
  assertEquals(await fake.slot.renew(), undefined);
  const first = fake.slot.worker;
  assertEquals(await fake.slot.renew(), first);
  assertEquals(fake.slot.worker?.worker, 2);
});

Deno.test("WorkerSlot.renew() leaves the one before where the new one cannot serve", async () => {
  const fake = new Fake();
  await fake.slot.renew();
  fake.failures.push(new Error("No port"));
  await assertRejects(() => fake.slot.renew(), Error, "No port");
  assertEquals([fake.slot.worker?.worker, fake.starts], [1, 2]);
});

Deno.test("WorkerSlot.renew() ends the pause of a refill, and takes its turn", async () => {
  using timers = new ManualTimers();
  const fake = new Fake();
  fake.slot.vacate(0);
  await timers.settle();
  assertEquals(await fake.slot.renew(), undefined);
  assertEquals([fake.slot.worker?.worker, fake.starts, timers.timeouts.size], [1, 1, 0]);
});

Deno.test("WorkerSlot.renew() does not wait for a slot that cannot be filled, and has it tried later", async () => {
  using timers = new ManualTimers();
  const fake = new Fake();
  fake.failures.push(...["No port", "Still none"].map((message) => new Error(message)));
  fake.slot.vacate(0);
  await timers.settle();
  await assertRejects(() => fake.slot.renew(), Error, "No port");
  assertEquals(await pauses(timers), [200, 400]);
  assertEquals([fake.slot.worker?.worker, fake.starts], [3, 3]);
});

Deno.test("WorkerSlot.renew() waits for a start that is under way", async () => {
  const fake = new Fake();
  fake.slot.vacate(Infinity);
  const before = await fake.slot.renew();
  assertEquals([before?.worker, fake.slot.worker?.worker, fake.starts], [1, 2, 2]);
});

Deno.test("WorkerSlot.renew() has the slot filled later where both workers have died", async () => {
  using timers = new ManualTimers();
  const fake = new Fake();
  await fake.slot.renew();
  fake.failures.push(new Error("No port"));
  const renewed = assertRejects(() => fake.slot.renew(), Error, "No port");
  await Promise.resolve();
  fake.slot.vacate(Infinity);
  await renewed;
  assertEquals(await pauses(timers), [100]);
  assertEquals([fake.slot.worker?.worker, fake.starts], [3, 3]);
});
