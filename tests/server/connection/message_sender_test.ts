import { assert, assertEquals } from "@std/assert";
import { setImmediate } from "node:timers";
import { encodeFrame, type Fragment, FrameDecoder, Opcode } from "../../../protocol/mod.ts";
import type { ConnectionDeflate } from "../../../server/connection/deflate/connection_deflate.ts";
import { MessageSender } from "../../../server/connection/message_sender.ts";
import { Flusher } from "../../../server/connection/send_queue.ts";
import { DEFAULT_LIMITS } from "../../../server/limits.ts";
import { DeadlineSweeper } from "../../../server/loop/deadline_sweeper.ts";
import { EventLoopBudget } from "../../../server/loop/event_loop_budget.ts";
import { Measurements } from "../../../server/metrics/measurements.ts";
import { BufferPool } from "../../../server/net/buffer_pool.ts";
import { connectionDeflate, inflateOnce, sameBytes } from "../../helpers/deflate_messages.ts";
import { MemoryTransport, settled } from "../../helpers/memory_transport.ts";
import { concat, toHex } from "../../helpers/notation.ts";
import { Random } from "../../helpers/random.ts";

/** A sender on a transport without a network. */
class LoneSender {
  open = true;
  sendable = true;
  readonly observer = undefined;
  readonly transport = new MemoryTransport();
  readonly measurements = new Measurements();
  /** What time it is for the turn of the event loop. */
  now = 0;
  readonly turn: EventLoopBudget = new EventLoopBudget(() => this.now);
  readonly brokenOff: string[] = [];
  /** How often a backlog was gone, and the queue was full. */
  drains = 0;
  overflows = 0;
  readonly sender: MessageSender;

  constructor(limits: Partial<typeof DEFAULT_LIMITS> = {}, deflate?: ConnectionDeflate) {
    const context = {
      limits: { ...DEFAULT_LIMITS, ...limits },
      pool: new BufferPool(),
      flusher: new Flusher(),
      sweeper: new DeadlineSweeper([1_000]),
      measurements: this.measurements,
      budget: this.turn,
    };
    this.sender = new MessageSender(this, context, deflate);
  }

  emptied(): void {
    this.drains++;
  }
  overflowed(): void {
    this.overflows++;
  }
  writeFailed(): void {}
  brokeOff(reason: string): void {
    this.brokenOff.push(reason);
  }

  async wire(): Promise<string> {
    await settled();
    return toHex(this.transport.written);
  }
}

/** A stream that the test ends. */
function open(): { stream: ReadableStream<string>; end(): void } {
  let controller!: ReadableStreamDefaultController<string>;
  const stream = new ReadableStream<string>({ start: (it) => void (controller = it) });
  return { stream, end: () => controller.close() };
}

Deno.test("MessageSender.send() sends at once, and counts", async () => {
  const lone = new LoneSender();
  assertEquals([lone.sender.send("a"), lone.sender.send(Uint8Array.of(2))], ["sent", "sent"]);
  assertEquals(await lone.wire(), "81 01 61 82 01 02");
  assertEquals(lone.sender.messages, 2);
  const { framesOut, textOut } = lone.measurements.read({ mean: 0, max: 0 });
  assertEquals([framesOut.text, framesOut.binary.bytes, textOut], [{ frames: 1, bytes: 1 }, 1, 1]);
});

Deno.test("MessageSender.runBehind() waits for messages, and not for a stream", async () => {
  const lone = new LoneSender();
  assertEquals(lone.sender.runBehind(() => {}), false);
  const { stream, end } = open();
  const sent = lone.sender.stream(stream, { type: "text" });
  lone.sender.send("b");
  assertEquals(lone.sender.runBehind(() => assert(false)), false);
  lone.sender.emptied(); // by the queue, while the stream goes on
  assertEquals(lone.drains, 0);
  assert(lone.sender.bytes > 0);
  end();
  assertEquals(await sent, "sent");
  await lone.sender.whenQueued();
  assertEquals(await lone.wire(), "81 00 81 01 62");
  assertEquals([lone.drains, lone.sender.bytes], [1, 0]);
});

Deno.test("MessageSender sends nothing once frames may no longer leave", async () => {
  const lone = new LoneSender();
  lone.open = lone.sendable = false;
  assertEquals(lone.sender.send("a"), "dropped");
  lone.sender.sendShared({
    bytes: Uint8Array.of(0x81, 0),
    messages: 1,
    texts: 1,
    textBytes: 0,
    binaryBytes: 0,
  });
  lone.sender.sendFrame(Opcode.Text, new Uint8Array(1), true);
  assertEquals(await lone.sender.stream(open().stream, {}), "dropped");
  assertEquals(await lone.wire(), "");
});

/** More than is encoded at once, with characters of all lengths and half of a pair alone. */
const LARGE_TEXT = "aé漢😀\uD83D ".repeat(200_000);

/** The longest text that is encoded at once while `run` runs. */
async function longestEncoded(run: () => Promise<void>): Promise<number> {
  const { encode } = TextEncoder.prototype;
  let longest = 0;
  TextEncoder.prototype.encode = function (text = "") {
    longest = Math.max(longest, text.length);
    return encode.call(this, text);
  };
  try {
    await run();
  } finally {
    TextEncoder.prototype.encode = encode;
  }
  return longest;
}

function fragmentsOf(bytes: Uint8Array): Fragment[] {
  const fragments: Fragment[] = [];
  const limits = { messageBytes: 2 ** 30, messageFragments: 1_000 };
  const decoder = new FrameDecoder({ role: "client", limits, deflate: true });
  decoder.transform(bytes, { enqueue: (fragment) => fragments.push(fragment) });
  return fragments;
}

Deno.test("MessageSender.send() encodes a large text slice by slice, into the frame it always was", async () => {
  const lone = new LoneSender({ sendQueueBytes: 2 * LARGE_TEXT.length * 4 });
  const expected = encodeFrame(Opcode.Text, LARGE_TEXT);
  const longest = await longestEncoded(async () => {
    assertEquals(lone.sender.send(LARGE_TEXT), "queued");
    assertEquals(lone.sender.bytes, expected.length - 10);
    assert(lone.transport.written.length === 0, "Not in the turn in which it was sent");
    assertEquals(lone.sender.send("b"), "queued");
    await lone.sender.taken();
  });
  assertEquals(longest, 0);
  assert(sameBytes(lone.transport.written, concat([expected, encodeFrame(Opcode.Text, "b")])));
  await settled();
  assertEquals([lone.sender.bytes, lone.sender.messages, lone.drains], [0, 2, 1]);
});

for (const contextTakeover of [false, true]) {
  const name = contextTakeover ? "context takeover" : "no context takeover";
  Deno.test(`MessageSender.send() encodes a large text as it deflates it, with ${name}`, async () => {
    const lone = new LoneSender({}, connectionDeflate(contextTakeover));
    const longest = await longestEncoded(async () => {
      assertEquals(lone.sender.send(LARGE_TEXT), "queued");
      await lone.sender.taken();
    });
    assertEquals(longest, 0);
    const fragments = fragmentsOf(lone.transport.written);
    assert(fragments[0]!.compressed && fragments.at(-1)!.fin);
    const inflated = await inflateOnce(concat(fragments.map(({ payload }) => payload)));
    assert(sameBytes(inflated, new TextEncoder().encode(LARGE_TEXT)));
    lone.sender.stop();
  });
}

Deno.test("MessageSender.send() applies the policy to a large text behind what waits in the queue", async () => {
  const lone = new LoneSender({ whenFull: "close", sendQueueBytes: 65_536 });
  lone.transport.blocked = true;
  assertEquals(lone.sender.send("first"), "sent");
  assertEquals(lone.sender.send(LARGE_TEXT), "dropped");
  assertEquals([lone.overflows, lone.sender.dropped], [1, 1]);
  lone.transport.letThrough();
  await settled();
});

Deno.test("MessageSender.send() applies the policy behind a large text that takes its time", async () => {
  const lone = new LoneSender({ whenFull: "drop", sendQueueBytes: 65_536 });
  lone.transport.blocked = true;
  assertEquals(lone.sender.send(LARGE_TEXT), "queued");
  for (const message of [LARGE_TEXT, "small", new Uint8Array(1)]) {
    assertEquals(lone.sender.send(message), "dropped");
  }
  assertEquals(lone.sender.dropped, 3);
  lone.transport.blocked = false;
  await lone.sender.taken();
  assertEquals(lone.sender.send("small"), "sent");
  await settled();
});

Deno.test("MessageSender.send() holds what it compresses at once to the bound, and sends plain what gets no smaller", async () => {
  const random = new Random(1);
  const lone = new LoneSender(
    { whenFull: "drop", sendQueueBytes: 10_000 },
    connectionDeflate(false),
  );
  lone.transport.blocked = true;
  const results: string[] = [];
  for (let count = 0; count < 200; count++) {
    results.push(lone.sender.send(toHex(random.bytes(1_000))));
  }
  assertEquals(results.at(-1), "dropped");
  assert(lone.sender.bytes <= 160_000, `${lone.sender.bytes} bytes`); // a burst may be 16 times the bound
  lone.transport.blocked = false;
  lone.transport.letThrough();
  await lone.sender.taken();
  assertEquals(lone.transport.written[0], 0xc1); // RSV1
  const { length } = lone.transport.written;
  lone.sender.send(random.bytes(4_000));
  await settled();
  assertEquals(lone.transport.written[length], 0x82);
  lone.sender.stop();
});

Deno.test("MessageSender.send() holds what it compresses itself to the bound for bursts alone", async () => {
  const deflate = connectionDeflate(true);
  const lone = new LoneSender({ whenFull: "drop", sendQueueBytes: 10_000 }, deflate);
  const results: string[] = [];
  for (let turn = 0; turn < 3; turn++) {
    for (let count = 0; count < 6; count++) results.push(lone.sender.send(new Uint8Array(9_000)));
    await new Promise<void>((resolve) => setImmediate(resolve)); // the compressor has hardly begun
  }
  assertEquals(results.includes("queued"), true);
  const dropped = results.indexOf("dropped");
  assert(dropped === -1 || dropped >= 16, `${dropped}`);
  await lone.sender.taken();
  lone.sender.stop();
  lone.turn.stop();
});

Deno.test("MessageSender.behind and congested count what takes its time, and not what waits for a stream", async () => {
  const lone = new LoneSender();
  const state = () => [lone.sender.behind, lone.sender.congested];
  assertEquals(state(), [false, false]);
  lone.sender.send(LARGE_TEXT);
  assertEquals(state(), [true, true]);
  await lone.sender.taken();
  await settled();
  assertEquals(state(), [false, false]);
  const { stream, end } = open();
  const sent = lone.sender.stream(stream, { type: "text" });
  lone.sender.send(LARGE_TEXT);
  assertEquals(state(), [false, false]);
  await lone.sender.taken();
  end();
  await sent;
  await lone.sender.whenQueued();
});

Deno.test("MessageSender.send() deflates later what there is no time for in this turn of the event loop", async () => {
  const lone = new LoneSender({}, connectionDeflate(false));
  const message = "again and ".repeat(200);
  lone.turn.isOverdue();
  lone.now = 20;
  assertEquals(lone.sender.send(message), "sent");
  lone.now = 20.1;
  assertEquals([lone.sender.send(message), lone.sender.send("short")], ["queued", "queued"]);
  await lone.sender.taken();
  const fragments: string[] = [];
  new FrameDecoder({ role: "client", deflate: true }).transform(lone.transport.written, {
    enqueue: ({ opcode, compressed }) => fragments.push(`${opcode} ${compressed}`),
  });
  assertEquals(fragments, ["1 true", "1 true", "1 false"]);
  lone.turn.stop();
});
