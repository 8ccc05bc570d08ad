import type { Message, Role } from "../../protocol/mod.ts";
import type { Limits } from "../limits.ts";
import type { LogEntry } from "../log.ts";
import type { DeadlineSweeper } from "../loop/deadline_sweeper.ts";
import type { EventLoopBudget } from "../loop/event_loop_budget.ts";
import type { LongWaitDetector } from "../loop/long_wait_detector.ts";
import type { Measurements } from "../metrics/measurements.ts";
import type { Transport } from "../net/transport.ts";
import type { Hub } from "../topics/hub.ts";
import type { Connection } from "./connection.ts";
import type { FrameObserver } from "./frame_observer.ts";
import type { Handlers } from "./handlers.ts";
import type { SendQueueContext } from "./send_queue.ts";
import type { UnfinishedMessages, UnfinishedReason } from "./unfinished_messages.ts";

/**
 * The parts of a server that its connections share; a client's one connection has its own. Each class
 * of a connection takes those that it needs.
 *
 * @typeParam Data The data of each connection.
 */
export interface ConnectionContext<Data> extends SendQueueContext {
  /** The side of the connections that this is (RFC 6455 5.1). */
  readonly role: Role;
  /** The bounds. */
  readonly limits: Limits;
  /** Looks after deadlines, and tells the time. */
  readonly sweeper: Pick<DeadlineSweeper, "now" | "recently" | "add" | "delete">;
  /** Keeps busy connections from holding the event loop. */
  readonly budget: EventLoopBudget;
  /** Bounds what messages hold before they are whole, and for how long. */
  readonly unfinished: UnfinishedMessages;
  /** Finds waits that take long. */
  readonly longWaits: Pick<LongWaitDetector, "watch">;
  /** Counts what metrics need. */
  readonly measurements: Measurements;
  /** Sends to everybody. */
  readonly hub: Hub;
  /** The application's handlers. */
  readonly handlers: Handlers<Data>;
  /** The last argument of each handler; a client has none. */
  readonly server: unknown;
  /** Tells the operator. */
  log(entry: LogEntry): void;
  /** A ping was answered. */
  roundTripMeasured(connection: Connection<Data>, milliseconds: number): void;
  /** The connection's descriptor has gone back. */
  released(connection: Connection<Data>): void;
}

/** The state of a connection, and the events of its way in and its way out that it reacts to. */
export interface ConnectionEvents {
  /** The bytes in both directions. */
  readonly transport: Pick<Transport, "read" | "write">;
  /** The peer's address. */
  readonly remoteAddress: string;
  /** Whether messages are still taken, in both directions. */
  readonly open: boolean;
  /** Whether messages that were taken may still leave. */
  readonly sendable: boolean;
  /** Watches the frames. */
  readonly observer: FrameObserver | undefined;
  /** Hands a message to the `message` handler; returns what the next one has to wait for. */
  handle(message: Message): Promise<void> | undefined;
  /** Begins the closing handshake. */
  close(code: number): void;
  /** The peer's Close has come, and waits for messages that came before it to be handed over. */
  closeWaits(): void;
  /**
   * Nothing more is received.
   *
   * @param failure The rule that the peer broke, or a fault of this server's; `undefined` when the
   * peer has left, or the session is over.
   */
  receivedLast(failure: unknown): void;
  /** A message that is not whole is given up, and the connection with it. */
  gaveUp(reason: UnfinishedReason): void;
  /** A streamed message can never become whole: its source failed, or gave nothing for too long. */
  brokeOff(reason: "source_failed" | "source_silent", error?: unknown): void;
  /** A backlog is gone: nothing waits any more, in the queue or before it. */
  emptied(): void;
  /** A message did not fit, and the policy is to close. */
  overflowed(): void;
  /** The transport is broken. */
  writeFailed(): void;
}
