import type { ConnectionRecord } from "../connection/connection_record.ts";
import { sentResets } from "../host/host.ts";
import type { Limits } from "../limits.ts";
import { type LogEntry, logSafely } from "../log.ts";
import type { DrainOptions } from "../operations/drain.ts";
import type {
  CloseOrder,
  CloseOutcome,
  ConnectionFilter,
  ConnectionPage,
  ConnectionQuery,
  DescriptorPage,
  DescriptorQuery,
  Operations,
  PingOutcome,
  TapOptions,
} from "../operations/operations.ts";
import type { ServeOptions } from "../options.ts";
import { joinParent } from "../process/child.ts";
import type { Link } from "../process/link.ts";
import type { ConnectionDescription, ListOptions } from "../registry.ts";
import type { Server } from "../options.ts";
import type {
  FinalReport,
  Listening,
  OwnReport,
  SupervisorCalls,
  WorkerAssignment,
  WorkerCalls,
  WorkerSnapshot,
} from "./calls.ts";
import type { ClusterReport } from "./cluster_report.ts";
import { LinkBackplane } from "./link_backplane.ts";
import type { WorkerConfig } from "./worker_config.ts";
import { WorkerTaps } from "./worker_taps.ts";

/** What a worker passes on to `serve()`. */
export type WorkerOptions =
  & Required<Pick<ServeOptions, "hostname" | "port" | "reusePort" | "backplane" | "worker" | "log">>
  & Pick<ServeOptions, "cert" | "key">;

/** What is started in a worker. */
export interface WorkerProgram {
  /** Gets what is worth telling an operator. */
  readonly log: (entry: LogEntry) => void;
  /**
   * Starts the server.
   *
   * @param options What makes it one of many; `log` says which worker it is. `cert` and `key` are there
   * where the others have been told of a certificate, which is for a server that serves TLS: files may
   * hold another one by now, or none that can be used.
   * @param report Tells what all workers hold.
   * @throws {Error} When it cannot serve; the supervisor gets the message.
   */
  start(options: WorkerOptions, report: () => Promise<ClusterReport>): Server | Promise<Server>;
  /** Changes what is worth a line in the log; called before the start where it was changed before. */
  setLogLevel?(level: LogEntry["level"]): void;
}

/**
 * Makes this process a worker of the one that started it, until it has drained: because that was
 * asked for, or because its supervisor has gone.
 *
 * @param program What to start.
 * @throws {Error} When this process was not started as a worker.
 */
export async function runWorker(program: WorkerProgram): Promise<void> {
  await new Worker(program).run();
}

class Worker implements WorkerCalls {
  readonly #program: WorkerProgram;
  readonly #link: Promise<Link<SupervisorCalls>>;
  /** Says which worker it is, once that is known. */
  #log: (entry: LogEntry) => void;
  #server: Server | undefined = undefined;
  #backplane: LinkBackplane | undefined = undefined;
  #taps: WorkerTaps | undefined = undefined;
  #drainDeadline = 0;
  #drained: Promise<FinalReport> | undefined = undefined;

  constructor(program: WorkerProgram) {
    this.#program = program;
    this.#log = program.log;
    this.#link = joinParent(this, (envelope) => this.#backplane?.receive(envelope));
  }

  /** Works until the link is closed, and then drains unless that is done. */
  async run(): Promise<void> {
    const link = await this.#link;
    // A terminal sends SIGINT and SIGQUIT to every process of a group, and SIGHUP when it is closed;
    // SIGUSR2 may be sent to all by name. The supervisor decides, or ends, and then this one drains.
    // Registered now: once descriptors have run out, that would end the process.
    for (const signal of ["SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR2"] as const) {
      Deno.addSignalListener(signal, () => this.#ignored(signal));
    }
    // Without a supervisor it drains anyway.
    Deno.addSignalListener("SIGTERM", () => link.call("leave").catch(() => {}));
    await link.closed;
    if (this.#server !== undefined) await this.drain({ deadline: this.#drainDeadline });
    this.#taps?.close();
    await this.#backplane?.close();
  }

  async listen(
    { worker, hostname, port, drainDeadline, config }: WorkerAssignment,
  ): Promise<Listening> {
    const link = await this.#link;
    this.#drainDeadline = drainDeadline;
    const log = this.#log = (entry) => logSafely(this.#program.log, { ...entry, worker });
    this.#setLogLevel(config);
    this.#taps = new WorkerTaps({
      tapped: (tap, events) => link.call("tapped", tap, events),
      untapped: (tap) => void link.call("untapped", tap).catch(() => {}),
    });
    const backplane = this.#backplane = new LinkBackplane(link, log);
    const { certificate, ...changes } = config.changes ?? {};
    this.#server = await this.#program.start(
      { hostname, port, reusePort: true, backplane, worker, log, ...certificate },
      () => link.call("report"),
    );
    // Nothing is accepted before the server's own files are open, so this is in time.
    if (config.changes !== undefined) await this.follow({ changes });
    return { url: this.#server.url };
  }

  async report(): Promise<OwnReport> {
    const report = await this.#server!.report();
    return { ...report, backplaneDropped: this.#backplane!.dropped };
  }

  list(options: ListOptions): Promise<ConnectionRecord[]> {
    return Promise.resolve(this.#server!.registry.list(options));
  }

  describe(key: string): Promise<ConnectionDescription | undefined> {
    return this.#server!.registry.describe(key);
  }

  // What operators ask.

  get #operations(): Operations {
    return this.#server!.operations;
  }

  size(): Promise<number> {
    return Promise.resolve(this.#server!.registry.size);
  }

  holds(key: string): Promise<boolean> {
    return Promise.resolve(this.#server!.registry.get(key) !== undefined);
  }

  async snapshot(): Promise<WorkerSnapshot> {
    const { processes: [own] } = await this.#operations.snapshot();
    return { ...own!, backplaneDropped: this.#backplane!.dropped };
  }

  query(query: ConnectionQuery): Promise<ConnectionPage> {
    return this.#operations.query(query);
  }

  close(filter: ConnectionFilter, order: CloseOrder): Promise<CloseOutcome> {
    return this.#operations.close(filter, order);
  }

  ping(key: string): Promise<PingOutcome | undefined> {
    return this.#operations.ping(key);
  }

  descriptors(query: DescriptorQuery): Promise<DescriptorPage> {
    return this.#operations.descriptors(query);
  }

  async tap(tap: number, key: string, options: TapOptions): Promise<boolean> {
    const events = await this.#operations.tap(key, options);
    if (events !== undefined) this.#taps!.add(tap, events);
    return events !== undefined;
  }

  untap(tap: number): void {
    this.#taps!.delete(tap);
  }

  limits(): Promise<Limits> {
    return this.#operations.limits();
  }

  follow(config: WorkerConfig): Promise<Limits> {
    this.#setLogLevel(config);
    const { changes } = config;
    return changes === undefined ? this.limits() : this.#operations.reconfigure(changes);
  }

  #setLogLevel({ logLevel }: WorkerConfig): void {
    if (logLevel !== undefined) this.#program.setLogLevel?.(logLevel);
  }

  #ignored(signal: Deno.Signal): void {
    const message = `${signal} does nothing in a worker: it is for the process that started it`;
    // The others come from a terminal, to all of its processes.
    const level = signal === "SIGUSR2" ? "warning" : "debug";
    logSafely(this.#log, { level, event: "signal_ignored", message });
  }

  drain(options: DrainOptions): Promise<FinalReport> {
    return this.#drained ??= this.#drain(this.#server!, options);
  }

  async #drain(server: Server, options: DrainOptions): Promise<FinalReport> {
    const before = await sentResets();
    await server.stopListening();
    const after = await sentResets();
    const result = await server.drain(options);
    const { totals, measured, backplaneDropped } = await this.snapshot();
    return {
      ...result,
      totals,
      measured,
      backplaneDropped,
      ...before !== undefined && after !== undefined && { resets: after - before },
    };
  }
}
