import type { LogEntry } from "./options.ts";

/**
 * Tells an operator something. There is nobody to tell that telling failed, at once or later.
 *
 * @param log Gets the entry; what it throws is ignored.
 * @param entry What happened.
 */
export function tell(log: (entry: LogEntry) => void, entry: LogEntry): void {
  try {
    const told: unknown = log(entry);
    if (told instanceof Promise) told.catch(() => {});
  } catch {
    // As above.
  }
}
