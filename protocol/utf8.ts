/**
 * Validates UTF-8 that arrives in pieces, and fails at the first byte that cannot be part of it
 * (RFC 6455 8.1, RFC 3629 4): overlong forms, surrogates and values above U+10FFFF included.
 *
 * @example
 * ```ts
 * import { Utf8Validator } from "@fourtuple/fourtuple/protocol";
 * import { assert } from "@std/assert";
 *
 * const validator = new Utf8Validator();
 * assert(validator.push(Uint8Array.of(0xe2, 0x82)));
 * assert(!validator.complete);
 * assert(validator.push(Uint8Array.of(0xac)));
 * assert(validator.complete);
 * assert(!validator.push(Uint8Array.of(0xff)));
 * ```
 */
export class Utf8Validator {
  /** How many continuation bytes the current character still needs. */
  #needed = 0;
  /** The range of the next continuation byte: narrower than 80..BF after some first bytes. */
  #low = 0x80;
  #high = 0xbf;

  /** Whether the bytes so far end with a whole character. */
  get complete(): boolean {
    return this.#needed === 0;
  }

  /**
   * Takes the next piece.
   *
   * @param bytes The bytes; they are only read, and not kept.
   * @returns `false` when a byte cannot be part of UTF-8; the validator is of no use afterwards.
   */
  push(bytes: Uint8Array): boolean {
    const length = bytes.length;
    let at = 0;
    while (at < length) {
      if (this.#needed === 0) {
        at = skipAscii(bytes, at);
        if (at === length) return true;
        if (!this.#begin(bytes[at++]!)) return false;
      } else {
        const byte = bytes[at++]!;
        if (byte < this.#low || byte > this.#high) return false;
        this.#low = 0x80;
        this.#high = 0xbf;
        this.#needed--;
      }
    }
    return true;
  }

  /** The table of RFC 3629 4, by first byte. */
  #begin(byte: number): boolean {
    if (byte >= 0xc2 && byte <= 0xdf) this.#needed = 1;
    else if (byte >= 0xe0 && byte <= 0xef) {
      this.#needed = 2;
      if (byte === 0xe0) this.#low = 0xa0; // below: overlong
      if (byte === 0xed) this.#high = 0x9f; // above: surrogates
    } else if (byte >= 0xf0 && byte <= 0xf4) {
      this.#needed = 3;
      if (byte === 0xf0) this.#low = 0x90; // below: overlong
      if (byte === 0xf4) this.#high = 0x8f; // above: beyond U+10FFFF
    } else return false;
    return true;
  }
}

/** This many ASCII bytes in a row, and it pays to look at four at once. */
const ASCII_RUN = 32;

/** Skips what is ASCII: byte by byte at first, and word by word where there is much of it. */
function skipAscii(bytes: Uint8Array, from: number): number {
  const length = bytes.length;
  let at = from;
  const soon = Math.min(length, from + ASCII_RUN);
  while (at < soon || (at < length && (bytes.byteOffset + at & 3) !== 0)) {
    if (bytes[at]! > 0x7f) return at;
    at++;
  }
  if (length - at >= ASCII_RUN) {
    const words = new Int32Array(bytes.buffer, bytes.byteOffset + at, (length - at) >>> 2);
    let word = 0;
    while (word < words.length && (words[word]! & 0x80808080) === 0) word++;
    at += word << 2;
  }
  while (at < length && bytes[at]! <= 0x7f) at++;
  return at;
}
