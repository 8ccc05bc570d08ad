import { DEFAULT_MESSAGE_LIMITS, type MessageLimits } from "./limits.ts";
import {
  checkFirstBytes,
  checkMessageBudget,
  type FrameContext,
  type Role,
} from "./frame_check.ts";
import { ProtocolError } from "./errors.ts";
import { isControl, Opcode } from "./opcode.ts";
import { applyMask } from "./mask.ts";

/**
 * A piece of one frame: the whole frame, or as much of it as had arrived.
 *
 * The pieces of a frame come in order and without gaps. Control frames always come whole.
 */
export interface Fragment {
  /** The opcode of the frame; {@linkcode Opcode.Continuation} for later frames of a message. */
  readonly opcode: Opcode;
  /** FIN: the frame is the last of its message. */
  readonly fin: boolean;
  /** Whether this piece begins its frame. */
  readonly first: boolean;
  /** Whether this piece ends its frame. */
  readonly last: boolean;
  /** The payload length of the whole frame, in bytes. */
  readonly frameLength: number;
  /**
   * Whether its message is compressed (RFC 7692 6): true for every frame of such a message, although
   * only the first one has RSV1. Never for a control frame.
   */
  readonly compressed: boolean;
  /** The unmasked payload of this piece; the decoder that made it says how long it is valid. */
  readonly payload: Uint8Array;
}

/** Where a decoder puts what it finds: a stream's controller, or an array in disguise. */
export interface FragmentSink {
  /** Takes the next fragment. */
  enqueue(fragment: Fragment): void;
}

/** The settings of a {@linkcode FrameDecoder}. */
export interface FrameDecoderOptions {
  /** The reader's role: a server demands masked frames, a client unmasked ones (RFC 6455 5.1). */
  role: Role;
  /**
   * The bounds of one message.
   *
   * @default DEFAULT_MESSAGE_LIMITS
   */
  limits?: MessageLimits;
  /**
   * Whether permessage-deflate was negotiated, so that messages may be compressed (RFC 7692). The
   * decoder says of each fragment whether its message is; inflating it is left to the caller.
   *
   * @default false
   */
  deflate?: boolean;
}

/** The longest header: two bytes, eight of length, four of masking key (RFC 6455 5.2). */
const HEADER_BYTES = 14;

/**
 * Turns bytes into fragments of frames (RFC 6455 5): a synchronous state machine that keeps its
 * place between chunks and never holds more than a header and one control frame, whatever length a
 * frame announces.
 *
 * Every rule that a header decides is checked when the header is there, before its payload:
 * masking, reserved bits and opcodes, control frames, the shortest form of the length, the order of
 * fragments, and the limits of a message.
 *
 * It is a `Transformer` that works in the bytes it is given: it unmasks in place, and the payloads
 * it hands out are views on the chunk, valid as long as the chunk is. Use
 * {@linkcode FrameDecoderStream} where the bytes are not its to change.
 *
 * @example
 * ```ts
 * import { type Fragment, FrameDecoder } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const fragments: Fragment[] = [];
 * const decoder = new FrameDecoder({ role: "client" });
 * decoder.transform(Uint8Array.of(0x81, 2, 0x68, 0x69), { enqueue: (f) => fragments.push(f) });
 * assertEquals(new TextDecoder().decode(fragments[0]?.payload), "hi");
 * ```
 */
export class FrameDecoder {
  readonly #context: FrameContext;
  /** A header that the last chunk broke off in, or a control frame's payload after it. */
  #held: Uint8Array | undefined = undefined;
  #heldLength = 0;
  /** Whether the current frame's header is complete. */
  #inPayload = false;
  #first = 0;
  #length = 0;
  #left = 0;
  #key = 0;
  /** Whether the unfinished data message is compressed. */
  #compressed = false;

  /**
   * Makes a decoder for one direction of one connection.
   *
   * @param options The reader's role, its limits, and what was negotiated.
   */
  constructor(options: FrameDecoderOptions) {
    const { role, limits = DEFAULT_MESSAGE_LIMITS, deflate = false } = options;
    this.#context = { role, limits, deflate, messageFrames: 0, messageBytes: 0 };
  }

  /**
   * Whether it is between two messages, and between two frames: a new decoder would go on just as
   * well.
   */
  get isBetweenMessages(): boolean {
    return !this.#inPayload && this.#heldLength === 0 && this.#context.messageFrames === 0;
  }

  /**
   * Takes the next bytes and hands out what they complete.
   *
   * @param chunk The bytes; payloads in it are unmasked in place.
   * @param sink Gets the fragments in order, views on `chunk`, synchronously.
   * @throws {ProtocolError} At the first rule that is broken; fragments before it were handed out,
   * and the decoder is of no use afterwards.
   */
  transform(chunk: Uint8Array, sink: FragmentSink): void {
    this.transformSome(chunk, sink, Infinity);
  }

  /**
   * Does as {@linkcode FrameDecoder.transform} does, but stops after some fragments: many small ones
   * take a multiple of the room that their bytes do.
   *
   * @param chunk The bytes; payloads in it are unmasked in place.
   * @param sink Gets the fragments in order, views on `chunk`, synchronously.
   * @param most How many it gets at most.
   * @returns How many of the bytes were taken; the others have to come again.
   * @throws {ProtocolError} As `transform()` does.
   */
  transformSome(chunk: Uint8Array, sink: FragmentSink, most: number): number {
    let at = 0;
    for (let fragments = 0; at < chunk.length && fragments < most; fragments++) {
      if (!this.#inPayload) {
        at = this.#readHeader(chunk, at);
        if (!this.#inPayload) return at;
        // An empty frame has no payload to wait for.
        if (this.#left > 0 && at === chunk.length) return at;
      }
      at = isControl(this.#first & 0x0f)
        ? this.#readControl(chunk, at, sink)
        : this.#readData(chunk, at, sink);
    }
    return at;
  }

  /** Parses a header where it stands; one that the chunk breaks off in is collected byte by byte. */
  #readHeader(chunk: Uint8Array, from: number): number {
    if (this.#held === undefined) {
      const end = this.#parseHeader(chunk, from, chunk.length - from);
      if (end > 0) return end;
      this.#held = new Uint8Array(HEADER_BYTES);
      this.#held.set(chunk.subarray(from));
      this.#heldLength = chunk.length - from;
      return chunk.length;
    }
    let at = from;
    while (at < chunk.length) {
      this.#held[this.#heldLength++] = chunk[at++]!;
      if (this.#parseHeader(this.#held, 0, this.#heldLength) > 0) {
        this.#held = undefined;
        this.#heldLength = 0;
        break;
      }
    }
    return at;
  }

  /** Parses a header out of `available` bytes; returns where it ends, or 0 while it is incomplete. */
  #parseHeader(bytes: Uint8Array, from: number, available: number): number {
    if (available < 2) return 0;
    const first = bytes[from]!;
    const second = bytes[from + 1]!;
    checkFirstBytes(first, second, this.#context);
    let length = second & 0x7f;
    let at = from + 2;
    if (length === 126) {
      if (available < 4) return 0;
      length = bytes[at]! << 8 | bytes[at + 1]!;
      at += 2;
      if (length < 126) throw notMinimal();
    } else if (length === 127) {
      if (available < 10) return 0;
      length = readLength64(bytes, at);
      at += 8;
    }
    if (!isControl(first & 0x0f)) checkMessageBudget(length, this.#context);
    if (this.#context.role === "server") {
      if (available < at - from + 4) return 0;
      this.#key = bytes[at]! << 24 | bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!;
      at += 4;
    }
    this.#begin(first, length);
    return at;
  }

  #begin(first: number, length: number): void {
    this.#inPayload = true;
    this.#first = first;
    this.#length = length;
    this.#left = length;
    if (isControl(first & 0x0f)) return;
    if ((first & 0x0f) !== Opcode.Continuation) this.#compressed = (first & 0x40) !== 0;
    this.#context.messageFrames++;
    this.#context.messageBytes += length;
  }

  #readData(chunk: Uint8Array, from: number, sink: FragmentSink): number {
    const taken = Math.min(this.#left, chunk.length - from);
    const payload = chunk.subarray(from, from + taken);
    const seen = this.#length - this.#left;
    if (this.#context.role === "server") applyMask(payload, this.#key, seen);
    this.#left -= taken;
    this.#emit(payload, seen === 0, sink);
    return from + taken;
  }

  /** 5.5: control frames are short, so they wait for their last byte and leave whole. */
  #readControl(chunk: Uint8Array, from: number, sink: FragmentSink): number {
    const taken = Math.min(this.#left, chunk.length - from);
    let payload = chunk.subarray(from, from + taken);
    if (taken < this.#length) {
      const held = this.#held ??= new Uint8Array(this.#length);
      held.set(payload, this.#heldLength);
      this.#heldLength += taken;
      payload = held;
    }
    this.#left -= taken;
    if (this.#left > 0) return from + taken;
    this.#held = undefined;
    this.#heldLength = 0;
    if (this.#context.role === "server") applyMask(payload, this.#key);
    this.#emit(payload, true, sink);
    return from + taken;
  }

  #emit(payload: Uint8Array, first: boolean, sink: FragmentSink): void {
    const last = this.#left === 0;
    const opcode = (this.#first & 0x0f) as Opcode;
    const fin = (this.#first & 0x80) !== 0;
    if (last) {
      this.#inPayload = false;
      if (fin && !isControl(opcode)) this.#context.messageFrames = this.#context.messageBytes = 0;
    }
    sink.enqueue({
      opcode,
      fin,
      first,
      last,
      frameLength: this.#length,
      compressed: this.#compressed && !isControl(opcode),
      payload,
    });
  }
}

/** 5.2: 64-bit lengths have a clear top bit and are not used where 16 bits would do. */
function readLength64(bytes: Uint8Array, at: number): number {
  const high = (bytes[at]! << 24 | bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!) >>>
    0;
  const low =
    (bytes[at + 4]! << 24 | bytes[at + 5]! << 16 | bytes[at + 6]! << 8 | bytes[at + 7]!) >>>
    0;
  if (high >= 0x80000000) {
    throw new ProtocolError("LENGTH_TOP_BIT_SET", "Frame length has its top bit set");
  }
  // A double loses low bits above 2^53, where every limit has long been passed.
  const length = high * 0x100000000 + low;
  if (length < 65_536) throw notMinimal();
  return length;
}

function notMinimal(): ProtocolError {
  return new ProtocolError("LENGTH_NOT_MINIMAL", "Frame length is not in its shortest form");
}
