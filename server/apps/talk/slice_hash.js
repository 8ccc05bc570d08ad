// The hash of a file: the SHA-256 of the SHA-256s of its slices, one after another. What browsers offer
// takes a whole input at once, and a file may be larger than memory; its slices are not.

const HASH_BYTES = 32;

/** Computes the hash of one file while its slices come by. */
export class SliceHash {
  /** @type {Promise<ArrayBuffer>[]} */
  #hashes = [];

  /** Whether the browser lets this page compute hashes: only over https, or from this very device. */
  static get isAllowed() {
    return globalThis.crypto?.subtle !== undefined;
  }

  /**
   * Takes the next slice.
   *
   * @param {Uint8Array<ArrayBuffer>} bytes Not to be changed before the hash is there.
   */
  add(bytes) {
    if (SliceHash.isAllowed) this.#hashes.push(crypto.subtle.digest("SHA-256", bytes));
  }

  /**
   * Gives the hash of all slices so far.
   *
   * @returns {Promise<string | undefined>} 64 hexadecimal digits; undefined where the page may not
   * compute it.
   */
  async finish() {
    if (!SliceHash.isAllowed) return undefined;
    const hashes = new Uint8Array(HASH_BYTES * this.#hashes.length);
    let at = 0;
    for (const hash of await Promise.all(this.#hashes)) {
      hashes.set(new Uint8Array(hash), at);
      at += HASH_BYTES;
    }
    const whole = new Uint8Array(await crypto.subtle.digest("SHA-256", hashes));
    return Array.from(whole, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
}
