import { assert, assertEquals } from "@std/assert";
import { connect, serve } from "../../../mod.ts";
import {
  type CloseStatus,
  encodeFrame,
  type Message,
  Opcode,
  ProtocolError,
  Session,
} from "../../../protocol/mod.ts";
import type {
  ConnectionContext,
  ConnectionEvents,
} from "../../../server/connection/connection_context.ts";
import type { ConnectionDeflate } from "../../../server/connection/deflate/connection_deflate.ts";
import { deflateAlone } from "../../../server/connection/deflate/deflate_alone.ts";
import { MessageReceiver } from "../../../server/connection/message_receiver.ts";
import { MessageSender } from "../../../server/connection/message_sender.ts";
import { Flusher } from "../../../server/connection/send_queue.ts";
import { UnfinishedMessages } from "../../../server/connection/unfinished_messages.ts";
import { DEFAULT_LIMITS } from "../../../server/limits.ts";
import { DeadlineSweeper } from "../../../server/loop/deadline_sweeper.ts";
import { EventLoopBudget } from "../../../server/loop/event_loop_budget.ts";
import type { HasWaits } from "../../../server/loop/long_wait_detector.ts";
import { Measurements } from "../../../server/metrics/measurements.ts";
import { BufferPool } from "../../../server/net/buffer_pool.ts";
import { connectionDeflate } from "../../helpers/deflate_messages.ts";
import { until } from "../../helpers/events.ts";
import { LoneConnection } from "../../helpers/lone_connection.ts";
import { MemoryTransport, settled } from "../../helpers/memory_transport.ts";
import { concat } from "../../helpers/notation.ts";
import { Random } from "../../helpers/random.ts";

/** Tells how many frames it was told of, and lets everybody go on. */
class CountingTurn extends EventLoopBudget {
  frames = 0;
  /** What messages wait for before they are inflated. */
  spent: Promise<void> | undefined = undefined;

  override spentForWork(): Promise<void> | undefined {
    return this.spent;
  }

  override over(frames: number): undefined {
    this.frames += frames;
  }
}

/** A detector that looks when the test says so. */
class TestedLongWaits {
  readonly #watched = new Set<HasWaits>();

  watch(waiter: HasWaits): void {
    this.#watched.add(waiter);
  }

  /** Whoever waits has waited for long. */
  async end(): Promise<void> {
    await this.look();
    await this.look();
  }

  /** Looks once. */
  async look(): Promise<void> {
    for (const waiter of this.#watched) {
      if (!waiter.look()) this.#watched.delete(waiter);
    }
    await settled();
  }
}

type Unused = "hub" | "server" | "handlers" | "log" | "roundTripMeasured" | "released";

/** A receiver on a transport without a network, with the session and the way out that it needs. */
class LoneReceiver implements ConnectionEvents {
  now = 1_000;
  readonly observer = undefined;
  readonly transport = new MemoryTransport();
  readonly measurements = new Measurements();
  readonly turn = new CountingTurn();
  readonly longWaits = new TestedLongWaits();
  readonly sweeper: DeadlineSweeper = new DeadlineSweeper([1_000], () => this.now);
  readonly unfinished = new UnfinishedMessages({ limits: DEFAULT_LIMITS, sweeper: this.sweeper });
  readonly remoteAddress = "127.0.0.1";
  readonly givenUp: string[] = [];
  readonly handled: Message[] = [];
  readonly closes: (number | undefined)[] = [];
  closesThatWait = 0;
  overflows = 0;
  /** What `receivedLast` was told. */
  readonly last: Promise<unknown>;
  readonly receivedLast: (failure: unknown) => void;
  readonly session: Session;
  readonly sender: MessageSender;
  readonly receiver: MessageReceiver;
  /** What handles a message. */
  onMessage: (message: Message) => Promise<void> | undefined = () => undefined;

  constructor(deflate?: ConnectionDeflate) {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    this.last = promise;
    this.receivedLast = resolve;
    const context: Omit<ConnectionContext<never>, Unused> = {
      role: "server",
      limits: DEFAULT_LIMITS,
      pool: new BufferPool(),
      flusher: new Flusher(),
      sweeper: this.sweeper,
      budget: this.turn,
      unfinished: this.unfinished,
      longWaits: this.longWaits,
      measurements: this.measurements,
    };
    this.session = new Session({
      sendControl: (opcode, payload) => this.sender.sendControl(opcode, payload),
      receivedPong: () => {},
    });
    this.sender = new MessageSender(this, context, undefined);
    const { session, sender } = this;
    this.receiver = new MessageReceiver(this, context, { session, sender, deflate });
    this.receiver.run(new Uint8Array(0));
  }

  get open(): boolean {
    return this.session.state === "open";
  }

  get sendable(): boolean {
    return this.open;
  }

  handle(message: Message): Promise<void> | undefined {
    this.handled.push(message);
    return this.onMessage(message);
  }

  gaveUp(reason: string): void {
    this.givenUp.push(reason);
    this.session.close(1008);
  }

  close(code: CloseStatus["code"]): void {
    this.closes.push(code);
  }

  closeWaits(): void {
    this.closesThatWait++;
  }

  emptied(): void {}
  overflowed(): void {
    this.overflows++;
  }
  writeFailed(): void {}
  brokeOff(): void {}

  async arrive(...parts: Uint8Array[]): Promise<void> {
    this.transport.arrive(concat(parts));
    await settled();
  }

  async end(): Promise<unknown> {
    this.transport.arrive(null);
    const last = await this.last;
    this.receiver.stop();
    return last;
  }
}

const CLOSE = encodeFrame(Opcode.Close, Uint8Array.of(0x03, 0xe8), { maskKey: 0 });

function ping(data: string): Uint8Array<ArrayBuffer> {
  return encodeFrame(Opcode.Ping, data, { maskKey: 0x12345678 });
}

function pong(data: string): Uint8Array<ArrayBuffer> {
  return encodeFrame(Opcode.Pong, data);
}

function text(data: string): Uint8Array<ArrayBuffer> {
  return encodeFrame(Opcode.Text, data, { maskKey: 0x12345678 });
}

Deno.test("MessageReceiver hands messages over and counts them, until the peer leaves", async () => {
  const lone = new LoneReceiver();
  lone.now = 2_000;
  lone.sweeper.tick();
  const binary = encodeFrame(Opcode.Binary, Uint8Array.of(1, 2), { maskKey: 1 });
  await lone.arrive(text("a"), text("b"), binary);
  assertEquals(lone.handled, ["a", "b", Uint8Array.of(1, 2)]);
  assertEquals([lone.receiver.messages, lone.receiver.bytes], [3, 7 + 7 + 8]);
  const { framesIn, textIn } = lone.measurements.read({ mean: 0, max: 0 });
  assertEquals([framesIn.text.frames, framesIn.binary.frames, textIn], [2, 1, 2]);
  assertEquals(lone.receiver.lastReceived, 2_000);
  assertEquals(await lone.end(), undefined);
});

Deno.test("MessageReceiver keeps its place wherever a silence cuts frames and messages", async () => {
  const lone = new LoneReceiver();
  const frames = [
    encodeFrame(Opcode.Text, "a", { fin: false, maskKey: 1 }),
    encodeFrame(Opcode.Ping, Uint8Array.of(1, 2), { maskKey: 2 }),
    encodeFrame(Opcode.Continuation, "b", { maskKey: 3 }),
    encodeFrame(Opcode.Binary, new Uint8Array(0), { maskKey: 4 }),
  ];
  for (const byte of concat(frames)) {
    lone.now += 3_000; // more than after which it is parked
    lone.sweeper.tick();
    await lone.arrive(Uint8Array.of(byte));
  }
  assertEquals(lone.handled, ["ab", new Uint8Array(0)]);
  assertEquals(lone.transport.written, encodeFrame(Opcode.Pong, Uint8Array.of(1, 2)));
  assertEquals(await lone.end(), undefined);
});

Deno.test("MessageReceiver delivers what came before a broken rule, even in one read", async () => {
  const lone = new LoneReceiver();
  await lone.arrive(text("good"), encodeFrame(Opcode.Text, "not masked"));
  const failure = await lone.last;
  assert(failure instanceof ProtocolError);
  assertEquals((failure as ProtocolError).closeCode, 1002);
  assertEquals(lone.handled, ["good"]);
});

Deno.test("MessageReceiver takes a fault of the way to a handler for its last word", async () => {
  const lone = new LoneReceiver();
  const fault = new Error("Nobody knows of this");
  lone.handle = () => {
    throw fault;
  };
  await lone.arrive(text("a"));
  assertEquals(await lone.last, fault);
});

Deno.test("MessageReceiver is paused while a handler is pending, and reads no more for some milliseconds", async () => {
  const lone = new LoneReceiver();
  const gate = Promise.withResolvers<void>();
  lone.onMessage = () => gate.promise;
  await lone.arrive(text("a"), text("b"));
  assertEquals([lone.handled, lone.receiver.paused], [["a"], true]);
  lone.onMessage = () => undefined;
  gate.resolve();
  await settled();
  assertEquals([lone.handled, lone.receiver.paused], [["a", "b"], false]);
  await lone.end();
});

Deno.test("MessageReceiver answers pings while a handler is pending for long, and keeps the order", async () => {
  const lone = new LoneReceiver();
  const gates: PromiseWithResolvers<void>[] = [];
  lone.onMessage = () => {
    const gate = Promise.withResolvers<void>();
    gates.push(gate);
    return gate.promise;
  };
  await lone.arrive(text("a"), text("b"), ping("1"));
  assertEquals(lone.transport.written.length, 0, "It is not long yet");
  await lone.longWaits.end();
  assertEquals([lone.handled, lone.receiver.paused], [["a"], false]);
  assertEquals(lone.transport.written, pong("1"));
  await lone.arrive(text("c"), ping("2"));
  assertEquals(lone.transport.written, concat([pong("1"), pong("2")]));
  for (const expected of [["a", "b"], ["a", "b", "c"]]) {
    gates.at(-1)!.resolve();
    await settled();
    assertEquals(lone.handled, expected);
  }
  gates.at(-1)!.resolve();
  lone.onMessage = () => undefined;
  await settled();
  await lone.arrive(text("d"));
  assertEquals([lone.handled, lone.receiver.messages], [["a", "b", "c", "d"], 4]);
  await lone.end();
});

Deno.test("MessageReceiver hands no message over while a handler is pending, when the peer has taken its large answer", async () => {
  const lone = new LoneReceiver();
  const gate = Promise.withResolvers<void>();
  lone.transport.blocked = true;
  lone.onMessage = () => {
    lone.sender.send("x".repeat(600_000));
    return gate.promise;
  };
  await lone.arrive(text("a"), text("b"));
  for (let wait = 0; wait < 2; wait++) await lone.longWaits.end();
  lone.transport.blocked = false;
  lone.transport.letThrough();
  await settled();
  assertEquals([lone.handled, lone.sender.bytes], [["a"], 0]);
  lone.onMessage = () => undefined;
  gate.resolve();
  await settled();
  assertEquals(lone.handled, ["a", "b"]);
  await lone.end();
});

Deno.test("MessageReceiver.look() has it read ahead of a handler that was pending at the last look too, not of another one", async () => {
  const lone = new LoneReceiver();
  const gates: PromiseWithResolvers<void>[] = [];
  lone.onMessage = () => {
    const gate = Promise.withResolvers<void>();
    gates.push(gate);
    return gate.promise;
  };
  await lone.arrive(text("a"), text("b"), ping("1"));
  await lone.longWaits.look();
  gates[0]!.resolve();
  await settled();
  await lone.longWaits.look();
  assertEquals([lone.handled, lone.receiver.paused], [["a", "b"], true]);
  await lone.longWaits.look();
  assertEquals([lone.transport.written, lone.receiver.paused], [pong("1"), false]);
  gates[1]!.resolve();
  await settled();
  await lone.end();
});

for (const size of [0, 100, 10_000, 1_000_000]) {
  Deno.test(`MessageReceiver reads 64 KiB ahead of a pending handler and no more, of messages of ${size} bytes`, async () => {
    const lone = new LoneReceiver();
    const gate = Promise.withResolvers<void>();
    lone.onMessage = () => gate.promise;
    const frame = encodeFrame(Opcode.Binary, new Uint8Array(size), { maskKey: 0 });
    const count = Math.min(2_000, Math.ceil(3_000_000 / frame.length));
    for (let at = 0; at < count; at++) lone.transport.arrive(frame);
    await settled();
    await lone.longWaits.end();
    for (let turn = 0; turn < 5; turn++) await settled();
    const ahead = lone.receiver.bytes - frame.length;
    assert(ahead <= 2 * 65_536 + 262_144, `${ahead} bytes`); // the bound, and the read that met it
    assert(ahead >= 50_000 * frame.length / (size + 256), `${ahead} bytes`); // a frame costs something too
    assertEquals([lone.receiver.paused, lone.handled.length], [true, 1]);
    lone.onMessage = () => undefined;
    gate.resolve();
    await lone.end();
    await until("all are handled", () => lone.handled.length === count);
  });
}

Deno.test("MessageReceiver goes on reading ahead as soon as there is room", async () => {
  const lone = new LoneReceiver();
  const gates: PromiseWithResolvers<void>[] = [];
  lone.onMessage = () => {
    const gate = Promise.withResolvers<void>();
    gates.push(gate);
    return gate.promise;
  };
  const message = encodeFrame(Opcode.Binary, new Uint8Array(30_000), { maskKey: 0 });
  await lone.arrive(message);
  await lone.longWaits.end();
  await lone.arrive(message, message, message, message, ping("late"));
  assertEquals([lone.receiver.paused, lone.transport.written.length], [true, 0]);
  gates[0]!.resolve();
  await settled();
  assertEquals([lone.handled.length, lone.transport.written], [2, pong("late")]);
  for (const at of [1, 2, 3, 4]) {
    gates[at]!.resolve();
    await settled();
  }
  await lone.end();
});

for (const end of ["close", "EOF"]) {
  Deno.test(`MessageReceiver sees the peer's ${end} while a handler is pending, and still hands over what came before`, async () => {
    const lone = new LoneReceiver();
    const gate = Promise.withResolvers<void>();
    lone.onMessage = () => gate.promise;
    await lone.arrive(text("a"));
    await lone.longWaits.end();
    await lone.arrive(text("b"), text("c"));
    if (end === "close") await lone.arrive(CLOSE);
    else lone.transport.arrive(null);
    await settled();
    assertEquals([lone.closesThatWait, lone.session.state], [end === "close" ? 1 : 0, "open"]);
    const finished = lone.receiver.finish();
    assert(finished !== undefined);
    lone.onMessage = () => undefined;
    gate.resolve();
    await finished;
    assertEquals(await lone.last, undefined);
    assertEquals(lone.handled, ["a", "b", "c"]);
    assertEquals(lone.receiver.finish(), undefined);
    lone.receiver.stop();
  });
}

Deno.test("MessageReceiver.stopWaiting() takes the Close that waits, and drops what came before it", async () => {
  const lone = new LoneReceiver();
  const gate = Promise.withResolvers<void>();
  lone.onMessage = () => gate.promise;
  await lone.arrive(text("a"));
  await lone.longWaits.end();
  await lone.arrive(text("b"), CLOSE);
  lone.receiver.stopWaiting();
  assertEquals([await lone.last, lone.session.state], [undefined, "closed"]);
  gate.resolve();
  await settled();
  assertEquals(lone.handled, ["a"]);
});

Deno.test("MessageReceiver keeps what came before the Close for a slow reader of its messages", async () => {
  const lone = new LoneReceiver();
  const messages = lone.receiver.delivery.messages();
  await lone.arrive(text("a"), text("b"), ping("1"));
  await lone.longWaits.end();
  assertEquals(lone.transport.written, pong("1"));
  await lone.arrive(text("c"));
  await lone.end();
  assertEquals(lone.receiver.finish(), undefined);
  lone.receiver.stop();
  const seen: Message[] = [];
  for await (const message of messages) seen.push(message);
  assertEquals(seen, ["a", "b", "c"]);
});

Deno.test("MessageReceiver keeps what came before the end for an open that asks late", async () => {
  const lone = new LoneReceiver();
  const opening = Promise.withResolvers<void>();
  const held = lone.receiver.delivery.holdFor(opening.promise);
  await lone.arrive(text("a"), text("b"), ping("1"));
  await lone.longWaits.end();
  assertEquals(lone.transport.written, pong("1"));
  await lone.end();
  lone.receiver.finish();
  lone.receiver.stop();
  opening.resolve();
  await held;
  assertEquals(await Array.fromAsync(lone.receiver.delivery.readable), ["a", "b"]);
  assertEquals(lone.handled, []);
});

Deno.test("MessageReceiver answers pings while a reader of streams is slow, and keeps the pieces in order", async () => {
  const lone = new LoneReceiver();
  const streams = lone.receiver.delivery.streamedMessages();
  const parts = Array.from({ length: 4 }, (_, at) => new Random(at).bytes(40_000));
  const frames = parts.map((part, at) => {
    const opcode = at === 0 ? Opcode.Binary : Opcode.Continuation;
    return encodeFrame(opcode, part, { fin: at === 3, maskKey: 7 });
  });
  await lone.arrive(text("first"), text("second"));
  await lone.longWaits.end();
  await lone.arrive(frames[0]!, ping("1"));
  assertEquals(lone.transport.written, pong("1"));
  await lone.arrive(...frames.slice(1), text("last"), ping("2"));
  assertEquals(lone.transport.written, pong("1"), "More than 64 KiB wait");
  const seen: string[] = [];
  const reading = (async () => {
    for await (const { type, readable } of streams) {
      const bytes = new Uint8Array(await new Response(readable).arrayBuffer());
      const isWhole = bytes.length === 160_000 && concat(parts).every((it, at) => it === bytes[at]);
      seen.push(type === "text" ? new TextDecoder().decode(bytes) : `${isWhole}`);
    }
  })();
  await until("all has come", () => lone.transport.written.length === 6);
  await lone.end();
  lone.receiver.finish();
  lone.receiver.stop();
  await reading;
  assertEquals(seen, ["first", "second", "true", "last"]);
  assertEquals(lone.transport.written, concat([pong("1"), pong("2")]));
});

Deno.test("MessageReceiver.resume() ends the wait for a handler, and hands nothing over once it closes", async () => {
  const lone = new LoneReceiver();
  lone.onMessage = () => new Promise(() => {});
  await lone.arrive(text("a"), text("b"));
  lone.session.close(1000);
  lone.receiver.resume();
  await settled();
  assertEquals([lone.handled, lone.receiver.paused], [["a"], false]);
  await lone.arrive(encodeFrame(Opcode.Close, Uint8Array.of(0x03, 0xe8), { maskKey: 0 }));
  assertEquals([await lone.last, lone.session.state], [undefined, "closed"]);
});

Deno.test("MessageReceiver hands no message over before the peer has taken the last answers", async () => {
  const lone = new LoneReceiver();
  lone.transport.blocked = true;
  lone.onMessage = () => void lone.sender.send("answer");
  await lone.arrive(text("a"));
  await lone.arrive(text("b"), text("c"));
  assertEquals(lone.handled, ["a"]);
  lone.transport.blocked = false;
  lone.transport.letThrough();
  await settled();
  assertEquals(lone.handled, ["a", "b", "c"]);
  await lone.end();
});

Deno.test("MessageReceiver asks a peer for no more while its answers take their time", async () => {
  const lone = new LoneReceiver();
  const answer = "x".repeat(1_500_000);
  lone.onMessage = () => void lone.sender.send(answer);
  await lone.arrive(...Array.from({ length: 6 }, () => text("a")));
  assertEquals(await lone.end(), undefined);
  await lone.sender.taken();
  assertEquals([lone.handled.length, lone.sender.messages, lone.overflows], [6, 6, 0]);
});

for (const deflate of [false, true]) {
  const how = deflate ? "compressed" : "plain";
  Deno.test(`MessageReceiver lets a client send much at once to a server that answers, ${how}`, async () => {
    const limits = { messageBytes: 2 ** 22, sendQueueBytes: 2 ** 30 };
    await using server = serve({
      port: 0,
      deflate,
      limits: { messageBytes: 2 ** 22 },
      message: (connection, data) => void connection.send(data),
    });
    await using connection = await connect(server.url, { deflate, limits });
    const answers = connection.messages();
    // More than the kernel takes.
    const message = new Random(1).bytes(2_000_000);
    for (let count = 0; count < 12; count++) connection.send(message);
    for (let count = 0; count < 12; count++) {
      const { value } = await answers.next();
      assertEquals(value?.length, message.length);
    }
  });
}

Deno.test("MessageReceiver counts what it reads by its bytes too", async () => {
  const lone = new LoneReceiver();
  const frame = encodeFrame(Opcode.Binary, new Uint8Array(1_000_000), { maskKey: 0 });
  await lone.arrive(frame);
  await lone.end();
  assertEquals(lone.handled.length, 1);
  assert(lone.turn.frames >= 1_000_000 / 32_768, `${lone.turn.frames} frames`);
});

Deno.test("MessageReceiver.delivery takes messages instead of the handler, also when all is over", async () => {
  const lone = new LoneReceiver();
  const messages = lone.receiver.delivery.messages();
  await lone.arrive(text("a"));
  assertEquals(await messages.next(), { done: false, value: "a" });
  assertEquals(lone.handled, []);
  lone.receiver.stop();
  assertEquals((await messages.next()).done, true);
  await lone.end();
  const late = new LoneReceiver();
  late.receiver.stop();
  assertEquals((await late.receiver.delivery.messages().next()).done, true);
  await late.end();
});

for (const opcode of [Opcode.Text, Opcode.Ping, Opcode.Pong]) {
  Deno.test(`MessageReceiver lets the event loop turn while a peer floods it with opcode ${opcode}`, async () => {
    const lone = new LoneConnection();
    const frame = encodeFrame(opcode, "", { maskKey: 0 });
    const flood = new Uint8Array(frame.length * 1_000);
    for (let at = 0; at < flood.length; at += frame.length) flood.set(frame, at);
    let flooding = true;
    // A read that is ready at once, every time.
    lone.transport.read = (buffer) => {
      if (!flooding) return Promise.resolve(null);
      const count = Math.min(buffer.length, flood.length);
      buffer.set(flood.subarray(0, count - count % frame.length));
      lone.now++;
      return Promise.resolve(count - count % frame.length);
    };
    lone.transport.arrive(frame);
    await new Promise((resolve) => setTimeout(resolve));
    flooding = false;
    await lone.over;
  });
}

Deno.test("MessageReceiver inflates nothing while the turn of the event loop is spent for work", async () => {
  const lone = new LoneReceiver(connectionDeflate(false));
  const hello = Uint8Array.of(0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00); // RFC 7692 7.2.3.1
  const compressed = encodeFrame(Opcode.Text, hello, { maskKey: 1, compressed: true });
  const { promise, resolve } = Promise.withResolvers<void>();
  lone.turn.spent = promise;
  await lone.arrive(text("plain"), compressed, text("after"));
  assertEquals(lone.handled, ["plain"]);
  lone.turn.spent = undefined;
  resolve();
  await settled();
  assertEquals(lone.handled, ["plain", "Hello", "after"]);
  await lone.end();
});

/** The first fragment of a text. */
function begun(payload: string): Uint8Array {
  return encodeFrame(Opcode.Text, payload, { fin: false, maskKey: 1 });
}

const LAST = encodeFrame(Opcode.Continuation, "", { maskKey: 1 });

Deno.test("MessageReceiver has what is set aside for an unfinished message counted until its end", async () => {
  const lone = new LoneReceiver();
  await lone.arrive(text("whole"));
  assertEquals(lone.unfinished.due, Infinity);
  await lone.arrive(begun("a".repeat(1_000)));
  assertEquals([lone.unfinished.bytes >= 1_000, lone.unfinished.bytes <= 8_000], [true, true]);
  await lone.arrive(LAST);
  assertEquals([lone.unfinished.bytes, lone.unfinished.due], [0, Infinity]);
  await lone.arrive(text("whole").subarray(0, 3));
  assert(lone.unfinished.due < Infinity, "The head of a frame is a beginning too");
  await lone.end();
  assertEquals(lone.unfinished.due, Infinity);
});

Deno.test("MessageReceiver counts what an unfinished message inflates to, and what inflates it", async () => {
  const lone = new LoneReceiver(connectionDeflate(false));
  const payload = deflateAlone(new Uint8Array(500_000), { windowBits: 15, level: 6, memLevel: 8 });
  const fragment = (fin: boolean, bytes: Uint8Array, opcode: Opcode) =>
    encodeFrame(opcode, bytes, { fin, maskKey: 1, compressed: opcode !== Opcode.Continuation });
  await lone.arrive(fragment(false, payload, Opcode.Binary));
  await until("it is inflated", () => Promise.resolve(lone.unfinished.bytes >= 500_000));
  lone.receiver.giveUp("unfinished_full");
  assertEquals([lone.givenUp, lone.session.heldBytes], [["unfinished_full"], 0]);
  await lone.arrive(fragment(true, new Uint8Array([0]), Opcode.Continuation));
  await lone.end();
  assertEquals([lone.unfinished.bytes, lone.handled], [0, []]);
});

Deno.test("MessageReceiver excuses a message that our own side keeps from going on", async () => {
  const lone = new LoneReceiver();
  const { promise, resolve } = Promise.withResolvers<void>();
  lone.onMessage = () => promise;
  await lone.arrive(begun("a"));
  assertEquals(lone.receiver.excused, false);
  await lone.arrive(LAST, begun("b"));
  assertEquals([lone.receiver.excused, lone.unfinished.bytes], [true, 0]);
  resolve();
  await settled();
  assertEquals(lone.receiver.excused, false);
  lone.receiver.delivery.streamedMessages();
  await lone.arrive(LAST, begun("c"));
  assertEquals(lone.receiver.excused, true);
  await lone.end();
});
