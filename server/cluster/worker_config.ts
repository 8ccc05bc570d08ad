import type { LogEntry } from "../log.ts";
import type { Reconfiguration } from "../operations/operations.ts";

/** The changes to a worker since it was started. */
export interface WorkerConfig {
  /** Limits and a certificate. */
  readonly changes?: Reconfiguration;
  /** What is worth a line in the log. */
  readonly logLevel?: LogEntry["level"];
}

/**
 * Merges changes: together they make a new worker like the old ones.
 *
 * @param before The earlier changes.
 * @param next The later changes, which win.
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
