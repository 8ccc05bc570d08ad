import type { Buffer } from "node:buffer";
import { inflateRawSync } from "node:zlib";
import {
  inflatedTooBig,
  inflateFailed,
  isWhole,
  LAST_TAIL,
  MAX_FINAL_BLOCKS,
  tooManyFinalBlocks,
} from "./message_tail.ts";

/** The most that is inflated at once: it holds the event loop for a millisecond, when it is bad. */
const MAX_INPUT = 16_384;
const MAX_OUTPUT = 65_536;

/** The output is guessed to be so much larger; a wrong guess costs a copy. */
const EXPECTED_RATIO = 4;
const MIN_CHUNK_BYTES = 1_024;

/** A payload and its tail, used during one call. */
let scratch: Uint8Array<ArrayBuffer> | undefined;

/** The result of `inflateRawSync` when it is asked for `info`. */
interface Inflated {
  readonly buffer: Buffer<ArrayBuffer>;
  readonly engine: { readonly bytesWritten: number };
}

/**
 * Inflates a small whole message that needs nothing of the messages before it, at once.
 *
 * @param payload The message as it was on the wire; left alone.
 * @param windowBits The peer's window, as the base-2 logarithm of its bytes.
 * @param limit How many bytes it may inflate to.
 * @returns The message in pieces that are not empty; `undefined` when it is not a small one.
 * @throws {ProtocolError} `MESSAGE_TOO_BIG` or `INFLATE_FAILED`.
 */
export function inflateWhole(
  payload: Uint8Array,
  windowBits: number,
  limit: number,
): Uint8Array<ArrayBuffer>[] | undefined {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  // Not even a block: there are senders that mean an empty message.
  if (payload.length === 0) return pieces;
  if (payload.length > MAX_INPUT) return undefined;
  const most = Math.min(limit, MAX_OUTPUT);
  let total = 0;
  let rest = withTail(payload);
  for (let blocks = 0; blocks <= MAX_FINAL_BLOCKS; blocks++) {
    const inflated = inflate(rest, windowBits, Math.max(most - total, 1));
    total += inflated?.buffer.length ?? Infinity;
    if (inflated === undefined || total > most) {
      if (most < limit) return undefined;
      throw inflatedTooBig(limit);
    }
    const { buffer, engine } = inflated;
    if (buffer.length > 0) {
      pieces.push(new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length));
    }
    rest = rest.subarray(engine.bytesWritten);
    if (rest.length <= LAST_TAIL.length) {
      if (isWhole(rest.length, LAST_TAIL)) return pieces;
      throw inflateFailed();
    }
  }
  throw tooManyFinalBlocks();
}

function withTail(payload: Uint8Array): Uint8Array<ArrayBuffer> {
  scratch ??= new Uint8Array(MAX_INPUT + LAST_TAIL.length);
  scratch.set(payload);
  scratch.set(LAST_TAIL, payload.length);
  return scratch.subarray(0, payload.length + LAST_TAIL.length);
}

/** Inflates up to a final block; `undefined` when more than `maxOutputLength` bytes come out. */
function inflate(
  bytes: Uint8Array,
  windowBits: number,
  maxOutputLength: number,
): Inflated | undefined {
  const expected = Math.max(EXPECTED_RATIO * bytes.length, MIN_CHUNK_BYTES);
  const options = {
    windowBits,
    maxOutputLength,
    chunkSize: Math.min(expected, MAX_OUTPUT),
    info: true,
  };
  try {
    return inflateRawSync(bytes, options) as unknown as Inflated;
  } catch (error) {
    if ((error as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE") return undefined;
    throw inflateFailed();
  }
}
