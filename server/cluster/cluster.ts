import { type MessageData, plainOf } from "../connection/message_data.ts";
import { type LogEntry, logSafely } from "../log.ts";
import { parseFourTuple } from "../net/four_tuple.ts";
import type { DrainOptions, DrainResult } from "../operations/drain.ts";
import type { Operations } from "../operations/operations.ts";
import type { ConnectionDescription, Totals } from "../registry.ts";
import { ask, askAll } from "./ask.ts";
import { ClusterOperations } from "./cluster_operations.ts";
import {
  type ClusterRecord,
  type ClusterReport,
  joinReports,
  type WorkerInfo,
  type WorkerReport,
} from "./cluster_report.ts";
import { Supervisor, type SupervisorOptions } from "./supervisor.ts";
import type { WorkerProcess } from "./worker_process.ts";

/** A worker that has not answered after this many milliseconds is left out. */
const REPORT_DEADLINE = 10_000;

/** Workers that ask within this many milliseconds get the same report: they may be many. */
const REPORT_AGE = 1_000;

/** Which part of a cluster's connections is wanted. */
export interface ClusterListOptions {
  /**
   * Only connections behind this one: the last record of the page before.
   *
   * @default the beginning
   */
  after?: Pick<ClusterRecord, "worker" | "id">;
  /**
   * The most records.
   *
   * @default 100
   */
  limit?: number;
}

/**
 * Workers that run: processes that serve one port together. A worker that dies while it is asked
 * something is left out of the answer.
 */
export interface Cluster extends AsyncDisposable {
  /** The address that all workers listen on. */
  readonly addr: Deno.NetAddr;
  /** The address for a browser: `http://127.0.0.1:8080/`. */
  readonly url: string;
  /** The workers that take connections, by age. */
  readonly workers: readonly WorkerInfo[];
  /**
   * Resolves when all workers have ended. Rejects when that is because none serves, and each has died
   * early or not started six times in a row; then no more are started. As long as one serves, those
   * that have gone are tried again.
   */
  readonly finished: Promise<void>;
  /** What an operator can ask, and have done. */
  readonly operations: Operations;
  /** Tells what all workers hold, those too that drain. */
  report(): Promise<ClusterReport>;
  /**
   * Lists the connections of all workers, a page at a time: pass the last record as `after` for the next.
   *
   * @param options Where the page begins and how long it is.
   * @returns Records as they are now, by worker and age.
   */
  list(options?: ClusterListOptions): Promise<ClusterRecord[]>;
  /**
   * What all connections since the start add up to. What a worker has counted since somebody last
   * asked is lost when it is killed.
   */
  totals(): Promise<Totals>;
  /**
   * Looks a connection up in all workers, and asks the kernel about its socket.
   *
   * @param key The 4-tuple as text.
   * @returns As `ConnectionRegistry.describe()`, and which worker has it.
   * @throws {SyntaxError} When the text is no 4-tuple.
   * @throws {RangeError} When a port is out of range.
   */
  describe(key: string): Promise<(ConnectionDescription & { worker: number }) | undefined>;
  /**
   * Sends a message to the connections of all workers.
   *
   * @param data A string is sent as text, bytes as binary; copied.
   */
  broadcast(data: MessageData): void;
  /**
   * Has all workers, those too that start later, log from another level on, where their program can.
   *
   * @param level The least level that is worth a line.
   */
  setLogLevel(level: LogEntry["level"]): Promise<void>;
  /**
   * Replaces all workers, one after the other: the new one listens before the old one drains, so no
   * connection is refused. Those that the kernel has not handed over when the old one stops are reset,
   * unless `net.ipv4.tcp_migrate_req` is 1.
   *
   * @returns How many were reset, at most, as resets of others count too; `undefined` where that
   * cannot be read.
   * @throws {Error} When another roll is under way, when the cluster ends, or when a new worker
   * cannot serve: then the old ones go on.
   */
  roll(): Promise<number | undefined>;
  /**
   * Stops: no more connections, 1001 to everybody, and after the deadline the cut.
   *
   * @param options The deadline; without it, that of the cluster.
   * @returns How the connections ended.
   * @throws {RangeError} When it is negative or no number; nothing has happened then.
   */
  drain(options?: Pick<DrainOptions, "deadline">): Promise<DrainResult>;
  /** Kills all workers, as leaving the scope of `await using` does. */
  close(): Promise<void>;
}

/**
 * Starts workers.
 *
 * @param options What is started; a child of the program has to call `runWorker()`.
 * @returns The cluster, when all workers listen that can.
 * @throws What `Supervisor.start()` throws.
 */
export function startCluster(options: Omit<SupervisorOptions, "report">): Promise<Cluster> {
  let [report, asked] = [undefined as Promise<ClusterReport> | undefined, 0];
  const reportToWorker = (): Promise<ClusterReport> => {
    if (report === undefined || performance.now() - asked > REPORT_AGE) {
      asked = performance.now();
      report = cluster.then((it) => it.report());
    }
    return report;
  };
  const log = (entry: LogEntry) => logSafely(options.log, entry);
  const cluster: Promise<Cluster> = Supervisor.start({ ...options, log, report: reportToWorker })
    .then((supervisor): Cluster => new RunningCluster(supervisor));
  return cluster;
}

class RunningCluster implements Cluster {
  readonly operations: Operations;
  readonly #supervisor: Supervisor;

  constructor(supervisor: Supervisor) {
    this.#supervisor = supervisor;
    this.operations = new ClusterOperations(supervisor);
  }

  get addr(): Deno.NetAddr {
    return this.#supervisor.addr;
  }

  get url(): string {
    return this.#supervisor.url;
  }

  get workers(): WorkerInfo[] {
    return this.#supervisor.workers.map(({ worker, pid, since }) => ({ worker, pid, since }));
  }

  get finished(): Promise<void> {
    return this.#supervisor.finished;
  }

  async report(): Promise<ClusterReport> {
    const reports = await this.#askAll(async (it): Promise<WorkerReport> => {
      const { worker, pid, since } = it;
      return { worker, pid, since, ...await it.link.call("report") };
    });
    return joinReports(reports, this.#supervisor.relayDropped);
  }

  async list({ after, limit = 100 }: ClusterListOptions = {}): Promise<ClusterRecord[]> {
    const page: ClusterRecord[] = [];
    for (const it of this.#supervisor.live) {
      const { worker, link } = it;
      if (worker < (after?.worker ?? 0) || page.length >= limit) continue;
      const options = {
        after: worker === after?.worker ? after.id : 0,
        limit: limit - page.length,
      };
      const answered = await ask(link.call("list", options), REPORT_DEADLINE);
      page.push(...answered?.answer.map((record) => ({ ...record, worker })) ?? []);
    }
    return page;
  }

  async totals(): Promise<Totals> {
    await this.#askAll((it) => it.snapshot());
    return this.#supervisor.counters.totals;
  }

  async describe(key: string): Promise<(ConnectionDescription & { worker: number }) | undefined> {
    parseFourTuple(key); // throws here what it would throw in every worker
    const found = await this.#askAll(async ({ worker, link }) => {
      const description = await link.call("describe", key);
      return description && { ...description, worker };
    });
    return found.find((it) => it !== undefined);
  }

  broadcast(data: MessageData): void {
    this.#supervisor.broadcast(plainOf(data));
  }

  setLogLevel(logLevel: LogEntry["level"]): Promise<void> {
    return this.#supervisor.configure({ logLevel });
  }

  roll(): Promise<number | undefined> {
    return this.#supervisor.roll();
  }

  drain(options?: Pick<DrainOptions, "deadline">): Promise<DrainResult> {
    return this.#supervisor.drain(options);
  }

  close(): Promise<void> {
    return this.#supervisor.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Asks all workers at once, and leaves out those that do not answer. */
  async #askAll<T>(question: (worker: WorkerProcess) => Promise<T>): Promise<T[]> {
    const { answers } = await askAll(this.#supervisor.live, question, REPORT_DEADLINE);
    return answers.map(({ answer }) => answer);
  }
}
