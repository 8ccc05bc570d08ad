/**
 * A message on its way between workers: u16 length of the channel's name, the name, u8 kind of the
 * message (0 bytes, 1 text), the message.
 *
 * @module
 */
import type { Message } from "../../protocol/mod.ts";

/** As {@linkcode Backplane.publish} says. */
const MAX_CHANNEL_BYTES = 512;

const BINARY = 0;
const TEXT = 1;

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Puts a message into an envelope.
 *
 * @param channel The channel's name.
 * @param data The message, copied.
 * @returns New bytes.
 * @throws {RangeError} When the name takes more than 512 bytes.
 */
export function encodeEnvelope(
  channel: string,
  data: string | Uint8Array,
): Uint8Array<ArrayBuffer> {
  const name = ENCODER.encode(channel);
  if (name.length > MAX_CHANNEL_BYTES) {
    const most = `as its channel must be <= ${MAX_CHANNEL_BYTES} bytes`;
    throw new RangeError(`Cannot publish message ${most}: received ${name.length} bytes`);
  }
  const text = typeof data === "string";
  const payload = text ? ENCODER.encode(data) : data;
  const bytes = new Uint8Array(3 + name.length + payload.length);
  bytes[0] = name.length >> 8;
  bytes[1] = name.length;
  bytes.set(name, 2);
  bytes[2 + name.length] = text ? TEXT : BINARY;
  bytes.set(payload, 3 + name.length);
  return bytes;
}

/**
 * Takes a message out of its envelope.
 *
 * @param envelope What {@linkcode encodeEnvelope} has made; a message of bytes is a part of it.
 * @returns The channel's name and the message.
 */
export function decodeEnvelope(
  envelope: Uint8Array<ArrayBuffer>,
): { channel: string; data: Message } {
  const kind = 2 + (envelope[0]! << 8 | envelope[1]!);
  const payload = envelope.subarray(kind + 1);
  return {
    channel: DECODER.decode(envelope.subarray(2, kind)),
    data: envelope[kind] === TEXT ? DECODER.decode(payload) : payload,
  };
}
