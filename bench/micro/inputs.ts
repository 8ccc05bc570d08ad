import { encodeFrame, type Opcode } from "../../protocol/mod.ts";

/** The sizes of payloads that are timed, by the name that reports give them. */
export const SIZES = { "64 B": 64, "16 KiB": 16_384, "1 MiB": 1_048_576 } as const;

/** The masking key of every frame; no byte of it is zero, or a reader might have less to do. */
export const MASK_KEY = 0x37fa213d;

/** Words that are one, two, three and four bytes a character in UTF-8, as chats mix them. */
const WORDS = ["hello ", "grüße ", "привет ", "नमस्ते ", "你好 ", "😀 "];

/** The same bytes in every run, without a pattern: xorshift32. */
export function noise(length: number): Uint8Array<ArrayBuffer> {
  let state = 0x9e3779b1;
  return Uint8Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  });
}

/** ASCII text of this many characters. */
export function asciiText(length: number): string {
  return "The quick brown fox jumps over the lazy dog. ".repeat(length / 45 + 1).slice(0, length);
}

/** Text in many scripts whose UTF-8 has exactly this many bytes. */
export function mixedText(bytes: number): string {
  const encoder = new TextEncoder();
  const lengths = WORDS.map((word) => encoder.encode(word).length);
  let text = "";
  let left = bytes;
  for (let i = 0; left >= lengths[i % WORDS.length]!; i++) {
    text += WORDS[i % WORDS.length];
    left -= lengths[i % WORDS.length]!;
  }
  return text + ".".repeat(left);
}

/** A frame as a client sends it. */
export function clientFrame(
  opcode: Opcode,
  payload: Uint8Array | string,
  fin = true,
): Uint8Array<ArrayBuffer> {
  return encodeFrame(opcode, payload, { fin, maskKey: MASK_KEY });
}

/** One array out of several. */
export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Views of the same bytes, this many in each but the last. */
export function cut(bytes: Uint8Array, size: number): Uint8Array[] {
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}
