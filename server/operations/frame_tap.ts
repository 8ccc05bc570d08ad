import { encodeHex } from "@std/encoding/hex";
import {
  type CloseStatus,
  type Fragment,
  FrameDecoder,
  frameName,
  Opcode,
} from "../../protocol/mod.ts";
import { inflateBeginning } from "../connection/deflate/inflate_beginning.ts";
import type { FrameObserver } from "../connection/frame_observer.ts";
import type { SharedFrames } from "../topics/topic_log.ts";
import type { TapEvent, TapOptions, TappedFrame } from "./operations.ts";

/** So many events wait for a slow reader; further ones are dropped and counted. */
const MAX_WAITING = 1_000;

/** The most of a payload that is shown, in bytes. */
const MAX_PAYLOAD = 4_096;

/** The shared frames are our own, of any length. */
const NO_LIMITS = { messageBytes: Number.MAX_SAFE_INTEGER, messageFragments: 1 };

const toHex: (bytes: Uint8Array) => string = encodeHex;

/** What a frame is known by before its payload has come. */
type FrameStart = Omit<TappedFrame, "closeCode" | "hex" | "text" | "inflatedHex">;

/** Shows the frames of one connection to those who asked, as long as there are any. */
export class FrameTap implements FrameObserver {
  readonly #readers = new Set<TapReader>();
  readonly #unused: () => void;

  /** @param unused Called when nobody reads any more. */
  constructor(unused: () => void) {
    this.#unused = unused;
  }

  /** Opens a stream of the events from now on; cancel it to end it. */
  open(options: TapOptions): ReadableStream<TapEvent> {
    const reader = new TapReader(options, () => this.#close(reader));
    this.#readers.add(reader);
    return reader.stream;
  }

  /** How many read. */
  get readers(): number {
    return this.#readers.size;
  }

  #close(reader: TapReader): void {
    if (this.#readers.delete(reader) && this.#readers.size === 0) this.#unused();
  }

  received(fragment: Fragment): void {
    for (const reader of this.#readers) reader.received(fragment);
  }

  sent(opcode: Opcode, payload: string | Uint8Array, fin = true): void {
    const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
    for (const reader of this.#readers) reader.sent(opcode, bytes, fin);
  }

  sentShared({ bytes }: SharedFrames): void {
    new FrameDecoder({ role: "client", limits: NO_LIMITS }).transform(bytes, {
      enqueue: ({ opcode, payload }) => this.sent(opcode, payload),
    });
  }

  ended(status: CloseStatus, rule: string | undefined): void {
    for (const reader of [...this.#readers]) {
      reader.ended(status, rule);
      this.#close(reader);
    }
  }

  /** Ends all streams without another event, unless they have ended. */
  close(): void {
    for (const reader of [...this.#readers]) {
      reader.stop();
      this.#close(reader);
    }
  }
}

/** One who reads: what it wants of each payload, and what waits for it. */
class TapReader {
  readonly stream: ReadableStream<TapEvent>;
  readonly #payloadBytes: number;
  #controller!: ReadableStreamDefaultController<TapEvent>;
  #dropped = 0;
  /** The frame from the peer of which more is to come, and its first bytes. */
  #frame: FrameStart | undefined = undefined;
  #head = new Uint8Array(0);

  constructor({ payloadBytes = 0 }: TapOptions, cancel: () => void) {
    this.#payloadBytes = Math.min(payloadBytes, MAX_PAYLOAD);
    this.stream = new ReadableStream({
      start: (controller) => void (this.#controller = controller),
      pull: () => this.#tellDropped(),
      cancel,
    }, { highWaterMark: MAX_WAITING });
  }

  received({ opcode, fin, first, last, frameLength, payload, compressed }: Fragment): void {
    if (first) {
      this.#frame = frameOf("in", opcode, fin, frameLength, compressed);
      this.#head = new Uint8Array(0);
    }
    // A tap that was opened in the middle of a frame begins with the next one.
    if (this.#frame === undefined) return;
    const wanted = opcode === Opcode.Close ? frameLength : this.#payloadBytes;
    this.#head = join(this.#head, payload.subarray(0, wanted - this.#head.length));
    if (!last && this.#head.length < wanted) return;
    this.#show(this.#frame, this.#head);
    this.#frame = undefined;
  }

  sent(opcode: Opcode, payload: Uint8Array, fin: boolean): void {
    this.#show(frameOf("out", opcode, fin, payload.length), payload);
  }

  ended({ code, reason }: CloseStatus, rule: string | undefined): void {
    this.#tellDropped();
    this.#controller.enqueue({
      type: "end",
      at: Date.now(),
      code,
      reason,
      ...rule !== undefined && { rule },
    });
    this.stop();
  }

  stop(): void {
    this.#controller.close();
  }

  #show(frame: FrameStart, payload: Uint8Array): void {
    if ((this.#controller.desiredSize ?? 0) <= 0) {
      this.#dropped++;
      return;
    }
    const { opcode, compressed } = frame;
    const closeCode = opcode === Opcode.Close ? closeCodeOf(payload) : undefined;
    const shown = payload.subarray(0, this.#payloadBytes);
    // What is sent comes here before it is compressed; a frame that goes on needs those before it.
    const inflated = compressed && opcode !== Opcode.Continuation && this.#payloadBytes > 0
      ? inflateBeginning(shown)?.subarray(0, this.#payloadBytes)
      : undefined;
    const plain = compressed ? inflated : shown;
    this.#controller.enqueue({
      ...frame,
      ...closeCode !== undefined && { closeCode },
      ...this.#payloadBytes > 0 && { hex: toHex(shown) },
      ...this.#payloadBytes > 0 && plain !== undefined && isText(opcode) &&
        { text: textOf(opcode, plain) },
      ...inflated !== undefined && { inflatedHex: toHex(inflated) },
    });
  }

  #tellDropped(): void {
    if (this.#dropped === 0) return;
    const frames = this.#dropped;
    this.#dropped = 0;
    this.#controller.enqueue({ type: "dropped", at: Date.now(), frames });
  }
}

function frameOf(
  direction: "in" | "out",
  opcode: Opcode,
  fin: boolean,
  length: number,
  compressed = false,
): FrameStart {
  // RFC 6455 5.1: clients mask all frames, servers none; others do not come this far.
  const masked = direction === "in";
  return {
    type: "frame",
    at: Date.now(),
    direction,
    opcode,
    name: frameName(opcode),
    fin,
    masked,
    length,
    ...compressed && { compressed },
  };
}

function closeCodeOf(payload: Uint8Array): number | undefined {
  return payload.length < 2 ? undefined : payload[0]! << 8 | payload[1]!;
}

function isText(opcode: Opcode): boolean {
  return opcode === Opcode.Text || opcode === Opcode.Close;
}

/** The beginning of a text; a character that is cut at its end is left out. */
function textOf(opcode: Opcode, shown: Uint8Array): string {
  const bytes = opcode === Opcode.Close ? shown.subarray(2) : shown;
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes, { stream: true });
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}
