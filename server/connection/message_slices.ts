import { Buffer } from "node:buffer";
import { yieldToEventLoop } from "../loop/yield_to_event_loop.ts";

/** The units that are encoded at once where all of a text is wanted: a fraction of a millisecond. */
const SLICE_BYTES = 65_536;

const ENCODER = new TextEncoder();

/**
 * Tells how many bytes a message has on the wire, as {@linkcode TextEncoder} counts them, without
 * encoding it.
 *
 * @param message Text or bytes.
 */
export function byteLengthOf(message: string | Uint8Array): number {
  return typeof message === "string" ? Buffer.byteLength(message) : message.length;
}

/**
 * Gives the bytes of a message slice by slice, a text encoded no earlier than it is asked for. All
 * slices together are what {@linkcode TextEncoder} makes of the text: no character is cut, and a lone
 * surrogate becomes U+FFFD.
 *
 * @param message Text or bytes; bytes are left alone, and to be so until the last slice is done with.
 * @param most How many bytes a slice may have, at least 4.
 * @returns Slices that are not empty, of which a text's are valid until the next is asked for.
 */
export function* slicesOf(
  message: string | Uint8Array,
  most: number,
): Generator<Uint8Array, void> {
  if (typeof message === "string") return yield* encodedSlices(message, most);
  for (let at = 0; at < message.length; at += most) yield message.subarray(at, at + most);
}

function* encodedSlices(text: string, most: number): Generator<Uint8Array, void> {
  const buffer = new Uint8Array(most);
  for (let at = 0; at < text.length;) {
    const { read, written } = ENCODER.encodeInto(
      text.slice(at, endOfSlice(text, at, most)),
      buffer,
    );
    yield buffer.subarray(0, written);
    at += read;
  }
}

/** As many units as may fit, since each has a byte at least, but not the first half of a pair alone. */
function endOfSlice(text: string, at: number, most: number): number {
  const end = at + most;
  return end < text.length && isHighSurrogate(text.charCodeAt(end - 1)) ? end - 1 : end;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

/**
 * Encodes a large text, with turns for everybody else in between.
 *
 * @param text The text.
 * @param length How many bytes it has.
 * @returns Its bytes, which {@linkcode TextEncoder} would make at once.
 */
export async function encodeSliced(
  text: string,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const slice of slicesOf(text, SLICE_BYTES)) {
    if (at > 0) await yieldToEventLoop();
    bytes.set(slice, at);
    at += slice.length;
  }
  return bytes;
}
