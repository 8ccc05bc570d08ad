import { Buffer } from "node:buffer";
import { concat } from "./inputs.ts";

/**
 * A reader's buffer, into which the same bytes come again and again as from a socket. Readers unmask
 * in place, so each run begins with a copy; every reader pays for one.
 */
export class Wire {
  readonly #source: Uint8Array;
  readonly #buffer: Uint8Array;
  readonly #chunks: Uint8Array[];

  /**
   * @param chunks The bytes, as the reader gets them.
   * @param kind What the reader gets: ours and the twins `Uint8Array`, ws what sockets of Node give.
   */
  constructor(chunks: readonly Uint8Array[], kind: "Uint8Array" | "Buffer" = "Uint8Array") {
    this.#source = concat(chunks);
    const memory = new ArrayBuffer(this.#source.length);
    this.#buffer = new Uint8Array(memory);
    let at = 0;
    this.#chunks = chunks.map(({ length }) => {
      const start = at;
      at += length;
      return kind === "Buffer"
        ? Buffer.from(memory, start, length)
        : new Uint8Array(memory, start, length);
    });
  }

  /** The chunks, as they came; valid and the reader's to change until the next call. */
  receive(): readonly Uint8Array[] {
    this.#buffer.set(this.#source);
    return this.#chunks;
  }
}
