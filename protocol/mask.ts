/** Below this many bytes a view on words costs more than it saves. */
const WORDWISE_FROM = 96;

/** Shifts that take the four key bytes out of a key held as one number, first byte on top. */
const SHIFTS = [24, 16, 8, 0] as const;

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
  const length = bytes.length;
  const turn = (offset & 3) << 3;
  const turned = turn === 0 ? key : key << turn | key >>> (32 - turn);
  let at = 0;
  if (length >= WORDWISE_FROM) at = applyMaskToWords(bytes, turned);
  for (; at < length; at++) bytes[at]! ^= turned >>> SHIFTS[(at & 3) as 0 | 1 | 2 | 3];
}

/** Masks the aligned middle word by word and what lies before it byte by byte; returns where it stopped. */
function applyMaskToWords(bytes: Uint8Array, key: number): number {
  const lead = -bytes.byteOffset & 3;
  for (let at = 0; at < lead; at++) bytes[at]! ^= key >>> SHIFTS[at as 0 | 1 | 2 | 3];
  const count = (bytes.length - lead) >>> 2;
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + lead, count);
  const turn = lead << 3;
  const turned = turn === 0 ? key : key << turn | key >>> (32 - turn);
  const word = wordOf(turned);
  for (let at = 0; at < count; at++) words[at]! ^= word;
  return lead + (count << 2);
}

const WORD_BYTES = new Uint8Array(4);
const WORD = new Int32Array(WORD_BYTES.buffer);

/** The word that lies in memory as the key's bytes do, whatever the machine's byte order. */
function wordOf(key: number): number {
  for (let at = 0; at < 4; at++) WORD_BYTES[at] = key >>> SHIFTS[at as 0 | 1 | 2 | 3];
  return WORD[0]!;
}
