import type { LogEntry } from "../log.ts";
import type { Reconfiguration } from "../operations/operations.ts";

/** What workers are told to be otherwise than they were started. */
export interface WorkerConfig {
  /** Limits and a certificate. */
  readonly changes?: Reconfiguration;
  /** What is worth a line in the log. */
  readonly logLevel?: LogEntry["level"];
}

/**
 * Adds orders to earlier ones: together they make a new worker what the old ones have become.
 *
 * @param before What was ordered.
 * @param next What is ordered now; it wins.
 * @returns Both.
 */
export function mergeWorkerConfig(before: WorkerConfig, next: WorkerConfig): WorkerConfig {
  const [earlier, later] = [before.changes, next.changes];
  return {
    ...before,
    ...next,
    ...(earlier ?? later) !== undefined && {
      changes: { ...earlier, ...later, limits: { ...earlier?.limits, ...later?.limits } },
    },
  };
}
