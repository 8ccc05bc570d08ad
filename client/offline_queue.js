// @ts-check
// What waits to be sent while there is no connection.

/** @import { Data, WhenFull } from "./reconnecting.d.ts" */

/** The room of an outbox unless it is told otherwise, in bytes. */
export const OFFLINE_QUEUE_BYTES = 1_048_576;

/** What happens to a message that does not fit. */
const POLICIES = ["reject", "drop-oldest", "drop-newest"];

/** What a message counts beside its payload, so that empty ones fill the outbox too. */
const ENTRY_BYTES = 64;

const encoder = new TextEncoder();

/** Messages in the order they were given, no more than so many bytes of them. */
export class OfflineQueue {
  /** @type {{ data: Data, bytes: number }[]} */
  #waiting = [];
  #bytes = 0;
  #limit;
  #whenFull;

  /**
   * @param {number} [limit] The bytes that may wait, where each message counts as its payload and 64
   * more; 0 keeps nothing.
   * @param {WhenFull} [whenFull] What happens to a message that does not fit.
   * @throws {RangeError} When the limit is no integer from 0 on, or there is no such policy.
   */
  constructor(limit = OFFLINE_QUEUE_BYTES, whenFull = "reject") {
    if (!Number.isSafeInteger(limit) || limit < 0) {
      throw new RangeError(`Outbox must hold an integer of bytes from 0 on: received ${limit}`);
    }
    if (!POLICIES.includes(whenFull)) {
      throw new RangeError(
        `Outbox must have one of the policies ${POLICIES.join(", ")}: received "${whenFull}"`,
      );
    }
    this.#limit = limit;
    this.#whenFull = whenFull;
  }

  /**
   * The bytes that wait, counted as the limit is.
   *
   * @returns {number}
   */
  get bytes() {
    return this.#bytes;
  }

  /**
   * Takes a message. A buffer is copied, as a WebSocket would: it stays the caller's.
   *
   * @param {Data} data The message.
   * @returns {{ kept: boolean, dropped: Data[] }} Whether it waits now, and what was dropped for it or
   * of it. Neither kept nor dropped: it was rejected.
   */
  add(data) {
    const bytes = cost(data);
    if (bytes > this.#limit || (this.#whenFull !== "drop-oldest" && !this.#fits(bytes))) {
      return { kept: false, dropped: this.#whenFull === "reject" ? [] : [data] };
    }
    /** @type {Data[]} */
    const dropped = [];
    while (!this.#fits(bytes)) dropped.push(this.#shift());
    this.#waiting.push({ data: copyOf(data), bytes });
    this.#bytes += bytes;
    return { kept: true, dropped };
  }

  /**
   * Hands over the messages, the oldest first, and forgets each as it goes.
   *
   * @returns {Generator<Data, void>}
   */
  *take() {
    while (this.#waiting.length > 0) yield this.#shift();
  }

  /** Forgets the messages. */
  clear() {
    this.#waiting = [];
    this.#bytes = 0;
  }

  /** @param {number} bytes */
  #fits(bytes) {
    return this.#bytes + bytes <= this.#limit;
  }

  /** @returns {Data} */
  #shift() {
    const [{ data, bytes }] = /** @type {[{ data: Data, bytes: number }]} */ (
      this.#waiting.splice(0, 1)
    );
    this.#bytes -= bytes;
    return data;
  }
}

/**
 * @param {Data} data
 * @returns {number}
 */
function cost(data) {
  if (typeof data === "string") return ENTRY_BYTES + encoder.encode(data).length;
  return ENTRY_BYTES + (data instanceof Blob ? data.size : data.byteLength);
}

/**
 * @param {Data} data
 * @returns {Data}
 */
function copyOf(data) {
  if (typeof data === "string" || data instanceof Blob) return data;
  if (data instanceof ArrayBuffer) return data.slice(0);
  return data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
}
