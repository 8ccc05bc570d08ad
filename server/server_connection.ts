// Longer than other files here: in this one bytes, session, handlers and the end of a connection meet,
// and what could stand alone has a file of its own.
import {
  CloseCode,
  type Fragment,
  FrameDecoder,
  type Message,
  Opcode,
  ProtocolError,
  type Role,
  serializeClosePayload,
  Session,
  type SessionOutput,
} from "../protocol/mod.ts";
import { callHandler } from "./call_handler.ts";
import type { Closing, Connection } from "./connection.ts";
import type { ConnectionDeflate } from "./deflate/connection_deflate.ts";
import { type FourTuple, fourTupleOf, ownTupleOf } from "./four_tuple.ts";
import { FrameSource } from "./frame_source.ts";
import type { FrameObserver } from "./frame_tap.ts";
import type { Hub, SharedFrames, Subscriber } from "./hub.ts";
import { KeepAlive } from "./keep_alive.ts";
import type { Limits } from "./limits.ts";
import type { IncomingStream } from "./incoming_streams.ts";
import { MessageDelivery, type MessageOwner } from "./message_delivery.ts";
import {
  MessageSender,
  type MessageSenderHost,
  type MessageSenderOwner,
} from "./message_sender.ts";
import type { OutgoingStream, StreamOptions } from "./outbox.ts";
import type { ConnectionSort } from "./operations.ts";
import type { Handlers, LogEntry } from "./options.ts";
import type { ClientAddress } from "./proxy/client_address.ts";
import type { ConnectionRecord, Counters, Registered } from "./registry.ts";
import type { SendQueue, SendResult } from "./send_queue.ts";
import type { Due, Sweep } from "./sweep.ts";
import { FRAMES_PER_LOOK, type Turn } from "./turn.ts";
import { type Waiter, waitForBytes } from "./wait_for_bytes.ts";
import { closeQuietly, linger, type Transport } from "./transport.ts";

/** A connection that was silent for this many milliseconds before something came is parked after it. */
const PARK_AFTER = 2_000;

/** What all connections of a server share; a client is the host of its own. */
export interface ConnectionHost<Data> extends MessageSenderHost {
  /** Which side of the connections it is (RFC 6455 5.1). */
  readonly role: Role;
  /** The bounds. */
  readonly limits: Limits;
  /** Sends to everybody. */
  readonly hub: Hub;
  /** Looks after deadlines. */
  readonly sweep: Sweep;
  /** Keeps busy connections from holding the event loop. */
  readonly turn: Turn;
  /** What the application does. */
  readonly handlers: Handlers<Data>;
  /** Tells the operator. */
  log(entry: LogEntry): void;
  /** A ping was answered. */
  roundTripMeasured(connection: ServerConnection<Data>, milliseconds: number): void;
  /** The connection's descriptor has gone back. */
  released(connection: ServerConnection<Data>): void;
}

/** What the handshake found out about a connection. */
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
  /** What the `upgrade` hook returned. */
  readonly data: Data;
}

/**
 * One connection on the server: it drives bytes from the transport through the decoder and the
 * session to the handlers, and frames back through the send queue.
 */
export class ServerConnection<Data>
  implements
    Connection<Data>,
    SessionOutput,
    MessageSenderOwner,
    MessageOwner,
    Subscriber,
    Waiter,
    Due,
    Registered {
  readonly id: number;
  readonly key: string;
  readonly client: ClientAddress | undefined;
  readonly target: string;
  readonly subprotocol: string | undefined;
  readonly transport: Transport;
  data: Data;
  due: number;
  position: number;
  /** Who watches the frames; nobody, unless somebody asked to. */
  observer: FrameObserver | undefined = undefined;

  readonly #host: ConnectionHost<Data>;
  readonly sharedDeflateBits: number;
  readonly #deflate: ConnectionDeflate | undefined;
  readonly #decoder: FrameDecoder;
  readonly #session: Session;
  readonly #sender: MessageSender;
  readonly #queue: SendQueue;
  readonly #connectedAt: number;
  readonly #delivery = new MessageDelivery(this);
  #bytesIn = 0;
  #bytesOut = 0;
  #bytesOutAtDeadline = 0;
  #messagesIn = 0;
  #lastReceived: number;
  readonly #keepAlive = new KeepAlive();
  /** Whether the connection waits for its own side, so that a silent peer is not to blame. */
  #paused = false;
  #resume: (() => void) | undefined = undefined;
  #writable: WritableStream<string | Uint8Array> | undefined = undefined;
  #over = false;
  #released = false;
  /** Whether our side left without a Close frame; the session takes every such end for the peer's. */
  #cut = false;
  /** Whether our Close frame waits for messages before it that take their time. */
  #closesLater = false;
  /** The rule that the peer broke. */
  #rule: string | undefined = undefined;

  constructor(host: ConnectionHost<Data>, transport: Transport, start: ConnectionStart<Data>) {
    this.#host = host;
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
    const { role, limits } = host;
    this.#decoder = new FrameDecoder({ role, limits, deflate: deflate !== undefined });
    this.#session = new Session(this);
    this.#sender = new MessageSender(this, host, deflate);
    this.#queue = this.#sender.queue;
    this.position = host.hub.published; // what was said before is not for who comes now
    const now = host.sweep.now;
    this.#connectedAt = this.#lastReceived = now;
    this.due = now + host.limits.pingInterval;
  }

  /** The client's address: that of the socket, unless a trusted proxy has told another one. */
  get address(): string {
    return this.client?.address ?? this.tuple.sourceAddress;
  }

  get tuple(): FourTuple {
    return this.#host.role === "server" ? fourTupleOf(this.transport) : ownTupleOf(this.transport);
  }

  get open(): boolean {
    return this.sendable && !this.#closesLater;
  }

  get sendable(): boolean {
    return this.#session.state === "open";
  }

  get closing(): Closing | undefined {
    const { closedBy, sentClose: sent, receivedClose: received } = this.#session;
    const by = this.#cut ? "us" : closedBy;
    return by && { by, ...sent && { sent }, ...received && { received } };
  }

  get bufferedAmount(): number {
    return this.#sender.bytes;
  }

  get roundTrip(): number | undefined {
    return this.#keepAlive.roundTrip;
  }

  // The way in.

  /**
   * Begins to receive.
   *
   * @param rest Bytes that came behind the handshake: the first frames.
   */
  run(rest: Uint8Array): void {
    this.#log({ level: "debug", event: "opened", message: "Connection is open" });
    const { handlers } = this.#host;
    const opening = this.#call("open", () => handlers.open?.(this));
    if (opening !== undefined && handlers.message === undefined) this.#delivery.holdFor(opening);
    if (rest.length > 0) this.woken(rest);
    else this.#park();
  }

  /** Waits for bytes with next to nothing: an async function that waits would be most of what is held. */
  #park(): void {
    this.#session.rest();
    waitForBytes(this.transport, this.#host.pool, this);
  }

  woken(first: Uint8Array | undefined): void {
    this.#receive(first).catch((error) => {
      // Nothing comes here that is known of; if something does, it costs this connection alone.
      this.#log({ level: "error", event: "fault", message: "Connection failed", error });
      this.#abandon();
    });
  }

  /** Receives until the connection is parked, or over. */
  async #receive(first: Uint8Array | undefined): Promise<void> {
    try {
      if (first !== undefined && await this.#receiveFrames(first)) return this.#park();
      this.#session.receiveEof();
    } catch (error) {
      this.#receiveFailed(error);
    }
    await this.#end();
  }

  /** Receives until nothing more comes for now: `true`, or ever: `false`. */
  async #receiveFrames(first: Uint8Array): Promise<boolean> {
    const source = new FrameSource(this.transport, this.#decoder, this.#host.pool, first);
    const reader = new ReadableStream(source, { highWaterMark: 0 }).getReader();
    /** How long nothing had come before the burst of reads that this is about. */
    let silence = 0;
    let more = false;
    const { measurements } = this.#host;
    try {
      for (;;) {
        const { done, value: batch } = await reader.read();
        if (done) return false;
        this.#bytesIn += batch.byteLength;
        const now = this.#host.sweep.recently;
        if (!more) silence = now - this.#lastReceived;
        more = batch.more;
        this.#lastReceived = now;
        // A peer gets no further answers before it has taken the last ones.
        let behind = this.#queue.bytes > 0;
        const { fragments } = batch;
        for (let at = 0; at < fragments.length; at++) {
          const fragment = fragments[at]!;
          measurements.received(fragment.opcode, fragment.payload.length, fragment.last);
          this.observer?.received(fragment);
          const received = fragment.compressed
            ? this.#receiveDeflated(fragment)
            : this.#receivePlain(fragment);
          const message = received instanceof Promise ? await received : received;
          // Awaiting without need would part the answers to one read into two writes.
          const pause = at % FRAMES_PER_LOOK === FRAMES_PER_LOOK - 1
            ? this.#host.turn.over(FRAMES_PER_LOOK)
            : undefined;
          if (pause !== undefined) await pause;
          if (message === undefined) continue;
          if (behind) await this.#pauseFor(this.#queue.taken());
          behind = false;
          if (!this.open) continue; // it was closed meanwhile
          this.#messagesIn++;
          if (typeof message === "string") measurements.textIn++;
          const handled = this.#delivery.deliver(message);
          if (handled !== undefined) await this.#pauseFor(handled);
          if (this.#queue.congested) await this.#pauseFor(this.#queue.taken());
        }
        if (this.#session.state === "closed" || this.#session.state === "failed") return false;
        if (batch.failure !== undefined) throw batch.failure;
        // A read counts too: the frames of slow senders come in many.
        const over = this.#host.turn.over(1 + fragments.length % FRAMES_PER_LOOK);
        if (over !== undefined) await over;
        if (silence >= PARK_AFTER && !more) return true;
      }
    } finally {
      source.release();
    }
  }

  /** Takes a fragment that is not compressed, or is so no longer; gives the message that it ends. */
  #receivePlain(fragment: Fragment): Message | undefined | Promise<undefined> {
    return this.#delivery.streams?.takes(fragment)
      ? this.#stream(fragment)
      : this.#session.receive(fragment);
  }

  #receiveDeflated(fragment: Fragment): Message | undefined | Promise<Message | undefined> {
    // What comes when we have begun to close is thrown away.
    if (!this.open) return undefined;
    const fragments = this.#deflate!.inflate(fragment);
    // In one piece, as most small messages are: awaiting would part the answers to one read.
    if (fragments instanceof Array && fragments.length === 1) {
      return this.#receivePlain(fragments[0]!);
    }
    return this.#receiveInflated(fragments);
  }

  async #receiveInflated(
    fragments: readonly Fragment[] | AsyncIterable<Fragment>,
  ): Promise<Message | undefined> {
    let message: Message | undefined;
    for await (const fragment of fragments) message = await this.#receivePlain(fragment);
    return message;
  }

  /** Hands a fragment to whoever reads messages as streams. */
  async #stream(fragment: Fragment): Promise<undefined> {
    if (!this.open) return;
    const streams = this.#delivery.streams!;
    const behind = streams.push(fragment);
    if (fragment.last && fragment.fin) {
      this.#messagesIn++;
      if (streams.isText) this.#host.measurements.textIn++;
    }
    if (behind !== undefined) await this.#pauseFor(behind);
  }

  handle(message: Message): Promise<void> | undefined {
    return this.#call("message", () => this.#host.handlers.message?.(this, message));
  }

  /** Waits for our own side, so that nothing more is read; not beyond the end of the open state. */
  #pauseFor(promise: Promise<void>): Promise<void> {
    if (!this.open) return Promise.resolve();
    this.#paused = true;
    return new Promise((resolve) => {
      const resume = () => {
        if (this.#resume === resume) {
          this.#resume = undefined;
          this.#paused = false;
        }
        resolve();
      };
      this.#resume = resume;
      promise.then(resume);
    });
  }

  receivedPong(payload: Uint8Array): void {
    const roundTrip = this.#keepAlive.receivedPong(payload, this.#host.sweep.now);
    if (roundTrip !== undefined) this.#host.roundTripMeasured(this, roundTrip);
  }

  // The way out.

  send(data: string | Uint8Array): SendResult;
  send(stream: OutgoingStream, options?: StreamOptions): Promise<"sent" | "dropped">;
  send(
    data: string | Uint8Array | OutgoingStream,
    options: StreamOptions = {},
  ): SendResult | Promise<"sent" | "dropped"> {
    this.#host.hub.catchUp(this);
    if (data instanceof ReadableStream) return this.#sender.stream(data, options);
    return this.#sender.send(data);
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

  ping(payload: Uint8Array = new Uint8Array(0)): SendResult {
    if (!(payload instanceof Uint8Array)) {
      throw new TypeError("Cannot send ping as payload must be a Uint8Array");
    }
    if (payload.length > 125) {
      throw new RangeError(
        `Cannot send ping as payload must be <= 125 bytes: received ${payload.length} bytes`,
      );
    }
    if (!this.open || this.#queue.congested) return "dropped";
    return this.sendControl(Opcode.Ping, payload);
  }

  /** Has the round trip measured; tells whether a ping could be sent for it. */
  pingForRoundTrip(): boolean {
    return this.ping(this.#keepAlive.ask(this.#host.sweep.now)) !== "dropped";
  }

  sendControl(opcode: Opcode, payload: Uint8Array): SendResult {
    return this.#sender.sendControl(opcode, payload);
  }

  close(code?: number, reason?: string): void {
    if (this.#closesLater) return;
    const wasOpen = this.open;
    this.#host.hub.catchUp(this);
    serializeClosePayload(code, reason); // throws also where closing has to wait
    const close = () => this.#session.close(code, reason);
    // What was sent before still leaves; it may have to be compressed yet.
    if (wasOpen && this.#sender.runBehind(close)) this.#closesLater = true;
    else close();
    if (wasOpen) this.#leaveOpen();
  }

  /** The session has begun to close, or failed: nothing that happens now may take for ever. */
  #leaveOpen(): void {
    this.#resume?.();
    this.#setCloseDeadline();
  }

  #setCloseDeadline(): void {
    this.#bytesOutAtDeadline = this.#bytesOut;
    this.due = this.#host.sweep.now + this.#host.limits.closeTimeout;
  }

  wrote(bytes: number): void {
    this.#bytesOut += bytes;
  }

  drained(): void {
    if (!this.#sender.isDrained() || !this.open) return;
    this.#call("drain", () => this.#host.handlers.drain?.(this));
  }

  overflowed(): void {
    if (this.open) this.#host.measurements.slowClosed++;
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
    return this.#delivery.readable;
  }

  messages(): AsyncIterableIterator<Message>;
  messages(options: { stream: true }): AsyncIterableIterator<IncomingStream>;
  messages(
    options?: { stream: true },
  ): AsyncIterableIterator<Message> | AsyncIterableIterator<IncomingStream> {
    return options?.stream ? this.#delivery.streamedMessages() : this.#delivery.messages();
  }

  get writable(): WritableStream<string | Uint8Array> {
    return this.#writable ??= new WritableStream({
      write: async (data) => {
        if (this.send(data) === "dropped") throw new TypeError("Message was dropped");
        await this.#sender.turn();
        const goal = this.#bytesOut + this.#queue.bytes;
        await this.#queue.taken();
        if (this.#over && this.#bytesOut < goal) throw new TypeError("Connection is closed");
      },
      close: () => this.close(CloseCode.NormalClosure),
      abort: () => this.close(CloseCode.GoingAway),
    });
  }

  // The end.

  /** A rule that the peer broke; anything else would be a fault of this server's. */
  #receiveFailed(error: unknown): void {
    if (this.#over) return; // it was cut, and what was under way with it
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

  /** Lets our last words reach the peer, bounded by the sweep, and gives the descriptor back. */
  async #end(): Promise<void> {
    const { pool, limits } = this.#host;
    this.#setCloseDeadline();
    this.#isOver();
    await this.#queue.taken();
    // 7.1.1: the server is the one that closes first.
    const { role } = this.#host;
    await linger(this.transport, pool, { maxBytes: limits.lingerBytes, waits: role === "client" });
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
    if (this.open) return this.#look(now);
    // A peer that still takes what was sent before gets all of it.
    const taking = this.#queue.bytes > 0 && this.#bytesOut > this.#bytesOutAtDeadline;
    if (taking) return this.#setCloseDeadline();
    const message = "Connection is cut as its close took too long";
    this.#log({ level: "debug", event: "close_timeout", message });
    this.#abandon();
  }

  /** Pings, and gives up a peer that is no longer there. */
  #look(now: number): void {
    const liveness = {
      lastReceived: this.#lastReceived,
      paused: this.#paused,
      queuedBytes: this.#queue.bytes,
      bytesOut: this.#bytesOut,
    };
    const verdict = this.#keepAlive.judge(now, liveness, this.#host.limits);
    if (verdict === "lost") {
      const message = "Peer answers no pings, or takes no bytes";
      this.#host.measurements.peersLost++;
      this.#log({ level: "info", event: "peer_lost", message });
      return this.#abandon();
    }
    this.due = now + this.#host.limits.pingInterval;
    if (verdict === "ping") this.sendControl(Opcode.Ping, this.#keepAlive.payload);
  }

  #isOver(): void {
    if (this.#over) return;
    this.#over = true;
    this.#resume?.();
    this.#delivery.end();
    this.#sender.stop();
    const { code, reason } = this.#session.closeStatus;
    this.#log({ level: "debug", event: "closed", message: `Connection ended with ${code}` });
    const { by, sent, received } = this.closing!;
    this.#host.measurements.closed(by, (by === "us" ? sent : received)?.code);
    this.observer?.ended({ code, reason }, this.#rule);
    this.#call("close", () => this.#host.handlers.close?.(this, code, reason));
  }

  #release(): void {
    closeQuietly(this.transport);
    if (this.#released) return;
    this.#released = true;
    this.#host.released(this);
  }

  #call(name: string, handler: () => unknown): Promise<void> | undefined {
    return callHandler(handler, (error) => this.#handlerFailed(name, error));
  }

  /** A fault of the application ends its connection, and nothing else. */
  #handlerFailed(name: string, error: unknown): void {
    const message = `Handler "${name}" failed`;
    this.#log({ level: "error", event: "handler_fault", message, error });
    if (!this.open) return;
    this.#session.fail(error);
    this.#leaveOpen();
  }

  #log(entry: LogEntry): void {
    this.#host.log({ ...entry, key: this.key });
  }

  record(): ConnectionRecord {
    return {
      id: this.id,
      key: this.key,
      state: this.open ? "open" : "closing",
      target: this.target,
      ...this.client && { client: this.client },
      ...this.subprotocol !== undefined && { subprotocol: this.subprotocol },
      ...this.#deflate !== undefined && { deflateBytes: this.#deflate.idleBytes },
      connectedAt: sinceEpoch(this.#connectedAt),
      // Taken from a clock that may be behind by a tick.
      lastActivity: sinceEpoch(Math.max(this.#connectedAt, this.#lastReceived)),
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
      messagesIn: this.#messagesIn,
      messagesOut: this.#sender.messages,
      messagesDropped: this.#queue.dropped,
      queuedBytes: this.bufferedAmount,
      ...this.roundTrip !== undefined && { roundTrip: this.roundTrip },
    };
  }

  sortValue(sort: Exclude<ConnectionSort, "rate">): number {
    switch (sort) {
      case "age":
        return -sinceEpoch(this.#connectedAt);
      case "bytes":
        return this.#bytesIn + this.#bytesOut;
      case "queued":
        return this.bufferedAmount;
      case "idle":
        return -sinceEpoch(Math.max(this.#connectedAt, this.#lastReceived));
      case "roundTrip":
        return this.roundTrip ?? -1;
    }
  }

  addTo(sums: Counters): void {
    sums.bytesIn += this.#bytesIn;
    sums.bytesOut += this.#bytesOut;
    sums.messagesIn += this.#messagesIn;
    sums.messagesOut += this.#sender.messages;
    sums.messagesDropped += this.#queue.dropped;
  }
}

function sinceEpoch(time: number): number {
  return Math.round(performance.timeOrigin + time);
}

/** A text that is cut from another keeps the whole of it in memory: here, the request's head. */
function ownCopy(text: string): string {
  return new TextDecoder().decode(new TextEncoder().encode(text));
}
