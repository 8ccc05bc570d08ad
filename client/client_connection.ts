import type { Connection } from "../server/connection/connection.ts";
import type { ConnectionContext } from "../server/connection/connection_context.ts";
import type { ConnectionDeflate } from "../server/connection/deflate/connection_deflate.ts";
import type { Handlers } from "../server/connection/handlers.ts";
import { Flusher } from "../server/connection/send_queue.ts";
import { UnfinishedMessages } from "../server/connection/unfinished_messages.ts";
import { WebSocketConnection } from "../server/connection/websocket_connection.ts";
import type { Limits } from "../server/limits.ts";
import { type LogEntry, logSafely } from "../server/log.ts";
import { DeadlineSweeper } from "../server/loop/deadline_sweeper.ts";
import { EventLoopBudget } from "../server/loop/event_loop_budget.ts";
import { LongWaitDetector } from "../server/loop/long_wait_detector.ts";
import { Measurements } from "../server/metrics/measurements.ts";
import { BufferPool } from "../server/net/buffer_pool.ts";
import { formatFourTuple, ownTupleOf } from "../server/net/four_tuple.ts";
import type { Transport } from "../server/net/transport.ts";
import { Hub } from "../server/topics/hub.ts";

/** How a connection ended. */
export interface ClosedStatus {
  /** The server's close code, 1005 if it sent none, 1006 without a Close frame of its own. */
  readonly code: number;
  /** The server's reason; escape it before showing it. */
  readonly reason: string;
}

/** The outcome of the handshake. */
export interface ClientStart {
  /** The request's target. */
  readonly target: string;
  /** The subprotocol that was agreed on. */
  readonly subprotocol: string | undefined;
  /** The extensions that were agreed on, as the server's header has them. */
  readonly extensions: string;
  /** Compresses, where that was agreed on. */
  readonly deflate: ConnectionDeflate | undefined;
  /** All limits. */
  readonly limits: Limits;
  /** The handlers, whom to tell, and what cuts the connection. */
  readonly options: Pick<Handlers<undefined>, "message" | "ping" | "pong" | "drain" | "close"> & {
    readonly log?: (entry: LogEntry) => void;
    readonly signal?: AbortSignal;
  };
  /** Bytes that came after the handshake. */
  readonly rest: Uint8Array;
}

/**
 * A connection that was opened to a server: as handlers of a server see theirs, and some more. Its
 * 4-tuple has this end as the source. Leaving the scope of `await using` closes it with 1000, and
 * waits until it is over.
 */
export interface ClientConnection extends Connection<undefined>, AsyncDisposable {
  /** The extensions that were agreed on, as the server's header has them; empty without one. */
  readonly extensions: string;
  /** Resolves when the connection is over, with how it ended. Never rejects. */
  readonly closed: Promise<ClosedStatus>;
  /**
   * Sends a ping, and measures how long its answer takes.
   *
   * @returns Milliseconds; `undefined` when it could not be sent, or the connection ended before.
   */
  measureRoundTrip(): Promise<number | undefined>;
}

/** The same connection as a server's, in the role of the client. */
export class RunningClientConnection extends WebSocketConnection<undefined>
  implements ClientConnection {
  readonly extensions: string;
  readonly closed: Promise<ClosedStatus>;
  readonly #client: ClientContext;

  /**
   * @param transport The transport, owned from now on.
   * @param start The outcome of the handshake.
   */
  constructor(transport: Transport, start: ClientStart) {
    const context = new ClientContext(start);
    super(context, transport, {
      id: 1,
      key: formatFourTuple(ownTupleOf(transport)),
      client: undefined,
      target: start.target,
      subprotocol: start.subprotocol,
      deflate: start.deflate,
      data: undefined,
    });
    this.#client = context;
    this.extensions = start.extensions;
    this.closed = context.closed.promise;
    const { signal } = start.options;
    const cut = () => this.terminate();
    signal?.addEventListener("abort", cut);
    context.finished.promise.then(() => signal?.removeEventListener("abort", cut));
    context.sweeper.add(this);
    this.run(start.rest);
  }

  measureRoundTrip(): Promise<number | undefined> {
    return this.#client.roundTripOf(this);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close(1000);
    await this.#client.finished.promise;
  }
}

/** The context of a client's one connection. */
class ClientContext implements ConnectionContext<undefined> {
  readonly role = "client";
  readonly maskKey = nextMaskKey;
  readonly limits: Limits;
  readonly pool: BufferPool = new BufferPool();
  readonly flusher: Flusher = new Flusher();
  readonly hub: Hub;
  readonly server = undefined;
  readonly budget: EventLoopBudget = new EventLoopBudget();
  readonly longWaits: LongWaitDetector = new LongWaitDetector();
  readonly measurements: Measurements = new Measurements();
  readonly sweeper: DeadlineSweeper;
  readonly unfinished: UnfinishedMessages = new UnfinishedMessages(this);
  readonly handlers: Handlers<undefined>;
  readonly closed: PromiseWithResolvers<ClosedStatus> = Promise.withResolvers();
  /** Resolves when the descriptor has gone back. */
  readonly finished: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #log: (entry: LogEntry) => void;
  #measured: PromiseWithResolvers<number | undefined> | undefined = undefined;

  constructor({ limits, options }: ClientStart) {
    this.limits = limits;
    this.hub = new Hub({ subscribers: () => [], limits });
    const { pingInterval, closeTimeout, streamTimeout, messageTimeout } = limits;
    this.sweeper = new DeadlineSweeper([pingInterval, closeTimeout, streamTimeout, messageTimeout]);
    this.#log = options.log ?? (() => {});
    this.handlers = {
      // Without a handler messages wait for whoever asks for them.
      open: () => options.message === undefined ? this.closed.promise : undefined,
      ...options.message && { message: options.message },
      ...options.ping && { ping: options.ping },
      ...options.pong && { pong: options.pong },
      ...options.drain && { drain: options.drain },
      close: (connection, code, reason, server) => {
        this.closed.resolve({ code, reason });
        this.#measured?.resolve(undefined);
        return options.close?.(connection, code, reason, server);
      },
    };
  }

  roundTripOf(connection: WebSocketConnection<undefined>): Promise<number | undefined> {
    if (this.#measured === undefined) {
      if (!connection.pingForRoundTrip()) return Promise.resolve(undefined);
      this.#measured = Promise.withResolvers();
      this.#measured.promise.then(() => this.#measured = undefined);
    }
    return this.#measured.promise;
  }

  roundTripMeasured(_connection: unknown, milliseconds: number): void {
    this.#measured?.resolve(milliseconds);
  }

  released(connection: WebSocketConnection<undefined>): void {
    this.sweeper.delete(connection);
    this.budget.stop();
    this.longWaits.stop();
    this.finished.resolve();
  }

  log(entry: LogEntry): void {
    logSafely(this.#log, entry);
  }
}

/** Random numbers are drawn many at a time, which costs hardly more than one. */
const MASK_KEYS = new Uint32Array(256);
let masksLeft = 0;

/** RFC 6455 5.3: a key that cannot be foreseen, for each frame. */
function nextMaskKey(): number {
  if (masksLeft === 0) {
    crypto.getRandomValues(MASK_KEYS);
    masksLeft = MASK_KEYS.length;
  }
  return MASK_KEYS[--masksLeft]!;
}
