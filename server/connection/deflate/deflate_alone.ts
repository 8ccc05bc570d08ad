import { constants, deflateRawSync } from "node:zlib";
import { yieldToEventLoop } from "../../loop/yield_to_event_loop.ts";
import { slicesOf } from "../message_slices.ts";
import { TAIL } from "./message_tail.ts";
import { PartGatherer } from "./part_gatherer.ts";
import { type DeflateEffort, MAX_QUICK_LEVEL, ZlibStream } from "./zlib_stream.ts";

/** How much comes out at once where nothing is kept between messages. */
const ALONE_CHUNK_BYTES = 32_768;

/** The least to set aside for what comes out; small messages are guessed to become half as long. */
const MIN_CHUNK_BYTES = 256;

/**
 * zlib has no window of 256 bytes for deflating: it takes one of 512, from which it could refer to
 * what the peer has forgotten. It cannot where each 256 bytes are deflated on their own, which costs
 * nothing but size: there is nothing to keep, with context takeover or without.
 */
const SMALLEST_WINDOW_BITS = 8;
const SMALLEST_WINDOW_BYTES = 256;

/** As many of those as take a fraction of a millisecond. */
const SMALLEST_WINDOWS_BYTES = 16 * SMALLEST_WINDOW_BYTES;

/** How much of a message is deflated at once: some milliseconds at most, whatever it is. */
const AT_ONCE_BYTES = 65_536;
const THOROUGH_AT_ONCE_BYTES = 8_192;

/** How a message is deflated. */
export interface DeflateSettings extends DeflateEffort {
  /** The base-2 logarithm of the window in bytes, 8 to 15. */
  readonly windowBits: number;
}

/**
 * An empty message, compressed: the header of an empty block, whose rest is the tail (RFC 7692
 * 7.2.3.6). zlib makes nothing at all of the second empty message in a row.
 */
export function deflatedNothing(): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(0x00);
}

/**
 * Tells whether a window can be kept from message to message: not if it is so small that zlib has
 * none of its size.
 *
 * @param windowBits The base-2 logarithm of the window in bytes, 8 to 15.
 */
export function canKeepWindow(windowBits: number): boolean {
  return windowBits > SMALLEST_WINDOW_BITS;
}

/**
 * Tells how large a message may be so that it can be deflated at once: where it is made to cost much,
 * some milliseconds are enough for no more.
 *
 * @param settings The window and the effort.
 * @returns Bytes.
 */
export function atOnceBytes({ windowBits, level }: DeflateSettings): number {
  if (!canKeepWindow(windowBits)) return SMALLEST_WINDOWS_BYTES;
  return level > MAX_QUICK_LEVEL ? THOROUGH_AT_ONCE_BYTES : AT_ONCE_BYTES;
}

/**
 * Deflates a message at once, with nothing of the messages before it (RFC 7692 7.2.1): for messages of
 * up to {@linkcode atOnceBytes}, since it holds the event loop. Connections with the same settings can
 * share what comes out.
 *
 * @param payload The message.
 * @param settings The window and the effort.
 * @returns The payload of the compressed message, never empty.
 */
export function deflateAlone(
  payload: Uint8Array,
  settings: DeflateSettings,
): Uint8Array<ArrayBuffer> {
  if (payload.length === 0) return deflatedNothing();
  if (canKeepWindow(settings.windowBits)) return withoutTail(deflate(payload, settings));
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0; at < payload.length; at += SMALLEST_WINDOW_BYTES) {
    pieces.push(deflateSmallestWindow(payload, at, settings));
  }
  return withoutTail(join(pieces));
}

/**
 * Deflates a message of any size with nothing of the messages before it, and lets everybody else have
 * a turn in between.
 *
 * @param message Bytes, left alone until the iteration has ended, or a text.
 * @param settings The window and the effort.
 * @param isWanted Whether it goes on; asked for each piece, of which a part has several.
 * @returns The payload of the compressed message in parts of 64 KiB, the last one shorter but not
 * empty, which are sent as the fragments of one message. An iteration that is left early frees
 * everything.
 */
export async function* deflateSliced(
  message: string | Uint8Array,
  settings: DeflateSettings,
  isWanted: () => boolean = () => true,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  if (message.length === 0) return yield deflatedNothing();
  const parts = new PartGatherer();
  const pieces = canKeepWindow(settings.windowBits)
    ? deflateInSlices(message, settings)
    : deflateSmallestWindows(message, settings);
  for await (const piece of pieces) {
    if (!isWanted()) return;
    yield* parts.push(piece);
  }
  yield parts.rest();
}

async function* deflateInSlices(
  message: string | Uint8Array,
  settings: DeflateSettings,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  const stream = ZlibStream.deflating({ ...settings, chunkSize: ALONE_CHUNK_BYTES });
  try {
    yield* stream.writeSliced(message);
  } finally {
    stream.close();
  }
}

async function* deflateSmallestWindows(
  message: string | Uint8Array,
  settings: DeflateSettings,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  for (const slice of slicesOf(message, SMALLEST_WINDOWS_BYTES)) {
    await yieldToEventLoop();
    for (let at = 0; at < slice.length; at += SMALLEST_WINDOW_BYTES) {
      yield deflateSmallestWindow(slice, at, settings);
    }
  }
}

function deflateSmallestWindow(
  payload: Uint8Array,
  at: number,
  settings: DeflateSettings,
): Uint8Array<ArrayBuffer> {
  const piece = payload.subarray(at, at + SMALLEST_WINDOW_BYTES);
  return deflate(piece, { ...settings, windowBits: SMALLEST_WINDOW_BITS + 1 });
}

function deflate(payload: Uint8Array, settings: DeflateSettings): Uint8Array<ArrayBuffer> {
  const { windowBits, level, memLevel } = settings;
  const chunkSize = Math.min(Math.max(payload.length >> 1, MIN_CHUNK_BYTES), ALONE_CHUNK_BYTES);
  const finishFlush = constants.Z_SYNC_FLUSH;
  const bytes = deflateRawSync(payload, { windowBits, level, memLevel, chunkSize, finishFlush });
  return new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length);
}

function withoutTail(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return bytes.subarray(0, bytes.length - TAIL.length);
}

function join(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}
