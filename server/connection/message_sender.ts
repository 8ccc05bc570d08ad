import { Opcode, payloadBytes } from "../../protocol/mod.ts";
import type { SharedFrames } from "../topics/topic_log.ts";
import type { ConnectionContext, ConnectionEvents } from "./connection_context.ts";
import type { ConnectionDeflate } from "./deflate/connection_deflate.ts";
import type { OutgoingStream, StreamOptions } from "./message_data.ts";
import { type FrameSender, MessageSequencer } from "./message_sequencer.ts";
import { byteLengthOf, encodeSliced } from "./message_slices.ts";
import { SendQueue, type SendQueueEvents, type SendResult } from "./send_queue.ts";

/** A text with more units than this takes its time, since its encoding would hold the event loop. */
const AT_ONCE_UNITS = 1_048_576;

const ENCODER = new TextEncoder();

type SenderContext = Pick<
  ConnectionContext<never>,
  "limits" | "pool" | "flusher" | "maskKey" | "sweeper" | "budget" | "measurements"
>;

type SenderEvents = Pick<
  ConnectionEvents,
  | "transport"
  | "open"
  | "sendable"
  | "observer"
  | "brokeOff"
  | "emptied"
  | "overflowed"
  | "writeFailed"
>;

/**
 * The way out of one connection: makes frames of messages, compressed where that was agreed on, and
 * keeps their order where one of them takes its time.
 */
export class MessageSender implements FrameSender, SendQueueEvents {
  readonly transport: SendQueueEvents["transport"];
  /** Messages that were sent or queued. */
  messages = 0;
  /** Bytes that the kernel has taken. */
  bytesOut = 0;
  readonly #queue: SendQueue;
  readonly #connection: SenderEvents;
  readonly #context: SenderContext;
  readonly #deflate: ConnectionDeflate | undefined;
  /** Messages that wait while one takes its time; only where one did. */
  #sequencer: MessageSequencer | undefined = undefined;
  /** Bytes of the message that takes its time just now, before they are compressed. */
  #underWay = 0;

  /**
   * @param connection The connection.
   * @param context The parts of the server that it shares with others.
   * @param deflate Compresses, where that was agreed on.
   */
  constructor(
    connection: SenderEvents,
    context: SenderContext,
    deflate: ConnectionDeflate | undefined,
  ) {
    this.#connection = connection;
    this.#context = context;
    this.#deflate = deflate;
    this.transport = connection.transport;
    this.#queue = new SendQueue(this, context);
  }

  /** Bytes that wait for the peer. */
  get bytes(): number {
    return this.#queue.bytes + this.#waiting;
  }

  /** Bytes of frames, which wait for the kernel alone. */
  get queuedBytes(): number {
    return this.#queue.bytes;
  }

  /** Messages that were dropped because the queue was full. */
  get dropped(): number {
    return this.#queue.dropped;
  }

  /** Bytes that are not in the queue yet. */
  get #waiting(): number {
    return (this.#sequencer?.bytes ?? 0) + this.#underWay;
  }

  get sendable(): boolean {
    return this.#connection.sendable;
  }

  /**
   * Sends a message.
   *
   * @param data As `Connection.send()` takes it.
   * @returns The outcome.
   */
  send(data: string | Uint8Array): SendResult {
    if (!this.#connection.open) return "dropped";
    if (this.#sequencer?.busy) return this.#sendLater(data);
    if (this.#deflate !== undefined && data.length >= this.#deflate.threshold) {
      return this.#sendDeflated(data, this.#deflate);
    }
    if (typeof data === "string" && data.length > AT_ONCE_UNITS) return this.#sendLarge(data);
    return this.#sendPlain(data);
  }

  #sendPlain(data: string | Uint8Array): SendResult {
    const queue = this.#queue;
    const before = queue.bytes;
    const result = queue.send(data);
    if (result === "dropped") return result;
    const { measurements } = this.#context;
    this.messages++;
    if (typeof data === "string") {
      measurements.textOut++;
      measurements.sent(Opcode.Text, 1, payloadBytes(queue.bytes - before));
      this.#connection.observer?.sent(Opcode.Text, data);
    } else {
      measurements.sent(Opcode.Binary, 1, data.length);
      this.#connection.observer?.sent(Opcode.Binary, data);
    }
    return result;
  }

  /** Sends a text that is encoded slice by slice. */
  #sendLarge(text: string): SendResult {
    const length = byteLengthOf(text);
    return this.#queue.admitMessage(length) ? this.#sendLater(text, length) : "dropped";
  }

  /** Sends a message that is long enough to be compressed. */
  #sendDeflated(data: string | Uint8Array, deflate: ConnectionDeflate): SendResult {
    const length = byteLengthOf(data);
    if (deflate.takesTime(length) || this.#context.budget.isOverdue()) {
      return this.#sendLater(data, length);
    }
    const bytes = typeof data === "string" ? ENCODER.encode(data) : data;
    const smaller = deflate.deflateNow(bytes);
    if (smaller.length >= length) return this.#sendPlain(data);
    if (!this.#queue.admitMessage(smaller.length)) return "dropped";
    const isText = typeof data === "string";
    this.#sendFrame(isText ? Opcode.Text : Opcode.Binary, smaller, true, true);
    this.streamed(isText ? "text" : "binary");
    return this.#queue.writing ? "queued" : "sent";
  }

  /** Sends a message that takes its time, or comes after one that does. */
  #sendLater(data: string | Uint8Array, length: number = byteLengthOf(data)): SendResult {
    const sequencer = this.#sequencer ??= new MessageSequencer(this, this.#queue, this.#context);
    if (!this.#admitBehind(length)) return "dropped";
    // A copy, as for a message that goes into the queue at once; a text cannot be changed.
    const message = typeof data === "string" ? data : data.slice();
    sequencer.add(length, async () => {
      this.#underWay = length;
      await this.#sendWaiting(message, length).finally(() => this.#underWay = 0);
    });
    sequencer.oweDrained();
    return "queued";
  }

  #admitBehind(length: number, messages = 1): boolean {
    const queue = this.#queue;
    // A stream may last for ever: what waits for one is held to the same bound as what the kernel refuses.
    const ours = this.#takingTime !== undefined && !queue.congested;
    return queue.admitBehind(this.#waiting, length, { messages, ours });
  }

  /** Sends a message whose turn has come. */
  async #sendWaiting(message: string | Uint8Array, length: number): Promise<void> {
    if (!this.sendable) return;
    const isText = typeof message === "string";
    let opcode: Opcode = isText ? Opcode.Text : Opcode.Binary;
    const deflate = this.#deflate;
    if (deflate === undefined || length < deflate.threshold) {
      this.sendFrame(opcode, isText ? await encodeSliced(message, length) : message, true);
    } else {
      await this.#context.budget.spentForWork();
      if (!this.sendable) return;
      let held: Uint8Array | undefined;
      for await (const part of deflate.deflate(message)) {
        if (!this.sendable) return;
        if (held !== undefined) {
          this.#sendFrame(opcode, held, false, true);
          opcode = Opcode.Continuation;
          if (this.#queue.congested) await this.#queue.taken();
        }
        held = part;
      }
      this.#sendFrame(opcode, held!, true, true);
    }
    if (this.sendable) this.streamed(isText ? "text" : "binary");
  }

  /** Sends a message while it is made, as `Connection.send()` does. */
  async stream(stream: OutgoingStream, options: StreamOptions): Promise<"sent" | "dropped"> {
    if (this.#connection.open) {
      this.#sequencer ??= new MessageSequencer(this, this.#queue, this.#context);
      return await this.#sequencer.stream(stream, options);
    }
    stream.cancel().catch(() => {});
    return "dropped";
  }

  /** Sends messages that were encoded for many. */
  sendShared(shared: SharedFrames): void {
    if (!this.#connection.open) return;
    const { bytes, messages } = shared;
    const sequencer = this.#sequencer;
    if (!sequencer?.busy) return this.#sendShared(shared);
    if (!this.#admitBehind(bytes.length, messages)) return;
    sequencer.add(bytes.length, () => {
      if (this.sendable) this.#sendShared(shared);
    });
  }

  #sendShared(shared: SharedFrames): void {
    const { bytes, messages, texts, textBytes, binaryBytes } = shared;
    if (this.#queue.sendShared(bytes, messages) === "dropped") return;
    this.messages += messages;
    const { measurements } = this.#context;
    if (texts > 0) {
      measurements.textOut += texts;
      measurements.sent(Opcode.Text, texts, textBytes);
    }
    if (texts < messages) measurements.sent(Opcode.Binary, messages - texts, binaryBytes);
    this.#connection.observer?.sentShared(shared);
  }

  /** Sends a ping, unless so much waits that it would come late. */
  ping(payload: Uint8Array): SendResult {
    return this.#queue.congested ? "dropped" : this.sendControl(Opcode.Ping, payload);
  }

  /** Sends a control frame, which waits for no message. */
  sendControl(opcode: Opcode, payload: Uint8Array): SendResult {
    this.#context.measurements.sent(opcode, 1, payload.length);
    this.#connection.observer?.sent(opcode, payload);
    return this.#queue.sendControl(opcode, payload);
  }

  sendFrame(opcode: Opcode, payload: Uint8Array, fin: boolean): void {
    this.#sendFrame(opcode, payload, fin, false);
  }

  #sendFrame(opcode: Opcode, payload: Uint8Array, fin: boolean, deflated: boolean): void {
    if (!this.sendable) return;
    this.#context.measurements.sent(opcode, 1, payload.length);
    this.#connection.observer?.sent(opcode, payload, fin);
    // RFC 7692 6: RSV1 is for the first frame of a message.
    const compressed = deflated && opcode !== Opcode.Continuation;
    this.#queue.sendFrame(opcode, payload, { fin, compressed });
  }

  streamed(type: "text" | "binary"): void {
    this.messages++;
    if (type === "text") this.#context.measurements.textOut++;
  }

  brokeOff(reason: "source_failed" | "source_silent", error?: unknown): void {
    this.#connection.brokeOff(reason, error);
  }

  /** As {@linkcode MessageSequencer.runBehind}, for the messages that take their time. */
  runBehind(run: () => void): boolean {
    return this.#sequencer?.runBehind(run) ?? false;
  }

  /** Resolves when all that waits now has gone into the queue. */
  whenQueued(): Promise<void> | undefined {
    return this.#sequencer?.whenQueued();
  }

  /** Whether the peer has not taken all messages; those after a stream, which may never end, do not count. */
  get behind(): boolean {
    return this.#queue.bytes > 0 || this.#takingTime !== undefined;
  }

  /** Whether so much waits that its peer should not be asked for more. */
  get congested(): boolean {
    if (this.#queue.congested) return true;
    return this.#takingTime !== undefined && this.bytes > this.#context.limits.sendQueueBytes / 2;
  }

  /** Whether half of what may wait is left with so many bytes more; where nothing waits, any number is fine. */
  hasRoomFor(bytes: number): boolean {
    const waiting = this.bytes;
    return waiting === 0 || waiting + bytes <= this.#queue.mostBytes / 2;
  }

  /** Resolves when the peer has taken all that waits for it now, or is gone. */
  taken(): Promise<void> {
    const sequencer = this.#takingTime;
    return sequencer === undefined
      ? this.#queue.taken()
      : sequencer.whenQueued().then(() => this.#queue.taken());
  }

  /** Resolves when the kernel has taken the frames that wait now, or the transport is broken. */
  flushed(): Promise<void> {
    return this.#queue.taken();
  }

  /** Resolves when all that waits now has left, or never will; tells whether the kernel took it. */
  async delivered(): Promise<boolean> {
    await this.whenQueued();
    const goal = this.bytesOut + this.#queue.bytes;
    await this.#queue.taken();
    return this.bytesOut >= goal;
  }

  /** Where messages take their time, if they do and no stream is among them. */
  get #takingTime(): MessageSequencer | undefined {
    const sequencer = this.#sequencer;
    return sequencer?.busy && !sequencer.streaming ? sequencer : undefined;
  }

  wrote(bytes: number): void {
    this.bytesOut += bytes;
  }

  /** Tells the connection once, when nothing waits in the queue or before it. */
  emptied(): void {
    if (this.#sequencer?.busy) this.#sequencer.oweDrained();
    else this.#connection.emptied();
  }

  overflowed(): void {
    this.#connection.overflowed();
  }

  writeFailed(): void {
    this.#connection.writeFailed();
  }

  /** The connection is over. */
  stop(): void {
    this.#sequencer?.stop();
    this.#deflate?.close();
  }
}
