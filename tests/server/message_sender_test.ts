import { assert, assertEquals, assertThrows } from "@std/assert";
import { Opcode } from "../../protocol/mod.ts";
import { BufferPool } from "../../server/buffer_pool.ts";
import { DEFAULT_LIMITS } from "../../server/limits.ts";
import { Measurements } from "../../server/measurements.ts";
import {
  MessageSender,
  type MessageSenderHost,
  type MessageSenderOwner,
} from "../../server/message_sender.ts";
import { Flusher } from "../../server/send_queue.ts";
import { Sweep } from "../../server/sweep.ts";
import { MemoryTransport, settled } from "../helpers/memory_transport.ts";
import { toHex } from "../helpers/notation.ts";

/** A sender on a transport without a network. */
class LoneSender implements MessageSenderOwner {
  open = true;
  sendable = true;
  readonly observer = undefined;
  readonly transport = new MemoryTransport();
  readonly measurements = new Measurements();
  readonly brokenOff: string[] = [];
  readonly sender: MessageSender;

  constructor(limits: Partial<typeof DEFAULT_LIMITS> = {}) {
    const host: MessageSenderHost = {
      limits: { ...DEFAULT_LIMITS, ...limits },
      pool: new BufferPool(),
      flusher: new Flusher(),
      sweep: new Sweep([1_000]),
      measurements: this.measurements,
    };
    this.sender = new MessageSender(this, host, undefined);
  }

  wrote(): void {}
  drained(): void {}
  overflowed(): void {}
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

Deno.test("MessageSender.send() sends at once, counts, and refuses what is neither text nor bytes", async () => {
  const lone = new LoneSender();
  assertEquals([lone.sender.send("a"), lone.sender.send(Uint8Array.of(2))], ["sent", "sent"]);
  assertEquals(await lone.wire(), "81 01 61 82 01 02");
  assertEquals(lone.sender.messages, 2);
  const { framesOut, textOut } = lone.measurements.read({ mean: 0, max: 0 });
  assertEquals([framesOut.text, framesOut.binary.bytes, textOut], [{ frames: 1, bytes: 1 }, 1, 1]);
  assertThrows(() => lone.sender.send(5 as unknown as string), TypeError);
});

Deno.test("MessageSender.runBehind() waits for messages, and not for a stream", async () => {
  const lone = new LoneSender();
  assertEquals(lone.sender.runBehind(() => {}), false);
  const { stream, end } = open();
  const sent = lone.sender.stream(stream, { type: "text" });
  lone.sender.send("b");
  assertEquals(lone.sender.runBehind(() => assert(false)), false);
  assertEquals(lone.sender.isDrained(), false);
  assert(lone.sender.bytes > 0);
  end();
  assertEquals(await sent, "sent");
  await lone.sender.turn();
  assertEquals(await lone.wire(), "81 00 81 01 62");
  assertEquals([lone.sender.isDrained(), lone.sender.bytes], [true, 0]);
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
