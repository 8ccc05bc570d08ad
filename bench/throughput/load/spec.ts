/**
 * What the bench asks of the load generator, which is a process of its own, and what that answers.
 *
 * @module
 */

/** Every connection keeps messages in flight; the server sends each back. */
export interface EchoLoad {
  kind: "echo";
  connections: number;
  /** Bytes of one message. */
  bytes: number;
  /** Text messages instead of binary ones. */
  text: boolean;
  /** Messages in flight on one connection; they are written at once. */
  pipeline: number;
  /** How long is counted, after the warm-up. */
  seconds: number;
}

/** One connection sends; the server sends each message to all. */
export interface FanOutLoad {
  kind: "fan-out";
  connections: number;
  /** Bytes of one message. */
  bytes: number;
  /** Messages in flight. */
  pipeline: number;
  /** How long is counted, after the warm-up. */
  seconds: number;
}

/** Opens connections as fast as it can, and counts that. */
export interface HandshakeLoad {
  kind: "handshakes";
  connections: number;
}

/** Opens connections and keeps them, so that their memory can be read. */
export interface IdleLoad {
  kind: "idle";
  connections: number;
  /** How long they are kept before the end is told. */
  seconds: number;
}

/** How messages reach a client: over WebSocket, or by asking for them again and again. */
export type Transport = "websocket" | "polling" | "long-polling";

/** A message every so often, from one publisher to many clients. */
export interface PushLoad {
  kind: "push";
  transport: Transport;
  connections: number;
  /** Bytes of one message. */
  bytes: number;
  /** How many messages are published. */
  messages: number;
  /** Milliseconds from one publication to the next. */
  interval: number;
  /** Milliseconds from one poll of a client to its next; only for polling. */
  pollInterval: number;
}

/** Everything the load generator can do. */
export type LoadSpec = EchoLoad | FanOutLoad | HandshakeLoad | IdleLoad | PushLoad;

/** What a load generator counted between `begin` and `end`. */
export interface LoadFigures {
  /** Messages, deliveries or handshakes. */
  operations: number;
  /** How long that took. */
  seconds: number;
  /** Only of a {@linkcode PushLoad}. */
  push?: PushFigures;
}

/** What a way to push messages costs, all clients together; the publisher is left out. */
export interface PushFigures {
  /** Bytes of TCP payload that connecting took, per connection, before the first message. */
  setupBytes: number;
  /** Bytes of TCP payload in both directions, per message delivered. */
  bytesPerMessage: number;
  /** HTTP requests; without those that set a connection up. */
  requests: number;
  /** Milliseconds from publication to receipt. */
  delayMedian: number;
  /** The same, of which one delivery in a hundred took longer. */
  delayP99: number;
}

/** One line of JSON on the load generator's stdout. */
export type LoadEvent =
  | { event: "begin" }
  | { event: "end"; figures: LoadFigures }
  | { event: "failed"; reason: string };

/** The address of every server of the bench. */
export const HOST = "127.0.0.1";
