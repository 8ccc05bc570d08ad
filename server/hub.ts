import { encodeFrame, Opcode } from "../protocol/mod.ts";

/** Who gets what is published. */
export interface Subscriber {
  /**
   * Sends bytes that are shared with others and never changed.
   *
   * @param frames Whole unmasked frames.
   * @param messages How many messages they are.
   */
  sendShared(frames: Uint8Array, messages: number): unknown;
}

/** What is published in one turn is collected up to this many bytes. */
const BATCH_BYTES = 65_536;

/**
 * Sends messages to everybody: each is encoded once, and those of one turn of the event loop go
 * through the connections together, since going through very many costs more than the bytes do.
 */
export class Hub {
  readonly #subscribers: () => Iterable<Subscriber>;
  readonly #batchBytes: number;
  #frames: Uint8Array[] = [];
  #bytes = 0;

  /**
   * @param subscribers Who is there now.
   * @param batchBytes What is published in one turn is collected up to this many bytes.
   */
  constructor(subscribers: () => Iterable<Subscriber>, batchBytes: number = BATCH_BYTES) {
    this.#subscribers = subscribers;
    this.#batchBytes = Math.min(batchBytes, BATCH_BYTES);
  }

  /**
   * Sends a message to everybody, at the end of this turn at the latest.
   *
   * @param data A string is sent as text, bytes as binary; copied.
   * @throws {TypeError} When the data is neither, which types do not stop in JavaScript.
   */
  publish(data: string | Uint8Array): void {
    if (typeof data !== "string" && !(data instanceof Uint8Array)) {
      throw new TypeError("Cannot broadcast message as it must be a string or a Uint8Array");
    }
    const frame = encodeFrame(typeof data === "string" ? Opcode.Text : Opcode.Binary, data);
    if (this.#bytes + frame.length > this.#batchBytes) this.flush();
    this.#bytes += frame.length;
    if (this.#frames.push(frame) === 1) queueMicrotask(() => this.flush());
  }

  /**
   * Sends what waits, now: whatever else a connection does after it, or whoever comes after it,
   * comes after it on the wire too.
   */
  flush(): void {
    if (this.#frames.length === 0) return;
    const frames = this.#frames;
    const bytes = frames.length === 1 ? frames[0]! : joined(frames, this.#bytes);
    this.#frames = [];
    this.#bytes = 0;
    for (const subscriber of this.#subscribers()) subscriber.sendShared(bytes, frames.length);
  }
}

function joined(frames: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const frame of frames) {
    bytes.set(frame, at);
    at += frame.length;
  }
  return bytes;
}
