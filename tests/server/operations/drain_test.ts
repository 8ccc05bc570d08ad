import { assertEquals, assertRejects } from "@std/assert";
import { serve } from "../../../mod.ts";
import type { Closing } from "../../../server/connection/connection.ts";
import { Drain, type Drainable, type DrainContext } from "../../../server/operations/drain.ts";
import { Events, until } from "../../helpers/events.ts";
import { LogBook } from "../../helpers/log_book.ts";
import { ManualTimers } from "../../helpers/manual_timers.ts";
import { RawClient } from "../../helpers/raw_client.ts";

Deno.test("Server.drain() says 1001 to all, waits for their Close, and counts them", async () => {
  const closed = new Events<number>();
  await using server = serve({ port: 0, close: (_, code) => closed.push(code) });
  using first = await RawClient.open(server.addr);
  using second = await RawClient.open(server.addr);
  const drained = server.drain();
  for (const client of [first, second]) {
    assertEquals(await client.closeFrame(), { code: 1001, reason: "Server is shutting down" });
  }
  await assertRejects(() => RawClient.connect(server.addr), Deno.errors.ConnectionRefused);
  for (const client of [first, second]) {
    await client.sendClose(1001);
    assertEquals(await client.frame(), undefined);
    client.close();
  }
  assertEquals(await drained, { closed: 2, cut: 0 });
  await server.finished;
  assertEquals(closed.all, [1001, 1001]);
});

Deno.test("Server.drain() cuts those that do not answer, or whose handler hangs, at the deadline", async () => {
  const hung = Promise.withResolvers<void>();
  const codes = new Events<number>();
  await using server = serve({
    port: 0,
    message: () => hung.promise,
    close: (_, code) => codes.push(code),
  });
  using good = await RawClient.open(server.addr);
  using _silent = await RawClient.open(server.addr);
  using busy = await RawClient.open(server.addr);
  using _half = await RawClient.connect(server.addr);
  await busy.sendMessage("hang");
  await until("the handler hangs", () => server.registry.totals().messagesIn === 1);
  const drained = server.drain({ deadline: 300 });
  assertEquals((await good.closeFrame()).code, 1001);
  await good.sendClose(1001);
  await good.closeWrite();
  assertEquals(await drained, { closed: 1, cut: 2 });
  assertEquals(codes.all.toSorted(), [1001, 1006, 1006]);
  assertEquals(server.registry.size, 0);
  hung.resolve();
});

Deno.test("Server.drain() refuses times that are none, and serves on", async () => {
  await using server = serve({ port: 0 });
  for (const wrong of [{ deadline: NaN }, { deadline: -5 }, { grace: NaN }, { grace: -1 }]) {
    await assertRejects(() => server.drain(wrong), RangeError, "must be >= 0 milliseconds");
  }
  using client = await RawClient.open(server.addr);
  client.close();
});

Deno.test("Server.drain() says 1001 to more than one batch of connections", async () => {
  await using server = serve({ port: 0 });
  const clients: RawClient[] = [];
  while (clients.length < 1_010) {
    clients.push(
      ...await Promise.all(
        Array.from({ length: 101 }, () => RawClient.open(server.addr)),
      ),
    );
  }
  const drained = server.drain();
  await Promise.all(clients.map(async (client) => {
    assertEquals((await client.closeFrame()).code, 1001);
    await client.sendClose(1001);
    client.close();
  }));
  assertEquals(await drained, { closed: 1_010, cut: 0 });
});

Deno.test("Server.drain() without end waits for the last", async () => {
  await using server = serve({ port: 0 });
  using client = await RawClient.open(server.addr);
  const drained = server.drain({ deadline: Infinity });
  assertEquals((await client.closeFrame()).code, 1001);
  await client.sendClose(1001);
  await client.closeWrite();
  assertEquals(await drained, { closed: 1, cut: 0 });
});

Deno.test("Server.drain() waits for a connection whose handshake ends meanwhile, and says 1001 to it", async () => {
  const asked = Promise.withResolvers<void>();
  const hook = Promise.withResolvers<void>();
  await using server = serve({
    port: 0,
    async upgrade() {
      asked.resolve();
      await hook.promise;
    },
  });
  using client = await RawClient.connect(server.addr);
  await client.sendUpgrade();
  await asked.promise;
  let over = false;
  const drained = server.drain().then((result) => {
    over = true;
    return result;
  });
  hook.resolve();
  assertEquals((await client.head()).status, 101);
  assertEquals((await client.closeFrame()).code, 1001);
  assertEquals([over, server.registry.size], [false, 1]);
  await client.sendClose(1001);
  await client.closeWrite();
  assertEquals(await drained, { closed: 1, cut: 0 });
});

Deno.test("Server.drain() with a grace lets handshakes that are under way succeed", async () => {
  const server = serve({ port: 0 });
  using client = await RawClient.connect(server.addr);
  await until("it is accepted", async () => (await server.report()).exchanges === 1);
  const drained = server.drain({ grace: 60_000 });
  await client.upgrade();
  assertEquals((await client.closeFrame()).code, 1001);
  await client.sendClose(1001);
  await client.gone();
  client.close();
  assertEquals(await drained, { closed: 1, cut: 0 });
});

Deno.test("Server.drain() lets a handshake that comes late be refused with 503", async () => {
  await using server = serve({ port: 0 });
  using client = await RawClient.connect(server.addr);
  await until("it is accepted", () => server.registry.totals().accepted === 1);
  const drained = server.drain();
  await client.sendUpgrade();
  const response = await client.response();
  assertEquals([response.status, response.headers.get("retry-after")], [503, "1"]);
  client.close();
  assertEquals(await drained, { closed: 0, cut: 0 });
  assertEquals(server.registry.totals().refused, { DRAINING: 1 });
});

// Very many connections, none of which is real.

/** A connection that is told goodbye. */
class Guest implements Drainable {
  due = Infinity;
  closing: Closing | undefined = undefined;
  told = 0;
  readonly #crowd: Crowd;

  constructor(crowd: Crowd) {
    this.#crowd = crowd;
  }

  close(): void {
    this.told++;
  }

  terminate(): void {
    this.#crowd.leave(this, { by: "us" });
  }
}

/** A server full of them. */
class Crowd implements DrainContext {
  readonly #guests = new Set<Guest>();
  readonly #gone = Promise.withResolvers<void>();
  readonly registry = { size: 0, connections: this.#guests };
  readonly httpConnections = new Set<never>();
  readonly sweeper = {
    now: 0,
    postpone: (milliseconds: number) => void this.given.push(milliseconds),
  };
  readonly limits = { closeTimeout: 5_000 };
  readonly finished = this.#gone.promise;
  readonly book = new LogBook();
  readonly log = this.book.log;
  /** The time that everybody was given. */
  readonly given: number[] = [];
  readonly drain: Drain = new Drain(this);

  constructor(size: number) {
    for (let i = 0; i < size; i++) this.#guests.add(new Guest(this));
    this.registry.size = size;
  }

  /** How many were told, and stay. */
  get told(): Guest[] {
    return [...this.#guests].filter(({ told }) => told > 0);
  }

  /** A peer answers and leaves, unless something else is said of how it went. */
  leave(guest: Guest, closing: Closing = { by: "us", received: { code: 1001, reason: "" } }): void {
    guest.closing = closing;
    this.#guests.delete(guest);
    this.registry.size--;
    this.drain.released(guest);
    if (this.registry.size === 0) this.#gone.resolve();
  }
}

Deno.test("Drain.run() tells each once, in slices, while those before leave", async () => {
  using timers = new ManualTimers();
  const crowd = new Crowd(600);
  const drained = crowd.drain.run({});
  const told = [crowd.told.length];
  for (let slice = 0; slice < 2; slice++) {
    timers.turn(100);
    await timers.settle();
    told.push(crowd.told.length);
  }
  assertEquals(told, [250, 500, 600]);
  assertEquals(new Set(crowd.told.map((guest) => guest.told)), new Set([1]));
  for (const guest of crowd.told) crowd.leave(guest);
  assertEquals(await drained, { closed: 600, cut: 0 });
  assertEquals(timers.timeouts.size, 0, "No timer keeps the process alive");
});

/** Lets a drain go on until it waits for more than its least pause. */
async function untilItWaits(timers: ManualTimers): Promise<number[]> {
  await timers.settle();
  while (timers.turn(100)) await timers.settle();
  return [...timers.timeouts.values()].map(({ length }) => length);
}

Deno.test("Drain.run() tells no more while too many of those who were told are there", async () => {
  using timers = new ManualTimers();
  const crowd = new Crowd(3_000);
  const drained = crowd.drain.run({ deadline: 1_000_000 });
  // The deadline, and how long it waits at most: no longer than a peer has for its answer.
  assertEquals(await untilItWaits(timers), [1_000_000, 5_000]);
  assertEquals(crowd.told.length, 2_250);
  const leaving = crowd.told.slice(0, 250);
  for (const guest of leaving.slice(1)) crowd.leave(guest);
  await untilItWaits(timers);
  assertEquals(crowd.told.length, 2_001, "There are still too many");
  crowd.leave(leaving[0]!);
  await untilItWaits(timers);
  assertEquals(crowd.told.length, 2_250, "A place for one more lets a slice of them go");
  timers.turn(5_000);
  await untilItWaits(timers);
  assertEquals(crowd.told.length, 2_500, "So does the time that they had");
  timers.turn();
  assertEquals(await drained, { closed: 250, cut: 2_750 });
});

Deno.test("Drain.run() says once that it begins, with how many and until when", async () => {
  using timers = new ManualTimers();
  const crowd = new Crowd(2);
  const drained = [crowd.drain.run({ deadline: 5_000 }), crowd.drain.run({ deadline: 4_000 })];
  assertEquals(crowd.book.entries().map(({ level, event, message }) => [level, event, message]), [
    ["info", "draining", "Draining 2 connections; those that are left after 5000 ms are cut"],
  ]);
  timers.turn();
  await Promise.all(drained);
});

Deno.test("Drain.run() sets no timer that is none when its deadline or those to be told are over", async () => {
  for (const deadline of [0, 1, Infinity]) {
    for (const extra of [0, 250]) {
      using timers = new ManualTimers();
      const crowd = new Crowd(2_250 + extra);
      const drained = crowd.drain.run({ deadline, grace: deadline + 1 });
      // Without its deadline, as on a host that is too busy for its timers; and none are left to tell.
      for (let slice = 0; slice < 12; slice++) {
        await timers.settle();
        for (const { length } of timers.timeouts.values()) {
          assertEquals(length >= 0 && length <= 2_147_483_647, true, `${length} ms`);
        }
        for (const [id, { length, callback }] of [...timers.timeouts]) {
          if (length !== 12 && length !== 0) continue;
          timers.timeouts.delete(id);
          if (length === 12 || deadline !== 0) callback();
        }
      }
      crowd.drain.cut();
      for (const guest of [...crowd.registry.connections]) crowd.leave(guest);
      await drained;
    }
  }
});

Deno.test("Drain.run() shares half of its deadline out among those who are to be told", async () => {
  using timers = new ManualTimers();
  const crowd = new Crowd(2_250 + 20 * 250);
  const drained = crowd.drain.run({ deadline: 40_000 });
  const [, longest = Infinity] = await untilItWaits(timers);
  assertEquals([crowd.told.length, longest <= 1_000], [2_250, true], `${longest} ms`);
  timers.turn(1_000);
  await untilItWaits(timers);
  assertEquals(crowd.told.length, 2_500, "The time is over, though nobody has left");
  timers.turn();
  assertEquals(await drained, { closed: 0, cut: 7_250 });
});

Deno.test("Drain.run() called again tells nobody again, and the nearer deadline counts", async () => {
  using timers = new ManualTimers();
  const crowd = new Crowd(300);
  const first = crowd.drain.run({ deadline: 60_000 });
  const second = crowd.drain.run({ deadline: 7_000 });
  await untilItWaits(timers);
  assertEquals(crowd.told.map(({ told }) => told), Array(300).fill(1));
  timers.turn(7_000);
  const all = { closed: 0, cut: 300 };
  assertEquals([await first, await second, crowd.drain.result], [all, all, all]);
  const { began, deadline, connections } = crowd.drain.span;
  assertEquals([deadline! - began! <= 60_000, connections], [true, 300]);
});

Deno.test("Drain gives everybody the time in which others answer and leave", async () => {
  using timers = new ManualTimers();
  const crowd = new Crowd(10);
  const drained = crowd.drain.run({});
  const [first, second, third, late, silent] = crowd.told;
  crowd.sweeper.now = 1_000;
  crowd.leave(first!);
  assertEquals(crowd.given, [], "A quarter of the timeout is not over");
  crowd.sweeper.now = 1_500;
  crowd.leave(second!);
  assertEquals(crowd.given, [1_500]);
  crowd.sweeper.now = 4_000;
  crowd.leave(third!);
  assertEquals(crowd.given, [1_500, 2_500]);
  crowd.sweeper.now = 8_000;
  late!.due = 7_999; // it did not leave, but was cut while it lingered
  crowd.leave(late!);
  crowd.leave(silent!, { by: "us" });
  assertEquals(crowd.given, [1_500, 2_500], "Nobody has answered since");
  timers.turn();
  assertEquals(await drained, { closed: 4, cut: 6 });
});

Deno.test("Drain.released() counts nobody before goodbye is said", () => {
  const crowd = new Crowd(2);
  const [guest] = crowd.registry.connections;
  crowd.leave(guest!);
  assertEquals(crowd.drain.result, { closed: 0, cut: 0 });
  crowd.drain.cut();
  assertEquals([crowd.drain.result, crowd.drain.parting], [{ closed: 0, cut: 1 }, true]);
});

Deno.test("Drain.opened() says goodbye to whoever comes late, and to nobody before", () => {
  const crowd = new Crowd(0);
  const [early, late] = [new Guest(crowd), new Guest(crowd)];
  crowd.drain.opened(early);
  crowd.drain.cut();
  crowd.drain.opened(late);
  assertEquals([early.told, late.told], [0, 1]);
});
