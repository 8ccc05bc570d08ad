import { type CapacityLimit, capacityLimits } from "../host/capacity.ts";
import type { HostLimits } from "../host/host.ts";
import type { Report } from "../host/report.ts";

/** What of a worker's report its capacity comes from. */
export type WorkerUse = Pick<Report, "connections" | "descriptors">;

/**
 * Computes how many connections each limit allows to all workers together. Descriptors are counted
 * for each worker by itself, and added up: that many fit if the kernel shares them out evenly, as it
 * nearly does. All else is the host's, which the workers share.
 *
 * @param limits What the host allows.
 * @param workers What each worker holds.
 * @returns The limits, the one that is met first at the front.
 */
export function clusterCapacity(
  limits: HostLimits,
  workers: readonly WorkerUse[],
): CapacityLimit[] {
  const { descriptors: _ofSupervisor, ...ofHost } = limits;
  const connections = workers.reduce((sum, it) => sum + it.connections, 0);
  const own = descriptorsOf(limits, workers);
  return [...own === undefined ? [] : [own], ...capacityLimits(ofHost, { connections })]
    .sort((a, b) => a.connections - b.connections);
}

/** What the workers' descriptors allow; nothing where those of one are unknown. */
function descriptorsOf(
  { nrOpen }: HostLimits,
  workers: readonly WorkerUse[],
): CapacityLimit | undefined {
  const each = workers.flatMap(({ connections, descriptors }) => {
    const { soft, hard = soft, open } = descriptors ?? {};
    if (soft === undefined || hard === undefined) return [];
    const limits = { descriptors: { soft, hard }, ...nrOpen !== undefined && { nrOpen } };
    const use = { connections, ...open !== undefined && { descriptorsOpen: open } };
    return capacityLimits(limits, use).filter(({ name }) => name === "descriptors");
  });
  const [first] = each.toSorted((a, b) => a.value - b.value);
  if (first === undefined || each.length < workers.length) return undefined;
  const used = each.map((it) => it.used).filter((it) => it !== undefined);
  return {
    ...first,
    connections: each.reduce((sum, it) => sum + it.connections, 0),
    ...used.length > 0 && { used: Math.max(...used) },
    unit: "descriptors of each worker",
  };
}
