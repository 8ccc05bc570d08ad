import { joinMeasured } from "../metrics/measured_sums.ts";
import type { Measured } from "../metrics/measurements.ts";
import type { Totals } from "../registry.ts";
import { joinTotals } from "./cluster_report.ts";

/** What a worker has counted since its start. */
export interface WorkerCounters {
  /** What its connections add up to. */
  readonly totals: Totals;
  /** What else was counted. */
  readonly measured: Measured;
  /** Messages for other workers that it dropped, because too many waited on the way. */
  readonly backplaneDropped: number;
}

/**
 * Adds up what workers have counted. With those among them that have gone, a sum never goes back.
 *
 * @param parts What each has counted.
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
 * Says what a worker had counted that has gone.
 *
 * @param counted What it has said last.
 * @returns The same, but its connections are over, and its event loop is late no more.
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
