import { assert, assertEquals } from "@std/assert";
import { setImmediate } from "node:timers";
import { encodeFrame, Opcode } from "../../../protocol/mod.ts";
import { Flusher, SendQueue, type SendQueueEvents } from "../../../server/connection/send_queue.ts";
import type { WhenFull } from "../../../server/limits.ts";
import { MemoryTransport, settled } from "../../helpers/memory_transport.ts";
import { concat, toHex } from "../../helpers/notation.ts";
import { Random } from "../../helpers/random.ts";
import { rawFrame } from "../../helpers/raw_frame.ts";
import { StrictPool } from "../../helpers/strict_pool.ts";

const UTF8 = new TextEncoder();

/** A queue, and the connection it belongs to, which writes down what it is told. */
class Setup implements SendQueueEvents {
  readonly transport = new MemoryTransport();
  readonly pool = new StrictPool();
  readonly events: string[] = [];
  /** What the kernel took, as the connection counts it. */
  taken = 0;
  readonly queue: SendQueue;
  onDrained = (): void => {};
  onOverflowed = (): void => {};

  constructor(sendQueueBytes = 1_048_576, whenFull: WhenFull = "close") {
    const { pool } = this;
    const limits = { sendQueueBytes, whenFull };
    this.queue = new SendQueue(this, { limits, pool, flusher: new Flusher() });
  }

  wrote(bytes: number): void {
    this.taken += bytes;
  }

  emptied(): void {
    this.events.push("drained");
    this.onDrained();
  }

  overflowed(): void {
    this.events.push("overflowed");
    this.onOverflowed();
  }

  writeFailed(error: unknown): void {
    this.events.push(`failed: ${(error as Error).message}`);
  }

  /** Begins a write that stays in flight: one byte of payload. */
  async block(): Promise<void> {
    this.transport.blocked = true;
    this.queue.send("-");
    await settled();
    assertEquals(this.transport.inFlight, BLOCK.length);
  }

  /** Lets all writes through, to the last. */
  async unblock(): Promise<void> {
    this.transport.blocked = false;
    this.transport.letThrough();
    await this.queue.taken();
    await settled();
  }

  /** Checks what has left, and that nothing is left behind. */
  assertLeft(...frames: Uint8Array[]): void {
    assertSame(this.transport.written, concat(frames));
    assertEquals(this.queue.bytes, 0);
    assertEquals(this.taken, this.transport.written.length);
    assertEquals(this.pool.lent.size, 0, "every buffer went back");
  }
}

/** What {@linkcode Setup.block} sends. */
const BLOCK = frame("-");

/** As assertEquals, but quick to compare and to read. */
function assertSame(actual: Uint8Array, expected: Uint8Array): void {
  const length = Math.min(actual.length, expected.length);
  let at = 0;
  while (at < length && actual[at] === expected[at]) at++;
  if (at === actual.length && at === expected.length) return;
  const [seen, wanted] = [actual, expected].map((bytes) => toHex(bytes.subarray(at, at + 12)));
  throw new Error(
    `At ${at} of ${actual.length} there is ${seen}, expected ${wanted} of ${expected.length}`,
  );
}

function frame(data: string | Uint8Array): Uint8Array<ArrayBuffer> {
  return typeof data === "string" ? rawFrame(0x81, UTF8.encode(data)) : rawFrame(0x82, data);
}

function pong(text: string): Uint8Array<ArrayBuffer> {
  return rawFrame(0x8a, UTF8.encode(text));
}

/** Bytes that differ from place to place. */
function bytes(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => i * 31 + (i >>> 8));
}

/** A text of exactly this many bytes out of one character, and ASCII to fill up. */
function textOf(character: string, length: number): string {
  const width = UTF8.encode(character).length;
  return character.repeat(Math.floor(length / width)) + "a".repeat(length % width);
}

// Frames.

for (const character of ["a", "é", "€", "😀", "\ud800"]) {
  const name = character === "\ud800" ? "lone surrogates" : `"${character}"`;
  Deno.test(`SendQueue.send() writes text of ${name} at every length of the header`, async () => {
    for (const length of [0, 1, 41, 42, 43, 124, 125, 126, 127, 374, 378, 65_535, 65_536, 65_537]) {
      const setup = new Setup();
      const text = textOf(character, length);
      assertEquals(setup.queue.send(text), "sent");
      await setup.unblock();
      setup.assertLeft(frame(text));
    }
  });

  Deno.test(`SendQueue.send() writes text of ${name} on both sides of the copy bound`, async () => {
    // A text of up to 10,919 UTF-16 units is encoded in place; bytes up to 32,768 are copied.
    for (const units of [10_918, 10_919, 10_920, 10_921, 16_384, 32_767, 32_768, 32_769]) {
      const setup = new Setup();
      const text = character.repeat(units).slice(0, units);
      setup.queue.send("before");
      setup.queue.send(text);
      setup.queue.send("after");
      await setup.unblock();
      setup.assertLeft(frame("before"), frame(text), frame("after"));
    }
  });
}

Deno.test("SendQueue.send() writes bytes at every length of the header and around the copy bound", async () => {
  for (const length of [0, 1, 125, 126, 32_767, 32_768, 32_769, 65_535, 65_536, 200_000]) {
    const setup = new Setup();
    const data = bytes(length);
    for (const message of ["before", data, "after"]) setup.queue.send(message);
    await setup.unblock();
    setup.assertLeft(frame("before"), frame(data), frame("after"));
    assertSame(data, bytes(length));
  }
});

Deno.test("SendQueue.send() copies up to 32 KiB, so that the caller may go on using them", async () => {
  const setup = new Setup();
  const data = bytes(32_768);
  setup.queue.send(data);
  data.fill(0);
  await setup.unblock();
  setup.assertLeft(frame(bytes(32_768)));
});

Deno.test("SendQueue.sendShared() leaves the shared bytes as they are, copied or not", async () => {
  for (const length of [0, 1_020, 1_021, 1_022, 70_000]) { // 1,020 and its header are 1,024 bytes
    const shared = encodeFrame(Opcode.Binary, bytes(length));
    const before = shared.slice();
    const setups = [new Setup(), new Setup()];
    for (const { queue } of setups) {
      queue.send("before");
      assertEquals(queue.sendShared(shared, 1), "sent");
      queue.send("after");
    }
    for (const setup of setups) {
      await setup.unblock();
      setup.assertLeft(frame("before"), frame(bytes(length)), frame("after"));
    }
    assertSame(shared, before);
  }
});

Deno.test("SendQueue.sendShared() writes frames at once where nothing waits, and others behind them", async () => {
  const shared = frame("shared");
  const alone = new Setup();
  alone.queue.sendShared(shared, 1);
  assertEquals(alone.transport.inFlight, shared.length);
  await alone.unblock();
  alone.assertLeft(shared);
  assertEquals(alone.pool.sizes, [], "no room was needed");
  const followed = new Setup();
  followed.queue.sendShared(shared, 1);
  followed.queue.sendControl(Opcode.Pong, UTF8.encode("p"));
  followed.queue.sendShared(shared, 1);
  await settled();
  followed.assertLeft(shared, pong("p"), shared);
  const large = new Setup();
  large.queue.sendShared(shared, 1);
  large.queue.send(bytes(40_000));
  large.queue.sendShared(shared, 1);
  await large.unblock();
  large.assertLeft(shared, frame(bytes(40_000)), shared);
  const failed = new Setup();
  await failed.block();
  failed.transport.letThrough(BLOCK.length - 1);
  failed.transport.fail(new Error("Broken"));
  failed.queue.sendShared(shared, 1);
  await settled();
  assertEquals([failed.queue.bytes, failed.transport.writes.length], [0, 1]);
});

Deno.test("SendQueue.sendControl() copies its payload", async () => {
  const setup = new Setup();
  const payload = UTF8.encode("ping");
  setup.queue.sendControl(Opcode.Ping, payload);
  payload.fill(0);
  setup.queue.sendControl(Opcode.Close, new Uint8Array(125));
  await setup.unblock();
  setup.assertLeft(rawFrame(0x89, UTF8.encode("ping")), rawFrame(0x88, new Uint8Array(125)));
});

// Turns and writes.

Deno.test("SendQueue writes what one turn sends in one write, after the turn", async () => {
  const setup = new Setup();
  for (let i = 0; i < 50; i++) assertEquals(setup.queue.send(`${i}`), "sent");
  setup.queue.sendControl(Opcode.Pong, new Uint8Array(0));
  assertEquals(setup.transport.inFlight, undefined);
  await settled();
  assertEquals(setup.transport.writes.length, 1);
  setup.assertLeft(...Array.from({ length: 50 }, (_, i) => frame(`${i}`)), pong(""));
  assertEquals(setup.events, []);
});

Deno.test("SendQueue writes again in the next turn", async () => {
  const setup = new Setup();
  for (const text of ["a", "b", "c"]) {
    setup.queue.send(text);
    await settled();
  }
  assertEquals(setup.transport.writes, ["a", "b", "c"].map(frame));
});

Deno.test("SendQueue writes what came during a write in one next write", async () => {
  const setup = new Setup();
  await setup.block();
  const results = ["a", "b", "c"].map((text) => setup.queue.send(text));
  assertEquals(results, ["queued", "queued", "queued"]);
  await setup.unblock();
  assertEquals(setup.transport.writes, [BLOCK, concat(["a", "b", "c"].map(frame))]);
  assertEquals(setup.events, ["drained"]);
});

Deno.test("SendQueue begins to write before the turn is over when 64 KiB wait", async () => {
  const setup = new Setup();
  const data = bytes(32_764); // 32,768 with its header
  setup.queue.send(data);
  setup.queue.send(data);
  assertEquals(setup.transport.inFlight, undefined, "exactly 64 KiB wait for the end of the turn");
  assertEquals(setup.queue.send(""), "sent");
  assertEquals(setup.transport.inFlight, 65_536);
  assertEquals(setup.queue.send("more"), "queued");
  await setup.unblock();
  setup.assertLeft(frame(data), frame(data), frame(""), frame("more"));
});

Deno.test("SendQueue.flush() begins at once, and again does nothing", async () => {
  const setup = new Setup();
  setup.queue.flush();
  assertEquals(setup.transport.inFlight, undefined, "there is nothing to write");
  setup.queue.send("a");
  setup.queue.flush();
  setup.queue.flush();
  assertEquals(setup.transport.inFlight, 3);
  await settled();
  assertEquals(setup.transport.writes.length, 1);
});

Deno.test("Flusher flushes every queue of a turn once", async () => {
  const flusher = new Flusher();
  const setups = Array.from({ length: 3 }, () => new Setup());
  const queues = setups.map((setup) =>
    new SendQueue(setup, {
      limits: { sendQueueBytes: 100, whenFull: "close" },
      pool: setup.pool,
      flusher,
    })
  );
  for (const queue of [...queues, ...queues]) queue.send("a");
  await settled();
  for (const { transport } of setups) {
    assertEquals(transport.writes, [concat([frame("a"), frame("a")])]);
  }
});

Deno.test("SendQueue finishes a partial write before anything else", async () => {
  const setup = new Setup();
  const large = bytes(40_000);
  for (const data of ["first", large, "last"]) setup.queue.send(data);
  setup.transport.blocked = true;
  await settled();
  setup.queue.sendControl(Opcode.Pong, UTF8.encode("p"));
  for (const taken of [1, 3, 5]) {
    setup.transport.letThrough(taken);
    await settled();
  }
  assertEquals(setup.taken, 9);
  setup.transport.most = 7_777;
  await setup.unblock();
  setup.assertLeft(frame("first"), frame(large), pong("p"), frame("last"));
});

// Room for small frames.

Deno.test("SendQueue's room for small frames grows fourfold from 1 KiB to 64 KiB", async () => {
  const setup = new Setup();
  const data = bytes(1_000);
  for (let i = 0; i < 100; i++) setup.queue.send(data);
  await setup.unblock();
  setup.assertLeft(...Array.from({ length: 100 }, () => frame(data)));
  assertEquals(setup.pool.sizes, [1_024, 4_096, 16_384, 65_536, 1_024, 4_096, 16_384, 65_536]);
});

Deno.test("SendQueue's room for small frames is filled to the last byte", async () => {
  for (const length of [1_020, 4_092, 16_380]) { // four less than the room
    const exact = new Setup();
    exact.queue.send(bytes(length));
    const room = length + 4;
    assertEquals(exact.pool.sizes, [room]);
    exact.queue.sendControl(Opcode.Ping, new Uint8Array(0));
    assertEquals(exact.pool.sizes, [room, 4 * room]);
    await exact.unblock();
    exact.assertLeft(frame(bytes(length)), rawFrame(0x89, new Uint8Array(0)));
  }
});

// Bounds.

/** Resolves in the next turn of the event loop: what waits then, the kernel has refused. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

for (const whenFull of ["close", "drop", "wait"] as const) {
  Deno.test(`SendQueue takes sixteen times its bound in one turn, and not one byte more, policy ${whenFull}`, async () => {
    const setup = new Setup(100, whenFull);
    await setup.block();
    for (let count = 0; count < 15; count++) {
      assertEquals(setup.queue.send(bytes(98)), "queued"); // 100 with its header
    }
    assertEquals(setup.queue.send(bytes(98)), "dropped"); // three bytes are in flight
    assertEquals(setup.queue.send(bytes(97)), "queued");
    assertEquals(setup.queue.sendShared(frame(""), 1), "dropped");
    assertEquals(setup.queue.send("x"), "dropped");
    assertEquals(setup.queue.dropped, 3);
    assertEquals(setup.events, whenFull === "drop" ? [] : Array(3).fill("overflowed"));
    await setup.unblock();
    setup.assertLeft(BLOCK, ...Array(15).fill(frame(bytes(98))), frame(bytes(97)));
    assertEquals(setup.queue.send("again"), "sent");
    await nextTurn();
  });

  Deno.test(`SendQueue holds what comes after a burst to its bound, exactly, policy ${whenFull}`, async () => {
    const bound = whenFull === "wait" ? 400 : 100;
    const setup = new Setup(100, whenFull);
    await setup.block();
    for (let count = 0; count < 5; count++) setup.queue.send(bytes(98));
    await nextTurn();
    assertEquals(setup.queue.send(bytes(bound - 48)), "queued");
    await nextTurn();
    assertEquals(setup.queue.sendShared(frame(bytes(49)), 1), "dropped");
    assertEquals(setup.queue.sendShared(frame(bytes(46)), 1), "queued");
    assertEquals(setup.queue.send(bytes(1)), "dropped");
    assertEquals(setup.queue.dropped, 2);
    await setup.unblock();
    const late = [frame(bytes(bound - 48)), frame(bytes(46))];
    setup.assertLeft(BLOCK, ...Array(5).fill(frame(bytes(98))), ...late);
    setup.queue.send(bytes(1_000));
    assertEquals(setup.queue.send(bytes(300)), "sent", "An empty queue takes a burst again");
    await setup.unblock();
  });
}

Deno.test("SendQueue counts what the kernel had refused before a burst against its bound", async () => {
  const setup = new Setup(100, "drop");
  await setup.block();
  setup.queue.send(bytes(60));
  await nextTurn();
  for (let count = 0; count < 2; count++) assertEquals(setup.queue.send(bytes(60)), "queued");
  await nextTurn();
  assertEquals(setup.queue.send(bytes(36)), "dropped"); // 65 bytes were refused before
  assertEquals(setup.queue.send(bytes(35)), "queued");
  assertEquals(setup.queue.send(bytes(1)), "dropped");
  await setup.unblock();
  setup.assertLeft(BLOCK, ...Array(3).fill(frame(bytes(60))), frame(bytes(35)));
});

Deno.test("SendQueue takes one message of any size when it is empty", async () => {
  for (const whenFull of ["close", "drop", "wait"] as const) {
    const setup = new Setup(100, whenFull);
    const large = bytes(5_000);
    for (const data of [large, "x".repeat(5_000), bytes(101)]) {
      assertEquals(setup.queue.send(data), "sent");
      assertEquals(setup.queue.send(large), "dropped");
      await setup.unblock();
    }
    assertEquals(setup.queue.sendShared(frame(large), 1), "sent");
    await setup.unblock();
    await nextTurn();
    setup.assertLeft(...[large, "x".repeat(5_000), bytes(101), large].map(frame));
  }
});

Deno.test("SendQueue takes one message of any size behind control frames", async () => {
  const setup = new Setup(100);
  setup.queue.sendControl(Opcode.Pong, UTF8.encode("p"));
  assertEquals(setup.queue.send(bytes(1_600)), "sent");
  assertEquals(setup.queue.send(bytes(1)), "dropped");
  await setup.unblock();
  setup.assertLeft(pong("p"), frame(bytes(1_600)));
});

Deno.test("SendQueue sends control frames however full it is", async () => {
  const setup = new Setup(100);
  await setup.block();
  setup.queue.send(bytes(97));
  setup.queue.sendControl(Opcode.Ping, bytes(125));
  setup.queue.sendControl(Opcode.Close, bytes(125));
  await setup.unblock();
  setup.assertLeft(BLOCK, frame(bytes(97)), rawFrame(0x89, bytes(125)), rawFrame(0x88, bytes(125)));
});

Deno.test("SendQueue bears a Close that is sent while it overflows", async () => {
  const setup = new Setup(100);
  setup.onOverflowed = () => setup.queue.sendControl(Opcode.Close, new Uint8Array(0));
  setup.queue.send("first");
  assertEquals(setup.queue.send(bytes(1_600)), "dropped");
  await setup.unblock();
  setup.assertLeft(frame("first"), rawFrame(0x88, new Uint8Array(0)));
});

Deno.test("SendQueue is congested when more than half of its bound waits", () => {
  const setup = new Setup(100);
  setup.queue.send(bytes(48)); // 50 with its header
  assert(!setup.queue.congested);
  setup.queue.sendControl(Opcode.Ping, new Uint8Array(0));
  assert(setup.queue.congested);
  assertEquals(setup.queue.bytes, 52);
});

// Pong.

Deno.test("SendQueue answers every ping while no write is in flight", async () => {
  const setup = new Setup();
  for (const text of ["1", "2", "3"]) setup.queue.sendControl(Opcode.Pong, UTF8.encode(text));
  await setup.unblock();
  setup.assertLeft(pong("1"), pong("2"), pong("3"));
});

Deno.test("SendQueue keeps the newest pong only while a write is in flight, and sends it first", async () => {
  const setup = new Setup();
  await setup.block();
  setup.queue.send("queued");
  for (const text of ["long ago", "", "newest"]) {
    setup.queue.sendControl(Opcode.Pong, UTF8.encode(text));
    assertEquals(setup.queue.bytes, BLOCK.length + 8 + 2 + text.length);
  }
  await setup.unblock();
  setup.assertLeft(BLOCK, pong("newest"), frame("queued"));
});

Deno.test("SendQueue never puts a pong between the header and the payload of a frame", async () => {
  const setup = new Setup();
  const large = bytes(100_000);
  setup.transport.blocked = true;
  setup.queue.send(large); // header and payload are two writes
  assertEquals(setup.transport.inFlight, 10);
  setup.queue.sendControl(Opcode.Pong, UTF8.encode("p"));
  setup.queue.send("next");
  await setup.unblock();
  setup.assertLeft(frame(large), pong("p"), frame("next"));
});

Deno.test("SendQueue has bounded room for the pongs of a flood of pings", async () => {
  const setup = new Setup();
  setup.transport.blocked = true;
  for (let i = 0; i < 100_000; i++) setup.queue.sendControl(Opcode.Pong, bytes(10));
  assert(setup.queue.bytes < 65_536 + 2 * 12, `${setup.queue.bytes} bytes wait`);
  await setup.unblock();
  assertEquals(setup.transport.written.length % 12, 0);
});

Deno.test("SendQueue sends no two pongs in a row while something else waits", async () => {
  const setup = new Setup();
  await setup.block();
  const large = bytes(40_000);
  setup.queue.send("queued");
  setup.queue.send(large);
  for (const text of ["1", "2", "3", "4"]) {
    setup.queue.sendControl(Opcode.Pong, UTF8.encode(text));
    setup.transport.letThrough();
    await settled();
  }
  await setup.unblock();
  setup.assertLeft(BLOCK, pong("1"), frame("queued"), frame(large), pong("4"));
});

// Backlog.

Deno.test("SendQueue tells that a backlog is gone once, when the last byte has left", async () => {
  const setup = new Setup();
  await setup.block();
  setup.queue.send("a");
  setup.queue.send(bytes(40_000));
  for (let write = 0; write < 2; write++) { // what was in flight, then "a" and the next header
    setup.transport.letThrough();
    await settled();
  }
  setup.transport.letThrough(39_999);
  await settled();
  assertEquals([setup.events, setup.queue.bytes], [[], 1]);
  await setup.unblock();
  assertEquals(setup.events, ["drained"]);
});

Deno.test("SendQueue tells nothing when no message was queued", async () => {
  const setup = new Setup();
  await setup.block();
  for (const opcode of [Opcode.Ping, Opcode.Pong]) {
    assertEquals(setup.queue.sendControl(opcode, new Uint8Array(0)), "queued");
  }
  await setup.unblock();
  assertEquals(setup.events, []);
});

Deno.test("SendQueue bears messages that are sent when the backlog is gone", async () => {
  const setup = new Setup();
  const rest = ["a", "b"];
  setup.onDrained = () => {
    const next = rest.shift();
    if (next === undefined) return;
    assertEquals(setup.queue.send(next), "sent");
    setup.queue.flush();
    assertEquals(setup.queue.send(`${next}, queued`), "queued");
  };
  await setup.block();
  setup.queue.send("first");
  await setup.unblock();
  assertEquals(setup.events, ["drained", "drained", "drained"]);
  setup.assertLeft(BLOCK, ...["first", "a", "a, queued", "b", "b, queued"].map(frame));
});

// Waiting.

Deno.test("SendQueue.taken() begins what waits, and resolves at once when nothing does", async () => {
  const setup = new Setup();
  await setup.queue.taken();
  setup.transport.blocked = true;
  setup.queue.send("abc");
  const taken = setup.queue.taken();
  assertEquals(setup.transport.inFlight, 5, "what waits was begun");
  await setup.unblock();
  await taken;
});

Deno.test("SendQueue.taken() waits for what waits when it is called, and not for more", async () => {
  const setup = new Setup();
  const order: string[] = [];
  await setup.block();
  const first = setup.queue.taken().then(() => order.push("first"));
  setup.queue.send(bytes(40_000));
  const second = setup.queue.taken().then(() => order.push("second"));
  setup.queue.send(bytes(50_000));
  setup.transport.letThrough();
  await settled();
  assertEquals(order, ["first"]);
  for (let write = 0; write < 2; write++) {
    setup.transport.letThrough();
    await settled();
  }
  assertEquals(order, ["first", "second"]);
  assert(setup.queue.bytes > 0);
  await setup.unblock();
  await Promise.all([first, second]);
});

Deno.test("SendQueue.taken() counts no pongs that went before what waits", async () => {
  const setup = new Setup();
  await setup.block();
  const large = bytes(40_000);
  setup.queue.send(large);
  let isTaken = false;
  const taken = setup.queue.taken().then(() => isTaken = true);
  const payload = new Uint8Array(125);
  setup.queue.sendControl(Opcode.Pong, payload);
  setup.transport.letThrough(); // the block
  await settled();
  for (let count = 0; count < 400 && !isTaken; count++) {
    setup.queue.sendControl(Opcode.Pong, payload);
    setup.transport.letThrough();
    await settled();
  }
  assert(setup.transport.writes.some(({ length }) => length === large.length), "It has left");
  await setup.unblock();
  await taken;
});

// Failure.

Deno.test("SendQueue forgets everything when the transport breaks, and nobody waits any more", async () => {
  const setup = new Setup();
  await setup.block();
  setup.queue.send("lost");
  setup.queue.send(bytes(40_000));
  setup.queue.send("lost too");
  setup.queue.sendControl(Opcode.Pong, new Uint8Array(0));
  const waiting = [setup.queue.taken(), setup.queue.taken()];
  setup.transport.fail(new Error("Broken"));
  await Promise.all(waiting);
  assertEquals(setup.events, ["failed: Broken"], "what was lost has not drained");
  assertEquals([setup.queue.bytes, setup.taken], [0, 0]);
  await setup.queue.taken();
});

Deno.test("SendQueue does not lend a buffer of a failed write again", async () => {
  const setup = new Setup();
  await setup.block();
  const [inFlight] = setup.pool.lent;
  setup.transport.fail(new Error("Broken"));
  await settled();
  assert(setup.pool.lent.has(inFlight!), "the kernel may still be reading it");
});

Deno.test("SendQueue fails every later write, once for each turn", async () => {
  const setup = new Setup();
  setup.transport.fail(new Error("Broken"));
  for (let turn = 0; turn < 2; turn++) {
    setup.queue.send("a");
    setup.queue.send("b");
    await settled();
  }
  assertEquals(setup.events, ["failed: Broken", "failed: Broken"]);
  assertEquals(setup.queue.bytes, 0);
});

Deno.test("SendQueue counts what the kernel took before it broke", async () => {
  const setup = new Setup();
  await setup.block();
  setup.transport.letThrough(2);
  await settled();
  setup.transport.fail(new Error("Broken"));
  await settled();
  assertEquals([setup.taken, setup.queue.bytes], [2, 0]);
});

// Everything at once.

Deno.test("SendQueue keeps whole frames in order whatever is sent and however it is taken", async () => {
  for (let seed = 1; seed <= 25; seed++) {
    const random = new Random(seed);
    const setup = new Setup(10_000_000);
    const expected: Uint8Array[] = [];
    const pongs = new Set<string>();
    let newestPong = "";
    for (let step = 0; step < 80; step++) {
      const length = random.pick([0, 3, 125, 126, 1_020, 1_021, 5_000, 20_000, 32_769, 70_000]);
      switch (random.below(8)) {
        case 0:
          setup.queue.send(bytes(length));
          expected.push(frame(bytes(length)));
          break;
        case 1:
        case 2: {
          const text = textOf(random.pick(["a", "é", "€"]), length);
          setup.queue.send(text);
          expected.push(frame(text));
          break;
        }
        case 3:
          setup.queue.sendShared(frame(bytes(length)), 1);
          expected.push(frame(bytes(length)));
          break;
        case 4:
          setup.queue.sendControl(Opcode.Ping, UTF8.encode(`${step}`));
          expected.push(rawFrame(0x89, UTF8.encode(`${step}`)));
          break;
        case 5:
          setup.queue.sendControl(Opcode.Pong, UTF8.encode(`${step}`));
          pongs.add(newestPong = toHex(pong(`${step}`)));
          break;
        case 6:
          setup.transport.blocked = true;
          setup.transport.letThrough(random.pick([1, 2, 1_000, 20_000, Infinity]));
          await settled();
          break;
        default:
          setup.transport.most = random.pick([900, 5_000, Infinity]);
          await setup.unblock();
      }
    }
    await setup.unblock();
    const frames = split(setup.transport.written);
    const sentPongs = frames.filter((one) => one[0] === 0x8a).map(toHex);
    assert(sentPongs.every((one) => pongs.delete(one)), `A pong was not asked for, seed ${seed}`);
    assert(!pongs.has(newestPong), `The newest pong is missing, seed ${seed}`);
    assertSame(concat(frames.filter((one) => one[0] !== 0x8a)), concat(expected));
    assertEquals([setup.queue.bytes, setup.pool.lent.size], [0, 0], `Left behind, seed ${seed}`);
  }
});

/** Cuts unmasked bytes into their frames. */
function split(wire: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  const view = new DataView(wire.buffer, wire.byteOffset, wire.length);
  for (let at = 0; at < wire.length;) {
    const short = wire[at + 1]!;
    const end = short < 126
      ? at + 2 + short
      : short === 126
      ? at + 4 + view.getUint16(at + 2)
      : at + 10 + Number(view.getBigUint64(at + 2));
    frames.push(wire.subarray(at, end));
    at = end;
  }
  return frames;
}
