import { encodeFrame, Opcode, payloadBytes } from "../../protocol/mod.ts";

/** Messages that were encoded for many. */
export interface SharedFrames {
  /** Whole unmasked frames, one for each message, perhaps compressed; never changed. */
  readonly bytes: Uint8Array;
  /** The number of messages. */
  readonly messages: number;
  /** The number of text messages among them. */
  readonly texts: number;
  /** The bytes of the payloads of those. */
  readonly textBytes: number;
  /** The bytes of the payloads of the others. */
  readonly binaryBytes: number;
}

/**
 * Compresses a message for all connections with the same window bits.
 *
 * @returns `undefined` where it is better sent as it is.
 */
export type CompressShared = (payload: Uint8Array, windowBits: number) => Uint8Array | undefined;

/** A message that was published: encoded once, and compressed once for each number of window bits. */
export class Published {
  /** The frame, not compressed. */
  readonly frame: Uint8Array;
  /** Counts up over all topics of a server: a subscriber gets messages in this order. */
  readonly order: number;
  #compressed: Map<number, Uint8Array> | undefined = undefined;

  /**
   * @param data A string is sent as text, bytes as binary; copied.
   * @param order Its place among all messages.
   */
  constructor(data: string | Uint8Array, order: number) {
    this.frame = encodeFrame(typeof data === "string" ? Opcode.Text : Opcode.Binary, data);
    this.order = order;
  }

  /**
   * Gives the frame for a subscriber.
   *
   * @param windowBits The window bits that it may use; 0 for the frame as it is.
   * @param compress Called for the first subscriber with these window bits.
   */
  frameFor(windowBits: number, compress: CompressShared): Uint8Array {
    if (windowBits === 0) return this.frame;
    const compressed = this.#compressed ??= new Map();
    let frame = compressed.get(windowBits);
    if (frame === undefined) {
      frame = this.#compress(windowBits, compress);
      compressed.set(windowBits, frame);
    }
    return frame;
  }

  #compress(windowBits: number, compress: CompressShared): Uint8Array {
    const { frame } = this;
    const smaller = compress(frame.subarray(frame.length - payloadBytes(frame.length)), windowBits);
    const opcode = (frame[0]! & 0x0f) as Opcode;
    return smaller === undefined ? frame : encodeFrame(opcode, smaller, { compressed: true });
  }
}

/** Consecutive frames, joined. */
interface Joined {
  readonly from: number;
  readonly to: number;
  readonly shared: SharedFrames;
}

/**
 * The latest messages of one topic, as far back as a subscriber has not got them. A subscriber is at a
 * position: the number of messages that it has got, or came too late for.
 */
export class TopicLog {
  readonly #compress: CompressShared;
  #messages: Published[] = [];
  /** The messages that were joined last, not compressed. */
  #joined: Joined | undefined = undefined;
  /** The same where they are compressed, by window bits. */
  #compressed: Map<number, Joined> | undefined = undefined;
  /** The bytes of the frames that are kept. */
  bytes = 0;
  /** The number of messages ever published: the position of a new subscriber. */
  published = 0;

  /** @param compress Compresses, where a subscriber gets compressed messages. */
  constructor(compress: CompressShared) {
    this.#compress = compress;
  }

  /** The number of messages that are kept. */
  get length(): number {
    return this.#messages.length;
  }

  /** Adds a message. */
  add(message: Published): void {
    this.#messages.push(message);
    this.bytes += message.frame.length;
    this.published++;
  }

  /** The messages from a position on. */
  since(position: number): readonly Published[] {
    return this.#messages.slice(position - this.published);
  }

  /** The same, joined; most subscribers are at the same position, and share the result. */
  sharedSince(position: number, windowBits: number): SharedFrames {
    const joined = windowBits === 0 ? this.#joined : this.#compressed?.get(windowBits);
    if (joined?.from === position && joined.to === this.published) return joined.shared;
    const shared = share(this.since(position), windowBits, this.#compress);
    const entry = { from: position, to: this.published, shared };
    if (windowBits === 0) this.#joined = entry;
    else (this.#compressed ??= new Map()).set(windowBits, entry);
    return shared;
  }

  /** Lets go of the messages before a position, which all have got. */
  forget(position: number): void {
    if (position === this.published) {
      this.#messages.length = this.bytes = 0;
    } else {
      const kept = Math.min(this.#messages.length, this.published - position);
      for (const { frame } of this.#messages.splice(0, this.#messages.length - kept)) {
        this.bytes -= frame.length;
      }
    }
    this.#joined = this.#compressed = undefined;
  }
}

/**
 * Joins messages for a subscriber.
 *
 * @param messages At least one, in order.
 * @param windowBits As for {@linkcode Published.frameFor}.
 * @param compress Compresses them, where that was not done before.
 */
export function share(
  messages: readonly Published[],
  windowBits: number,
  compress: CompressShared,
): SharedFrames {
  let [texts, textBytes, binaryBytes, length] = [0, 0, 0, 0];
  const frames = messages.map((message) => message.frameFor(windowBits, compress));
  for (const frame of frames) {
    length += frame.length;
    const payload = payloadBytes(frame.length);
    if ((frame[0]! & 0x0f) === Opcode.Text) {
      texts++;
      textBytes += payload;
    } else binaryBytes += payload;
  }
  const bytes = frames.length === 1 ? frames[0]! : join(frames, length);
  return { bytes, messages: frames.length, texts, textBytes, binaryBytes };
}

function join(frames: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const frame of frames) {
    bytes.set(frame, at);
    at += frame.length;
  }
  return bytes;
}
