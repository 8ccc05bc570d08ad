import type { LogEntry } from "../log.ts";
import {
  checkDrainOptions,
  drainBegins,
  type DrainOptions,
  type DrainResult,
} from "../operations/drain.ts";
import type { Phase } from "../operations/operations.ts";
import type { Program } from "../process/program.ts";
import { BROADCAST } from "../topics/backplane.ts";
import { ANSWER_DEADLINE, ask } from "./ask.ts";
import { BackplaneRelay } from "./backplane_relay.ts";
import type { ClusterReport } from "./cluster_report.ts";
import { ClusterTaps } from "./cluster_taps.ts";
import { type Retired, Roller } from "./roll.ts";
import { mergeWorkerConfig, type WorkerConfig } from "./worker_config.ts";
import { countersOfGone, joinCounters, type WorkerCounters } from "./worker_counters.ts";
import { WorkerProcess } from "./worker_process.ts";
import { WorkerSlot, type WorkerSlotContext } from "./worker_slot.ts";

/** For this many milliseconds, a worker that leaves finishes the handshakes that are under way. */
const GRACE = 1_000;

/** Why a worker is not started after all. */
const ENDING = "The cluster is ending";

/** What a supervisor starts. */
export interface SupervisorOptions {
  /** How to start a worker. */
  readonly program: Program;
  /** Its arguments. */
  readonly args: readonly string[];
  /** How many workers there are. */
  readonly workers: number;
  /** The address to listen on. */
  readonly hostname: string;
  /** The port; 0 for any that is free. */
  readonly port: number;
  /** How long a drain may take, in milliseconds, where nobody says otherwise. */
  readonly drainDeadline: number;
  /** What workers are told besides, from the first one on. */
  readonly config?: WorkerConfig;
  /** Gets what is worth telling an operator. */
  readonly log: (entry: LogEntry) => void;
  /** Tells a worker that asks what all workers hold. */
  readonly report: () => Promise<ClusterReport>;
  /** Kills all workers, while they start. */
  readonly signal?: AbortSignal;
}

/** A drain that is under way or over. */
export interface ClusterDrain {
  /** When it began, in ms since the epoch. */
  readonly began: number;
  /** When what is left is cut, in ms since the epoch. */
  readonly deadline: number;
  /** Connections when it began. */
  readonly connections: Promise<number>;
  /** How it went; absent until it is over. */
  readonly result?: DrainResult;
}

/** Starts workers that share one port, keeps their number, and ends them. */
export class Supervisor {
  /** Where the workers listen. */
  readonly addr: Deno.NetAddr;
  /** Resolves when all workers have ended; rejects when that is because none serves, and none starts. */
  readonly finished: Promise<void>;
  /** The taps of connections. */
  readonly taps: ClusterTaps = new ClusterTaps();

  readonly #options: SupervisorOptions;
  readonly #relay: BackplaneRelay;
  readonly #slots: readonly WorkerSlot[];
  readonly #roller: Roller;
  /** All workers that live, those too that drain. */
  readonly #live = new Set<WorkerProcess>();
  /** What the workers that have gone had counted. */
  #past: WorkerCounters = joinCounters([]);
  /** What workers are told to be otherwise than they were started. */
  #config: WorkerConfig;
  /** Workers that do not listen yet. */
  readonly #starting = new Set<Promise<void>>();
  readonly #ending = new AbortController();
  readonly #finished = Promise.withResolvers<void>();
  #url = "";
  #lastId = 0;
  #drained: Promise<DrainResult> | undefined = undefined;
  #drain: ClusterDrain | undefined = undefined;
  #over = false;
  #fault: Error | undefined = undefined;

  /** Use {@linkcode Supervisor.start}. */
  constructor(options: SupervisorOptions, addr: Deno.NetAddr) {
    this.addr = addr;
    this.finished = this.#finished.promise;
    this.#options = options;
    this.#config = options.config ?? {};
    this.#relay = new BackplaneRelay(options.log);
    const { log } = options;
    const ending = this.#ending.signal;
    const serving = () => this.#serving;
    const context: WorkerSlotContext = {
      ending,
      get serving() {
        return serving();
      },
      start: (slot) => this.#fill(slot),
      failed: () => this.#failed(),
      log,
    };
    this.#slots = Array.from({ length: options.workers }, () => new WorkerSlot(context));
    this.#roller = new Roller({
      slots: this.#slots,
      ending,
      retire: async (worker) => this.#live.has(worker) ? await this.#retire(worker) : undefined,
      log,
    });
  }

  /**
   * Starts all workers. When this resolves, those listen that can, and the others are tried again.
   *
   * @throws {Deno.errors.AddrInUse} When the port is taken, also by another supervisor's workers.
   * @throws {Error} When no worker can serve; then all have ended.
   */
  static async start(options: SupervisorOptions): Promise<Supervisor> {
    const supervisor = new Supervisor(options, claim(options));
    const giveUp = () => supervisor.close();
    options.signal?.addEventListener("abort", giveUp);
    try {
      await supervisor.#startAll();
    } catch (error) {
      await supervisor.close();
      throw error;
    } finally {
      options.signal?.removeEventListener("abort", giveUp);
    }
    return supervisor;
  }

  /** The address for a browser. */
  get url(): string {
    return this.#url;
  }

  /** The workers that serve, by age; those that drain are left out. */
  get workers(): WorkerProcess[] {
    const serving = this.#slots.map(({ worker }) => worker).filter((it) => it !== undefined);
    return serving.sort((a, b) => a.worker - b.worker);
  }

  /** All workers that have connections, those too that drain; by age. */
  get live(): WorkerProcess[] {
    return [...this.#live].sort((a, b) => a.worker - b.worker);
  }

  /**
   * What all workers have counted since the start, as they have said last: what one has counted since
   * is lost when it is killed. It never goes back.
   */
  get counters(): WorkerCounters {
    const present = this.live.map(({ counters }) => counters).filter((it) => it !== undefined);
    return joinCounters([this.#past, ...present]);
  }

  /** Whether workers take connections. */
  get phase(): Phase {
    if (this.#over) return "stopped";
    if (this.#ending.signal.aborted) return "draining";
    return this.workers.length > 0 ? "serving" : "starting";
  }

  /** The drain that is under way or over. */
  get draining(): ClusterDrain | undefined {
    return this.#drain;
  }

  /** How many workers are to serve. */
  get desired(): number {
    return this.#slots.length;
  }

  /** How often a worker was started after one had died, or had not started. */
  get restarts(): number {
    return this.#slots.reduce((sum, { restarts }) => sum + restarts, 0);
  }

  /** Messages between workers that were dropped on the way. */
  get relayDropped(): number {
    return this.#relay.dropped;
  }

  /** Sends a message to the connections of all workers. */
  broadcast(data: string | Uint8Array): void {
    this.#relay.publish(BROADCAST, data);
  }

  // Workers come and go.

  async #startAll(): Promise<void> {
    const starts = await Promise.allSettled(this.#slots.map((slot) => this.#fill(slot)));
    const failed = starts.flatMap((it, at) =>
      it.status === "rejected" ? [{ slot: this.#slots[at]!, reason: it.reason }] : []
    );
    const [first] = failed;
    if (first === undefined) return;
    if (failed.length === starts.length || this.#ending.signal.aborted) throw first.reason;
    for (const { slot, reason } of failed) slot.notStarted(reason);
  }

  /** Starts a worker for a slot. */
  #fill(slot: WorkerSlot): Promise<void> {
    const starting = this.#start(slot);
    this.#starting.add(starting);
    return starting.finally(() => this.#starting.delete(starting));
  }

  async #start(slot: WorkerSlot): Promise<void> {
    const { program, args, drainDeadline, report, log } = this.#options;
    const { hostname, port } = this.addr;
    const { signal } = this.#ending;
    const config = this.#config;
    const id = ++this.#lastId;
    const worker = await WorkerProcess.start({
      program,
      args,
      assignment: { worker: id, hostname, port, drainDeadline, config },
      ours: {
        leave: () => this.#leave(id),
        report,
        tapped: (tap, events) => this.taps.tapped(tap, events),
        untapped: (tap) => this.taps.untapped(tap),
      },
      received: (envelope) => this.#relay.forward(id, envelope),
      signal,
    });
    this.#live.add(worker);
    this.#relay.add(id, worker.link);
    worker.ended.then((end) => this.#ended(worker, end));
    if (signal.aborted) worker.kill(); // it was ready just then
    signal.throwIfAborted();
    slot.worker = worker;
    this.#url = worker.url;
    const message = `Worker serves (pid ${worker.pid})`;
    log({ level: "info", event: "worker_started", message, worker: id });
    if (config !== this.#config) await this.#configure(worker, this.#config);
  }

  #ended(worker: WorkerProcess, end: string): void {
    this.#live.delete(worker);
    this.#relay.delete(worker.worker);
    this.taps.lost(worker);
    const { finalReport, counters, worker: id } = worker;
    if (counters !== undefined) this.#past = joinCounters([this.#past, countersOfGone(counters)]);
    const outcome = finalReport && `, ${finalReport.closed} closed, ${finalReport.cut} cut`;
    const expected = finalReport !== undefined || this.#ending.signal.aborted;
    this.#options.log({
      level: expected ? "info" : "warning",
      event: "worker_ended",
      message: `Worker ended: ${end}${outcome ?? ""}`,
      worker: id,
    });
    this.#slots.find((it) => it.worker === worker)?.vacate(worker.lived);
  }

  /** A worker wants to go: it drains, while another one takes its place. */
  #leave(id: number): void {
    const slot = this.#slots.find(({ worker }) => worker?.worker === id);
    if (slot?.worker === undefined || this.#ending.signal.aborted) return;
    this.#retire(slot.worker);
    slot.vacate(Infinity);
  }

  /** For the log. */
  get #serving(): string {
    return `${this.workers.length} of ${this.desired} workers serve`;
  }

  /**
   * A slot has failed. As long as one worker serves the others are tried again; without one, until all
   * slots have failed many times: then whoever started this process had better start all of it again.
   */
  #failed(): boolean {
    if (this.workers.length > 0 || !this.#slots.every(({ failing }) => failing)) return true;
    const message = "No worker serves, and none starts or lives for long: no more are started";
    this.#fault = new Error(message);
    this.#options.log({ level: "error", event: "gave_up", message });
    this.drain();
    return false;
  }

  // What is asked for.

  /**
   * Changes all workers, those too that start later. One that refuses drains, and another one takes
   * its slot: workers are all the same.
   *
   * @param config The changes.
   * @param told A worker that does so already.
   * @returns When all do so, but for those that are stuck: they will when they go on.
   */
  async configure(config: WorkerConfig, told?: WorkerProcess): Promise<void> {
    this.#config = mergeWorkerConfig(this.#config, config);
    for (const slot of this.#slots) slot.hurry();
    const others = this.live.filter((worker) => worker !== told);
    await Promise.all(others.map((worker) => this.#configure(worker, config)));
  }

  async #configure(worker: WorkerProcess, config: WorkerConfig): Promise<void> {
    try {
      await ask(worker.link.call("follow", config), ANSWER_DEADLINE);
    } catch (error) {
      const message = `Worker refuses what others do, and is replaced: ${messageOf(error)}`;
      this.#options.log({
        level: "error",
        event: "worker_refused",
        message,
        worker: worker.worker,
      });
      this.#leave(worker.worker);
    }
  }

  /** Counts the connections of all workers; of those that are stuck, by what they have said last. */
  async countConnections(): Promise<number> {
    const sizes = await Promise.all(this.live.map(async (worker) => {
      const answered = await ask(worker.size(), ANSWER_DEADLINE);
      return answered?.answer ?? worker.lastSize;
    }));
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  /**
   * Replaces all workers, one after the other: the new one listens before the old one drains.
   *
   * @returns How many connections were reset, at most, while they waited to be accepted; `undefined`
   * where that cannot be read.
   * @throws {Error} When another roll is under way, when the supervisor ends, or when a new worker
   * cannot serve: then the old ones that are left go on.
   */
  roll(): Promise<number | undefined> {
    return this.#roller.roll();
  }

  /** Drains one worker. */
  async #retire(worker: WorkerProcess, deadline?: number): Promise<Retired> {
    const last = await worker.drain(deadline ?? this.#options.drainDeadline, GRACE);
    return { last, lost: last === undefined ? worker.lastSize : 0 };
  }

  /**
   * Drains all workers at once.
   *
   * @param options The deadline.
   * @returns How the connections ended. When a worker dies, or is stuck and has to be killed, those that
   * it had when it last answered count as cut.
   * @throws {RangeError} When it is negative or no number; nothing has happened then.
   */
  async drain(options: Pick<DrainOptions, "deadline"> = {}): Promise<DrainResult> {
    checkDrainOptions(options);
    return await (this.#drained ??= this.#drainAll(options.deadline));
  }

  async #drainAll(deadline = this.#options.drainDeadline): Promise<DrainResult> {
    this.#ending.abort(new Error(ENDING));
    const began = Date.now();
    // Asked before they are told to drain.
    const connections = this.countConnections();
    connections.then((count) => this.#options.log(drainBegins(count, deadline)));
    this.#drain = { began, deadline: began + deadline, connections };
    const result = { closed: 0, cut: 0 };
    for (
      const { last, lost } of await Promise.all(this.live.map((it) => this.#retire(it, deadline)))
    ) {
      result.closed += last?.closed ?? 0;
      result.cut += last?.cut ?? lost;
    }
    await this.#end();
    this.#drain = { ...this.#drain, result };
    return result;
  }

  /** Kills all workers. */
  async close(): Promise<void> {
    this.#ending.abort(new Error(ENDING));
    for (const worker of this.#live) worker.kill();
    await this.#end();
  }

  async #end(): Promise<void> {
    await Promise.allSettled(this.#starting);
    await Promise.all(this.live.map((worker) => worker.ended));
    this.#over = true;
    if (this.#fault === undefined) this.#finished.resolve();
    else this.#finished.reject(this.#fault);
  }
}

/**
 * Takes the port for a moment without sharing it: sharing alone would not notice that other
 * processes share it already. Two supervisors of one port that start at the same moment do not
 * notice each other: workers cannot share what their supervisor holds for itself. Port 0 becomes a
 * number.
 */
function claim({ hostname, port }: SupervisorOptions): Deno.NetAddr {
  using listener = Deno.listen({ hostname, port });
  return listener.addr;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
