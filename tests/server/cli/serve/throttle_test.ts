import { assertEquals } from "@std/assert";
import { type CountedEntry, Throttle } from "../../../../server/cli/serve/throttle.ts";
import type { LogEntry } from "../../../../server/log.ts";

/** A clock that a test turns; it holds one timer at most. */
class HandClock {
  time = 0;
  timer: { at: number; run: () => void } | undefined = undefined;
  /** How many timers were set. */
  timers = 0;

  now(): number {
    return this.time;
  }

  later(run: () => void, milliseconds: number): () => void {
    assertEquals(this.timer, undefined, "one timer at most");
    this.timers++;
    this.timer = { at: this.time + milliseconds, run };
    return () => this.timer = undefined;
  }

  turn(milliseconds: number): void {
    this.time += milliseconds;
    if (this.timer !== undefined && this.timer.at <= this.time) this.timer.run();
  }
}

function throttled(): { clock: HandClock; throttle: Throttle; lines: CountedEntry[] } {
  const clock = new HandClock();
  const lines: CountedEntry[] = [];
  return { clock, lines, throttle: new Throttle((entry) => lines.push(entry), clock) };
}

const ENTRY: LogEntry = { level: "info", event: "peer_lost", message: "Gone", key: "K" };

Deno.test("Throttle lets 20 alike through, and counts the others at the end of the window", () => {
  const { clock, throttle, lines } = throttled();
  for (let i = 0; i < 1_254; i++) throttle.write({ ...ENTRY, key: String(i), reason: "R" });
  assertEquals(lines.map(({ key }) => key), Array.from({ length: 20 }, (_, i) => String(i)));
  clock.turn(9_999);
  assertEquals(lines.length, 20);
  clock.turn(1);
  assertEquals(lines.slice(20), [{
    level: "info",
    event: "peer_lost",
    reason: "R",
    message: "… and 1,234 more like this in 10 s",
    repeated: 1_234,
  }]);
  assertEquals([clock.timer, clock.timers], [undefined, 1]);
});

Deno.test("Throttle sets no timer while nothing is left out", () => {
  const { clock, throttle, lines } = throttled();
  for (let i = 0; i < 100; i++) {
    for (let j = 0; j < 20; j++) throttle.write(ENTRY);
    clock.turn(10_000);
  }
  assertEquals([lines.length, clock.timers], [2_000, 0]);
});

Deno.test("Throttle begins anew after a window", () => {
  const { clock, throttle, lines } = throttled();
  for (let i = 0; i < 21; i++) throttle.write(ENTRY);
  clock.turn(10_000);
  throttle.write(ENTRY);
  assertEquals(lines.slice(20).map(({ repeated }) => repeated), [1, undefined]);
});

Deno.test("Throttle tells lines apart by level, event, reason and worker", () => {
  const { throttle, lines } = throttled();
  for (let i = 0; i < 30; i++) {
    for (
      const changes of [
        {},
        { level: "error" },
        { event: "other" },
        { reason: "R" },
        { worker: 1 },
        { worker: 2 },
      ] as const
    ) throttle.write({ ...ENTRY, ...changes });
  }
  assertEquals(lines.length, 6 * 20);
  throttle.flush();
  const counted = lines.slice(6 * 20).map(({ message: _, repeated, ...entry }) => {
    assertEquals(repeated, 10);
    return entry;
  });
  assertEquals(counted, [
    { level: "info", event: "peer_lost" },
    { level: "error", event: "peer_lost" },
    { level: "info", event: "other" },
    { level: "info", event: "peer_lost", reason: "R" },
    { level: "info", event: "peer_lost", worker: 1 },
    { level: "info", event: "peer_lost", worker: 2 },
  ]);
});

Deno.test("Throttle lets every debug line through", () => {
  const { clock, throttle, lines } = throttled();
  for (let i = 0; i < 100; i++) throttle.write({ ...ENTRY, level: "debug" });
  assertEquals([lines.length, clock.timers], [100, 0]);
});

Deno.test("Throttle.flush() says at the end what is not said yet, and forgets its timer", () => {
  const { clock, throttle, lines } = throttled();
  for (let i = 0; i < 25; i++) throttle.write(ENTRY);
  clock.turn(2_100);
  throttle.flush();
  throttle.flush();
  assertEquals(lines.slice(20).map(({ message }) => message), ["… and 5 more like this in 2 s"]);
  assertEquals(clock.timer, undefined);
});

Deno.test("Throttle takes kinds for one when they are too many", () => {
  const { throttle, lines } = throttled();
  for (let worker = 1; worker <= 2_000; worker++) throttle.write({ ...ENTRY, worker });
  assertEquals(lines.length, 1_020);
  throttle.write({ ...ENTRY, worker: 1 });
  assertEquals(lines.at(-1)!.worker, 1, "those that are known go on");
  throttle.flush();
  const { level, event, repeated } = lines.at(-1)!;
  assertEquals([level, event, repeated], ["warning", "others", 980]);
});

Deno.test("Throttle keeps real time unless a clock is given", () => {
  const lines: CountedEntry[] = [];
  const throttle = new Throttle((entry) => lines.push(entry));
  for (let i = 0; i < 30; i++) throttle.write(ENTRY);
  throttle.flush();
  assertEquals(lines.map(({ repeated }) => repeated).slice(20), [10]);
});
