import { assertEquals } from "@std/assert";
import { DeadlineSweeper, type HasDeadline } from "../../../server/loop/deadline_sweeper.ts";
import { ManualTimers } from "../../helpers/manual_timers.ts";

/** An item that writes down when it was looked at; `then` is what it does besides. */
class Item implements HasDeadline {
  readonly expired: number[] = [];

  constructor(public due: number, readonly then: (item: Item) => void = () => {}) {}

  expire(now: number): void {
    this.expired.push(now);
    this.then(this);
  }
}

/** Adds many items that are due. */
function crowd(sweeper: DeadlineSweeper, size: number, then?: (item: Item) => void): Item[] {
  const items = Array.from({ length: size }, () => new Item(1, then));
  for (const item of items) sweeper.add(item);
  return items;
}

Deno.test("DeadlineSweeper looks at what is due, at the very moment too, until it lies in the future", () => {
  using timers = new ManualTimers();
  let now = 0;
  const sweeper = new DeadlineSweeper([1_000], () => now);
  const [early, late] = [new Item(10), new Item(20)];
  sweeper.add(early);
  sweeper.add(late);
  for (now of [9, 10, 19, 20]) timers.tick();
  early.due = 30;
  for (now of [29, 30]) timers.tick();
  assertEquals(early.expired, [10, 19, 20, 30]);
  assertEquals(late.expired, [20, 29, 30]);
  assertEquals(sweeper.now, 30);
});

Deno.test("DeadlineSweeper has one timer for all items, and none without any", () => {
  using timers = new ManualTimers();
  const sweeper = new DeadlineSweeper([1_000], () => 0);
  assertEquals(timers.running, []);
  const [one, two] = [new Item(1), new Item(2)];
  sweeper.add(one);
  sweeper.add(two);
  sweeper.add(two);
  assertEquals(timers.running.length, 1);
  sweeper.delete(one);
  assertEquals(timers.running.length, 1);
  sweeper.delete(two);
  assertEquals(timers.running, []);
  sweeper.delete(two);
  assertEquals(timers.running, []);
  sweeper.add(one);
  assertEquals(timers.running.length, 1);
});

Deno.test("DeadlineSweeper looks every quarter of the shortest timeout, from 5 ms to 1 s", () => {
  using timers = new ManualTimers();
  const lengthFor = (...timeouts: number[]): number => {
    const sweeper = new DeadlineSweeper(timeouts, () => 0);
    const item = new Item(0);
    sweeper.add(item);
    const [length] = timers.running;
    sweeper.delete(item);
    return length!;
  };
  assertEquals(lengthFor(10_000, 30_000, 5_000), 1_000);
  assertEquals(lengthFor(10_000, 400), 100);
  assertEquals(lengthFor(10, 400), 5);
  assertEquals(lengthFor(), 1_000);
});

Deno.test("DeadlineSweeper bears items that leave while it looks", () => {
  using timers = new ManualTimers();
  const sweeper = new DeadlineSweeper([1_000], () => 5);
  const last = new Item(0);
  const first = new Item(0, (item) => {
    sweeper.delete(item);
    sweeper.delete(last);
  });
  sweeper.add(first);
  sweeper.add(last);
  timers.tick();
  assertEquals([first.expired, last.expired], [[5], []]);
  assertEquals(timers.running, []);
});

Deno.test("DeadlineSweeper bears items that come while it looks, also in the place of the last one", () => {
  using timers = new ManualTimers();
  const sweeper = new DeadlineSweeper([1_000], () => 5);
  const next = new Item(6);
  sweeper.add(
    new Item(0, (item) => {
      sweeper.delete(item);
      sweeper.add(next);
    }),
  );
  timers.tick();
  assertEquals(timers.running.length, 1);
  next.due = 5;
  timers.tick();
  assertEquals(next.expired, [5]);
});

Deno.test("DeadlineSweeper reads a clock that never goes back, where it is given none", () => {
  const sweeper = new DeadlineSweeper([]);
  const before = performance.now();
  const now = sweeper.now;
  assertEquals([before <= now, now <= performance.now()], [true, true]);
});

Deno.test("DeadlineSweeper judges nobody right after a long pause of the event loop", () => {
  using timers = new ManualTimers();
  let now = 0;
  const sweeper = new DeadlineSweeper([4_000], () => now);
  const item = new Item(10);
  sweeper.add(item);
  now = 60_000;
  timers.tick();
  assertEquals(item.expired, [], "What came meanwhile has to be read first");
  now += 1_000;
  timers.tick();
  assertEquals(item.expired, [61_000]);
});

Deno.test("DeadlineSweeper gives everybody the time by which it was late", () => {
  using timers = new ManualTimers();
  let now = 0;
  const sweeper = new DeadlineSweeper([4_000], () => now);
  const item = new Item(5_000);
  sweeper.add(item);
  for (now of [1_000, 2_000]) timers.tick();
  now = 12_000; // nine seconds late
  timers.tick();
  assertEquals(item.due, 14_000);
  for (now of [13_000, 13_999]) timers.tick();
  assertEquals(item.expired, []);
  now = 15_000;
  timers.tick();
  assertEquals(item.expired, [15_000]);
});

Deno.test("DeadlineSweeper adds up what is too little to be given at once", () => {
  using timers = new ManualTimers();
  let now = 0;
  const sweeper = new DeadlineSweeper([4_000], () => now);
  const item = new Item(9_000);
  sweeper.add(item);
  const dues: number[] = [];
  for (now of [1_200, 2_200, 3_260]) {
    timers.tick();
    dues.push(item.due);
  }
  assertEquals(dues, [9_000, 9_000, 9_260]);
});

Deno.test("DeadlineSweeper finds those who are gone though every tick comes late", () => {
  using timers = new ManualTimers();
  let now = 0;
  const sweeper = new DeadlineSweeper([4_000], () => now);
  const item = new Item(10_000);
  sweeper.add(item);
  let ticks = 0;
  for (; item.expired.length === 0 && ticks < 100; ticks++) {
    now += 4_000; // a second's work takes four
    timers.tick();
  }
  assertEquals(ticks, 10, "Ten seconds of its own time have passed");
});

Deno.test("DeadlineSweeper.postpone() gives everybody more time", () => {
  using timers = new ManualTimers();
  let now = 0;
  const sweeper = new DeadlineSweeper([4_000], () => now);
  const items = [new Item(500), new Item(Infinity)];
  for (const item of items) sweeper.add(item);
  sweeper.postpone(700);
  assertEquals(items.map(({ due }) => due), [1_200, Infinity]);
  now = 1_000;
  timers.tick();
  assertEquals(items[0]!.expired, []);
});

Deno.test("DeadlineSweeper looks at very many that are due in slices, in order and each once", () => {
  using timers = new ManualTimers();
  let now = 0;
  const order: Item[] = [];
  const sweeper = new DeadlineSweeper([4_000], () => now);
  const items = crowd(sweeper, 1_000, (item) => {
    item.due = 9_000;
    order.push(item);
  });
  now = 1_000;
  timers.tick();
  const slices = [order.length];
  while (timers.turn()) slices.push(order.length - slices.reduce((sum, it) => sum + it));
  assertEquals(slices, [256, 256, 256, 232]);
  assertEquals(order, items);
});

Deno.test("DeadlineSweeper tells each slice, and those who ask for it cheaply, what time it is by now", () => {
  using timers = new ManualTimers();
  let now = 0;
  const sweeper = new DeadlineSweeper([4_000], () => now);
  const items = crowd(sweeper, 300, (item) => item.due = 9_000);
  now = 1_000;
  timers.tick();
  assertEquals(sweeper.recently, 1_000);
  now = 1_250;
  timers.turn();
  assertEquals([items[0]!.expired, items[299]!.expired], [[1_000], [1_250]]);
  assertEquals(sweeper.recently, 1_250, "An answer to the last ping must not seem older than it");
});

Deno.test("DeadlineSweeper goes on with a look that is not over when the next tick comes", () => {
  using timers = new ManualTimers();
  let now = 0;
  let expired = 0;
  const sweeper = new DeadlineSweeper([4_000], () => now);
  crowd(sweeper, 600, () => expired++);
  now = 1_000;
  for (let ticks = 0; ticks < 3; ticks++) timers.tick();
  assertEquals([expired, timers.timeouts.size], [256, 1]);
  while (timers.turn());
  assertEquals(expired, 600);
  now = 2_000;
  timers.tick();
  assertEquals(expired, 856, "The next look begins at the first one again");
});

Deno.test("DeadlineSweeper gives everybody more time when it is late in the middle of a look", () => {
  using timers = new ManualTimers();
  let now = 0;
  const sweeper = new DeadlineSweeper([4_000], () => now);
  const items = crowd(sweeper, 300);
  now = 1_000;
  timers.tick();
  now = 7_000; // six seconds late
  timers.turn();
  assertEquals([items[299]!.due, items[299]!.expired], [6_001, []]);
  now = 8_000;
  timers.tick();
  timers.turn();
  assertEquals(items[299]!.expired, [8_000], "What came meanwhile has been read");
});

Deno.test("DeadlineSweeper gives everybody the time that a look takes", () => {
  using timers = new ManualTimers();
  let now = 0;
  const sweeper = new DeadlineSweeper([4_000], () => now);
  const other = new Item(8_000);
  sweeper.add(other);
  crowd(sweeper, 1_000, (item) => item.due = 99_000);
  now = 1_000;
  timers.tick();
  for (now of [1_100, 1_200, 1_300]) timers.turn();
  assertEquals([other.due, timers.timeouts.size], [8_300, 0]);
});

Deno.test("DeadlineSweeper does not set a look that comes early off against one that comes late", () => {
  using timers = new ManualTimers();
  let now = 0;
  const sweeper = new DeadlineSweeper([4_000], () => now);
  const item = new Item(8_000);
  sweeper.add(item);
  for (now of [1_000, 1_100, 2_400]) timers.tick();
  assertEquals(item.due, 8_300);
});

Deno.test("DeadlineSweeper looks at nothing more when everybody has left between two slices", () => {
  using timers = new ManualTimers();
  const sweeper = new DeadlineSweeper([4_000], () => 1_000);
  const items = crowd(sweeper, 300);
  timers.tick();
  for (const item of items) sweeper.delete(item);
  assertEquals([timers.running, timers.timeouts.size], [[], 0]);
  assertEquals(items[299]!.expired, []);
});

Deno.test("DeadlineSweeper leaves no timer when everybody leaves while it looks", () => {
  using timers = new ManualTimers();
  const sweeper = new DeadlineSweeper([4_000], () => 1_000);
  crowd(sweeper, 256, (item) => sweeper.delete(item));
  timers.tick();
  assertEquals([timers.running, timers.timeouts.size], [[], 0]);
});

Deno.test("DeadlineSweeper.watch() looks as often as other timeouts need", () => {
  using timers = new ManualTimers();
  const sweeper = new DeadlineSweeper([4_000]);
  sweeper.watch([2_000]);
  assertEquals(timers.running.length, 0, "There is nothing to look at");
  const item = new Item(Infinity);
  sweeper.add(item);
  assertEquals(timers.running, [500]);
  sweeper.watch([400]);
  assertEquals(timers.running, [100]);
  sweeper.delete(item);
  assertEquals(timers.running.length, 0);
});

Deno.test("DeadlineSweeper.watch() does not take the time since a longer tick for lateness", () => {
  using timers = new ManualTimers();
  let now = 0;
  const sweeper = new DeadlineSweeper([4_000], () => now);
  const item = new Item(900);
  sweeper.add(item);
  now = 800;
  sweeper.watch([400]);
  now = 900;
  timers.tick();
  assertEquals([item.due, item.expired], [900, [900]]);
});
