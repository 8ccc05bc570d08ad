import { joinMeasured } from "../metrics/measured_sums.ts";
import type { Measured } from "../metrics/measurements.ts";
import type { Totals } from "../registry.ts";
import { joinTotals } from "./cluster_report.ts";

/** The counters of a worker since its start. */
export interface WorkerCounters {
  /** The sums over its connections. */
  readonly totals: Totals;
  /** The other counters. */
  readonly measured: Measured;
  /** Messages for other workers that it dropped, because too many waited on the way. */
  readonly backplaneDropped: number;
}

/**
 * Adds up the counters of workers. Workers that have gone are included, so no sum ever goes back.
 *
 * @param parts The counters of each worker.
 * @returns The sums.
 */
export function joinCounters(parts: readonly WorkerCounters[]): WorkerCounters {
  return {
    totals: joinTotals(parts.map(({ totals }) => totals)),
    measured: joinMeasured(parts.map(({ measured }) => measured)),
    backplaneDropped: parts.reduce((sum, part) => sum + part.backplaneDropped, 0),
  };
}

/**
 * Closes the counters of a worker that has gone.
 *
 * @param counters Its last counters.
 * @returns The same with all connections closed and no delay of the event loop.
 */
export function countersOfGone(
  { totals, measured, backplaneDropped }: WorkerCounters,
): WorkerCounters {
  return {
    totals: { ...totals, closed: totals.opened },
    measured: { ...measured, loopDelay: { mean: 0, max: 0 } },
    backplaneDropped,
  };
}
