import {
  type Fragment,
  isControl,
  Opcode,
  ProtocolError,
  Utf8Validator,
} from "../../protocol/mod.ts";

/** So many bytes of a message wait for its reader; then the peer does. */
const WAITING_BYTES = 65_536;

/** The cost of a piece besides its bytes: many small ones have a bound too. */
const PIECE_BYTES = 256;

const incoming = new WeakSet<ReadableStream>();

/**
 * Tells whether a stream is that of an incoming message: its pieces belong to its reader alone.
 *
 * @param stream Any stream.
 */
export function isIncoming(stream: ReadableStream): boolean {
  return incoming.has(stream);
}

/** A message that is handed over while it arrives. */
export interface IncomingStream {
  /** The type of the message. A text is given as its bytes, which were found to be UTF-8. */
  readonly type: "text" | "binary";
  /**
   * The message's bytes, yours to keep and to change. A slow reader slows the peer down; cancelling
   * it throws the rest of the message away. It fails when the connection ends before the message.
   */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/**
 * Hands messages over while they arrive, to whoever asked for that. One message is read after the
 * other: the next one comes when the one before has been taken from its stream.
 */
export class IncomingStreams {
  readonly #messages: ReadableStreamDefaultController<IncomingStream>;
  /** All of them; cancelled when no more are wanted. */
  readonly readable: ReadableStream<IncomingStream>;
  #body: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined = undefined;
  /** Whether a message comes that is handed over while it does. */
  inMessage = false;
  #utf8: Utf8Validator | undefined = undefined;
  /** The wait of the peer: the stream whose reader is too slow, and the call that says it has room. */
  #blocked: { by: object; taken(): void } | undefined = undefined;
  #open = true;

  /** @param cancelled Called when no more messages are wanted. */
  constructor(cancelled: () => void) {
    let messages!: ReadableStreamDefaultController<IncomingStream>;
    this.readable = new ReadableStream({
      start: (controller) => void (messages = controller),
      pull: (controller) => this.#release(controller),
      cancel: () => {
        this.#open = false;
        this.#release();
        cancelled();
      },
    });
    this.#messages = messages;
  }

  /** Whether the message that comes, or came last, is a text. */
  get isText(): boolean {
    return this.#utf8 !== undefined;
  }

  /**
   * Looks at the next fragment: whether it is for this. It is not when it belongs to a message that began
   * before anybody asked for streams.
   *
   * @param fragment Any; each once, in order.
   * @throws {ProtocolError} `INVALID_UTF8`.
   */
  takes({ opcode, first, last, fin, payload }: Fragment): boolean {
    if (isControl(opcode)) return false;
    const begins = first && opcode !== Opcode.Continuation;
    if (!begins && !this.inMessage) return false;
    if (begins) this.#utf8 = opcode === Opcode.Text ? new Utf8Validator() : undefined;
    const ends = last && fin;
    this.inMessage = !ends;
    const utf8 = this.#utf8;
    if (utf8 !== undefined && !(utf8.push(payload) && (!ends || utf8.complete))) {
      throw new ProtocolError("INVALID_UTF8", "Text message is not UTF-8");
    }
    return true;
  }

  /**
   * Hands a fragment over that is for this.
   *
   * @param fragment Its payload is copied.
   * @returns A promise to wait for before the next one, while the reader is too slow.
   */
  push({ opcode, first, last, fin, payload }: Fragment): Promise<void> | undefined {
    if (first && opcode !== Opcode.Continuation) this.#begin(opcode);
    if (payload.length > 0) this.#body?.enqueue(new Uint8Array(payload));
    if (last && fin) return this.#end();
    return this.#roomIn(this.#body);
  }

  #begin(opcode: Opcode): void {
    if (!this.#open) return;
    let body!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
    const readable = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => void (body = controller),
      pull: (controller) => this.#release(controller),
      cancel: () => {
        // A message that came whole may be cancelled while a later one comes.
        if (this.#body === body) this.#body = undefined;
        this.#release(body);
      },
    }, { highWaterMark: WAITING_BYTES, size: (piece) => piece.length + PIECE_BYTES });
    incoming.add(readable);
    this.#body = body;
    this.#messages.enqueue({ type: opcode === Opcode.Text ? "text" : "binary", readable });
  }

  #end(): Promise<void> | undefined {
    this.#body?.close();
    this.#body = undefined;
    return this.#roomIn(this.#messages);
  }

  /** A promise that resolves when a stream's reader has room; `undefined` where it has. */
  #roomIn(controller: ReadableStreamDefaultController | undefined): Promise<void> | undefined {
    if (!this.#open || controller === undefined || controller.desiredSize! > 0) return;
    return new Promise((taken) => this.#blocked = { by: controller, taken });
  }

  /** Lets the peer go on, if it waits for that stream, or for any. */
  #release(by = this.#blocked?.by): void {
    if (this.#blocked?.by !== by) return;
    this.#blocked?.taken();
    this.#blocked = undefined;
  }

  /** The connection is over: a message that is not whole fails. */
  close(): void {
    this.#body?.error(new Error("Connection ended in the middle of the message"));
    this.#body = undefined;
    if (this.#open) this.#messages.close();
    this.#open = false;
    this.#release();
  }
}
