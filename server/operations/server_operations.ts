import { serializeClosePayload } from "../../protocol/mod.ts";
import type { LiveRecord } from "../connection/connection_record.ts";
import type { FrameObserver } from "../connection/frame_observer.ts";
import type { Report } from "../host/report.ts";
import type { Limits } from "../limits.ts";
import { forEachYielding } from "../loop/for_each_yielding.ts";
import { LoopDelayMeter } from "../metrics/loop_delay.ts";
import type { Measurements } from "../metrics/measurements.ts";
import type { Registry } from "../registry.ts";
import { matcherOf, queryConnections } from "./connection_query.ts";
import { ConnectionRates } from "./connection_rates.ts";
import { DescriptorTable } from "./descriptor_table.ts";
import type { DrainOptions } from "./drain.ts";
import { FrameTap } from "./frame_tap.ts";
import type {
  CloseOrder,
  CloseOutcome,
  ConnectionFilter,
  ConnectionPage,
  ConnectionQuery,
  DescriptorPage,
  DescriptorQuery,
  DrainProgress,
  HostDescription,
  OperatedDescription,
  Operations,
  Phase,
  PingOutcome,
  Reconfiguration,
  Snapshot,
  TapEvent,
  TapOptions,
} from "./operations.ts";

/** A ping that has not been answered after this many milliseconds will not be. */
const PING_DEADLINE = 10_000;

/** So many taps may be open at once on one server. */
const MAX_TAPS = 16;

/** So many connections are told to close at a time, and then others have a turn. */
const CLOSE_BATCH = 1_000;
const CLOSE_PAUSE = 50;

/** What an outcome shows of the connections that it is about. */
const MAX_EXAMPLES = 10;

const GOING_AWAY = 1001;

/** A connection as an operator deals with it. */
export interface OperatedEntry extends LiveRecord {
  /** Who watches its frames. */
  observer: FrameObserver | undefined;
  /** Begins the closing handshake. */
  close(code?: number, reason?: string): void;
  /** Has the round trip measured; tells whether a ping could be sent for it. */
  pingForRoundTrip(): boolean;
}

/** A server as an operator deals with it. */
export interface OperatedServer {
  /** Who is connected. */
  readonly registry: Registry<OperatedEntry>;
  /** The limits that hold. */
  readonly limits: Limits;
  /** What is counted for metrics. */
  readonly measurements: Measurements;
  /** Whether it takes connections. */
  readonly phase: Phase;
  /** How far a drain is. */
  readonly drainProgress: DrainProgress;
  /** The address that it listens on. */
  readonly addr: Deno.NetAddr;
  /** As `Server.report()`. */
  report(): Promise<Report>;
  /** The same, with the limits of the host. */
  describeHost(): Promise<HostDescription>;
  /** As `Server.drain()`. */
  drain(options?: DrainOptions): Promise<unknown>;
  /** As {@linkcode Operations.reconfigure}. */
  reconfigure(changes: Reconfiguration): Promise<Limits>;
}

/** What an operator can ask one server and have it do. A cluster asks each of its servers. */
export class ServerOperations implements Operations {
  readonly #server: OperatedServer;
  readonly #since = Date.now();
  readonly #rates: ConnectionRates;
  readonly #descriptors: DescriptorTable;
  readonly #loopDelay = new LoopDelayMeter();
  /** Who waits for the round trip of a connection. */
  readonly #pings = new Map<OperatedEntry, PromiseWithResolvers<PingOutcome>>();
  readonly #taps = new Map<OperatedEntry, FrameTap>();

  /** @param server The server. */
  constructor(server: OperatedServer) {
    this.#server = server;
    const { registry } = server;
    const connections = () => registry.connections;
    this.#rates = new ConnectionRates(connections);
    this.#descriptors = new DescriptorTable({ get: (key) => registry.at(key), connections });
  }

  async snapshot(): Promise<Snapshot> {
    const { phase, registry, measurements } = this.#server;
    const report = await this.#server.report();
    const totals = registry.totals();
    const measured = measurements.read(this.#loopDelay.read());
    return {
      at: Date.now(),
      phase,
      sum: { report, totals, measured },
      processes: [{ pid: Deno.pid, since: this.#since, report, totals, measured }],
    };
  }

  host(): Promise<HostDescription> {
    return this.#server.describeHost();
  }

  async query(query: ConnectionQuery): Promise<ConnectionPage> {
    matcherOf(query); // throws before anything is waited for
    const rateOf = query.sort === "rate" ? await this.#rates.measure() : undefined;
    return await queryConnections(this.#server.registry.connections, query, rateOf);
  }

  async describe(key: string): Promise<OperatedDescription | undefined> {
    return await this.#server.registry.describe(key);
  }

  async close(filter: ConnectionFilter, order: CloseOrder): Promise<CloseOutcome> {
    const { code = GOING_AWAY, reason = "", dryRun = false } = order;
    serializeClosePayload(code, reason); // throws what closing one would throw
    const found = await this.#openOnes(filter);
    const examples = found.slice(0, MAX_EXAMPLES).map(({ key }) => key);
    if (dryRun) return { closed: found.length, examples };
    let closed = 0;
    for (const entry of found) {
      if (entry.state !== "open") continue; // it has gone meanwhile
      entry.close(code, reason);
      if (++closed % CLOSE_BATCH !== 0) continue;
      await new Promise((resolve) => setTimeout(resolve, CLOSE_PAUSE));
    }
    return { closed, examples };
  }

  async #openOnes(filter: ConnectionFilter): Promise<OperatedEntry[]> {
    const matches = matcherOf(filter);
    const { registry } = this.#server;
    const keys = filter.keys ?? (filter.key === undefined ? undefined : [filter.key]);
    const named = keys?.map((key) => registry.find(key)).filter((one) => one !== undefined);
    const candidates = named === undefined ? registry.connections : new Set(named);
    const found: OperatedEntry[] = [];
    await forEachYielding(candidates, (entry) => {
      if (entry.state === "open" && matches(entry)) found.push(entry);
    });
    return found;
  }

  async ping(key: string): Promise<PingOutcome | undefined> {
    const entry = this.#server.registry.find(key);
    if (entry === undefined) return undefined;
    const asked = this.#pings.get(entry);
    if (asked !== undefined) return await asked.promise;
    if (!entry.pingForRoundTrip()) return { failure: "not_sent" };
    const answer = Promise.withResolvers<PingOutcome>();
    const timer = setTimeout(() => answer.resolve({ failure: "unanswered" }), PING_DEADLINE);
    this.#pings.set(entry, answer);
    return await answer.promise.finally(() => {
      clearTimeout(timer);
      this.#pings.delete(entry);
    });
  }

  /** A ping was answered. */
  roundTripMeasured(entry: OperatedEntry, roundTrip: number): void {
    this.#pings.get(entry)?.resolve({ roundTrip });
  }

  /** A connection has gone: it answers no ping, and has no more frames. */
  released(entry: OperatedEntry): void {
    this.#pings.get(entry)?.resolve({ failure: "unanswered" });
    this.#taps.get(entry)?.close();
  }

  async tap(key: string, options: TapOptions = {}): Promise<ReadableStream<TapEvent> | undefined> {
    const entry = this.#server.registry.find(key);
    if (entry === undefined) return undefined;
    const open = [...this.#taps.values()].reduce((sum, { readers }) => sum + readers, 0);
    if (open >= MAX_TAPS) {
      throw new Deno.errors.Busy(`Cannot tap connection: ${MAX_TAPS} taps are open already`);
    }
    const tap = this.#taps.get(entry) ?? this.#attach(entry);
    return await Promise.resolve(tap.open(options));
  }

  #attach(entry: OperatedEntry): FrameTap {
    const tap = new FrameTap(() => {
      entry.observer = undefined;
      this.#taps.delete(entry);
    });
    this.#taps.set(entry, tap);
    entry.observer = tap;
    return tap;
  }

  async descriptors(query: DescriptorQuery = {}): Promise<DescriptorPage> {
    const { worker = 0, ...rest } = query;
    if (worker !== 0) return { rows: [], open: 0, connections: 0, flagged: 0 };
    return await this.#descriptors.page(this.#server.addr.port, rest);
  }

  limits(): Promise<Limits> {
    return Promise.resolve({ ...this.#server.limits });
  }

  reconfigure(changes: Reconfiguration): Promise<Limits> {
    return this.#server.reconfigure(changes);
  }

  drain(options?: DrainOptions): Promise<DrainProgress> {
    if (this.#server.phase === "starting" || this.#server.phase === "serving") {
      this.#server.drain(options);
    }
    return this.drainProgress();
  }

  drainProgress(): Promise<DrainProgress> {
    return Promise.resolve(this.#server.drainProgress);
  }

  /** The server has stopped: nothing is measured any longer. */
  stop(): void {
    this.#rates.stop();
    this.#descriptors.stop();
    this.#loopDelay.stop();
  }
}
