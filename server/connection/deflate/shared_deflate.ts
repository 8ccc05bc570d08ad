import type { EventLoopBudget } from "../../loop/event_loop_budget.ts";
import type { CompressShared } from "../../topics/topic_log.ts";
import { atOnceBytes, deflateAlone } from "./deflate_alone.ts";
import type { ResolvedDeflate } from "./options.ts";
import { MAX_QUICK_LEVEL } from "./zlib_stream.ts";

/** A message that is larger would hold the event loop for too long; it is sent as it is. */
const MAX_BYTES = 65_536;

/**
 * Compresses messages once for all connections with the same window bits. What is published faster
 * than it can be compressed is sent as it is.
 *
 * @param settings How messages are compressed.
 * @param turn Tells whether there is time to.
 * @returns The function that a hub calls.
 */
export function sharedDeflate(
  settings: ResolvedDeflate,
  turn: Pick<EventLoopBudget, "isOverdue">,
): CompressShared {
  const { threshold, level, memoryLevel: memLevel } = settings;
  return (payload, windowBits) => {
    const { length } = payload;
    if (length < threshold || length > MAX_BYTES || turn.isOverdue()) return undefined;
    let wanted = { windowBits, level, memLevel };
    if (length > atOnceBytes(wanted)) {
      wanted = { ...wanted, level: Math.min(level, MAX_QUICK_LEVEL) };
    }
    if (length > atOnceBytes(wanted)) return undefined;
    const smaller = deflateAlone(payload, wanted);
    return smaller.length < length ? smaller : undefined;
  };
}
