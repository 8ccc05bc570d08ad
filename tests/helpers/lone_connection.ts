import type { ConnectionContext } from "../../server/connection/connection_context.ts";
import { Flusher } from "../../server/connection/send_queue.ts";
import { UnfinishedMessages } from "../../server/connection/unfinished_messages.ts";
import { WebSocketConnection } from "../../server/connection/websocket_connection.ts";
import { DEFAULT_LIMITS } from "../../server/limits.ts";
import { DeadlineSweeper } from "../../server/loop/deadline_sweeper.ts";
import { EventLoopBudget } from "../../server/loop/event_loop_budget.ts";
import { LongWaitDetector } from "../../server/loop/long_wait_detector.ts";
import { Measurements } from "../../server/metrics/measurements.ts";
import { BufferPool } from "../../server/net/buffer_pool.ts";
import { Hub } from "../../server/topics/hub.ts";
import { LogBook } from "./log_book.ts";
import { MemoryTransport, settled } from "./memory_transport.ts";

/** A connection on a transport without a network, with a clock that the test turns. */
export class LoneConnection {
  now = 1_000;
  readonly sweeper: DeadlineSweeper = new DeadlineSweeper([1_000], () => this.now);
  readonly transport = new MemoryTransport();
  readonly messages: number[] = [];
  readonly log = new LogBook();
  readonly measurements = new Measurements();
  readonly roundTrips: number[] = [];
  /** Called when the descriptor has gone back. */
  onReleased = (): void => {};
  readonly connection: WebSocketConnection<undefined>;
  readonly over: Promise<void>;

  constructor() {
    const budget = new EventLoopBudget();
    const longWaits = new LongWaitDetector();
    const over = Promise.withResolvers<void>();
    const context: ConnectionContext<undefined> = {
      role: "server",
      limits: DEFAULT_LIMITS,
      pool: new BufferPool(),
      flusher: new Flusher(),
      hub: new Hub({ subscribers: () => [], limits: DEFAULT_LIMITS }),
      server: undefined,
      sweeper: this.sweeper,
      unfinished: new UnfinishedMessages({ limits: DEFAULT_LIMITS, sweeper: this.sweeper }),
      budget,
      longWaits,
      measurements: this.measurements,
      roundTripMeasured: (_, milliseconds) => this.roundTrips.push(milliseconds),
      handlers: { message: (_, message) => void this.messages.push(message.length) },
      log: this.log.log,
      released: () => {
        budget.stop();
        longWaits.stop();
        over.resolve();
        this.onReleased();
      },
    };
    const start = {
      id: 1,
      key: "a",
      client: undefined,
      target: "/",
      subprotocol: undefined,
      data: undefined,
    };
    this.connection = new WebSocketConnection(context, this.transport, start);
    this.over = over.promise;
    this.connection.run(new Uint8Array(0));
  }

  async arrive(...bytes: Uint8Array[]): Promise<void> {
    for (const part of bytes) {
      this.transport.arrive(part);
      await settled();
    }
  }

  /** Lets time pass, and has the connection looked after. */
  pass(milliseconds: number): void {
    this.now += milliseconds;
    this.sweeper.tick();
    if (this.connection.due <= this.now) this.connection.expire(this.now);
  }

  async end(): Promise<void> {
    this.transport.arrive(null, null);
    await this.over;
  }
}
