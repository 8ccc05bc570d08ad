/**
 * Inflates the messages of a capture (RFC 7692 7.2.2), of which all before are there, or are not.
 *
 * @module
 */

import { inflateRawSync } from "node:zlib";
import { deflateFault } from "../../connection/deflate/deflate_fault.ts";

/** The largest window of DEFLATE: a message refers to nothing further back. */
const WINDOW = 32_768;

/** What a sender takes off the end of a message (RFC 7692 7.2.1). */
const TAIL = [0x00, 0x00, 0xff, 0xff];

/** Z_SYNC_FLUSH: the input has no end of its own. */
const SYNC_FLUSH = 2;

/** Inflates one message after another, in their order. */
export class MessageInflater {
  readonly #limit: number;
  readonly #fault = deflateFault();
  /** The end of what was inflated before, to which the next message may refer. */
  #window: Uint8Array<ArrayBuffer> = new Uint8Array(0);

  /** @param limit The most bytes of one message that come out. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Inflates a message.
   *
   * @param payloads The payloads of all its frames.
   * @returns The message; else, in a few words, why it stays compressed.
   */
  inflate(payloads: readonly Uint8Array[]): Uint8Array<ArrayBuffer> | string {
    if (this.#fault !== undefined) return this.#fault;
    const window = this.#window;
    const { length } = window;
    // A stored block (RFC 1951 3.2.4) puts what came before where the message looks for it.
    const header = [0, length & 0xff, length >> 8, ~length & 0xff, ~length >> 8 & 0xff];
    const parts = [...length === 0 ? [] : [header, window], ...payloads, TAIL];
    const input = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      input.set(part, at);
      at += part.length;
    }
    try {
      const options = { finishFlush: SYNC_FLUSH, maxOutputLength: length + this.#limit };
      const all = Uint8Array.from(inflateRawSync(input, options));
      this.#window = all.slice(-WINDOW);
      return all.slice(length);
    } catch (error) {
      // Of what follows, only what refers to nothing before it can be understood.
      this.#window = new Uint8Array(0);
      const { code } = error as { code?: unknown };
      return code === "ERR_BUFFER_TOO_LARGE"
        ? `more than ${this.#limit} bytes would come out`
        : "it is no DEFLATE, or refers to messages before these";
    }
  }
}
