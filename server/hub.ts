import { setImmediate } from "node:timers";
import { encodeFrame, Opcode } from "../protocol/mod.ts";

/** Who gets what is published. */
export interface Subscriber {
  /** How many of the hub's messages it has got, or came too late for; kept by the hub. */
  position: number;
  /**
   * Sends bytes that are shared with others and never changed.
   *
   * @param frames Whole unmasked frames.
   * @param messages How many messages they are.
   */
  sendShared(frames: Uint8Array, messages: number): unknown;
}

/** What somebody has not got yet is kept up to this many bytes; then everybody gets it at once. */
const KEPT_BYTES = 65_536;

/**
 * So many subscribers are sent to in one turn of the event loop. Deno starts about 128 reads and
 * writes in a turn; any further one is set aside and costs twice as much.
 */
const TURN_SUBSCRIBERS = 100;

/** Consecutive frames, joined. */
interface Joined {
  readonly from: number;
  readonly to: number;
  readonly bytes: Uint8Array;
}

/**
 * Sends messages to everybody. Each is encoded once and kept until all have got it. A round goes
 * through the subscribers, some in each turn of the event loop, and hands each all that it has not
 * got: so very many of them hold nothing up, and the faster messages come, the more leave in one
 * write.
 */
export class Hub {
  readonly #subscribers: () => Iterable<Subscriber>;
  readonly #keptBytes: number;
  /** Frames of the latest messages, as far back as somebody has not got them. */
  #frames: Uint8Array[] = [];
  #bytes = 0;
  #joined: Joined | undefined = undefined;
  #round: Iterator<Subscriber> | undefined = undefined;
  /** How many messages there were when the round began. */
  #roundEnd = 0;
  #scheduled = false;
  /** How many messages were ever published: the position of who comes now. */
  published = 0;

  /**
   * @param subscribers Who is there now.
   * @param keptBytes What somebody has not got yet is kept up to this many bytes.
   */
  constructor(subscribers: () => Iterable<Subscriber>, keptBytes: number = KEPT_BYTES) {
    this.#subscribers = subscribers;
    this.#keptBytes = Math.min(keptBytes, KEPT_BYTES);
  }

  /**
   * Sends a message to everybody who is there now.
   *
   * @param data A string is sent as text, bytes as binary; copied.
   * @throws {TypeError} When the data is neither, which types do not stop in JavaScript.
   */
  publish(data: string | Uint8Array): void {
    if (typeof data !== "string" && !(data instanceof Uint8Array)) {
      throw new TypeError("Cannot broadcast message as it must be a string or a Uint8Array");
    }
    const frame = encodeFrame(typeof data === "string" ? Opcode.Text : Opcode.Binary, data);
    if (this.#bytes + frame.length > this.#keptBytes) this.#flush();
    this.#frames.push(frame);
    this.#bytes += frame.length;
    this.published++;
    this.#schedule();
  }

  /**
   * Sends a subscriber what it has not got: whatever else it is sent after it comes after it.
   *
   * @param subscriber One of those that are there.
   */
  catchUp(subscriber: Subscriber): void {
    const { position } = subscriber;
    const messages = this.published - position;
    if (messages === 0) return;
    subscriber.position = this.published;
    subscriber.sendShared(this.#since(position), messages);
  }

  /** The frames from that position on; most subscribers are at the same one. */
  #since(from: number): Uint8Array {
    const to = this.published;
    if (this.#joined?.from !== from || this.#joined.to !== to) {
      const frames = this.#frames.slice(from - to);
      this.#joined = { from, to, bytes: frames.length === 1 ? frames[0]! : join(frames) };
    }
    return this.#joined.bytes;
  }

  /** Sends everybody what they have not got. */
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
    if (this.#round !== undefined || this.#frames.length > 0) this.#schedule();
  };

  /** Lets go of what all have got: the messages before that position. */
  #forget(end: number): void {
    const kept = Math.min(this.#frames.length, this.published - end);
    for (const { length } of this.#frames.splice(0, this.#frames.length - kept)) {
      this.#bytes -= length;
    }
    this.#joined = undefined;
  }
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
