import { assertEquals } from "@std/assert";
import { type Due, Sweep } from "../../server/sweep.ts";

/** Runs with timers that are only written down: the lengths of those that run. */
function withTimers(run: (running: () => number[], fire: () => void) => void): void {
  const { setInterval, clearInterval } = globalThis;
  const timers = new Map<number, { length: number; callback: () => void }>();
  let last = 0;
  Object.assign(globalThis, {
    setInterval: (callback: () => void, length: number) => {
      timers.set(++last, { length, callback });
      return last;
    },
    clearInterval: (id: number) => timers.delete(id),
  });
  try {
    run(
      () => [...timers.values()].map(({ length }) => length),
      () => timers.forEach(({ callback }) => callback()),
    );
  } finally {
    Object.assign(globalThis, { setInterval, clearInterval });
  }
}

/** An item that writes down when it was looked at; `then` is what it does besides. */
class Item implements Due {
  readonly expired: number[] = [];

  constructor(public due: number, readonly then: (item: Item) => void = () => {}) {}

  expire(now: number): void {
    this.expired.push(now);
    this.then(this);
  }
}

Deno.test("Sweep looks at what is due, at the very moment too, until it lies in the future", () => {
  withTimers((_running, fire) => {
    let now = 0;
    const sweep = new Sweep([1_000], () => now);
    const [early, late] = [new Item(10), new Item(20)];
    sweep.add(early);
    sweep.add(late);
    for (now of [9, 10, 19, 20]) fire();
    early.due = 30;
    for (now of [29, 30]) fire();
    assertEquals(early.expired, [10, 19, 20, 30]);
    assertEquals(late.expired, [20, 29, 30]);
    assertEquals(sweep.now, 30);
  });
});

Deno.test("Sweep has one timer for all items, and none without any", () => {
  withTimers((running) => {
    const sweep = new Sweep([1_000], () => 0);
    assertEquals(running(), []);
    const [one, two] = [new Item(1), new Item(2)];
    sweep.add(one);
    sweep.add(two);
    sweep.add(two);
    assertEquals(running().length, 1);
    sweep.delete(one);
    assertEquals(running().length, 1);
    sweep.delete(two);
    assertEquals(running(), []);
    sweep.delete(two);
    assertEquals(running(), []);
    sweep.add(one);
    assertEquals(running().length, 1);
  });
});

Deno.test("Sweep looks every quarter of the shortest timeout, from 5 ms to 1 s", () => {
  withTimers((running) => {
    const lengthFor = (...timeouts: number[]): number => {
      const sweep = new Sweep(timeouts, () => 0);
      const item = new Item(0);
      sweep.add(item);
      const [length] = running();
      sweep.delete(item);
      return length!;
    };
    assertEquals(lengthFor(10_000, 30_000, 5_000), 1_000);
    assertEquals(lengthFor(10_000, 400), 100);
    assertEquals(lengthFor(10, 400), 5);
    assertEquals(lengthFor(), 1_000);
  });
});

Deno.test("Sweep bears items that leave while it looks", () => {
  withTimers((running, fire) => {
    const sweep = new Sweep([1_000], () => 5);
    const last = new Item(0);
    const first = new Item(0, (item) => {
      sweep.delete(item);
      sweep.delete(last);
    });
    sweep.add(first);
    sweep.add(last);
    fire();
    assertEquals([first.expired, last.expired], [[5], []]);
    assertEquals(running(), []);
  });
});

Deno.test("Sweep bears items that come while it looks, also in the place of the last one", () => {
  withTimers((running, fire) => {
    const sweep = new Sweep([1_000], () => 5);
    const next = new Item(6);
    sweep.add(
      new Item(0, (item) => {
        sweep.delete(item);
        sweep.add(next);
      }),
    );
    fire();
    assertEquals(running().length, 1);
    next.due = 5;
    fire();
    assertEquals(next.expired, [5]);
  });
});

Deno.test("Sweep reads a clock that never goes back, where it is given none", () => {
  const sweep = new Sweep([]);
  const before = performance.now();
  const now = sweep.now;
  assertEquals([before <= now, now <= performance.now()], [true, true]);
});

Deno.test("Sweep judges nobody right after a long pause of the event loop", () => {
  let now = 0;
  let expired = 0;
  const sweep = new Sweep([4_000], () => now);
  const item = { due: 10, expire: () => void expired++ };
  sweep.add(item);
  now = 60_000;
  sweep.tick();
  assertEquals(expired, 0, "What came meanwhile has to be read first");
  now += 1_000;
  sweep.tick();
  assertEquals(expired, 1);
  sweep.delete(item);
});

Deno.test("Sweep.watch() looks as often as other timeouts need", () => {
  withTimers((running) => {
    const sweep = new Sweep([4_000]);
    sweep.watch([2_000]);
    assertEquals(running().length, 0, "There is nothing to look at");
    const item = new Item(Infinity);
    sweep.add(item);
    assertEquals(running(), [500]);
    sweep.watch([400]);
    assertEquals(running(), [100]);
    sweep.delete(item);
    assertEquals(running().length, 0);
  });
});
