import { Opcode } from "../protocol/mod.ts";
import type { ConnectionDeflate } from "./deflate/connection_deflate.ts";
import type { FrameObserver } from "./frame_tap.ts";
import type { SharedFrames } from "./hub.ts";
import { type Measurements, payloadBytes } from "./measurements.ts";
import {
  Outbox,
  type OutboxHost,
  type OutboxOwner,
  type OutgoingStream,
  type StreamOptions,
} from "./outbox.ts";
import {
  SendQueue,
  type SendQueueHost,
  type SendQueueOwner,
  type SendResult,
} from "./send_queue.ts";

const ENCODER = new TextEncoder();

/** What the messages of one server share on their way out. */
export interface MessageSenderHost extends SendQueueHost, OutboxHost {
  /** Counts what metrics need. */
  readonly measurements: Measurements;
  readonly limits: SendQueueHost["limits"] & OutboxHost["limits"];
}

/** Whose messages they are. */
export interface MessageSenderOwner extends SendQueueOwner {
  /** Whether messages are still taken. */
  readonly open: boolean;
  /** Whether those that were taken may still leave. */
  readonly sendable: boolean;
  /** Who watches the frames. */
  readonly observer: FrameObserver | undefined;
  /** As {@linkcode OutboxOwner.brokeOff}. */
  brokeOff: OutboxOwner["brokeOff"];
}

/**
 * The way out of one connection: makes frames of messages, compressed where that was agreed on, and
 * keeps their order where one of them takes its time.
 */
export class MessageSender implements OutboxOwner {
  /** Where the frames go. */
  readonly queue: SendQueue;
  /** Messages that were sent or queued. */
  messages = 0;
  readonly #owner: MessageSenderOwner;
  readonly #host: MessageSenderHost;
  readonly #deflate: ConnectionDeflate | undefined;
  /** What waits while one message takes its time; only where one did. */
  #outbox: Outbox | undefined = undefined;

  /**
   * @param owner The connection.
   * @param host What it shares with others.
   * @param deflate Compresses, where that was agreed on.
   */
  constructor(
    owner: MessageSenderOwner,
    host: MessageSenderHost,
    deflate: ConnectionDeflate | undefined,
  ) {
    this.#owner = owner;
    this.#host = host;
    this.#deflate = deflate;
    this.queue = new SendQueue(owner, host);
  }

  /** Bytes that wait for the peer. */
  get bytes(): number {
    return this.queue.bytes + (this.#outbox?.bytes ?? 0);
  }

  get sendable(): boolean {
    return this.#owner.sendable;
  }

  /**
   * Sends a message.
   *
   * @param data As `Connection.send()` takes it.
   * @returns What became of it.
   * @throws {TypeError} When the data is neither text nor bytes.
   */
  send(data: string | Uint8Array): SendResult {
    if (typeof data !== "string" && !(data instanceof Uint8Array)) {
      throw new TypeError("Cannot send message as it must be a string, a Uint8Array or a stream");
    }
    if (!this.#owner.open) return "dropped";
    if (this.#outbox?.busy) return this.#sendLater(data, this.#outbox);
    if (this.#deflate !== undefined && data.length >= this.#deflate.threshold) {
      return this.#sendDeflated(data, this.#deflate);
    }
    return this.#sendPlain(data);
  }

  #sendPlain(data: string | Uint8Array): SendResult {
    const before = this.queue.bytes;
    const result = this.queue.send(data);
    if (result === "dropped") return result;
    const opcode = typeof data === "string" ? Opcode.Text : Opcode.Binary;
    this.#host.measurements.sent(opcode, 1, payloadBytes(this.queue.bytes - before));
    this.#owner.observer?.sent(opcode, data);
    this.streamed(opcode === Opcode.Text ? "text" : "binary");
    return result;
  }

  /** Sends a message that is long enough to be compressed. */
  #sendDeflated(data: string | Uint8Array, deflate: ConnectionDeflate): SendResult {
    const bytes = typeof data === "string" ? ENCODER.encode(data) : data;
    const smaller = deflate.deflateNow(bytes);
    if (smaller === undefined) {
      this.#outbox ??= new Outbox(this, this.queue, this.#host);
      return this.#sendLater(data, this.#outbox);
    }
    if (smaller.length >= bytes.length) return this.#sendPlain(data);
    if (!this.queue.admitMessage(smaller.length)) return "dropped";
    const isText = typeof data === "string";
    this.#sendFrame(isText ? Opcode.Text : Opcode.Binary, smaller, true, true);
    this.streamed(isText ? "text" : "binary");
    return this.queue.writing ? "queued" : "sent";
  }

  /** Sends a message behind one that takes its time. */
  #sendLater(data: string | Uint8Array, outbox: Outbox): SendResult {
    // A copy, as for a message that goes into the queue at once.
    const bytes = typeof data === "string" ? ENCODER.encode(data) : data.slice();
    if (!this.queue.admitBehind(outbox.bytes, bytes.length)) return "dropped";
    const type = typeof data === "string" ? "text" : "binary";
    outbox.add(bytes.length, () => this.#sendWaiting(type, bytes));
    outbox.oweDrained();
    return "queued";
  }

  /** Sends a message whose turn has come. */
  async #sendWaiting(type: "text" | "binary", bytes: Uint8Array): Promise<void> {
    let opcode: Opcode = type === "text" ? Opcode.Text : Opcode.Binary;
    const deflate = this.#deflate;
    if (deflate === undefined || bytes.length < deflate.threshold) {
      this.sendFrame(opcode, bytes, true);
    } else {
      let held: Uint8Array | undefined;
      for await (const part of deflate.deflate(bytes)) {
        if (!this.sendable) return;
        if (held !== undefined) {
          this.#sendFrame(opcode, held, false, true);
          opcode = Opcode.Continuation;
          if (this.queue.congested) await this.queue.taken();
        }
        held = part;
      }
      this.#sendFrame(opcode, held!, true, true);
    }
    if (this.sendable) this.streamed(type);
  }

  /** Sends a message while it is made, as `Connection.send()` does. */
  async stream(stream: OutgoingStream, options: StreamOptions): Promise<"sent" | "dropped"> {
    if (this.#owner.open) {
      this.#outbox ??= new Outbox(this, this.queue, this.#host);
      return await this.#outbox.stream(stream, options);
    }
    stream.cancel().catch(() => {});
    return "dropped";
  }

  /** Sends messages that were encoded for many. */
  sendShared(shared: SharedFrames): void {
    if (!this.#owner.open) return;
    const { bytes, messages } = shared;
    const outbox = this.#outbox;
    if (!outbox?.busy) return this.#sendShared(shared);
    if (!this.queue.admitBehind(outbox.bytes, bytes.length, messages)) return;
    outbox.add(bytes.length, () => {
      if (this.sendable) this.#sendShared(shared);
    });
  }

  #sendShared(shared: SharedFrames): void {
    const { bytes, messages, texts, textBytes, binaryBytes } = shared;
    if (this.queue.sendShared(bytes, messages) === "dropped") return;
    this.messages += messages;
    const { measurements } = this.#host;
    if (texts > 0) {
      measurements.textOut += texts;
      measurements.sent(Opcode.Text, texts, textBytes);
    }
    if (texts < messages) measurements.sent(Opcode.Binary, messages - texts, binaryBytes);
    this.#owner.observer?.sentShared(shared);
  }

  /** Sends a control frame, which waits for no message. */
  sendControl(opcode: Opcode, payload: Uint8Array): SendResult {
    this.#host.measurements.sent(opcode, 1, payload.length);
    this.#owner.observer?.sent(opcode, payload);
    return this.queue.sendControl(opcode, payload);
  }

  sendFrame(opcode: Opcode, payload: Uint8Array, fin: boolean): void {
    this.#sendFrame(opcode, payload, fin, false);
  }

  #sendFrame(opcode: Opcode, payload: Uint8Array, fin: boolean, deflated: boolean): void {
    if (!this.sendable) return;
    this.#host.measurements.sent(opcode, 1, payload.length);
    this.#owner.observer?.sent(opcode, payload, fin);
    // RFC 7692 6: RSV1 is for the first frame of a message.
    const compressed = deflated && opcode !== Opcode.Continuation;
    this.queue.sendFrame(opcode, payload, { fin, compressed });
  }

  streamed(type: "text" | "binary"): void {
    this.messages++;
    if (type === "text") this.#host.measurements.textOut++;
  }

  brokeOff(reason: "source_failed" | "source_silent", error?: unknown): void {
    this.#owner.brokeOff(reason, error);
  }

  /**
   * Has something done behind the messages that take their time, unless a stream is among them, which
   * may never end.
   *
   * @param run What is done.
   * @returns Whether there are any, so that it has to wait.
   */
  runBehind(run: () => void): boolean {
    if (!this.#outbox?.busy || this.#outbox.streaming) return false;
    this.#outbox.add(0, run);
    return true;
  }

  /** Resolves when all that waits now has gone into the queue. */
  turn(): Promise<void> | undefined {
    return this.#outbox?.turn();
  }

  /** The queue is empty: tells whether nothing waits here either; if not, the owner is told later. */
  isDrained(): boolean {
    if (!this.#outbox?.busy) return true;
    this.#outbox.oweDrained();
    return false;
  }

  drained(): void {
    this.#owner.drained();
  }

  /** The connection is over. */
  stop(): void {
    this.#outbox?.stop();
    this.#deflate?.close();
  }
}
