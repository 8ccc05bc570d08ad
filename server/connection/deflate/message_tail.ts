import { ProtocolError } from "../../../protocol/mod.ts";

/** The bytes that senders take off the end of each message and receivers append again (RFC 7692 7.2.1, 7.2.2). */
export const TAIL: Uint8Array = Uint8Array.of(0x00, 0x00, 0xff, 0xff);

/**
 * The same where nothing follows the message: after it a final block and one byte more. zlib stops
 * in front of that byte if what the peer sent was whole, and only then.
 */
export const LAST_TAIL: Uint8Array = Uint8Array.of(...TAIL, 0x01, 0x00, 0x00, 0xff, 0xff, 0x00);

/**
 * Final blocks in one message. RFC 7692 7.2.3.4 has a sender that cannot flush end each message with one.
 * Two bytes make one, and what follows it is inflated by a new engine, which costs a thousand times
 * what a byte does; most receivers read no further than the first.
 */
export const MAX_FINAL_BLOCKS = 1;

/**
 * Tells whether a message was whole by what zlib left of its tail.
 *
 * @param left How many bytes of the tail were not used.
 * @param tail Which tail it was.
 */
export function isWhole(left: number, tail: Uint8Array): boolean {
  // A sender may have ended with a final block, and without the empty block that 7.2.1 wants after
  // it: all of the tail is left then, and nothing of the message.
  return left === tail.length || left === (tail === LAST_TAIL ? 1 : 0);
}

/** Makes the error of a message that is not what DEFLATE makes. */
export function inflateFailed(): ProtocolError {
  return new ProtocolError("INFLATE_FAILED", "Compressed message is corrupt");
}

/** Makes the error of a message with more than {@linkcode MAX_FINAL_BLOCKS} final blocks. */
export function tooManyFinalBlocks(): ProtocolError {
  return new ProtocolError(
    "INFLATE_FAILED",
    `Compressed message has more than ${MAX_FINAL_BLOCKS} final block`,
  );
}

/**
 * Makes the error of a message that inflates to too much.
 *
 * @param limit The limit in bytes.
 */
export function inflatedTooBig(limit: number): ProtocolError {
  return new ProtocolError("MESSAGE_TOO_BIG", `Message inflates to more than ${limit} bytes`);
}
