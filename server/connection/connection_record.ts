import type { ClientAddress } from "../net/client_address.ts";

/** The record of one connection, made without asking the kernel. Times are in ms since the epoch. */
export interface ConnectionRecord {
  /** Counts up from 1 in the order of the handshakes: the cursor of `registry.list()`. */
  readonly id: number;
  /** The 4-tuple as text, source first. */
  readonly key: string;
  /** `open`, or `closing` from the first Close frame until the descriptor has gone back. */
  readonly state: "open" | "closing";
  /** The target of the handshake's request. It comes from the peer: escape it before showing it. */
  readonly target: string;
  /** The client's own address, where a trusted proxy has told it; absent where it is the socket's. */
  readonly client?: ClientAddress;
  /** The subprotocol that was agreed on; absent without one. */
  readonly subprotocol?: string;
  /**
   * The bytes that compression keeps for the connection while it is idle, once a message has gone
   * each way; absent without compression.
   */
  readonly deflateBytes?: number;
  /** When the handshake was over. */
  readonly connectedAt: number;
  /** When the last bytes came from the peer, give or take a second. */
  readonly lastActivity: number;
  /** Bytes from the peer since the handshake. */
  readonly bytesIn: number;
  /** Bytes that the kernel has taken for the peer since the handshake. */
  readonly bytesOut: number;
  /** Whole messages from the peer. */
  readonly messagesIn: number;
  /** Messages for the peer that were sent or queued. */
  readonly messagesOut: number;
  /** Messages that were dropped because the send queue was full. */
  readonly messagesDropped: number;
  /** Bytes that wait in the send queue. */
  readonly queuedBytes: number;
  /** The last measured round trip in milliseconds; absent before the first answered ping. */
  readonly roundTrip?: number;
}

/** The counters of each connection, summed up over all. */
export interface Counters {
  /** Bytes from peers. */
  bytesIn: number;
  /** Bytes for peers. */
  bytesOut: number;
  /** Messages from peers. */
  messagesIn: number;
  /** Messages for peers. */
  messagesOut: number;
  /** Messages that were dropped because a send queue was full. */
  messagesDropped: number;
}

/**
 * A connection that a record can be made of: each property is read when it is asked for, so that very
 * many connections can be counted, filtered and sorted without a record of each.
 */
export type LiveRecord = {
  readonly [Name in keyof Required<ConnectionRecord>]: ConnectionRecord[Name];
};

/**
 * Makes the record of a connection.
 *
 * @param live The connection.
 * @returns Its properties as they are now.
 */
export function recordOf(live: LiveRecord): ConnectionRecord {
  const { client, subprotocol, deflateBytes, roundTrip } = live;
  return {
    id: live.id,
    key: live.key,
    state: live.state,
    target: live.target,
    ...client && { client },
    ...subprotocol !== undefined && { subprotocol },
    ...deflateBytes !== undefined && { deflateBytes },
    connectedAt: live.connectedAt,
    lastActivity: live.lastActivity,
    bytesIn: live.bytesIn,
    bytesOut: live.bytesOut,
    messagesIn: live.messagesIn,
    messagesOut: live.messagesOut,
    messagesDropped: live.messagesDropped,
    queuedBytes: live.queuedBytes,
    ...roundTrip !== undefined && { roundTrip },
  };
}

/**
 * Adds the counters of a connection to sums.
 *
 * @param sums The sums, which are changed.
 * @param live The connection.
 */
export function addCounters(sums: Counters, live: Readonly<Counters>): void {
  sums.bytesIn += live.bytesIn;
  sums.bytesOut += live.bytesOut;
  sums.messagesIn += live.messagesIn;
  sums.messagesOut += live.messagesOut;
  sums.messagesDropped += live.messagesDropped;
}

/**
 * The orders of connections, the greatest first.
 *
 * - `age`: how long they have been there.
 * - `bytes`: bytes in both directions.
 * - `rate`: bytes a second in both directions, over the last seconds.
 * - `queued`: bytes that wait in the send queue.
 * - `idle`: how long nothing has come from the peer.
 * - `roundTrip`: the last measured round trip; those without one come last.
 */
export type ConnectionSort = "age" | "bytes" | "rate" | "queued" | "idle" | "roundTrip";

/** All orders of connections. */
export const CONNECTION_SORTS: readonly ConnectionSort[] = [
  "age",
  "bytes",
  "rate",
  "queued",
  "idle",
  "roundTrip",
];

/**
 * Gives the value that a connection is sorted by: the greatest comes first.
 *
 * @param connection The connection, or its record.
 * @param sort The order; a `rate` is not known from the connection alone.
 * @returns A number; for `age` and `idle` one that does not change while time goes by.
 */
export function sortValue(
  connection: LiveRecord | ConnectionRecord,
  sort: Exclude<ConnectionSort, "rate">,
): number {
  switch (sort) {
    case "age":
      return -connection.connectedAt;
    case "bytes":
      return connection.bytesIn + connection.bytesOut;
    case "queued":
      return connection.queuedBytes;
    case "idle":
      return -connection.lastActivity;
    case "roundTrip":
      return connection.roundTrip ?? -1;
  }
}
