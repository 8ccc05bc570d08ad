/** Below this many bytes a view on words costs more than it saves. */
const WORDWISE_FROM = 96;

/**
 * Applies or removes a mask in place (RFC 6455 5.3; the operation is its own inverse).
 *
 * @param bytes The payload, or a part of it; its bytes are changed.
 * @param key The masking key as an unsigned or signed 32-bit number, its first byte on top.
 * @param offset How many bytes of the frame's payload went before this part.
 *
 * @example
 * ```ts
 * import { applyMask } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const masked = Uint8Array.of(0x7f, 0x9f, 0x4d, 0x51, 0x58); // RFC 6455 5.7
 * applyMask(masked, 0x37fa213d);
 * assertEquals(new TextDecoder().decode(masked), "Hello");
 * ```
 */
export function applyMask(bytes: Uint8Array, key: number, offset = 0): void {
  const turned = turn(key, offset);
  if (bytes.length < WORDWISE_FROM) maskBytes(bytes, 0, bytes.length, turned);
  else maskWords(bytes, turned);
}

/** The key for the bytes that lie this many bytes further on. */
function turn(key: number, by: number): number {
  const bits = (by & 3) << 3;
  return key << bits | key >>> (32 - bits); // a shift by 32 is one by 0
}

/** Masks some of the bytes one by one, the first of them with the first byte of the key. */
function maskBytes(bytes: Uint8Array, from: number, to: number, key: number): void {
  const first = key >>> 24;
  const second = key >>> 16 & 0xff;
  const third = key >>> 8 & 0xff;
  const fourth = key & 0xff;
  let at = from;
  for (const end = to - 3; at < end; at += 4) {
    bytes[at]! ^= first;
    bytes[at + 1]! ^= second;
    bytes[at + 2]! ^= third;
    bytes[at + 3]! ^= fourth;
  }
  for (let shift = 24; at < to; at++, shift -= 8) bytes[at]! ^= key >>> shift;
}

/** Masks the aligned middle word by word, and the bytes before and after it one by one. */
function maskWords(bytes: Uint8Array, key: number): void {
  const lead = -bytes.byteOffset & 3;
  const count = (bytes.length - lead) >>> 2;
  const turned = turn(key, lead);
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + lead, count);
  maskBytes(bytes, 0, lead, key);
  xorWords(words, wordOf(turned));
  maskBytes(bytes, lead + (count << 2), bytes.length, turned);
}

/** The odd ones come first, then eight a step. */
function xorWords(words: Int32Array, word: number): void {
  const odd = words.length & 7;
  for (let at = 0; at < odd; at++) words[at]! ^= word;
  for (let at = odd; at < words.length; at += 8) {
    words[at]! ^= word;
    words[at + 1]! ^= word;
    words[at + 2]! ^= word;
    words[at + 3]! ^= word;
    words[at + 4]! ^= word;
    words[at + 5]! ^= word;
    words[at + 6]! ^= word;
    words[at + 7]! ^= word;
  }
}

const WORD_BYTES = new Uint8Array(4);
const WORD = new Int32Array(WORD_BYTES.buffer);

/** The word that lies in memory as the key's bytes do, whatever the machine's byte order. */
function wordOf(key: number): number {
  WORD[0] = 0;
  maskBytes(WORD_BYTES, 0, 4, key);
  return WORD[0]!;
}
