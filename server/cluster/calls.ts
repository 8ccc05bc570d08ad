import type { ConnectionRecord } from "../connection/connection_record.ts";
import type { Report } from "../host/report.ts";
import type { Limits } from "../limits.ts";
import type { DrainOptions, DrainResult } from "../operations/drain.ts";
import type {
  CloseOrder,
  CloseOutcome,
  ConnectionFilter,
  ConnectionPage,
  ConnectionQuery,
  DescriptorPage,
  DescriptorQuery,
  PingOutcome,
  ProcessSnapshot,
  TapEvent,
  TapOptions,
} from "../operations/operations.ts";
import type { ConnectionDescription, ListOptions } from "../registry.ts";
import type { ClusterReport } from "./cluster_report.ts";
import type { WorkerConfig } from "./worker_config.ts";
import type { WorkerCounters } from "./worker_counters.ts";

/** The assignment of a worker. */
export interface WorkerAssignment {
  /** Its number: counts up from 1 over the life of the cluster. */
  readonly worker: number;
  /** The address to listen on. */
  readonly hostname: string;
  /** The port, never 0. */
  readonly port: number;
  /** How long it may drain when its supervisor has gone, in milliseconds. */
  readonly drainDeadline: number;
  /** The changes to the other workers since their start; in force before it takes connections. */
  readonly config: WorkerConfig;
}

/** Where a worker listens. */
export interface Listening {
  /** The address for a browser. */
  readonly url: string;
}

/** The report of a worker. */
export interface OwnReport extends Report {
  /** Messages for other workers that it dropped, because too many waited on the way. */
  readonly backplaneDropped: number;
}

/** The snapshot of a worker. */
export interface WorkerSnapshot extends Omit<ProcessSnapshot, "worker">, WorkerCounters {}

/** The last report of a worker, once it has drained. */
export interface FinalReport extends DrainResult, WorkerCounters {
  /**
   * Resets that the host sent while the listening socket closed: those of connections that waited to
   * be accepted, and any others; absent where it cannot be read.
   */
  readonly resets?: number;
}

/** What a supervisor can ask a worker. */
export interface WorkerCalls {
  /** Serves; fails with a line that says why it cannot. */
  listen(assignment: WorkerAssignment): Promise<Listening>;
  /** As `Server.report()`. */
  report(): Promise<OwnReport>;
  /** As `ConnectionRegistry.list()`. */
  list(options: ListOptions): Promise<ConnectionRecord[]>;
  /** As `ConnectionRegistry.describe()`. */
  describe(key: string): Promise<ConnectionDescription | undefined>;
  /** Tells how many connections it has, at once: one that does not answer soon is stuck. */
  size(): Promise<number>;
  /** Whether it has a connection. */
  holds(key: string): Promise<boolean>;
  /** What it holds and has counted. */
  snapshot(): Promise<WorkerSnapshot>;
  /** As `Operations.query()`, without a worker. */
  query(query: ConnectionQuery): Promise<ConnectionPage>;
  /** As `Operations.close()`, without a worker in the filter. */
  close(filter: ConnectionFilter, order: CloseOrder): Promise<CloseOutcome>;
  /** As `Operations.ping()`. */
  ping(key: string): Promise<PingOutcome | undefined>;
  /** As `Operations.descriptors()`, without a worker. */
  descriptors(query: DescriptorQuery): Promise<DescriptorPage>;
  /**
   * Taps a connection: from now on its events come by {@linkcode SupervisorCalls.tapped}.
   *
   * @param tap The tap's number, which no other one of the cluster has.
   * @param key The 4-tuple as text.
   * @param options As in `Operations.tap()`.
   * @returns Whether it has the connection.
   */
  tap(tap: number, key: string, options: TapOptions): Promise<boolean>;
  /** Ends a tap, if it is not over. */
  untap(tap: number): void;
  /** As `Operations.limits()`. */
  limits(): Promise<Limits>;
  /**
   * Changes limits, certificate or log level.
   *
   * @returns The limits that hold now.
   * @throws As `Operations.reconfigure()`.
   */
  follow(config: WorkerConfig): Promise<Limits>;
  /** As `Server.drain()`; asked again it gives the same answer. */
  drain(options: DrainOptions): Promise<FinalReport>;
}

/** What a worker can ask its supervisor. */
export interface SupervisorCalls {
  /** Asks to be drained and replaced. */
  leave(): void;
  /** What all workers hold. */
  report(): Promise<ClusterReport>;
  /** Takes events of a tap; answers when the reader wants more. */
  tapped(tap: number, events: readonly TapEvent[]): Promise<void>;
  /** A tap is over. */
  untapped(tap: number): void;
}
