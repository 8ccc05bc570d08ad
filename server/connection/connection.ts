/**
 * `server/connection/` is for one open WebSocket connection, in either role. It knows neither the
 * registry nor HTTP.
 *
 * @module
 */

import type { CloseStatus, Message, Side } from "../../protocol/mod.ts";
import type { ClientAddress } from "../net/client_address.ts";
import type { FourTuple } from "../net/four_tuple.ts";
import type { IncomingStream } from "./incoming_streams.ts";
import type { MessageData, OutgoingStream, StreamOptions } from "./message_data.ts";
import type { SendResult } from "./send_queue.ts";

/** How a connection ended, or is about to end. */
export interface Closing {
  /** The side that sent the first Close frame, or left without one. */
  readonly by: Side;
  /** The status in our Close frame; absent when none was sent. */
  readonly sent?: CloseStatus;
  /** The status in the peer's Close frame; absent when none came. */
  readonly received?: CloseStatus;
}

/**
 * One WebSocket connection, as handlers see it.
 *
 * Its methods never throw because the peer has gone: they say what became of the message.
 */
export interface Connection<Data = unknown> {
  /** The 4-tuple as text, the registry's key: `127.0.0.1:51324-127.0.0.1:8080`. */
  readonly key: string;
  /** The TCP 4-tuple: the peer is the source. */
  readonly tuple: FourTuple;
  /**
   * The address of the other side, without the port: the client's own one where a trusted proxy has
   * told it, otherwise that of the socket's peer.
   */
  readonly remoteAddress: string;
  /** The client's own address, where a trusted proxy has told it. */
  readonly client: ClientAddress | undefined;
  /**
   * The target of the handshake's request as the peer sent it, such as `/chat?room=1`, or even
   * `//[?room=1`. Its URL is the `request.url` of the `upgrade` hook.
   */
  readonly target: string;
  /** The subprotocol that was agreed on, if one was. */
  readonly subprotocol: string | undefined;
  /** The data that the `upgrade` hook returned for this connection; free to change. */
  data: Data;
  /** Whether messages can be sent: false from the first Close frame on. */
  readonly open: boolean;
  /** How the connection ends; `undefined` while it is open. */
  readonly closing: Closing | undefined;
  /**
   * Aborts when the connection leaves the open state: at the first Close frame of either side, or when
   * the peer is lost. It is for what a handler does meanwhile; a handler that fails with the signal's
   * reason has not failed.
   *
   * @example Leaves off when the client has gone
   * ```ts no-assert
   * import { serve } from "@fourtuple/fourtuple";
   *
   * await using server = serve({
   *   port: 0,
   *   async message(connection, url) {
   *     const { signal } = connection;
   *     const response = await fetch(String(url), { signal });
   *     for await (const piece of response.body ?? []) {
   *       connection.send(piece);
   *       await connection.drained;
   *       signal.throwIfAborted();
   *     }
   *   },
   * });
   * ```
   */
  readonly signal: AbortSignal;
  /** Bytes that wait for the peer to read. */
  readonly bufferedAmount: number;
  /**
   * Resolves when the peer has taken all that waits now, or the connection is over; never rejects. A loop
   * that waits for it after each `send()` goes as fast as the peer reads. A stream that is being sent is
   * not waited for.
   */
  readonly drained: Promise<void>;
  /** The last measured round trip in milliseconds; `undefined` before the first answered ping. */
  readonly roundTrip: number | undefined;
  /**
   * Sends a message, in one frame.
   *
   * @param data A string is sent as text, an `ArrayBuffer` or a view of one as binary. Bytes above
   * 32 KiB are not copied: leave them as they are until `bufferedAmount` is 0.
   * @returns The outcome; after `queued`, the `drain` handler tells when all has left.
   * @throws {TypeError} When the data is none of these, which types do not stop in JavaScript.
   *
   * @example
   * ```ts
   * import { connect, serve } from "@fourtuple/fourtuple";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = serve({
   *   port: 0,
   *   async open(connection) {
   *     connection.send(Float32Array.of(0.5));
   *     await connection.send(new Blob(["a blob"]));
   *   },
   * });
   * await using connection = await connect(server.url);
   * const messages = connection.messages();
   * assertEquals((await messages.next()).value, Uint8Array.of(0, 0, 0, 0x3f));
   * assertEquals((await messages.next()).value, new TextEncoder().encode("a blob"));
   * ```
   */
  send(data: MessageData): SendResult;
  /**
   * Sends a message while it is made: each piece of the stream is a frame, and no more pieces are asked
   * for than the peer takes. Messages sent meanwhile wait until it is whole (RFC 6455 5.4),
   * bounded as the send queue is. A source that fails, or gives nothing for `streamTimeout`, costs the
   * connection, with 1011: there is no way to take back half a message. `close()` does not wait for it.
   *
   * @param stream The pieces: text, or bytes that stay as they are until the next piece is asked for;
   * empty ones make empty frames. A Blob is sent as binary. It is cancelled when the message cannot be sent.
   * @param options The type of the message, and its timeout.
   * @returns `sent` when the last piece has been queued, `dropped` when the connection has ended before.
   */
  send(stream: OutgoingStream | Blob, options?: StreamOptions): Promise<"sent" | "dropped">;
  /** The topics that it has subscribed to; in the `close` handler those that it leaves. */
  readonly subscriptions: readonly string[];
  /** Whether it has subscribed to a topic. */
  isSubscribed(topic: string): boolean;
  /**
   * Subscribes to a topic: from now on it gets all that is published there, in order with `send()` and
   * with all its other topics. It leaves its topics when it is over.
   *
   * @param topic Its name, 1 to 255 bytes in UTF-8; `limits` bounds their number.
   * @throws {TypeError} When the topic is not a string, or has a lone surrogate.
   * @throws {RangeError} When it is empty or longer than `limits.topicBytes`, or when this would be one
   * topic more than `limits.connectionTopics` or `limits.topics`.
   *
   * @example
   * ```ts
   * import { connect, serve } from "@fourtuple/fourtuple";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = serve({
   *   port: 0,
   *   open: (connection) => connection.subscribe("room"),
   *   message: (connection, data) => connection.publish("room", data),
   * });
   * await using alice = await connect(server.url);
   * await using bob = await connect(server.url);
   * alice.send("hello");
   * assertEquals((await bob.messages().next()).value, "hello");
   * server.publish("room", "to all");
   * assertEquals((await alice.messages().next()).value, "to all");
   * ```
   */
  subscribe(topic: string): void;
  /** Leaves a topic; what was published before still comes. */
  unsubscribe(topic: string): void;
  /**
   * Sends a message to all other subscribers of a topic, here and on the servers of the backplane. It
   * need not have subscribed itself.
   *
   * @param topic The topic.
   * @param data A string is sent as text, an `ArrayBuffer` or a view of one as binary; copied.
   * @throws {TypeError} When the data is none of these, or the topic is not valid.
   * @throws {RangeError} When the topic is empty or too long.
   */
  publish(topic: string, data: MessageData): void;
  /**
   * Sends a Ping (RFC 6455 5.5.2). The server pings by itself, and measures the round trip by that;
   * this is for one more, whose answer only keeps the connection alive.
   *
   * @param payload At most 125 bytes.
   * @returns The outcome.
   * @throws {RangeError} When the payload is longer.
   * @throws {TypeError} When it is not a Uint8Array, which types do not stop in JavaScript.
   */
  ping(payload?: Uint8Array): SendResult;
  /**
   * Begins the closing handshake; what was sent before still leaves, as long as the peer takes it.
   * Does nothing the second time.
   *
   * @param code 1000 to 1003, 1007 to 1014, or 3000 to 4999; without it the Close frame is empty.
   * @param reason At most 123 bytes in UTF-8.
   * @throws {RangeError} When the code may not be sent or the reason is too long.
   */
  close(code?: number, reason?: string): void;
  /** Cuts the connection at once, without a Close frame. */
  terminate(): void;
  /**
   * The messages as a stream, instead of the `message` handler. Ask for it in `open`: before its
   * first `await` where there is a `message` handler, or messages may have gone there. A slow reader
   * slows the peer down; cancelling it closes the connection. There is one stream with one reader.
   */
  readonly readable: ReadableStream<Message>;
  /**
   * The way out as a stream: writing waits while the peer is slow, closing sends Close with 1000,
   * aborting sends 1001.
   */
  readonly writable: WritableStream<MessageData | Blob>;
  /**
   * The messages, one after another, until the connection ends: {@linkcode Connection.readable} for
   * a loop, with the same rules. Leaving the loop closes the connection with 1000, or with 1011 where
   * an exception that a handler does not catch left it.
   */
  messages(): AsyncIterableIterator<Message>;
  /**
   * The messages that begin from now on, each as a stream of its bytes, which is there as soon as its
   * first frame is: for messages that are too large to be held. Instead of the `message` handler; ask
   * for it in `open`. Read or cancel each, since the next one waits for that.
   * `limits.messageBytes` and `limits.messageFragments` bound them as they bound all others.
   *
   * @param options Says that streams are wanted.
   */
  messages(options: { stream: true }): AsyncIterableIterator<IncomingStream>;
}
