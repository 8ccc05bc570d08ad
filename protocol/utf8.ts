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
  /** How many of its bytes have come, if it needs more. */
  #begun = 0;
  /** The range of the next continuation byte: narrower than 80..BF after some first bytes. */
  #low = 0x80;
  #high = 0xbf;

  /** Whether the bytes so far end with a whole character. */
  get complete(): boolean {
    return this.#needed === 0;
  }

  /** How many of the last bytes belong to a character that is cut off: 0 to 3. */
  get begun(): number {
    return this.#needed === 0 ? 0 : this.#begun;
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
        at = skipCharacters(bytes, at);
        if (at === length) return true;
        if (!this.#begin(bytes[at++]!)) return false;
      } else {
        const byte = bytes[at++]!;
        if (byte < this.#low || byte > this.#high) return false;
        this.#low = 0x80;
        this.#high = 0xbf;
        this.#needed--;
        this.#begun++;
      }
    }
    return true;
  }

  /** The table of RFC 3629 4, by first byte. */
  #begin(byte: number): boolean {
    if (byte < 0x80) return true;
    this.#begun = 1;
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

/**
 * Skips good characters while all their bytes are there. Stops where each byte has to be looked at:
 * where one is bad, and so near the end that a character may be cut off.
 */
function skipCharacters(bytes: Uint8Array, from: number): number {
  const end = bytes.length - 3;
  let at = from;
  while (at < end) {
    const first = bytes[at]!;
    if (first < 0x80) {
      at = bytes[at + 1]! < 0x80 ? skipAscii(bytes, at + 2) : at + 1;
    } else if (first < 0xe0) {
      if (first < 0xc2 || !isContinuation(bytes[at + 1]!)) return at;
      at += 2;
    } else {
      const second = bytes[at + 1]!;
      if (!isContinuation(second) || !isContinuation(bytes[at + 2]!)) return at;
      // The first two bytes as one number: overlong forms are below, what is too great is above.
      const pair = first << 8 | second;
      if (first < 0xf0) {
        if (pair < 0xe0a0 || (pair >= 0xeda0 && pair <= 0xedbf)) return at; // the hole: surrogates
        at += 3;
      } else {
        if (pair < 0xf090 || pair > 0xf48f || !isContinuation(bytes[at + 3]!)) return at;
        at += 4;
      }
    }
  }
  return at;
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

/** After this many ASCII bytes in a row it pays to look at as many at once, as eight words. */
const ASCII_RUN = 32;

/** Skips ASCII, of which the last bytes of a long run may be left. */
function skipAscii(bytes: Uint8Array, from: number): number {
  const length = bytes.length;
  const soon = length - from < ASCII_RUN ? length : from + ASCII_RUN;
  let at = from;
  while (at < soon && bytes[at]! < 0x80) at++;
  return at === soon && length - at >= ASCII_RUN ? skipAsciiWords(bytes, at) : at;
}

/** Begins where a word does, perhaps up to three bytes back, inside the run. */
function skipAsciiWords(bytes: Uint8Array, from: number): number {
  const start = from - (bytes.byteOffset + from & 3);
  const words = new Int32Array(
    bytes.buffer,
    bytes.byteOffset + start,
    (bytes.length - start) >>> 2,
  );
  const end = words.length - 7;
  let at = 0;
  while (at < end) {
    const any = words[at]! | words[at + 1]! | words[at + 2]! | words[at + 3]! |
      words[at + 4]! | words[at + 5]! | words[at + 6]! | words[at + 7]!;
    if ((any & 0x80808080) !== 0) break;
    at += 8;
  }
  return start + (at << 2);
}
