/**
 * What the targets make their inputs with.
 *
 * @module
 */

import { concat } from "../helpers/notation.ts";
import type { Random } from "../helpers/random.ts";

const ENCODER = new TextEncoder();

/** Bytes that mean something to one parser or another. */
const TELLING = [
  0x00,
  0x09,
  0x0a,
  0x0d,
  0x20,
  0x22,
  0x2c,
  0x3a,
  0x3b,
  0x3d,
  0x5c,
  0x7f,
  0x80,
  0xff,
];

/** A text as bytes of UTF-8. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return ENCODER.encode(text);
}

/** Bytes as a text, each the character of the same value: how a header's value is read. */
export function textOf(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/**
 * Changes bytes in a few places: some flipped, lost, added, doubled or moved, or the end cut off.
 *
 * @param bytes The bytes, which are left alone.
 * @param random Decides where and how.
 */
export function mutate(bytes: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  let result = bytes.slice();
  for (let count = random.pick([0, 0, 1, 1, 2, 5]); count >= 0; count--) {
    result = mutateOnce(result, random);
  }
  return result;
}

function mutateOnce(bytes: Uint8Array<ArrayBuffer>, random: Random): Uint8Array<ArrayBuffer> {
  const at = random.below(bytes.length + 1);
  const end = Math.min(bytes.length, at + random.pick([1, 1, 1, 2, 4, 30]));
  const before = bytes.subarray(0, at);
  switch (random.below(7)) {
    case 0:
      if (at < bytes.length) bytes[at]! ^= 1 << random.below(8);
      return bytes;
    case 1:
      if (at < bytes.length) bytes[at] = random.pick(TELLING);
      return bytes;
    case 2:
      return concat([before, bytes.subarray(end)]);
    case 3:
      return concat([before, bytes.subarray(at, end), bytes.subarray(at)]);
    case 4:
      return concat([before, random.bytes(1 + random.below(3)), bytes.subarray(at)]);
    case 5:
      return concat([before, Uint8Array.of(random.pick(TELLING)), bytes.subarray(at)]);
    default:
      // Rarely: what is cut off gets no further than what is whole.
      return random.oneIn(2) ? concat([before]) : concat([bytes.subarray(at), before]);
  }
}

/** One time in eight anything at all, and else what is given, as it is or changed. */
export function spoil(bytes: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  if (random.oneIn(8)) return random.bytes(random.below(80));
  return random.oneIn(3) ? bytes.slice() : mutate(bytes, random);
}

/** Some of a list's items, each perhaps several times. */
export function some<T>(items: readonly T[], most: number, random: Random): T[] {
  return Array.from({ length: random.below(most + 1) }, () => random.pick(items));
}
