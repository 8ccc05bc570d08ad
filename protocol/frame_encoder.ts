import { applyMask } from "./mask.ts";
import { Opcode } from "./opcode.ts";

const ENCODER = new TextEncoder();

/** The longest header a server writes; with a masking key it is four bytes longer. */
const MAX_HEADER_BYTES = 10;

/** How a frame is written besides its payload. */
export interface FrameOptions {
  /**
   * FIN: the frame is the last of its message.
   *
   * @default true
   */
  fin?: boolean;
  /**
   * RSV1: the frame is the first of a message that permessage-deflate has compressed (RFC 7692 6).
   *
   * @default false
   */
  compressed?: boolean;
  /**
   * The masking key as a 32-bit number, which every frame of a client needs and no frame of a
   * server has (RFC 6455 5.1, 5.3); it must be unpredictable and new for each frame.
   */
  maskKey?: number;
}

/**
 * Tells how long the header of a frame is (RFC 6455 5.2).
 *
 * @param payloadLength The payload's length in bytes.
 * @param masked Whether a masking key follows the length.
 * @returns The header's length, 2 to 14 bytes.
 *
 * @example
 * ```ts
 * import { headerLength } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([125, 126, 65_535, 65_536].map((n) => headerLength(n)), [2, 4, 4, 10]);
 * ```
 */
export function headerLength(payloadLength: number, masked = false): number {
  return (payloadLength < 126 ? 2 : payloadLength < 65_536 ? 4 : 10) + (masked ? 4 : 0);
}

/**
 * Writes a frame's header, its length in the shortest form (RFC 6455 5.2).
 *
 * @param target Where to, with room for {@linkcode headerLength} bytes.
 * @param at The position of the first byte.
 * @param opcode The type of the frame.
 * @param payloadLength The payload's length in bytes, at most `Number.MAX_SAFE_INTEGER`.
 * @param options FIN, RSV1 and the masking key.
 * @returns The position after the header.
 *
 * @example
 * ```ts
 * import { Opcode, writeHeader } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const header = new Uint8Array(4);
 * assertEquals(writeHeader(header, 0, Opcode.Binary, 256), 4);
 * assertEquals(header, Uint8Array.of(0x82, 0x7e, 0x01, 0x00)); // RFC 6455 5.7
 * ```
 */
export function writeHeader(
  target: Uint8Array,
  at: number,
  opcode: Opcode,
  payloadLength: number,
  options?: FrameOptions,
): number {
  const key = options?.maskKey;
  const mask = key === undefined ? 0 : 0x80;
  target[at++] = (options?.fin === false ? 0 : 0x80) | (options?.compressed ? 0x40 : 0) | opcode;
  if (payloadLength < 126) {
    target[at++] = mask | payloadLength;
  } else if (payloadLength < 65_536) {
    target[at++] = mask | 126;
    target[at++] = payloadLength >>> 8;
    target[at++] = payloadLength;
  } else {
    target[at++] = mask | 127;
    at = writeWord(target, at, Math.floor(payloadLength / 0x100000000));
    at = writeWord(target, at, payloadLength);
  }
  return key === undefined ? at : writeWord(target, at, key);
}

function writeWord(target: Uint8Array, at: number, word: number): number {
  target[at] = word >>> 24;
  target[at + 1] = word >>> 16;
  target[at + 2] = word >>> 8;
  target[at + 3] = word;
  return at + 4;
}

/**
 * Writes a whole frame. The payload is copied; the caller's bytes are not touched, masked or not.
 *
 * @param target Where to, with room for the header and the payload.
 * @param at The position of the first byte.
 * @param opcode The type of the frame.
 * @param payload The payload.
 * @param options FIN, RSV1 and the masking key.
 * @returns The position after the frame.
 *
 * @example
 * ```ts
 * import { Opcode, writeFrame } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const target = new Uint8Array(4);
 * assertEquals(writeFrame(target, 0, Opcode.Ping, Uint8Array.of(1, 2)), 4);
 * ```
 */
export function writeFrame(
  target: Uint8Array,
  at: number,
  opcode: Opcode,
  payload: Uint8Array,
  options?: FrameOptions,
): number {
  const start = writeHeader(target, at, opcode, payload.length, options);
  const end = start + payload.length;
  target.set(payload, start);
  if (options?.maskKey !== undefined) applyMask(target.subarray(start, end), options.maskKey);
  return end;
}

/**
 * Writes a text message in one unmasked frame. Lone surrogates become U+FFFD, as everywhere on the
 * platform, so that what is sent is always UTF-8 (RFC 6455 5.6).
 *
 * @param target Where to, with room for {@linkcode maxTextFrameLength} bytes.
 * @param at The position of the first byte.
 * @param text The message.
 * @returns The position after the frame.
 *
 * @example
 * ```ts
 * import { maxTextFrameLength, writeTextFrame } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const target = new Uint8Array(maxTextFrameLength("é"));
 * assertEquals(target.subarray(0, writeTextFrame(target, 0, "é")), Uint8Array.of(0x81, 2, 0xc3, 0xa9));
 * ```
 */
export function writeTextFrame(target: Uint8Array, at: number, text: string): number {
  // The length in bytes is known only after encoding: guess the header that ASCII would need.
  const guess = headerLength(text.length);
  const { written } = ENCODER.encodeInto(text, target.subarray(at + guess));
  const needed = headerLength(written);
  if (needed !== guess) target.copyWithin(at + needed, at + guess, at + guess + written);
  return writeHeader(target, at, Opcode.Text, written) + written;
}

/**
 * The room that {@linkcode writeTextFrame} needs: a UTF-16 unit becomes at most three bytes.
 *
 * @param text The message.
 * @returns A bound in bytes.
 *
 * @example
 * ```ts
 * import { maxTextFrameLength } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(maxTextFrameLength("abc"), 19);
 * ```
 */
export function maxTextFrameLength(text: string): number {
  return MAX_HEADER_BYTES + 3 * text.length;
}

/**
 * Encodes a frame into bytes of its own.
 *
 * @param opcode The type of the frame.
 * @param payload The payload, copied; a string is encoded as UTF-8.
 * @param options FIN, RSV1 and the masking key.
 * @returns The frame.
 *
 * @example
 * ```ts
 * import { encodeFrame, Opcode } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   encodeFrame(Opcode.Text, "Hello"), // RFC 6455 5.7
 *   Uint8Array.of(0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f),
 * );
 * ```
 */
export function encodeFrame(
  opcode: Opcode,
  payload: Uint8Array | string,
  options?: FrameOptions,
): Uint8Array<ArrayBuffer> {
  const bytes = typeof payload === "string" ? ENCODER.encode(payload) : payload;
  const masked = options?.maskKey !== undefined;
  const frame = new Uint8Array(headerLength(bytes.length, masked) + bytes.length);
  writeFrame(frame, 0, opcode, bytes, options);
  return frame;
}

/**
 * Computes how long the payload of a whole unmasked frame is (RFC 6455 5.2).
 *
 * @param frameBytes The length of the frame, in bytes.
 * @returns The length of its payload, in bytes.
 *
 * @example
 * ```ts
 * import { encodeFrame, Opcode, payloadBytes } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(payloadBytes(encodeFrame(Opcode.Text, "hello").length), 5);
 * ```
 */
export function payloadBytes(frameBytes: number): number {
  if (frameBytes < 2 + 126) return frameBytes - 2;
  return frameBytes < 4 + 65_536 ? frameBytes - 4 : frameBytes - 10;
}
