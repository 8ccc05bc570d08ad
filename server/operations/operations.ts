/**
 * `server/operations/` is for the questions and orders of an operator to a running server. It
 * knows neither HTTP nor commands.
 *
 * What an operator can ask a server, or all workers of a cluster, while it runs, and have it do.
 * Parameters and answers are plain data, so that they travel between processes as JSON.
 *
 * @module
 */

import type { FrameName, Opcode } from "../../protocol/mod.ts";
import type { ConnectionRecord, ConnectionSort } from "../connection/connection_record.ts";
import type { HostDescription, Report, SummedReport } from "../host/report.ts";
import type { KernelSocket } from "../host/socket_table.ts";
import type { LimitChanges, Limits } from "../limits.ts";
import type { Measured } from "../metrics/measurements.ts";
import type { ConnectionDescription, Totals } from "../registry.ts";
import type { DrainOptions, DrainResult } from "./drain.ts";

export type { LimitChanges } from "../limits.ts";
export type { HostDescription } from "../host/report.ts";

/** Which connections are meant. All conditions hold together; without any, all connections are. */
export interface ConnectionFilter {
  /** One connection: its 4-tuple as text. */
  readonly key?: string;
  /** Any of these connections, by their 4-tuples. */
  readonly keys?: readonly string[];
  /**
   * An address or a network, `192.0.2.7` or `2001:db8::/32`: that of the client, which behind a
   * trusted proxy is not that of the socket.
   */
  readonly source?: string;
  /** The path of the handshake's request, without the query; one that ends in `*` is a beginning. */
  readonly path?: string;
  /** The subprotocol that was agreed on; empty for connections without one. */
  readonly subprotocol?: string;
  /** Whether the connection is open or closing. */
  readonly state?: ConnectionRecord["state"];
  /** The worker that has it; without workers, 0 is the one process. */
  readonly worker?: number;
}

/** The place of a connection in an order: the last one of a page, behind which the next begins. */
export interface ConnectionCursor {
  /** What it is sorted by. */
  readonly value: number;
  /** The worker that has it; 0 without workers. */
  readonly worker: number;
  /** Its id in that worker. */
  readonly id: number;
}

/** Which page of which connections is wanted, in which order. */
export interface ConnectionQuery extends ConnectionFilter {
  /**
   * What they are sorted by.
   *
   * @default "age"
   */
  readonly sort?: ConnectionSort;
  /**
   * Whether the least comes first.
   *
   * @default false
   */
  readonly reverse?: boolean;
  /**
   * The most records.
   *
   * @default 100
   */
  readonly limit?: number;
  /**
   * Where the page before ended. By anything but age, connections change places while pages are read:
   * such a walk may miss some, or show them twice.
   */
  readonly after?: ConnectionCursor;
}

/** A connection's record, as an operator sees it. */
export interface OperatedConnection extends ConnectionRecord {
  /** The worker that has it; absent without workers. */
  readonly worker?: number;
  /** Bytes a second in both directions; absent unless it was sorted by that. */
  readonly bytesPerSecond?: number;
}

/** A page of connections. */
export interface ConnectionPage {
  /** The records, as they are now. */
  readonly connections: readonly OperatedConnection[];
  /** How many connections the filter matches, on all pages. */
  readonly matched: number;
  /** How many connections there are. */
  readonly total: number;
  /** Where the next page begins; absent on the last one. */
  readonly next?: ConnectionCursor;
  /**
   * Workers that have not answered, and whose connections are left out: a walk that is to miss nothing
   * asks for the same page again. Absent if all have.
   */
  readonly missing?: readonly number[];
}

/** A connection, with its socket and its worker. */
export interface OperatedDescription extends ConnectionDescription {
  /** The worker that has it; absent without workers. */
  readonly worker?: number;
}

/** How connections are to be closed. */
export interface CloseOrder {
  /**
   * The close code.
   *
   * @default 1001
   */
  readonly code?: number;
  /** The reason, at most 123 bytes in UTF-8. */
  readonly reason?: string;
  /**
   * Whether to say only what would be closed.
   *
   * @default false
   */
  readonly dryRun?: boolean;
}

/** What became of it. */
export interface CloseOutcome {
  /** How many connections matched, were open, and were told to close, or would have been. */
  readonly closed: number;
  /** The 4-tuples of some of them, 10 at most. */
  readonly examples: readonly string[];
  /** Workers that have not answered, and may have closed none of theirs; absent if all have. */
  readonly missing?: readonly number[];
}

/**
 * What came of a ping: the round trip in milliseconds, `unanswered` after 10 seconds, or `not_sent`
 * where the connection is closing or too much waits to be sent before.
 */
export type PingOutcome = { readonly roundTrip: number } | {
  readonly failure: "unanswered" | "not_sent";
};

/** What is wanted of a tap. */
export interface TapOptions {
  /**
   * How many bytes of each payload are shown.
   *
   * @default 0
   */
  readonly payloadBytes?: number;
}

/** A frame that a tap saw. */
export interface TappedFrame {
  /** What the event is. */
  readonly type: "frame";
  /** When it was received or queued, in ms since the epoch. */
  readonly at: number;
  /** `in` from the peer, `out` to it. */
  readonly direction: "in" | "out";
  /** Its opcode (RFC 6455 5.2). */
  readonly opcode: Opcode;
  /** The opcode's name: `text`, `ping` … */
  readonly name: FrameName;
  /** Whether it is the last of its message. */
  readonly fin: boolean;
  /** Whether it is masked: all from clients are, none from servers. */
  readonly masked: boolean;
  /** The length of its payload, in bytes. */
  readonly length: number;
  /** Of a Close frame, its code; absent without one. */
  readonly closeCode?: number;
  /** Whether it belongs to a compressed message, as it came (RFC 7692 6); `length` and `hex` are of that. */
  readonly compressed?: true;
  /** The first bytes of the payload as hex digits; absent unless payload was asked for. */
  readonly hex?: string;
  /**
   * The same as text, for text and Close frames; control characters are as they came. Of a compressed message it
   * is what the bytes stand for, in its first frame alone, and absent where that needs messages before it.
   */
  readonly text?: string;
  /** Of a compressed message, what `hex` stands for, as `text` has it. */
  readonly inflatedHex?: string;
}

/** What a tap tells. */
export type TapEvent =
  | TappedFrame
  | {
    /** Frames were left out, as the reader was too slow. */
    readonly type: "dropped";
    readonly at: number;
    readonly frames: number;
  }
  | {
    /** The connection is over; nothing follows. */
    readonly type: "end";
    readonly at: number;
    /** As `Handlers.close()` gets it. */
    readonly code: number;
    readonly reason: string;
    /** The rule that the peer broke, if that ended it. */
    readonly rule?: string;
  };

/** Which part of the descriptors is wanted. */
export interface DescriptorQuery {
  /** Only descriptors of this worker; without workers, 0 is the one process. */
  readonly worker?: number;
  /**
   * Only descriptors behind this one.
   *
   * @default the first
   */
  readonly after?: { readonly worker: number; readonly descriptor: number };
  /**
   * The most rows.
   *
   * @default 100
   */
  readonly limit?: number;
  /**
   * Whether only rows with a flag are wanted.
   *
   * @default false
   */
  readonly flagged?: boolean;
}

/** One descriptor of a process, and what is known of it. */
export interface DescriptorRow {
  /** The process's number for it; -1 for a connection of the registry whose socket was not found. */
  readonly descriptor: number;
  /** The worker that has it; absent without workers. */
  readonly worker?: number;
  /** What it is: a file's path, `socket:[1234]`, `anon_inode:[eventpoll]`. */
  readonly target: string;
  /** Of a TCP socket, its 4-tuple. */
  readonly key?: string;
  /** Of a TCP socket, what the kernel knows. */
  readonly kernel?: Omit<KernelSocket, "descriptor">;
  /** The id of the connection in the registry. */
  readonly id?: number;
  /**
   * What does not fit: `not_in_registry`, a socket to our port that is no WebSocket connection (a
   * handshake, a plain request, or one that leaks); `not_in_kernel`, a connection of the registry
   * without a socket.
   */
  readonly flag?: "not_in_registry" | "not_in_kernel";
}

/**
 * A page of descriptors. The first one shows them as they are. Those behind it come of the same reading
 * of the kernel's tables for up to ten seconds: what has been closed since is left out, what has been
 * opened since is not there yet, and states and queues are as they were.
 */
export interface DescriptorPage {
  /**
   * When the kernel's tables were read, in ms since the epoch; with workers the earliest time. Absent
   * where nobody could read them.
   */
  readonly at?: number;
  /** The rows, by worker and descriptor. */
  readonly rows: readonly DescriptorRow[];
  /** How many descriptors are open. */
  readonly open: number;
  /** How many of them are TCP sockets of connections in the registry. */
  readonly connections: number;
  /** How many rows have a flag, on all pages. */
  readonly flagged: number;
  /** Workers that have not answered, and whose descriptors are left out, as with connections. */
  readonly missing?: readonly number[];
  /** Where the next page begins; absent on the last one. */
  readonly next?: { readonly worker: number; readonly descriptor: number };
}

/** Whether a server takes connections: it starts, serves, drains, and has stopped. */
export type Phase = "starting" | "serving" | "draining" | "stopped";

/** What one process holds and has counted. */
export interface ProcessSnapshot {
  /** The worker; absent without workers. */
  readonly worker?: number;
  /** The process. */
  readonly pid: number;
  /** Since when it has listened, in ms since the epoch. */
  readonly since: number;
  /** What it holds. */
  readonly report: Report;
  /** What its connections add up to. */
  readonly totals: Totals;
  /** What else was counted. */
  readonly measured: Measured;
}

/** What a server holds and has counted, at one moment. */
export interface Snapshot {
  /** When, in ms since the epoch. */
  readonly at: number;
  /** Whether it takes connections. */
  readonly phase: Phase;
  /** The sums over all processes; without workers, those of the one process. */
  readonly sum: Pick<ProcessSnapshot, "totals" | "measured"> & { readonly report: SummedReport };
  /** The processes that serve: one, or the workers. */
  readonly processes: readonly ProcessSnapshot[];
  /**
   * Workers that have not answered; absent if all have. They are not among the processes, and in the
   * sums with what they said last.
   */
  readonly missing?: readonly number[];
  /** The process that starts the workers; absent without workers. */
  readonly supervisor?: {
    /** Its process. */
    readonly pid: number;
    /** What it takes of the host's memory, in bytes. */
    readonly resident: number;
    /** Messages between workers that were dropped on the way. */
    readonly relayDropped: number;
    /** How many workers are to serve. */
    readonly desired: number;
    /** How many do: those that drain are left out. */
    readonly serving: number;
    /** How often a worker was started after one had died, or had not started. */
    readonly restarts: number;
  };
}

/** How far a drain is. */
export interface DrainProgress {
  /** Whether the server serves still, drains, or has drained. */
  readonly phase: Phase;
  /** When it began, in ms since the epoch; absent before. */
  readonly began?: number;
  /** When what is left is cut, in ms since the epoch; absent before it began. */
  readonly deadline?: number;
  /** Connections when it began; absent before. */
  readonly connections?: number;
  /** Connections that are left. */
  readonly left: number;
  /** How it went; absent until it is over. */
  readonly result?: DrainResult;
}

/** What can be changed while a server runs. */
export interface Reconfiguration {
  /**
   * Limits; those that are left out stay as they are, and `null` brings back what held at the start:
   * what the app and its settings gave, else the default.
   */
  readonly limits?: LimitChanges;
  /** What `null` stands for from now on: all limits, as settings that were read again give them. */
  readonly initial?: Limits;
  /** A certificate chain and its key, as PEM, for connections that come from now on. */
  readonly certificate?: { readonly cert: string; readonly key: string };
}

/** What an operator can ask and have done. With workers, one that has gone or does not answer is left out. */
export interface Operations {
  /** Takes a snapshot. */
  snapshot(): Promise<Snapshot>;
  /** Tells what the host allows, and what is met first. */
  host(): Promise<HostDescription>;
  /**
   * Lists connections. Sorted by age, the pages together have each connection that was there all
   * along once; sorted by what changes, one whose value moved may come twice or not at all.
   *
   * @throws {SyntaxError} When `source`, `key` or one of `keys` is none.
   */
  query(query: ConnectionQuery): Promise<ConnectionPage>;
  /**
   * Looks a connection up and asks the kernel about its socket.
   *
   * @param key The 4-tuple as text.
   * @returns `undefined` when there is none.
   * @throws {SyntaxError} When the text is no 4-tuple.
   * @throws {RangeError} When a port is out of range.
   */
  describe(key: string): Promise<OperatedDescription | undefined>;
  /**
   * Closes connections, in batches with pauses between them.
   *
   * @throws {RangeError} When the code may not be sent or the reason is too long.
   * @throws {SyntaxError} When `source`, `key` or one of `keys` is none.
   */
  close(filter: ConnectionFilter, order: CloseOrder): Promise<CloseOutcome>;
  /**
   * Pings a connection.
   *
   * @returns What came of it; `undefined` when there is no such connection.
   * @throws As {@linkcode Operations.describe}.
   */
  ping(key: string): Promise<PingOutcome | undefined>;
  /**
   * Shows the frames of one connection from now on, in both directions. Cancel the stream to end it.
   *
   * @returns The events; `undefined` when there is no such connection.
   * @throws {Deno.errors.Busy} When too many taps are open already.
   * @throws As {@linkcode Operations.describe}.
   */
  tap(key: string, options?: TapOptions): Promise<ReadableStream<TapEvent> | undefined>;
  /** Lists the descriptors of the process as the kernel has them, joined with the registry. */
  descriptors(query?: DescriptorQuery): Promise<DescriptorPage>;
  /**
   * Gives the limits that hold.
   *
   * @throws {Deno.errors.TimedOut} When no worker answers.
   */
  limits(): Promise<Limits>;
  /**
   * Changes what can be changed while the server runs: for all connections, those too that are open.
   *
   * @returns The limits that hold now.
   * @throws {RangeError} When a limit cannot be; all that are wrong are named, and none is changed.
   * @throws {TypeError} When the certificate cannot be used; then nothing is changed.
   * @throws {Deno.errors.TimedOut} When no worker answers; then nothing is changed.
   */
  reconfigure(changes: Reconfiguration): Promise<Limits>;
  /** Begins to drain; asked again it changes nothing. */
  drain(options?: DrainOptions): Promise<DrainProgress>;
  /** Tells how far a drain is. */
  drainProgress(): Promise<DrainProgress>;
}
