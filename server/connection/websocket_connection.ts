// Longer than other files here: in this one session, handlers, records and the end of a connection
// meet, and what could stand alone has a file of its own.
import {
  CloseCode,
  type Message,
  Opcode,
  ProtocolError,
  serializeClosePayload,
  Session,
  type SessionOutput,
} from "../../protocol/mod.ts";
import type { LogEntry } from "../log.ts";
import type { HasDeadline } from "../loop/deadline_sweeper.ts";
import type { ClientAddress } from "../net/client_address.ts";
import { type FourTuple, fourTupleOf, ownTupleOf } from "../net/four_tuple.ts";
import { closeQuietly, linger, type Transport } from "../net/transport.ts";
import type { PacedReceiver } from "../topics/broadcast_pace.ts";
import type { Subscriber, SubscriberTopics } from "../topics/subscriber.ts";
import type { SharedFrames } from "../topics/topic_log.ts";
import type { Closing, Connection } from "./connection.ts";
import type { ConnectionContext, ConnectionEvents } from "./connection_context.ts";
import type { LiveRecord } from "./connection_record.ts";
import type { ConnectionDeflate } from "./deflate/connection_deflate.ts";
import type { FrameObserver } from "./frame_observer.ts";
import type { IncomingStream } from "./incoming_streams.ts";
import { invokeHandler } from "./invoke_handler.ts";
import { KeepAlive } from "./keep_alive.ts";
import {
  type MessageData,
  type OutgoingStream,
  plainOf,
  type StreamOptions,
} from "./message_data.ts";
import { MessageReceiver } from "./message_receiver.ts";
import { MessageSender } from "./message_sender.ts";
import type { SendResult } from "./send_queue.ts";
import type { UnfinishedReason } from "./unfinished_messages.ts";

/** The types that `send()` takes. */
const SENDABLE = "a string, an ArrayBuffer, a view of one, a Blob or a stream";

/** The phases up to the end of a connection, in order; its session knows the Close frames alone. */
const Phase = {
  Open: 0,
  /** The peer's Close waits for messages that came before it. */
  PeerCloseWaits: 1,
  /** Our Close frame waits for messages before it that take their time. */
  OwnCloseWaits: 2,
  /** The `close` handler has been called. */
  Over: 3,
  /** The descriptor has gone back. */
  Released: 4,
} as const;

type Phase = typeof Phase[keyof typeof Phase];

/** The outcome of a connection's handshake. */
export interface ConnectionStart<Data> {
  /** Counts up from 1. */
  readonly id: number;
  /** The 4-tuple as text. */
  readonly key: string;
  /** The client's own address, where a trusted proxy has told it. */
  readonly client: ClientAddress | undefined;
  /** The request's target. */
  readonly target: string;
  /** The subprotocol that was agreed on. */
  readonly subprotocol: string | undefined;
  /** Compresses, where that was agreed on. */
  readonly deflate?: ConnectionDeflate | undefined;
  /** The data that the `upgrade` hook returned. */
  readonly data: Data;
}

/**
 * One connection, from its handshake to its end: the part that its way in and its way out have in
 * common, and the face that handlers and the registry see.
 */
export class WebSocketConnection<Data>
  implements
    Connection<Data>,
    SessionOutput,
    ConnectionEvents,
    Subscriber,
    PacedReceiver,
    HasDeadline,
    LiveRecord {
  readonly id: number;
  readonly key: string;
  readonly client: ClientAddress | undefined;
  readonly target: string;
  readonly subprotocol: string | undefined;
  readonly transport: Transport;
  data: Data;
  due: number;
  position: number;
  topics: SubscriberTopics | undefined = undefined;
  /** Watches the frames; only where that was asked for. */
  observer: FrameObserver | undefined = undefined;

  readonly #context: ConnectionContext<Data>;
  readonly sharedDeflateBits: number;
  readonly #deflate: ConnectionDeflate | undefined;
  readonly #session: Session;
  readonly #receiver: MessageReceiver;
  readonly #sender: MessageSender;
  readonly #connectedAt: number;
  #bytesOutAtDeadline = 0;
  readonly #keepAlive = new KeepAlive();
  #writable: WritableStream<MessageData | Blob> | undefined = undefined;
  /** Only where the signal was asked for. */
  #leaving: AbortController | undefined = undefined;
  /** The waits for `drained`; only where there are some. */
  #waiters: Set<() => void> | undefined = undefined;
  #phase: Phase = Phase.Open;
  /** Whether our side left without a Close frame; the session takes every such end for the peer's. */
  #cut = false;
  /** Resolves when the peer's Close was answered; only where that waits. */
  #answered: Promise<void> | undefined = undefined;
  /** The rule that the peer broke. */
  #rule: string | undefined = undefined;

  constructor(
    context: ConnectionContext<Data>,
    transport: Transport,
    start: ConnectionStart<Data>,
  ) {
    this.#context = context;
    this.transport = transport;
    this.id = start.id;
    this.key = start.key;
    const { client } = start;
    this.client = client && { ...client, address: ownCopy(client.address) };
    this.target = ownCopy(start.target);
    this.subprotocol = start.subprotocol;
    this.data = start.data;
    const { deflate } = start;
    this.#deflate = deflate;
    this.sharedDeflateBits = deflate?.sharedBits ?? 0;
    const session = this.#session = new Session(this);
    const sender = this.#sender = new MessageSender(this, context, deflate);
    this.#receiver = new MessageReceiver(this, context, { session, sender, deflate });
    this.position = context.hub.published; // earlier messages are not for a connection that comes now
    this.#connectedAt = this.#receiver.lastReceived;
    this.due = this.#connectedAt + context.limits.pingInterval;
  }

  get remoteAddress(): string {
    if (this.#context.role === "client") return this.tuple.destinationAddress;
    return this.client?.address ?? this.tuple.sourceAddress;
  }

  get tuple(): FourTuple {
    return this.#context.role === "server"
      ? fourTupleOf(this.transport)
      : ownTupleOf(this.transport);
  }

  get open(): boolean {
    return this.#session.state === "open" && this.#phase < Phase.OwnCloseWaits;
  }

  get sendable(): boolean {
    return this.#session.state === "open" || this.#session.state === "answering";
  }

  get closing(): Closing | undefined {
    const { closedBy, sentClose: sent, receivedClose: received } = this.#session;
    const by = this.#cut ? "us" : closedBy;
    return by && { by, ...sent && { sent }, ...received && { received } };
  }

  get bufferedAmount(): number {
    return this.#sender.bytes;
  }

  get signal(): AbortSignal {
    this.#leaving ??= new AbortController();
    if (!this.open || this.#phase !== Phase.Open) this.#abort();
    return this.#leaving.signal;
  }

  get drained(): Promise<void> {
    this.#context.hub.catchUp(this);
    if (this.#phase >= Phase.Over || this.bufferedAmount === 0) return Promise.resolve();
    // A promise that lasts as long as the connection would keep all that was ever raced against it.
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiters = this.#waiters ??= new Set();
    waiters.add(resolve);
    this.#sender.taken().then(() => {
      waiters.delete(resolve);
      resolve();
    });
    return promise;
  }

  get roundTrip(): number | undefined {
    return this.#keepAlive.roundTrip;
  }

  // The rest of its record.

  get state(): "open" | "closing" {
    return this.open ? "open" : "closing";
  }

  get deflateBytes(): number | undefined {
    return this.#deflate?.idleBytes;
  }

  get connectedAt(): number {
    return sinceEpoch(this.#connectedAt);
  }

  get lastActivity(): number {
    // Taken from a clock that may be late by a tick.
    return sinceEpoch(Math.max(this.#connectedAt, this.#receiver.lastReceived));
  }

  get bytesIn(): number {
    return this.#receiver.bytes;
  }

  get bytesOut(): number {
    return this.#sender.bytesOut;
  }

  get messagesIn(): number {
    return this.#receiver.messages;
  }

  get messagesOut(): number {
    return this.#sender.messages;
  }

  get messagesDropped(): number {
    return this.#sender.dropped;
  }

  get queuedBytes(): number {
    return this.bufferedAmount;
  }

  // The way in.

  /**
   * Begins to receive.
   *
   * @param rest Bytes that came after the handshake: the first frames.
   */
  run(rest: Uint8Array): void {
    this.#log({ level: "debug", event: "opened", message: "Connection is open" });
    const { handlers, server } = this.#context;
    const opening = this.#call("open", () => handlers.open?.(this, server));
    if (opening !== undefined && handlers.message === undefined) {
      this.#receiver.delivery.holdFor(opening);
    }
    this.#receiver.run(rest);
  }

  handle(message: Message): Promise<void> | undefined {
    const { handlers, server } = this.#context;
    return this.#call("message", () => handlers.message?.(this, message, server));
  }

  receivedPing(payload: Uint8Array): void {
    const { handlers, server } = this.#context;
    if (handlers.ping) this.#call("ping", () => handlers.ping!(this, payload.slice(), server));
  }

  receivedPong(payload: Uint8Array): void {
    const roundTrip = this.#keepAlive.receivedPong(payload, this.#context.sweeper.now);
    if (roundTrip !== undefined) this.#context.roundTripMeasured(this, roundTrip);
    const { handlers, server } = this.#context;
    if (!handlers.pong || !this.open) return;
    this.#call("pong", () => handlers.pong!(this, payload.slice(), server));
  }

  // The way out.

  send(data: MessageData): SendResult;
  send(stream: OutgoingStream | Blob, options?: StreamOptions): Promise<"sent" | "dropped">;
  send(
    data: MessageData | OutgoingStream | Blob,
    options: StreamOptions = {},
  ): SendResult | Promise<"sent" | "dropped"> {
    this.#context.hub.catchUp(this);
    // To ask for a stream first would take a large part of the time that a small message takes in all.
    if (typeof data === "string" || data instanceof Uint8Array) return this.#sender.send(data);
    if (data instanceof ReadableStream) return this.#sender.stream(data, options);
    if (!(data instanceof Blob)) return this.#sender.send(plainOf(data, SENDABLE));
    return this.#sender.stream(data.stream(), { type: "binary", ...options });
  }

  // Topics.

  get subscriptions(): string[] {
    return [...this.topics?.subscriptions.keys() ?? []];
  }

  isSubscribed(topic: string): boolean {
    return this.topics?.subscriptions.has(topic) ?? false;
  }

  subscribe(topic: string): void {
    if (this.#phase < Phase.Over) this.#context.hub.subscribe(this, topic);
  }

  unsubscribe(topic: string): void {
    this.#context.hub.unsubscribe(this, topic);
  }

  publish(topic: string, data: MessageData): void {
    this.#context.hub.publish(topic, plainOf(data), this);
  }

  brokeOff(reason: "source_failed" | "source_silent", error?: unknown): void {
    const message = "Connection is closed as a streamed message cannot become whole";
    // Our own side has failed, or whoever it passes messages on for has gone silent.
    const level = reason === "source_failed" ? "warning" : "info";
    this.#log({ level, event: "stream_broke_off", reason, message, error });
    this.close(CloseCode.InternalError, "Message broke off");
  }

  sendShared(shared: SharedFrames): void {
    this.#sender.sendShared(shared);
  }

  hasRoomFor(bytes: number): boolean {
    return !this.open || this.#sender.hasRoomFor(bytes);
  }

  ping(payload: Uint8Array = new Uint8Array(0)): SendResult {
    if (!(payload instanceof Uint8Array)) {
      throw new TypeError("Cannot send ping as payload must be a Uint8Array");
    }
    if (payload.length > 125) {
      throw new RangeError(
        `Cannot send ping as payload must be <= 125 bytes: received ${payload.length} bytes`,
      );
    }
    return this.open ? this.#sender.ping(payload) : "dropped";
  }

  /** Has the round trip measured; tells whether a ping could be sent for it. */
  pingForRoundTrip(): boolean {
    return this.ping(this.#keepAlive.ask(this.#context.sweeper.now)) !== "dropped";
  }

  sendControl(opcode: Opcode, payload: Uint8Array): SendResult {
    return this.#sender.sendControl(opcode, payload);
  }

  close(code?: number, reason?: string): void {
    if (this.#phase === Phase.OwnCloseWaits) return;
    serializeClosePayload(code, reason); // throws also where closing has to wait
    this.#closeBehind(() => this.#session.close(code, reason));
  }

  /** Has our side close after what was sent before, which may have to be compressed yet. */
  #closeBehind(close: () => void): void {
    const wasOpen = this.open;
    this.#context.hub.catchUp(this);
    if (wasOpen && this.#sender.runBehind(close)) this.#phase = Phase.OwnCloseWaits;
    else close();
    if (wasOpen) this.#leaveOpen();
  }

  /** Our side has begun to close: nothing that happens now may take for ever. */
  #leaveOpen(): void {
    this.#receiver.resume();
    this.#setCloseDeadline();
    this.#abort();
  }

  closeWaits(): void {
    if (this.#phase === Phase.Open) this.#phase = Phase.PeerCloseWaits;
    this.#setCloseDeadline();
    this.#abort();
  }

  delaysAnswer(answer: () => void): boolean {
    this.#context.hub.catchUp(this);
    const { promise, resolve } = Promise.withResolvers<void>();
    const delayed = this.#sender.runBehind(() => {
      answer();
      resolve();
    });
    if (delayed) this.#answered = promise;
    return delayed;
  }

  #abort(): void {
    this.#leaving?.abort(new DOMException("Connection is closing or closed", "AbortError"));
  }

  #setCloseDeadline(): void {
    this.#bytesOutAtDeadline = this.#sender.bytesOut;
    this.due = this.#context.sweeper.now + this.#context.limits.closeTimeout;
  }

  emptied(): void {
    const { handlers, server } = this.#context;
    if (this.open) this.#call("drain", () => handlers.drain?.(this, server));
  }

  overflowed(): void {
    if (this.open) this.#context.measurements.slowClosed++;
    this.close(CloseCode.TryAgainLater, "Send queue is full");
    const message = "Connection is closed as its send queue is full";
    this.#log({ level: "info", event: "send_queue_full", message });
  }

  writeFailed(): void {
    // The reading side may be waiting for a handler, and would notice nothing.
    this.#abandon();
  }

  // Streams, for those who ask for one.

  get readable(): ReadableStream<Message> {
    return this.#receiver.delivery.readable;
  }

  messages(): AsyncIterableIterator<Message>;
  messages(options: { stream: true }): AsyncIterableIterator<IncomingStream>;
  messages(
    options?: { stream: true },
  ): AsyncIterableIterator<Message> | AsyncIterableIterator<IncomingStream> {
    const { delivery } = this.#receiver;
    return options?.stream ? delivery.streamedMessages() : delivery.messages();
  }

  get writable(): WritableStream<MessageData | Blob> {
    return this.#writable ??= new WritableStream({
      write: async (data) => {
        const result = data instanceof Blob ? await this.send(data) : this.send(data);
        if (result === "dropped") throw new TypeError("Message was dropped");
        const delivered = await this.#sender.delivered();
        if (!delivered && this.#phase >= Phase.Over) {
          throw new TypeError("Connection is closed");
        }
      },
      close: () => this.close(CloseCode.NormalClosure),
      abort: () => this.close(CloseCode.GoingAway),
    });
  }

  // The end.

  gaveUp(reason: UnfinishedReason): void {
    if (this.#session.state !== "open") return;
    const { measurements } = this.#context;
    const late = reason === "message_timeout";
    if (late) measurements.unfinishedLate++;
    else measurements.unfinishedFull++;
    const message = late
      ? "Connection is closed as a message of its peer made no progress"
      : "Connection is closed as unfinished messages hold too much, its own the most";
    this.#log({ level: "info", event: reason, message });
    // Not after messages that take their time: the memory that is set aside is wanted now.
    if (late) this.#session.close(CloseCode.PolicyViolation, "Message took too long");
    else this.#session.close(CloseCode.TryAgainLater, "Too many unfinished messages");
    this.#leaveOpen();
  }

  receivedLast(failure: unknown): void {
    if (failure !== undefined) this.#receiveFailed(failure);
    else if (this.#session.state !== "answering") this.#session.receiveEof();
    this.#abort();
    this.#end().catch((error) => {
      // Nothing comes here that is known of; if something does, it costs this connection alone.
      this.#log({ level: "error", event: "fault", message: "Connection failed", error });
      this.#abandon();
    });
  }

  /** A rule that the peer broke; anything else would be a fault of this server's. */
  #receiveFailed(error: unknown): void {
    if (this.#phase >= Phase.Over) return; // it was cut, and what was under way with it
    this.#session.fail(error);
    if (error instanceof ProtocolError) {
      this.#rule = error.code;
      this.#log({
        level: "info",
        event: "rule_broken",
        reason: error.code,
        message: error.message,
      });
    } else {
      this.#log({ level: "error", event: "fault", message: "Connection failed", error });
    }
  }

  /** Lets our last words reach the peer, bounded by the sweeper, and gives the descriptor back. */
  async #end(): Promise<void> {
    const { pool, limits } = this.#context;
    this.#setCloseDeadline();
    if (this.#answered !== undefined) await this.#answered;
    // Messages that came before the Close are still handed over; its answer does not wait for that.
    const handed = this.#receiver.finish();
    if (handed === undefined) this.#isOver();
    await this.#sender.flushed();
    // 7.1.1: the server is the one that closes first.
    const { role } = this.#context;
    await linger(this.transport, pool, { maxBytes: limits.lingerBytes, waits: role === "client" });
    closeQuietly(this.transport);
    await handed;
    this.#isOver();
    this.#release();
  }

  terminate(): void {
    this.#cut ||= this.open;
    this.#abandon();
  }

  /** Ends it without another word. */
  #abandon(): void {
    this.#session.receiveEof();
    this.#isOver();
    this.#release();
  }

  expire(now: number): void {
    if (this.open) {
      if (this.#phase === Phase.PeerCloseWaits) this.#receiver.stopWaiting();
      return this.#look(now);
    }
    // A peer that still takes what was sent before gets all of it.
    const taking = this.bufferedAmount > 0 && this.#sender.bytesOut > this.#bytesOutAtDeadline;
    if (taking) return this.#setCloseDeadline();
    const message = "Connection is cut as its close took too long";
    this.#log({ level: "debug", event: "close_timeout", message });
    this.#abandon();
  }

  /** Pings, and gives up a peer that is no longer there. */
  #look(now: number): void {
    const liveness = {
      lastReceived: this.#receiver.lastReceived,
      paused: this.#receiver.paused,
      queuedBytes: this.#sender.queuedBytes,
      bytesOut: this.#sender.bytesOut,
    };
    const verdict = this.#keepAlive.judge(now, liveness, this.#context.limits);
    if (verdict === "lost") {
      const message = "Peer answers no pings, or takes no bytes";
      this.#context.measurements.peersLost++;
      this.#log({ level: "info", event: "peer_lost", message });
      return this.#abandon();
    }
    this.due = now + this.#context.limits.pingInterval;
    if (verdict === "ping") this.sendControl(Opcode.Ping, this.#keepAlive.payload);
  }

  #isOver(): void {
    if (this.#phase >= Phase.Over) return;
    this.#phase = Phase.Over;
    this.#abort();
    this.#waiters?.forEach((resolve) => resolve());
    this.#receiver.stop();
    this.#sender.stop();
    const { code, reason } = this.#session.closeStatus!; // it is not open any more
    this.#log({ level: "debug", event: "closed", message: `Connection ended with ${code}` });
    const { by, sent, received } = this.closing!;
    this.#context.measurements.closed(by, (by === "us" ? sent : received)?.code);
    this.observer?.ended({ code, reason }, this.#rule);
    const { handlers, hub, server } = this.#context;
    this.#call("close", () => handlers.close?.(this, code, reason, server));
    hub.leave(this);
  }

  #release(): void {
    closeQuietly(this.transport);
    if (this.#phase === Phase.Released) return;
    this.#phase = Phase.Released;
    this.#context.released(this);
  }

  #call(name: string, handler: () => unknown): Promise<void> | undefined {
    return invokeHandler(handler, (error) => this.#handlerFailed(name, error));
  }

  /** A fault of the application ends its connection, and nothing else. */
  #handlerFailed(name: string, error: unknown): void {
    const { signal } = this.#leaving ?? {};
    if (signal?.aborted && error === signal.reason) return; // it left off, as it was asked to
    const message = `Handler "${name}" failed`;
    this.#log({ level: "error", event: "handler_fault", message, error });
    if (this.open) this.#closeBehind(() => this.#session.fail(error));
  }

  #log(entry: LogEntry): void {
    this.#context.log({ ...entry, key: this.key });
  }
}

function sinceEpoch(time: number): number {
  return Math.round(performance.timeOrigin + time);
}

/** A text that is cut from another keeps the whole of it in memory: here, the request's head. */
function ownCopy(text: string): string {
  return new TextDecoder().decode(new TextEncoder().encode(text));
}
