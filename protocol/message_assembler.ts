import { ProtocolError } from "./errors.ts";
import type { Fragment } from "./frame_decoder.ts";
import { Opcode } from "./opcode.ts";
import { Utf8Validator } from "./utf8.ts";

/**
 * A whole message: a string for text, bytes for binary; the receiver's own to keep and to change.
 * Bytes are a view: the `buffer` under small ones holds others of the same connection too, so go by
 * `byteOffset` and `byteLength`, and transfer the buffer of a `slice()`.
 */
export type Message = string | Uint8Array<ArrayBuffer>;

/**
 * How much may be set aside for a message, as a multiple of what has arrived of it: a peer that
 * announces much and sends little does not make us allocate much.
 */
const GROWTH = 8;

/** Binary messages up to this size may lie side by side in one buffer, since one of its own costs more than a copy. */
const SMALL_BYTES = 512;

/** How large such a buffer gets; it begins with the first message and doubles. */
const SHARED_BYTES = 2_048;

/** The first does not begin where its buffer does, so that one that takes the buffer for its bytes notices soon. */
const MARGIN_BYTES = 8;

/**
 * A text that comes in pieces is decoded when it has so many bytes, and so on, since decoding a large
 * one whole would hold the event loop. Smaller ones are not, so that what is unfinished is bytes,
 * which are no part of the heap, and so that tiny fragments do not become as many tiny strings.
 */
const PIECE_BYTES = 1_048_576;

const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const LENIENT_DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Joins the fragments of messages (RFC 6455 5.4, 5.6): one object serves a whole connection.
 *
 * It relies on the decoder for the order of frames and for the limits. Text in one piece is checked
 * and decoded in one pass; text in several pieces fails at the first byte that is not UTF-8, even
 * in the middle of a frame (8.1), and is decoded as it comes where it is large.
 *
 * @example
 * ```ts
 * import { FrameDecoder, type Message, MessageAssembler } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const assembler = new MessageAssembler();
 * const messages: Message[] = [];
 * new FrameDecoder({ role: "client" }).transform(Uint8Array.of(0x01, 1, 0x61, 0x80, 1, 0x62), {
 *   enqueue(fragment) {
 *     const message = assembler.push(fragment);
 *     if (message !== undefined) messages.push(message);
 *   },
 * });
 * assertEquals(messages, ["ab"]);
 * ```
 */
export class MessageAssembler {
  #bytes: Uint8Array<ArrayBuffer> | undefined = undefined;
  #length = 0;
  /** Bytes announced by the frames of the message so far, without those that are decoded. */
  #announced = 0;
  /** Where small binary messages are copied to, and how much of it is used. */
  #shared: Uint8Array<ArrayBuffer> | undefined = undefined;
  #sharedLength = 0;
  /** Present while the unfinished message is text. */
  #utf8: Utf8Validator | undefined = undefined;
  /** The decoded part of it, and how many bytes that was. */
  #text = "";
  #decoded = 0;

  /**
   * Takes the next fragment of a data frame.
   *
   * @param fragment The fragment; its payload is copied or decoded before the call returns.
   * @returns The message that the fragment ends, or `undefined`.
   * @throws {ProtocolError} `INVALID_UTF8`.
   */
  push(fragment: Fragment): Message | undefined {
    const { opcode, payload } = fragment;
    if (fragment.first && fragment.last && fragment.fin && opcode !== Opcode.Continuation) {
      return opcode === Opcode.Text ? decodeText(payload) : this.#copy(payload);
    }
    if (fragment.first) {
      this.#announced += fragment.frameLength;
      if (opcode === Opcode.Text) this.#utf8 = new Utf8Validator();
    }
    if (this.#utf8 !== undefined) this.#check(payload, this.#utf8);
    this.#append(payload);
    return fragment.last && fragment.fin ? this.#finish() : undefined;
  }

  /**
   * How many bytes are set aside for the message that is not finished: no more than eight times what
   * has arrived of it.
   */
  get heldBytes(): number {
    return (this.#bytes?.length ?? 0) + this.#decoded;
  }

  /** Lets go of a message that is not finished, as the rest of it will not be taken. */
  discard(): void {
    // Freed now: the garbage collector lets hundreds of megabytes of them come together.
    this.#bytes?.buffer.transfer(0);
    this.#forget();
  }

  /** Lets go of what is kept for speed alone, as no messages come. */
  rest(): void {
    this.#shared = undefined;
    this.#sharedLength = 0;
  }

  #copy(payload: Uint8Array): Uint8Array<ArrayBuffer> {
    const { length } = payload;
    if (length === 0 || length > SMALL_BYTES) return new Uint8Array(payload);
    let shared = this.#shared;
    // A buffer that was transferred has no length any more.
    if (shared === undefined || this.#sharedLength + length > shared.length) {
      const doubled = Math.min(2 * this.#sharedLength, SHARED_BYTES);
      shared = this.#shared = new Uint8Array(Math.max(MARGIN_BYTES + length, doubled));
      this.#sharedLength = MARGIN_BYTES;
    }
    const copy = shared.subarray(this.#sharedLength, this.#sharedLength + length);
    copy.set(payload);
    // Aligned, so that views on larger elements can be laid over it.
    this.#sharedLength = (this.#sharedLength + length + 7) & ~7;
    return copy;
  }

  /** Takes note of what comes next of a text, and decodes what has come where it is much. */
  #check(payload: Uint8Array, utf8: Utf8Validator): void {
    if (this.#length > 0 && this.#length + payload.length > PIECE_BYTES) this.#decode(utf8.begun);
    if (!utf8.push(payload)) throw invalidText();
  }

  /** Decodes what is set aside, up to a character that is cut off after so many bytes. */
  #decode(begun: number): void {
    const bytes = this.#bytes!;
    const whole = this.#length - begun;
    // It was found to be UTF-8, and to decode strictly takes several times as long.
    this.#text += LENIENT_DECODER.decode(bytes.subarray(0, whole));
    bytes.copyWithin(0, whole, this.#length);
    this.#length = begun;
    this.#announced -= whole;
    this.#decoded += whole;
  }

  #append(payload: Uint8Array): void {
    const length = this.#length + payload.length;
    const capacity = this.#bytes?.length ?? 0;
    if (this.#bytes === undefined || length > capacity) {
      // Doubling keeps many small frames from costing a copy of the whole message each.
      const most = this.#utf8 === undefined
        ? GROWTH * length
        : Math.min(GROWTH * length, PIECE_BYTES);
      const wanted = Math.min(Math.max(this.#announced, 2 * capacity), most);
      const grown = new Uint8Array(Math.max(length, wanted));
      if (this.#bytes !== undefined) {
        grown.set(this.#bytes.subarray(0, this.#length));
        this.#bytes.buffer.transfer(0); // freed now, as what is discarded
      }
      this.#bytes = grown;
    }
    this.#bytes.set(payload, this.#length);
    this.#length = length;
  }

  #finish(): Message {
    const utf8 = this.#utf8;
    const message = utf8 === undefined ? this.#finishBytes() : this.#finishText(utf8);
    this.#forget();
    return message;
  }

  #forget(): void {
    this.#bytes = this.#utf8 = undefined;
    this.#length = this.#announced = this.#decoded = 0;
    this.#text = "";
  }

  #finishBytes(): Uint8Array<ArrayBuffer> {
    const bytes = this.#bytes!;
    return this.#length === bytes.length ? bytes : bytes.slice(0, this.#length);
  }

  #finishText(utf8: Utf8Validator): string {
    if (!utf8.complete) throw invalidText(); // 8.1: a character is cut off at the end
    this.#decode(0);
    return this.#text;
  }
}

function decodeText(payload: Uint8Array): string {
  // Decoding strictly takes three times as long, and only what came out as U+FFFD can be malformed.
  const text = LENIENT_DECODER.decode(payload);
  if (!text.includes("\uFFFD")) return text;
  try {
    return DECODER.decode(payload);
  } catch {
    throw invalidText();
  }
}

function invalidText(): ProtocolError {
  return new ProtocolError("INVALID_UTF8", "Text message is not UTF-8");
}
