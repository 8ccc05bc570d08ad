import { concat, fromHex } from "../helpers/notation.ts";
import { type Inflated, naiveInflate } from "../helpers/naive_inflate.ts";
import { Random } from "../helpers/random.ts";
import type { WireFrame } from "./read_frames.ts";

const TAIL = fromHex("00 00 ff ff");
/** RSV1 among the reserved bits of a {@linkcode WireFrame}. */
export const RSV1 = 4;
/** All sizes of a window, as the base-2 logarithm of its bytes. */
export const EVERY_WINDOW = [8, 9, 10, 11, 12, 13, 14, 15];

/** Text with references of every distance in it: words of a small dictionary, drawn at random. */
export function words(bytes: number, seed = 1): string {
  const random = new Random(seed);
  const dictionary = Array.from({ length: 900 }, () => random.bytes(8).join(""));
  let text = "";
  while (text.length < bytes) text += random.pick(dictionary);
  return text.slice(0, bytes);
}

/** A message that was sent: its frames' payloads joined, and what is inflated out of them. */
export function inflated(
  frames: readonly Pick<WireFrame, "payload">[],
  history?: Uint8Array<ArrayBuffer>,
): Inflated {
  const payload = concat(frames.map((frame) => frame.payload));
  return naiveInflate(concat([payload, TAIL]), history);
}

/** Bytes as text. */
export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** A text as long as the largest window, as a message of one block without compression. */
export const FAR_TEXT: string = words(32_768);
export const FAR_STORED: Uint8Array<ArrayBuffer> = concat([
  fromHex("00 00 80 ff 7f"),
  new TextEncoder().encode(FAR_TEXT),
  fromHex("00"),
]);

/**
 * A message that is the first 258 characters of the text before, 32,768 bytes back, with fixed codes:
 * the length is 11000101, the distance 11101 and 13 bits that are all set.
 */
export const FAR_REFERENCE: Uint8Array<ArrayBuffer> = bitsOf(
  "010" + "11000101" + "11101" + "1".repeat(13) + "0000000" + "000",
);

/** Bits in the order in which DEFLATE reads them. */
function bitsOf(bits: string): Uint8Array<ArrayBuffer> {
  const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, "0");
  const bytes = padded.match(/.{8}/g) ?? [];
  return Uint8Array.from(bytes, (byte) => parseInt([...byte].reverse().join(""), 2));
}
