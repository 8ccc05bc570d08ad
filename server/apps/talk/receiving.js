// One file on its way in. Its slices become blobs at once, which the browser may keep on the disk.

import { SliceHash } from "./slice_hash.js";

/** Receives one file. */
export class Receiving {
  /** How many bytes have come. */
  bytes = 0;
  #size;
  #sliceBytes;
  /** @type {Blob[]} */
  #parts = [];
  #hash = new SliceHash();

  /** @param {{ size: number, sliceBytes: number }} file As the server announced it. */
  constructor({ size, sliceBytes }) {
    this.#size = size;
    this.#sliceBytes = sliceBytes;
  }

  /**
   * Takes the next slice.
   *
   * @param {number} index
   * @param {Uint8Array<ArrayBuffer>} bytes
   * @returns {boolean} False when this is not the next slice: no more can become of the file.
   */
  add(index, bytes) {
    const expected = Math.min(this.#sliceBytes, this.#size - this.bytes);
    if (index !== this.#parts.length || bytes.length !== expected || expected === 0) return false;
    this.#parts.push(new Blob([bytes]));
    this.#hash.add(bytes);
    this.bytes += bytes.length;
    return true;
  }

  /**
   * Puts the file together after the last slice.
   *
   * @param {string | undefined} hash The sender's.
   * @returns {Promise<{ blob: Blob, checked: boolean } | undefined>} Whether the hash was compared: not
   * where either page may not compute it. Undefined when something is missing or other than it was
   * sent.
   */
  async finish(hash) {
    if (this.bytes !== this.#size) return undefined;
    const own = await this.#hash.finish();
    const checked = own !== undefined && hash !== undefined;
    if (checked && own !== hash) return undefined;
    // Whatever the sender calls it: saved it can be, opened in this page's name it cannot.
    const blob = new Blob(this.#parts, { type: "application/octet-stream" });
    return { blob, checked };
  }
}
