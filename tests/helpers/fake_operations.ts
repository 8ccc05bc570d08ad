import { type FrameName, serializeClosePayload } from "../../protocol/mod.ts";
import type { CapacityLimit } from "../../server/host/capacity.ts";
import type { Report } from "../../server/host/report.ts";
import { DEFAULT_LIMITS, type Limits, resolveLimits } from "../../server/limits.ts";
import type { FrameCount, Measured } from "../../server/metrics/measurements.ts";
import { formatFourTuple, parseFourTuple } from "../../server/net/four_tuple.ts";
import type { DrainOptions } from "../../server/operations/drain.ts";
import type {
  CloseOrder,
  CloseOutcome,
  ConnectionCursor,
  ConnectionFilter,
  ConnectionPage,
  ConnectionQuery,
  DescriptorPage,
  DescriptorQuery,
  DescriptorRow,
  DrainProgress,
  HostDescription,
  OperatedConnection,
  OperatedDescription,
  Operations,
  Phase,
  PingOutcome,
  Reconfiguration,
  Snapshot,
  TapEvent,
  TapOptions,
} from "../../server/operations/operations.ts";
import type { Totals } from "../../server/registry.ts";

/** A moment that made-up connections have come at, in ms since the epoch. */
export const FAKE_EPOCH = 1_760_000_000_000;

/** A made-up connection. */
export type FakeConnection = OperatedConnection & { readonly bytesPerSecond: number };

/**
 * Makes a connection up.
 *
 * @param id Its id, from 1; everything that is not given follows from it.
 * @param changes What is to be otherwise.
 */
export function fakeConnection(id: number, changes: Partial<FakeConnection> = {}): FakeConnection {
  const third = Math.floor(id / 250) % 250;
  return {
    id,
    key: `127.0.${third}.${1 + id % 250}:${10_000 + id % 50_000}-127.0.0.1:8080`,
    state: id % 50 === 0 ? "closing" : "open",
    target: id % 3 === 0 ? `/chat/${id % 7}?token=hidden` : "/",
    ...id % 2 === 0 && { subprotocol: "chat.v1" },
    connectedAt: FAKE_EPOCH + id * 10,
    lastActivity: FAKE_EPOCH + 1_000_000 + (id * 7_919) % 60_000,
    bytesIn: (id * 104_729) % 1_000_003,
    bytesOut: (id * 1_299_709) % 2_000_003,
    messagesIn: (id * 31) % 5_000,
    messagesOut: (id * 37) % 6_000,
    messagesDropped: id % 100 === 0 ? 3 : 0,
    queuedBytes: id % 10 === 0 ? id * 3 : 0,
    ...id % 4 !== 0 && { roundTrip: (id * 13) % 200 / 10 },
    bytesPerSecond: (id * 7_907) % 10_007,
    ...changes,
  };
}

/** Makes that many connections up, with ids from 1. */
export function fakeConnections(count: number): FakeConnection[] {
  return Array.from({ length: count }, (_, index) => fakeConnection(index + 1));
}

/** A tap that a test holds the other end of. */
export class FakeTap {
  /** The connection's 4-tuple. */
  readonly key: string;
  /** What was asked for. */
  readonly options: TapOptions;
  /** What the reader gets. */
  readonly stream: ReadableStream<TapEvent>;
  /** Resolves when the reader has cancelled. */
  readonly cancelled: Promise<void>;
  /** Whether it is over, by whichever side. */
  isOver = false;
  #controller!: ReadableStreamDefaultController<TapEvent>;

  constructor(key: string, options: TapOptions) {
    this.key = key;
    this.options = options;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.cancelled = promise;
    this.stream = new ReadableStream({
      start: (controller) => void (this.#controller = controller),
      cancel: () => {
        this.isOver = true;
        resolve();
      },
    });
  }

  /** Shows an event to the reader; one of type `end` ends the stream. */
  push(event: TapEvent): void {
    this.#controller.enqueue(event);
    if (event.type !== "end") return;
    this.isOver = true;
    this.#controller.close();
  }

  /** Shows a text frame from the peer. */
  pushText(text: string): void {
    const { payloadBytes = 0 } = this.options;
    const bytes = new TextEncoder().encode(text);
    const shown = bytes.subarray(0, payloadBytes);
    this.push({
      type: "frame",
      at: FAKE_EPOCH,
      direction: "in",
      opcode: 1,
      name: "text",
      fin: true,
      masked: true,
      length: bytes.length,
      ...payloadBytes > 0 && {
        hex: [...shown].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
        text: new TextDecoder().decode(shown),
      },
    });
  }

  /** Breaks the stream, as a worker that is gone would. */
  fail(error: unknown): void {
    this.isOver = true;
    this.#controller.error(error);
  }
}

/** A server that is asked for something. */
export interface FakeCall {
  /** The method. */
  readonly name: keyof Operations;
  /** Its arguments. */
  readonly args: readonly unknown[];
}

/** Operations over connections that are made up, and settable: what they do is done to the list. */
export class FakeOperations implements Operations {
  /** The connections there are. */
  connections: FakeConnection[];
  /** How many workers are to serve and do not. */
  absent = 0;
  /** Whether it serves. */
  phase: Phase = "serving";
  /** What pings come to. */
  pingOutcome: PingOutcome = { roundTrip: 1.5 };
  /** How many taps there may be at once. */
  maxTaps = 4;
  /** The descriptors of a process, or of each worker. */
  descriptorLimit = 20_000;
  /** The descriptors that are open; those of the connections and some more where it is not given. */
  descriptorsOpen: number | undefined = undefined;
  /** Workers that do not answer. */
  missing: readonly number[] = [];
  /** What every call from now on throws, if anything. */
  fault: unknown = undefined;
  /** When set, each call waits for it. */
  gate: Promise<void> | undefined = undefined;
  /** When the next snapshot is taken. */
  now = FAKE_EPOCH + 2_000_000;
  /** What was asked, in order. */
  readonly calls: FakeCall[] = [];
  /** The taps that were opened, in order. */
  readonly taps: FakeTap[] = [];
  #limits: Limits = DEFAULT_LIMITS;
  #drain: Omit<DrainProgress, "phase" | "left"> = {};

  constructor(connections: FakeConnection[] = fakeConnections(10)) {
    this.connections = connections;
  }

  /** The calls of one method. */
  callsOf(name: keyof Operations): FakeCall[] {
    return this.calls.filter((call) => call.name === name);
  }

  /** Ends the drain, with nothing left. */
  endDrain(): void {
    this.#drain = { ...this.#drain, result: { closed: this.connections.length, cut: 0 } };
    this.connections = [];
    this.phase = "stopped";
  }

  async snapshot(): Promise<Snapshot> {
    await this.#enter("snapshot");
    const report = this.#report();
    const process = { report, totals: this.#totals(), measured: fakeMeasured(this.connections) };
    const workers = [...new Set(this.connections.map(({ worker }) => worker))]
      .filter((worker) => worker !== undefined);
    const common = { pid: 4321, since: FAKE_EPOCH, ...process };
    return {
      at: this.now,
      phase: this.phase,
      sum: process,
      processes: workers.length === 0 ? [common] : workers.map((worker) => ({
        ...common,
        worker,
        pid: 4321 + worker,
        report: this.#report(worker),
      })),
      ...workers.length > 0 && {
        supervisor: {
          pid: 4320,
          resident: 50_000_000,
          relayDropped: 0,
          desired: workers.length + this.absent,
          serving: workers.length,
          restarts: 0,
        },
      },
    };
  }

  async host(): Promise<HostDescription> {
    await this.#enter("host");
    return {
      limits: {
        descriptors: { soft: this.descriptorLimit, hard: this.descriptorLimit },
        nrOpen: 1_048_576,
        fileMax: 2_400_000,
        ephemeralPorts: { first: 32_768, last: 60_999 },
        somaxconn: 4_096,
      },
      capacity: [
        this.#nextLimit(),
        {
          name: "memory",
          connections: 1_000_000,
          value: 24 * 2 ** 30,
          used: 2 ** 30,
          unit: "bytes",
          reason: "17408 B per idle connection",
          raise: ["# no command: add memory"],
        },
      ],
      report: this.#report(),
    };
  }

  async query(query: ConnectionQuery): Promise<ConnectionPage> {
    await this.#enter("query", query);
    const { sort = "age", reverse = false, limit = 100, after } = query;
    const matched = this.#matching(query)
      .map((connection) => ({ connection, place: placeOf(connection, sort, reverse) }))
      .sort((a, b) => compare(a.place, b.place, reverse));
    const from = after === undefined
      ? 0
      : matched.findIndex(({ place }) => compare(place, after, reverse) > 0);
    const page = from < 0 ? [] : matched.slice(from, from + limit);
    const isLast = from < 0 || from + limit >= matched.length;
    return {
      connections: page.map(({ connection }) => {
        if (sort === "rate") return connection;
        const { bytesPerSecond: _, ...record } = connection;
        return record;
      }),
      matched: matched.length,
      total: this.connections.length,
      ...this.missing.length > 0 && { missing: this.missing },
      ...!isLast && { next: page.at(-1)!.place },
    };
  }

  async describe(key: string): Promise<OperatedDescription | undefined> {
    await this.#enter("describe", key);
    const found = this.#find(key);
    if (found === undefined) return undefined;
    const { bytesPerSecond: _, ...record } = found;
    return { ...record, kernel: { descriptor: 10 + found.id, ...kernelOf(found) } };
  }

  async close(filter: ConnectionFilter, order: CloseOrder): Promise<CloseOutcome> {
    await this.#enter("close", filter, order);
    serializeClosePayload(order.code ?? 1001, order.reason);
    const meant = this.#matching(filter).filter(({ state }) => state === "open");
    if (order.dryRun !== true) {
      const gone = new Set(meant);
      this.connections = this.connections.filter((connection) => !gone.has(connection));
    }
    return {
      closed: meant.length,
      examples: meant.slice(0, 10).map(({ key }) => key),
      ...this.missing.length > 0 && { missing: this.missing },
    };
  }

  async ping(key: string): Promise<PingOutcome | undefined> {
    await this.#enter("ping", key);
    return this.#find(key) && this.pingOutcome;
  }

  async tap(
    key: string,
    options: TapOptions = {},
  ): Promise<ReadableStream<TapEvent> | undefined> {
    await this.#enter("tap", key, options);
    const found = this.#find(key);
    if (found === undefined) return undefined;
    if (this.taps.filter(({ isOver }) => !isOver).length >= this.maxTaps) {
      throw new Deno.errors.Busy("Too many taps are open");
    }
    const tap = new FakeTap(found.key, options);
    this.taps.push(tap);
    return tap.stream;
  }

  async descriptors(query: DescriptorQuery = {}): Promise<DescriptorPage> {
    await this.#enter("descriptors", query);
    const { after = { worker: 0, descriptor: -Infinity }, limit = 100, flagged = false } = query;
    const all: DescriptorRow[] = [
      { descriptor: 0, target: "/dev/null" },
      { descriptor: 3, target: "anon_inode:[eventpoll]" },
      {
        descriptor: 4,
        target: "socket:[4]",
        key: "127.0.0.1:50001-127.0.0.1:8080",
        kernel: { inode: 4, state: "ESTABLISHED", receiveQueue: 0, sendQueue: 0 },
        flag: "not_in_registry",
      },
      ...this.connections.map((connection): DescriptorRow => ({
        descriptor: 10 + connection.id,
        ...connection.worker !== undefined && { worker: connection.worker },
        target: `socket:[${1_000 + connection.id}]`,
        key: connection.key,
        kernel: kernelOf(connection),
        id: connection.id,
      })),
    ];
    const own = all.filter((row) =>
      query.worker === undefined || (row.worker ?? 0) === query.worker
    );
    const isBehind = ({ worker = 0, descriptor }: DescriptorRow) =>
      worker === after.worker ? descriptor > after.descriptor : worker > after.worker;
    const left = own
      .filter((row) => isBehind(row) && (!flagged || row.flag !== undefined))
      .sort((a, b) => (a.worker ?? 0) - (b.worker ?? 0) || a.descriptor - b.descriptor);
    const rows = left.slice(0, limit);
    const last = rows.at(-1);
    return {
      rows,
      open: own.length,
      connections: own.filter(({ id }) => id !== undefined).length,
      flagged: own.filter(({ flag }) => flag !== undefined).length,
      ...this.missing.length > 0 && { missing: this.missing },
      ...last !== undefined && left.length > limit &&
        { next: { worker: last.worker ?? 0, descriptor: last.descriptor } },
    };
  }

  async limits(): Promise<Limits> {
    await this.#enter("limits");
    return this.#limits;
  }

  async reconfigure(changes: Reconfiguration): Promise<Limits> {
    await this.#enter("reconfigure", changes);
    const wanted = Object.entries({ ...this.#limits, ...changes.limits });
    const set = wanted.filter(([, value]) => value !== null);
    this.#limits = resolveLimits(Object.fromEntries(set));
    return this.#limits;
  }

  async drain(options: DrainOptions = {}): Promise<DrainProgress> {
    await this.#enter("drain", options);
    if (this.phase === "serving") {
      this.phase = "draining";
      this.#drain = {
        began: this.now,
        deadline: this.now + (options.deadline ?? 30_000),
        connections: this.connections.length,
      };
    }
    return this.#progress();
  }

  async drainProgress(): Promise<DrainProgress> {
    await this.#enter("drainProgress");
    return this.#progress();
  }

  #progress(): DrainProgress {
    return { phase: this.phase, ...this.#drain, left: this.connections.length };
  }

  async #enter(name: keyof Operations, ...args: unknown[]): Promise<void> {
    this.calls.push({ name, args });
    await this.gate;
    if (this.fault !== undefined) throw this.fault;
  }

  #find(key: string): FakeConnection | undefined {
    const wanted = formatFourTuple(parseFourTuple(key));
    return this.connections.find((connection) => connection.key === wanted);
  }

  #matching(filter: ConnectionFilter): FakeConnection[] {
    const { source, path, subprotocol, state, worker } = filter;
    const key = filter.key === undefined ? undefined : formatFourTuple(parseFourTuple(filter.key));
    const keys = filter.keys?.map((text) => formatFourTuple(parseFourTuple(text)));
    const isFrom = source === undefined ? () => true : sourceMatcher(source);
    return this.connections.filter((connection) => {
      const [target = ""] = connection.target.split("?");
      return (key === undefined || connection.key === key) &&
        (keys === undefined || keys.includes(connection.key)) &&
        isFrom(parseFourTuple(connection.key).sourceAddress) &&
        (path === undefined ||
          (path.endsWith("*") ? target.startsWith(path.slice(0, -1)) : target === path)) &&
        (subprotocol === undefined || (connection.subprotocol ?? "") === subprotocol) &&
        (state === undefined || connection.state === state) &&
        (worker === undefined || connection.worker === worker);
    });
  }

  #nextLimit(): CapacityLimit {
    return {
      name: "descriptors",
      connections: this.descriptorLimit - 64,
      value: this.descriptorLimit,
      used: this.connections.length + 32,
      unit: "descriptors of this process",
      reason: "one per connection; 32 are kept in reserve",
      raise: [`ulimit -n ${2 * this.descriptorLimit}`],
    };
  }

  #report(worker?: number): Report {
    const own = this.connections.filter((it) => worker === undefined || it.worker === worker);
    const { length } = own;
    return {
      connections: length,
      exchanges: 1,
      maxConnections: this.descriptorLimit - 64,
      sourceAddresses: new Set(own.map(({ key }) => key.slice(0, key.indexOf(":")))).size,
      serverPorts: 1,
      fourTuples: length,
      queuedBytes: sum(own, ({ queuedBytes }) => queuedBytes),
      descriptors: {
        open: this.descriptorsOpen ?? length + 32,
        soft: this.descriptorLimit,
        hard: this.descriptorLimit,
      },
      memory: {
        resident: 60_000_000 + length * 9_000,
        heapUsed: 8_000_000 + length * 2_000,
        heapTotal: 12_000_000 + length * 2_000,
        external: 1_000_000,
        ...length >= 100 && { perConnection: 9_000 },
      },
      hostTcp: { sockets: length + 20, bytes: 4_096 * 30 },
      nextLimit: this.#nextLimit(),
    };
  }

  #totals(): Totals {
    const { connections } = this;
    return {
      accepted: connections.length + 120,
      opened: connections.length + 100,
      closed: 100,
      requests: 15,
      spoofed: 1,
      forwardedMalformed: 0,
      refused: { origin: 3, connections_limit: 2 },
      bytesIn: sum(connections, ({ bytesIn }) => bytesIn),
      bytesOut: sum(connections, ({ bytesOut }) => bytesOut),
      messagesIn: sum(connections, ({ messagesIn }) => messagesIn),
      messagesOut: sum(connections, ({ messagesOut }) => messagesOut),
      messagesDropped: sum(connections, ({ messagesDropped }) => messagesDropped),
    };
  }
}

/** What connections like these would have counted. */
export function fakeMeasured(connections: readonly FakeConnection[]): Measured {
  const messagesIn = sum(connections, (it) => it.messagesIn);
  const messagesOut = sum(connections, (it) => it.messagesOut);
  const frames = (text: number): Record<FrameName, FrameCount> => ({
    continuation: { frames: 5, bytes: 500 },
    text: { frames: text, bytes: text * 64 },
    binary: { frames: 7, bytes: 7_000 },
    close: { frames: 100, bytes: 200 },
    ping: { frames: 40, bytes: 0 },
    pong: { frames: 39, bytes: 0 },
  });
  const distribution = {
    bounds: [0.001, 0.01, 0.1],
    counts: [2, connections.length, 1, 0],
    sum: 0.004 * connections.length,
  };
  return {
    framesIn: frames(messagesIn),
    framesOut: frames(messagesOut),
    textIn: messagesIn,
    textOut: messagesOut,
    closes: { us: { "1001": 20, "1009": 1 }, peer: { "1000": 70, "4xxx": 5, none: 4 } },
    handshakes: distribution,
    roundTrips: distribution,
    slowClosed: 2,
    unfinishedLate: 4,
    unfinishedFull: 5,
    peersLost: 6,
    loopDelay: { mean: 0.0008, max: 0.012 },
  };
}

/** Where a connection is in an order; those without a round trip are at the end of either. */
function placeOf(
  connection: FakeConnection,
  sort: NonNullable<ConnectionQuery["sort"]>,
  reverse: boolean,
): ConnectionCursor {
  const values = {
    age: -connection.connectedAt,
    bytes: connection.bytesIn + connection.bytesOut,
    rate: connection.bytesPerSecond,
    queued: connection.queuedBytes,
    idle: -connection.lastActivity,
    roundTrip: connection.roundTrip ?? (reverse ? Number.MAX_VALUE : -1),
  };
  return { value: values[sort], worker: connection.worker ?? 0, id: connection.id };
}

function compare(a: ConnectionCursor, b: ConnectionCursor, reverse: boolean): number {
  const byValue = reverse ? a.value - b.value : b.value - a.value;
  return byValue || a.worker - b.worker || a.id - b.id;
}

/** An address, or an IPv4 network. */
function sourceMatcher(source: string): (address: string) => boolean {
  const [address = "", bits, extra] = source.split("/");
  const isAddress = /^[0-9a-f:.]+$/i.test(address) && /[.:]/.test(address);
  if (!isAddress || extra !== undefined || (bits !== undefined && !/^\d{1,3}$/.test(bits))) {
    throw new SyntaxError(`Cannot match source: expected an address or a network: "${source}"`);
  }
  if (bits === undefined) return (other) => other === address;
  const size = 2 ** (32 - Number(bits));
  const network = (text: string) =>
    Math.floor(text.split(".").reduce((value, part) => value * 256 + Number(part), 0) / size);
  return (other) => network(other) === network(address);
}

function kernelOf(connection: FakeConnection): NonNullable<DescriptorRow["kernel"]> {
  return {
    inode: 1_000 + connection.id,
    state: "ESTABLISHED",
    receiveQueue: 0,
    sendQueue: connection.queuedBytes,
  };
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
