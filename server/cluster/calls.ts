import type { ConnectionDescription, ConnectionRecord, ListOptions, Totals } from "../registry.ts";
import type { Report } from "../report.ts";
import type { DrainOptions, DrainResult } from "../server.ts";
import type { ClusterReport } from "./cluster_report.ts";

/** What a worker is told to be. */
export interface Place {
  /** Its number: counts up from 1 over the life of the cluster. */
  readonly worker: number;
  /** The address to listen on. */
  readonly hostname: string;
  /** The port, never 0. */
  readonly port: number;
  /** How long it may drain when its supervisor has gone, in milliseconds. */
  readonly drainDeadline: number;
}

/** Where a worker listens. */
export interface Listening {
  /** The address for a browser. */
  readonly url: string;
}

/** What a worker says of itself. */
export interface OwnReport extends Report {
  /** Messages for other workers that it dropped, because too many waited on the way. */
  readonly backplaneDropped: number;
}

/** What is left of a worker that has drained. */
export interface LastWords extends DrainResult {
  /** What its connections added up to. */
  readonly totals: Totals;
  /**
   * Resets that the host sent while the listening socket closed: those of connections that waited to
   * be accepted, and any others; absent where it cannot be read.
   */
  readonly resets?: number;
}

/** What a supervisor can ask a worker. */
export interface WorkerCalls {
  /** Serves; fails with a line that says why it cannot. */
  listen(place: Place): Promise<Listening>;
  /** As `Server.report()`. */
  report(): Promise<OwnReport>;
  /** As `ConnectionRegistry.list()`. */
  list(options: ListOptions): Promise<ConnectionRecord[]>;
  /** As `ConnectionRegistry.totals()`. */
  totals(): Promise<Totals>;
  /** As `ConnectionRegistry.describe()`. */
  describe(key: string): Promise<ConnectionDescription | undefined>;
  /** As `Server.drain()`; asked again it gives the same answer. */
  drain(options: DrainOptions): Promise<LastWords>;
}

/** What a worker can ask its supervisor. */
export interface SupervisorCalls {
  /** Asks to be drained and replaced. */
  leave(): void;
  /** What all workers hold. */
  report(): Promise<ClusterReport>;
}
