import { NICKNAME_BYTES } from "./talk_names.ts";

// A slice of a file travels as images do: one length byte, that many bytes of nickname, then the rest.
// What begins that rest, which no image begins with, tells it from one.

/** What a slice begins with, behind the nickname: a zero byte and "SLC". */
const MAGIC: readonly number[] = [0, 0x53, 0x4c, 0x43];

/** The magic, the person in 8 bytes, the file and the slice in 4 bytes each, the highest byte first. */
const HEADER_BYTES = 20;

/** How many slices a file can have. */
export const MAX_SLICES = 2 ** 32;

/** The largest slice message is so much longer than the slice, in bytes. */
export const SLICE_OVERHEAD: number = 1 + NICKNAME_BYTES + HEADER_BYTES;

const encoder = new TextEncoder();

/** A part of a file. */
export interface Slice {
  /** Whose file it is: the server's word, or 0 from a page. */
  readonly id: number;
  /** Which file of that person it is. */
  readonly file: number;
  /** Which part: 0 is the first. */
  readonly index: number;
  /** The bytes; a view of the message. */
  readonly bytes: Uint8Array;
}

/**
 * Reads a slice.
 *
 * @param message A binary message.
 * @returns The slice; undefined when the message is none.
 */
export function parseSlice(message: Uint8Array): Slice | undefined {
  const at = 1 + (message[0] ?? 0);
  if (message.length < at + HEADER_BYTES) return undefined;
  if (MAGIC.some((byte, index) => message[at + index] !== byte)) return undefined;
  const header = new DataView(message.buffer, message.byteOffset + at, HEADER_BYTES);
  return {
    id: Number(header.getBigUint64(4)),
    file: header.getUint32(12),
    index: header.getUint32(16),
    bytes: message.subarray(at + HEADER_BYTES),
  };
}

/**
 * Writes a slice.
 *
 * @param name The nickname of the sender as the server knows it, at most 255 bytes in UTF-8.
 * @param slice Copied into the message; its `id` as the server knows it.
 * @returns The message, the caller's to keep.
 */
export function frameSlice(
  name: string,
  { id, file, index, bytes }: Slice,
): Uint8Array<ArrayBuffer> {
  const nickname = encoder.encode(name);
  const at = 1 + nickname.length;
  const message = new Uint8Array(at + HEADER_BYTES + bytes.length);
  message[0] = nickname.length;
  message.set(nickname, 1);
  message.set(MAGIC, at);
  const header = new DataView(message.buffer, at, HEADER_BYTES);
  header.setBigUint64(4, BigInt(id));
  header.setUint32(12, file);
  header.setUint32(16, index);
  message.set(bytes, at + HEADER_BYTES);
  return message;
}
