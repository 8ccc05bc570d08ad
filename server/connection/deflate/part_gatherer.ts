import { TAIL } from "./message_tail.ts";

/** How large the fragments of a big compressed message are, in bytes. */
const PART_BYTES = 65_536;

/**
 * Joins what comes out of a deflater into parts of one size, and takes the tail off the end
 * (RFC 7692 7.2.1).
 */
export class PartGatherer {
  #pieces: Uint8Array<ArrayBuffer>[] = [];
  #length = 0;

  /**
   * Takes the next piece.
   *
   * @param piece Kept, not copied.
   * @returns The parts that it completes, each 64 KiB long; one that may end in the tail is not.
   */
  *push(piece: Uint8Array<ArrayBuffer>): Generator<Uint8Array<ArrayBuffer>, void> {
    this.#pieces.push(piece);
    this.#length += piece.length;
    while (this.#length > PART_BYTES + TAIL.length) yield this.#take(PART_BYTES);
  }

  /**
   * Ends the message, which must end in the tail.
   *
   * @returns The last part without the tail, never empty.
   */
  rest(): Uint8Array<ArrayBuffer> {
    return this.#take(this.#length - TAIL.length);
  }

  #take(length: number): Uint8Array<ArrayBuffer> {
    this.#length -= length;
    const [only] = this.#pieces;
    if (only !== undefined && this.#pieces.length === 1) {
      this.#pieces = [only.subarray(length)];
      return only.subarray(0, length);
    }
    const part = new Uint8Array(length);
    let at = 0;
    while (at < length) {
      const piece = this.#pieces[0]!;
      const taken = Math.min(piece.length, length - at);
      part.set(piece.subarray(0, taken), at);
      at += taken;
      if (taken === piece.length) this.#pieces.shift();
      else this.#pieces[0] = piece.subarray(taken);
    }
    return part;
  }
}
