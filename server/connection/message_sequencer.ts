import { Opcode } from "../../protocol/mod.ts";
import type { HasDeadline } from "../loop/deadline_sweeper.ts";
import type { ConnectionContext, ConnectionEvents } from "./connection_context.ts";
import { isIncoming } from "./incoming_streams.ts";
import type { OutgoingStream, StreamOptions } from "./message_data.ts";
import { COPY_BYTES, type SendQueue } from "./send_queue.ts";

type SequencerContext = Pick<ConnectionContext<never>, "limits" | "sweeper">;

/** Makes frames of messages; the sender of a connection. */
export interface FrameSender {
  /** Whether frames of messages may still leave. */
  readonly sendable: boolean;
  /** A frame of a message leaves. */
  sendFrame(opcode: Opcode, payload: Uint8Array, fin: boolean): void;
  /** A streamed message is whole. */
  streamed(type: "text" | "binary"): void;
  /** As {@linkcode ConnectionEvents.brokeOff}. */
  brokeOff: ConnectionEvents["brokeOff"];
  /** A backlog is gone. */
  emptied(): void;
}

/** A message that waits for its turn. */
interface Item {
  readonly bytes: number;
  /** Whether it is a stream, which may never end. */
  readonly isStream?: boolean;
  send(): void | Promise<void>;
}

/** A message that waits counts as this many bytes more, so that empty ones have a bound too. */
const ITEM_BYTES = 64;

const NOTHING = new Uint8Array(0);
const ENCODER = new TextEncoder();

/**
 * Sends messages one after the other where one of them takes its time: RFC 6455 5.4 does not let the
 * frames of two messages mix, so what is sent meanwhile waits. Control frames do not.
 */
export class MessageSequencer implements HasDeadline {
  due = Infinity;
  /** Bytes of the messages that wait for their turn; those of streams are not known. */
  bytes = 0;
  readonly #sender: FrameSender;
  readonly #context: SequencerContext;
  readonly #queue: SendQueue;
  readonly #waiting: Item[] = [];
  #busy = false;
  #streams = 0;
  /** Whether the owner waits to be told that a backlog is gone. */
  #owesDrained = false;
  /** The stream that is being sent. */
  #reader: ReadableStreamDefaultReader<string | Uint8Array> | undefined = undefined;

  /**
   * @param sender The connection.
   * @param queue Where frames go.
   * @param context The parts of the server that the connection shares with others.
   */
  constructor(sender: FrameSender, queue: SendQueue, context: SequencerContext) {
    this.#sender = sender;
    this.#queue = queue;
    this.#context = context;
  }

  /** Whether a message is being sent or waits: then every other one has to wait too. */
  get busy(): boolean {
    return this.#busy;
  }

  /** Whether a stream is among what is sent or waits, which may never end. */
  get streaming(): boolean {
    return this.#streams > 0;
  }

  /**
   * Has something sent when all before it has been.
   *
   * @param bytes How many bytes wait with it.
   * @param send Sends it.
   * @param isStream Whether it is a stream.
   */
  add(bytes: number, send: Item["send"], isStream = false): void {
    this.bytes += bytes + ITEM_BYTES;
    this.#waiting.push({ bytes: bytes + ITEM_BYTES, send, isStream });
    if (!this.#busy) this.#run();
  }

  /**
   * Calls a function after the messages that wait, and before the first stream, which may never end.
   *
   * @param run The function.
   * @returns Whether there are any, so that it has to wait.
   */
  runBehind(run: () => void): boolean {
    if (!this.#busy || this.#reader !== undefined) return false;
    const stream = this.#waiting.findIndex(({ isStream }) => isStream);
    this.#waiting.splice(stream < 0 ? this.#waiting.length : stream, 0, { bytes: 0, send: run });
    return true;
  }

  async #run(): Promise<void> {
    this.#busy = true;
    while (this.#waiting.length > 0) {
      const item = this.#waiting.shift()!;
      this.bytes -= item.bytes;
      try {
        await item.send();
      } catch (error) {
        if (this.#sender.sendable) this.#sender.brokeOff("source_failed", error);
      }
      const isLast = this.#waiting.length === 0 && this.#owesDrained;
      if (isLast || this.#queue.congested) await this.#queue.taken();
    }
    this.#busy = false;
    if (!this.#owesDrained) return;
    this.#owesDrained = false;
    this.#sender.emptied();
  }

  /** Has the sender told that a backlog is gone when nothing waits here either. */
  oweDrained(): void {
    this.#owesDrained = true;
  }

  /** Resolves when all that waits now has had its turn. */
  whenQueued(): Promise<void> {
    if (!this.#busy) return Promise.resolve();
    return new Promise((resolve) => this.add(0, resolve));
  }

  /**
   * Sends a stream as one message when its turn comes, no faster than the peer takes it.
   *
   * @param stream Its source; cancelled when the message cannot be sent.
   * @param options The type of the message, and its timeout.
   * @returns Whether all of it was sent.
   */
  stream(stream: OutgoingStream, options: StreamOptions): Promise<"sent" | "dropped"> {
    const reader = stream.getReader();
    const { promise, resolve } = Promise.withResolvers<"sent" | "dropped">();
    this.#streams++;
    this.add(0, async () => {
      resolve(await this.#stream(reader, isIncoming(stream), options));
      this.#streams--;
    }, true);
    return promise;
  }

  async #stream(
    reader: ReadableStreamDefaultReader<string | Uint8Array>,
    passedOn: boolean,
    { type: given, timeout = this.#context.limits.streamTimeout }: StreamOptions,
  ): Promise<"sent" | "dropped"> {
    const sender = this.#sender;
    this.#reader = reader;
    this.#context.sweeper.add(this);
    let type = given;
    let opcode: Opcode = Opcode.Continuation;
    try {
      for (let begun = false; sender.sendable; begun = true) {
        this.due = this.#context.sweeper.now + timeout;
        const { done, value = NOTHING } = await reader.read();
        if (!sender.sendable) break;
        if (typeof value !== "string" && !(value instanceof Uint8Array)) {
          throw new TypeError("Cannot send stream as its pieces must be strings or Uint8Arrays");
        }
        type ??= typeof value === "string" ? "text" : "binary";
        if (!begun) opcode = type === "text" ? Opcode.Text : Opcode.Binary;
        const bytes = typeof value === "string" ? ENCODER.encode(value) : value;
        sender.sendFrame(opcode, bytes, done);
        opcode = Opcode.Continuation;
        if (done) {
          sender.streamed(type);
          return "sent";
        }
        this.due = Infinity;
        // Bytes that are too many to be copied have to leave before their source may use them again.
        if (bytes.length > COPY_BYTES || this.#queue.congested) await this.#queue.taken();
        // Freed now: the garbage collector lets tens of megabytes of pieces come together.
        if (passedOn && sender.sendable) (bytes.buffer as ArrayBuffer).transfer(0);
      }
    } catch (error) {
      if (sender.sendable) sender.brokeOff("source_failed", error);
    } finally {
      this.#context.sweeper.delete(this);
      this.#reader = undefined;
    }
    reader.cancel().catch(() => {});
    return "dropped";
  }

  /** The source has given nothing for too long. */
  expire(): void {
    if (this.#sender.sendable) this.#sender.brokeOff("source_silent");
    this.stop();
  }

  /** The connection is over: nothing is waited for any longer. */
  stop(): void {
    this.due = Infinity;
    this.#reader?.cancel().catch(() => {});
  }
}
