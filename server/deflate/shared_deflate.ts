import type { CompressShared } from "../hub.ts";
import { deflateAlone } from "./deflate_alone.ts";
import type { ResolvedDeflate } from "./options.ts";

/** A message that is larger would hold the event loop for too long; it is sent as it is. */
const MOST_BYTES = 65_536;

/**
 * Compresses messages once for all connections with the same window bits.
 *
 * @param settings How messages are compressed.
 * @returns What a hub needs.
 */
export function sharedDeflate(settings: ResolvedDeflate): CompressShared {
  const { threshold, level, memoryLevel: memLevel } = settings;
  return (payload, windowBits) => {
    if (payload.length < threshold || payload.length > MOST_BYTES) return undefined;
    const smaller = deflateAlone(payload, { windowBits, level, memLevel });
    return smaller.length < payload.length ? smaller : undefined;
  };
}
