import type { ConnectionRecord } from "../connection/connection_record.ts";
import type { ConnectionCounts, Report, SummedReport } from "../host/report.ts";
import type { Totals } from "../registry.ts";

/** A worker process of a cluster. */
export interface WorkerInfo {
  /** Its number: counts up from 1 over the life of the cluster. */
  readonly worker: number;
  /** Its process. */
  readonly pid: number;
  /** Since when it has listened, in ms since the epoch. */
  readonly since: number;
}

/** A connection's record, and which worker has the connection. */
export interface ClusterRecord extends ConnectionRecord {
  /** The worker; ids count up in each worker by itself. */
  readonly worker: number;
}

/** What one worker holds. */
export interface WorkerReport extends Report, WorkerInfo {
  /** Messages for other workers that it dropped, because too many waited on the way. */
  readonly backplaneDropped: number;
}

/** What a cluster holds: sums over its workers. What no worker can read is absent. */
export interface ClusterReport extends
  Pick<
    ConnectionCounts,
    "connections" | "exchanges" | "maxConnections" | "serverPorts" | "fourTuples" | "queuedBytes"
  > {
  /** File descriptors of the workers. */
  readonly descriptors?: {
    /** How many are open. */
    readonly open?: number;
    /** How many may be. */
    readonly soft?: number;
  };
  /** Memory of the workers, in bytes; `perConnection` is the mean over workers that know theirs. */
  readonly memory: Report["memory"];
  /** TCP of the whole host, as one worker has read it. */
  readonly hostTcp?: NonNullable<Report["hostTcp"]>;
  /** Messages between workers that were dropped because their receiver, or the relay, was too slow. */
  readonly relayDropped: number;
  /** The process that starts the workers and carries messages between them. */
  readonly supervisor: {
    /** Its process. */
    readonly pid: number;
    /** What it takes of the host's memory, in bytes. */
    readonly resident: number;
  };
  /** The workers, each with its own report. */
  readonly workers: readonly WorkerReport[];
}

/**
 * Joins the reports of all workers.
 *
 * @param workers The reports.
 * @param relayDropped Messages that the relay dropped.
 * @returns One report.
 */
export function joinReports(
  workers: readonly WorkerReport[],
  relayDropped: number,
): ClusterReport {
  const dropped = workers.reduce((total, it) => total + it.backplaneDropped, 0);
  return {
    ...sumReports(workers),
    relayDropped: relayDropped + dropped,
    supervisor: { pid: Deno.pid, resident: Deno.memoryUsage().rss },
    workers,
  };
}

/**
 * Adds up what processes that share a port hold. What one of them cannot read is absent.
 *
 * @param workers Their reports.
 * @returns The sums, without the limit that is met first.
 */
export function sumReports(workers: readonly Report[]): SummedReport {
  const sum = (of: (report: Report) => number | undefined): number =>
    workers.reduce((total, report) => total + (of(report) ?? 0), 0);
  const known = (of: (report: Report) => number | undefined): number | undefined =>
    workers.length > 0 && workers.every((it) => of(it) !== undefined) ? sum(of) : undefined;
  const maxConnections = known((it) => it.maxConnections);
  const open = known((it) => it.descriptors?.open);
  const soft = known((it) => it.descriptors?.soft);
  const measured = workers.filter((it) => it.memory.perConnection !== undefined);
  const measuredConnections = measured.reduce((total, it) => total + it.connections, 0);
  const measuredBytes = sum(({ memory, connections }) => (memory.perConnection ?? 0) * connections);
  const hostTcp = workers.find((it) => it.hostTcp !== undefined)?.hostTcp;
  return {
    connections: sum((it) => it.connections),
    exchanges: sum((it) => it.exchanges),
    ...maxConnections !== undefined && { maxConnections },
    // The workers share the port.
    serverPorts: Math.max(0, ...workers.map((it) => it.serverPorts)),
    fourTuples: sum((it) => it.fourTuples),
    queuedBytes: sum((it) => it.queuedBytes),
    ...(open ?? soft) !== undefined && {
      descriptors: { ...open !== undefined && { open }, ...soft !== undefined && { soft } },
    },
    memory: {
      resident: sum((it) => it.memory.resident),
      heapUsed: sum((it) => it.memory.heapUsed),
      heapTotal: sum((it) => it.memory.heapTotal),
      external: sum((it) => it.memory.external),
      ...measuredConnections > 0 && {
        perConnection: Math.round(measuredBytes / measuredConnections),
      },
    },
    ...hostTcp && { hostTcp },
  };
}

/**
 * Adds up what workers have counted.
 *
 * @param parts Their totals.
 * @returns The sums.
 */
export function joinTotals(parts: readonly Totals[]): Totals {
  const sum = {
    accepted: 0,
    opened: 0,
    closed: 0,
    requests: 0,
    spoofed: 0,
    forwardedMalformed: 0,
    bytesIn: 0,
    bytesOut: 0,
    messagesIn: 0,
    messagesOut: 0,
    messagesDropped: 0,
  };
  const names = Object.keys(sum) as (keyof typeof sum)[];
  const refused: Record<string, number> = {};
  for (const part of parts) {
    for (const name of names) sum[name] += part[name];
    for (const [reason, count] of Object.entries(part.refused)) {
      refused[reason] = (refused[reason] ?? 0) + count;
    }
  }
  return { ...sum, refused };
}
