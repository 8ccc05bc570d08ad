/**
 * `server/topics/` is for one message for many connections, here and, through a backplane, on
 * other servers. It knows neither sockets nor connections.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { encodeFrame, Opcode, payloadBytes } from "../../protocol/mod.ts";

/** A receiver of published messages. */
export interface Subscriber {
  /** The number of the hub's messages that it has got, or came too late for; kept by the hub. */
  position: number;
  /**
   * The window bits that its compressed messages may use, where they share nothing with those
   * before (RFC 7692 7.1.1); 0 where it gets messages as they are.
   */
  readonly sharedDeflateBits: number;
  /** Sends messages that are shared with others. */
  sendShared(shared: SharedFrames): unknown;
}

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

/** The bytes kept for subscribers that have not got them yet; beyond them all get them at once. */
const KEPT_BYTES = 65_536;

/**
 * So many subscribers are sent to in one turn of the event loop. Deno starts about 128 reads and
 * writes in a turn; any further one is set aside and costs twice as much.
 */
const TURN_SUBSCRIBERS = 100;

/**
 * Compresses a message for all connections with the same window bits.
 *
 * @returns `undefined` where it is better sent as it is.
 */
export type CompressShared = (payload: Uint8Array, windowBits: number) => Uint8Array | undefined;

/** A message that was published: its frame, and those that were compressed, by window bits. */
interface Published {
  readonly frame: Uint8Array;
  compressed: Map<number, Uint8Array> | undefined;
}

/** Consecutive frames, joined. */
interface Joined {
  readonly from: number;
  readonly to: number;
  readonly shared: SharedFrames;
}

/**
 * Sends messages to everybody. Each is encoded once and kept until all have got it. A round goes
 * through the subscribers, some in each turn of the event loop, and hands each all that it has not
 * got: so very many of them hold nothing up, and the faster messages come, the more leave in one
 * write.
 */
export class Hub {
  readonly #subscribers: () => Iterable<Subscriber>;
  #keptBytes: number;
  readonly #compress: CompressShared;
  /** The latest messages, as far back as a subscriber has not got them. */
  #messages: Published[] = [];
  #bytes = 0;
  /** The messages that were joined last, by window bits. */
  readonly #joined = new Map<number, Joined>();
  #round: Iterator<Subscriber> | undefined = undefined;
  /** The number of messages when the round began. */
  #roundEnd = 0;
  #scheduled = false;
  /** The number of messages ever published: the position of a new subscriber. */
  published = 0;

  /**
   * @param subscribers The subscribers of now.
   * @param keptBytes The bytes kept for subscribers that have not got them yet.
   * @param compress Compresses, where a subscriber gets compressed messages.
   */
  constructor(
    subscribers: () => Iterable<Subscriber>,
    keptBytes: number = KEPT_BYTES,
    compress: CompressShared = () => undefined,
  ) {
    this.#subscribers = subscribers;
    this.#compress = compress;
    this.#keptBytes = Math.min(keptBytes, KEPT_BYTES);
  }

  /** Keeps up to this many bytes for subscribers that have not got them yet from now on. */
  set keptBytes(bytes: number) {
    this.#keptBytes = Math.min(bytes, KEPT_BYTES);
  }

  /** The number of messages that all subscribers have got. */
  get handedOut(): number {
    return this.published - this.#messages.length;
  }

  /**
   * Sends a message to all subscribers of now.
   *
   * @param data A string is sent as text, bytes as binary; copied.
   */
  publish(data: string | Uint8Array): void {
    const frame = encodeFrame(typeof data === "string" ? Opcode.Text : Opcode.Binary, data);
    if (this.#bytes + frame.length > this.#keptBytes) this.#flush();
    this.#messages.push({ frame, compressed: undefined });
    this.#bytes += frame.length;
    this.published++;
    this.#schedule();
  }

  /**
   * Sends a subscriber the messages it has not got, so that all it is sent later comes after them.
   *
   * @param subscriber One of those that are there.
   */
  catchUp(subscriber: Subscriber): void {
    const { position } = subscriber;
    if (position === this.published) return;
    subscriber.position = this.published;
    subscriber.sendShared(this.#since(position, subscriber.sharedDeflateBits));
  }

  /** The frames from that position on; most subscribers are at the same one. */
  #since(from: number, windowBits: number): SharedFrames {
    const to = this.published;
    const joined = this.#joined.get(windowBits);
    if (joined?.from === from && joined.to === to) return joined.shared;
    const shared = share(
      this.#messages.slice(from - to).map((it) => this.#frameOf(it, windowBits)),
    );
    this.#joined.set(windowBits, { from, to, shared });
    return shared;
  }

  /** The frame for those with these window bits, compressed when the first of them gets it. */
  #frameOf(message: Published, windowBits: number): Uint8Array {
    if (windowBits === 0) return message.frame;
    const compressed = message.compressed ??= new Map();
    let frame = compressed.get(windowBits);
    if (frame === undefined) {
      frame = this.#compressed(message.frame, windowBits);
      compressed.set(windowBits, frame);
    }
    return frame;
  }

  #compressed(frame: Uint8Array, windowBits: number): Uint8Array {
    const payload = frame.subarray(frame.length - payloadBytes(frame.length));
    const smaller = this.#compress(payload, windowBits);
    const opcode = (frame[0]! & 0x0f) as Opcode;
    return smaller === undefined ? frame : encodeFrame(opcode, smaller, { compressed: true });
  }

  /** Sends all subscribers the messages they have not got. */
  #flush(): void {
    const end = this.published;
    for (const subscriber of this.#subscribers()) this.catchUp(subscriber);
    this.#forget(end);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#turn);
  }

  /** Goes on with the round, or begins one. */
  #turn = (): void => {
    this.#scheduled = false;
    if (this.#round === undefined) {
      this.#round = this.#subscribers()[Symbol.iterator]();
      this.#roundEnd = this.published;
    }
    for (let sent = 0; sent < TURN_SUBSCRIBERS;) {
      const { done, value: subscriber } = this.#round.next();
      if (done) {
        this.#round = undefined;
        this.#forget(this.#roundEnd);
        break;
      }
      if (subscriber.position === this.published) continue;
      this.catchUp(subscriber);
      sent++;
    }
    if (this.#round !== undefined || this.#messages.length > 0) this.#schedule();
  };

  /** Lets go of the messages that all have got: those before that position. */
  #forget(end: number): void {
    const kept = Math.min(this.#messages.length, this.published - end);
    for (const { frame } of this.#messages.splice(0, this.#messages.length - kept)) {
      this.#bytes -= frame.length;
    }
    this.#joined.clear();
  }
}

function share(frames: readonly Uint8Array[]): SharedFrames {
  let [texts, textBytes, binaryBytes] = [0, 0, 0];
  for (const frame of frames) {
    const bytes = payloadBytes(frame.length);
    if ((frame[0]! & 0x0f) === Opcode.Text) {
      texts++;
      textBytes += bytes;
    } else binaryBytes += bytes;
  }
  const bytes = frames.length === 1 ? frames[0]! : join(frames);
  return { bytes, messages: frames.length, texts, textBytes, binaryBytes };
}

function join(frames: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(frames.reduce((length, frame) => length + frame.length, 0));
  let at = 0;
  for (const frame of frames) {
    bytes.set(frame, at);
    at += frame.length;
  }
  return bytes;
}
