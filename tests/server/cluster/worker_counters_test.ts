import { assertEquals } from "@std/assert";
import { joinTotals } from "../../../server/cluster/cluster_report.ts";
import {
  countersOfGone,
  joinCounters,
  type WorkerCounters,
} from "../../../server/cluster/worker_counters.ts";
import { Measurements } from "../../../server/metrics/measurements.ts";

function counted(number: number): WorkerCounters {
  const measurements = new Measurements();
  measurements.peersLost = number;
  return {
    totals: { ...joinTotals([]), accepted: number },
    measured: measurements.read({ mean: number / 100, max: number / 10 }),
    backplaneDropped: number,
  };
}

Deno.test("joinCounters() adds up what is counted", () => {
  const { totals, measured, backplaneDropped } = joinCounters([counted(1), counted(2)]);
  assertEquals([totals.accepted, measured.peersLost, backplaneDropped], [3, 3, 3]);
  assertEquals(measured.loopDelay.max, 0.2);
});

Deno.test("countersOfGone() keeps what was counted, but no connection and no event loop", () => {
  const { totals, ...rest } = counted(3);
  const gone = countersOfGone({ ...rest, totals: { ...totals, opened: 5, closed: 2 } });
  assertEquals([gone.totals.opened, gone.totals.closed], [5, 5]);
  assertEquals([gone.totals.accepted, gone.measured.peersLost, gone.backplaneDropped], [3, 3, 3]);
  assertEquals(joinCounters([gone, counted(1)]).measured.loopDelay, { mean: 0.01, max: 0.1 });
});
