import { inflateRawSync } from "node:zlib";

/** At most this much may come out, so that a tap holds nothing up. */
const MAX_OUTPUT = 65_536;

/** Z_SYNC_FLUSH: the input has no end of its own. */
const SYNC_FLUSH = 2;

/**
 * Inflates the beginning of a compressed message (RFC 7692 7.2.2), of which nothing before is known.
 *
 * @param payload Its first bytes, some KiB at most.
 * @returns What they stand for; `undefined` where they refer to messages before, are no DEFLATE, or become more than
 * 64 KiB.
 */
export function inflateBeginning(payload: Uint8Array): Uint8Array | undefined {
  try {
    const options = { finishFlush: SYNC_FLUSH, maxOutputLength: MAX_OUTPUT };
    return inflateRawSync(payload, options);
  } catch {
    return undefined;
  }
}
