import {
  addCounters,
  type ConnectionRecord,
  type Counters,
  type LiveRecord,
  recordOf,
} from "./connection/connection_record.ts";
import type { KernelSocket } from "./host/socket_table.ts";
import { formatFourTuple, parseFourTuple } from "./net/four_tuple.ts";

/** A record with the kernel's view of the socket, which is absent where it cannot be read. */
export interface ConnectionDescription extends ConnectionRecord {
  /** The socket as `/proc` shows it: its descriptor, state and queues. */
  readonly kernel?: KernelSocket;
}

/** The sums over all connections since the start. */
export interface Totals {
  /** TCP connections that were accepted. */
  readonly accepted: number;
  /** Handshakes that succeeded. */
  readonly opened: number;
  /** WebSocket connections that are over. */
  readonly closed: number;
  /** Plain requests. */
  readonly requests: number;
  /** Refused connections and requests by reason. */
  readonly refused: Readonly<Record<string, number>>;
  /** Requests with a forwarded header from a peer that is no trusted proxy; it was ignored. */
  readonly spoofed: number;
  /** Requests of trusted proxies whose forwarded header could not be read to its end. */
  readonly forwardedMalformed: number;
  /** Bytes from peers over all WebSocket connections. */
  readonly bytesIn: number;
  /** Bytes for peers over all WebSocket connections. */
  readonly bytesOut: number;
  /** Messages from peers. */
  readonly messagesIn: number;
  /** Messages for peers. */
  readonly messagesOut: number;
  /** Messages that were dropped because a send queue was full. */
  readonly messagesDropped: number;
}

/** Which part of the registry is wanted. */
export interface ListOptions {
  /**
   * Only connections with a greater id: the last one of the page before.
   *
   * @default 0
   */
  after?: number;
  /**
   * The most records.
   *
   * @default 100
   */
  limit?: number;
}

/** The connections of a server, as its users see them. */
export interface ConnectionRegistry {
  /** The number of connections, closing ones included. */
  readonly size: number;
  /**
   * Looks a connection up.
   *
   * @param key The 4-tuple as text, `127.0.0.1:51324-127.0.0.1:8080`, in any spelling of its
   * addresses.
   * @returns Its record now, or `undefined` when there is none.
   * @throws {SyntaxError} When the text is no 4-tuple.
   * @throws {RangeError} When a port is out of range.
   */
  get(key: string): ConnectionRecord | undefined;
  /**
   * Looks a connection up and asks the kernel about its socket.
   *
   * @param key The 4-tuple as text.
   * @returns The record with descriptor, TCP state and the kernel's queues, where they can be read.
   * @throws {SyntaxError} When the text is no 4-tuple.
   * @throws {RangeError} When a port is out of range.
   */
  describe(key: string): Promise<ConnectionDescription | undefined>;
  /**
   * Lists connections by age, a page at a time: pass the last record's id as `after` for the next.
   *
   * @param options The beginning and the length of the page.
   * @returns Records as they are now, oldest first.
   */
  list(options?: ListOptions): ConnectionRecord[];
  /** The sums over all connections since the start. */
  totals(): Totals;
}

/** Asks the kernel about the socket with a 4-tuple. */
export type DescribeSocket = (key: string) => Promise<KernelSocket | undefined>;

/**
 * The open connections: one entry for each 4-tuple. Adding, removing and counting take constant
 * time; pages and sums are made when they are asked for.
 */
export class Registry<Entry extends LiveRecord = LiveRecord> implements ConnectionRegistry {
  readonly #entries = new Map<string, Entry>();
  readonly #describe: DescribeSocket;
  readonly #refused = new Map<string, number>();
  /** The counts of connections that are over. */
  readonly #past: Counters = {
    bytesIn: 0,
    bytesOut: 0,
    messagesIn: 0,
    messagesOut: 0,
    messagesDropped: 0,
  };
  #lastId = 0;
  #closed = 0;
  /** TCP connections that were accepted. */
  accepted = 0;
  /** Plain requests. */
  requests = 0;
  #peak = 0;
  /** Requests with a forwarded header that nobody may send. */
  spoofed = 0;
  /** Requests of trusted proxies whose forwarded header could not be read to its end. */
  forwardedMalformed = 0;

  /** @param describe Asks the kernel about a socket. */
  constructor(describe: DescribeSocket) {
    this.#describe = describe;
  }

  /** The number of connections, closing ones included. */
  get size(): number {
    return this.#entries.size;
  }

  /** The largest number there ever was. */
  get peak(): number {
    return this.#peak;
  }

  /** The connections themselves, in the order of their handshakes. */
  get connections(): Iterable<Entry> {
    return this.#entries.values();
  }

  /** The id for the next connection. */
  nextId(): number {
    return ++this.#lastId;
  }

  /**
   * Adds a connection.
   *
   * @param entry The connection.
   * @returns The one that had the same 4-tuple and so is gone, although nobody has noticed: after a
   * reset the kernel gives the 4-tuple to a new connection.
   */
  add(entry: Entry): Entry | undefined {
    const before = this.#entries.get(entry.key);
    if (before !== undefined) this.delete(before);
    this.#entries.set(entry.key, entry);
    if (this.#entries.size > this.#peak) this.#peak = this.#entries.size;
    return before;
  }

  /** Removes a connection and keeps its counters in the totals. */
  delete(entry: Entry): void {
    if (this.#entries.get(entry.key) !== entry) return;
    this.#entries.delete(entry.key);
    this.#closed++;
    addCounters(this.#past, entry);
  }

  /** Counts a refusal. */
  countRefusal(reason: string): void {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
  }

  get(key: string): ConnectionRecord | undefined {
    const entry = this.find(key);
    return entry && recordOf(entry);
  }

  async describe(key: string): Promise<ConnectionDescription | undefined> {
    const entry = this.find(key);
    if (entry === undefined) return undefined;
    const kernel = await this.#describe(entry.key);
    return { ...recordOf(entry), ...kernel && { kernel } };
  }

  /** The connection whose key is this very text. */
  at(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  /**
   * Looks a connection itself up.
   *
   * @param key The 4-tuple as text.
   * @throws As {@linkcode ConnectionRegistry.get}.
   */
  find(key: string): Entry | undefined {
    return this.at(key) ?? this.#entries.get(formatFourTuple(parseFourTuple(key)));
  }

  list(options: ListOptions = {}): ConnectionRecord[] {
    const { after = 0, limit = 100 } = options;
    const page: ConnectionRecord[] = [];
    for (const entry of this.#entries.values()) {
      if (page.length >= limit) break;
      if (entry.id > after) page.push(recordOf(entry));
    }
    return page;
  }

  totals(): Totals {
    const sums = { ...this.#past };
    for (const entry of this.#entries.values()) addCounters(sums, entry);
    return {
      accepted: this.accepted,
      opened: this.#closed + this.#entries.size,
      closed: this.#closed,
      requests: this.requests,
      refused: Object.fromEntries(this.#refused),
      spoofed: this.spoofed,
      forwardedMalformed: this.forwardedMalformed,
      ...sums,
    };
  }
}
