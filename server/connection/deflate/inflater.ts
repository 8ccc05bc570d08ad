import { yieldToEventLoop } from "../../loop/yield_to_event_loop.ts";
import { inflateWhole } from "./inflate_whole.ts";
import {
  inflatedTooBig,
  inflateFailed,
  isWhole,
  LAST_TAIL,
  MAX_FINAL_BLOCKS,
  TAIL,
  tooManyFinalBlocks,
} from "./message_tail.ts";
import { CONTEXT_CHUNK_BYTES, ZlibFailure, ZlibStream } from "./zlib_stream.ts";

/** The bytes that go into zlib at once: some milliseconds of work even where they are only bad headers. */
const SLICE_BYTES = 16_384;

/** How much comes out at once where nothing is kept between messages. */
const ALONE_CHUNK_BYTES = 32_768;

/** An engine without its window and its chunk: its state, its stream, and what malloc adds (measured). */
const ENGINE_BYTES = 36_864;

/** A piece of the output of an {@linkcode Inflater}; never empty, and the receiver's own to keep. */
type Piece = Uint8Array<ArrayBuffer>;

/** The settings of an {@linkcode Inflater}. */
export interface InflaterOptions {
  /** The peer's window, as the base-2 logarithm of its bytes, 8 to 15. */
  readonly windowBits: number;
  /** Whether the peer keeps its window from one message to the next. */
  readonly contextTakeover: boolean;
  /** Tells how many bytes one message may inflate to; asked again and again, since it may change. */
  readonly limit: () => number;
}

/**
 * Inflates the compressed messages of one connection (RFC 7692 7.2.2), one after the other.
 *
 * The output is counted as it comes: a message that inflates beyond the limit is given up with
 * hardly more than that in memory, however small it was on the wire. Between messages nothing is
 * held, unless the peer keeps its window. A final block (7.2.3.4) empties the window, as it does with
 * every deflater that writes one.
 */
export class Inflater {
  readonly #options: InflaterOptions;
  #stream: ZlibStream | undefined = undefined;
  #closed = false;
  /** Whether the unfinished message has had any bytes. */
  #begun = false;
  /** How many bytes it has become. */
  #inflated = 0;
  #finalBlocks = 0;

  /**
   * Makes the inflater of one connection.
   *
   * @param options The parameters of the peer's direction, and the limit.
   */
  constructor(options: InflaterOptions) {
    this.#options = options;
  }

  /**
   * Inflates the next bytes of the current message. An iteration must have come to its end before the
   * next call; after an error, or an iteration that was left early, there is only
   * {@linkcode Inflater.close}.
   *
   * @param payload The bytes, any number; to be left alone for the call, and where no array is
   * returned until the iteration has ended.
   * @param last Whether the message ends with them.
   * @returns The output, in pieces of at most 64 KiB: an array for a small whole message without
   * context takeover, else as it comes. An empty message gives none.
   * @throws {ProtocolError} `MESSAGE_TOO_BIG`, or `INFLATE_FAILED` where the bytes are not what
   * DEFLATE makes; from the call or from the iteration.
   */
  inflate(payload: Uint8Array, last: boolean): readonly Piece[] | AsyncIterable<Piece> {
    const { contextTakeover, windowBits, limit } = this.#options;
    if (last && !this.#begun && !contextTakeover) {
      const pieces = inflateWhole(payload, windowBits, limit());
      if (pieces !== undefined) return pieces;
    }
    return this.#inflate(payload, last);
  }

  /** The bytes that the unfinished message holds besides its inflated part. */
  get heldBytes(): number {
    const { contextTakeover, windowBits } = this.#options;
    if (contextTakeover || this.#stream === undefined) return 0;
    return 2 ** windowBits + ALONE_CHUNK_BYTES + ENGINE_BYTES;
  }

  /** Frees everything; an iteration that goes on ends with an error. */
  close(): void {
    this.#closed = true;
    this.#drop();
  }

  async *#inflate(payload: Uint8Array, last: boolean): AsyncGenerator<Piece, void> {
    this.#begun ||= payload.length > 0;
    let at = 0;
    for (; payload.length - at > SLICE_BYTES; at += SLICE_BYTES) {
      yield* this.#feed(payload.subarray(at, at + SLICE_BYTES), 0);
      await yieldToEventLoop(); // blocks that nothing comes out of are work too
    }
    const slice = payload.subarray(at);
    if (!last) {
      if (slice.length > 0) yield* this.#feed(slice, 0);
      return;
    }
    // No bytes at all: there are senders that mean an empty message, and a tail alone is no block.
    if (this.#begun) yield* this.#feedLast(slice);
    this.#begun = false;
    this.#inflated = this.#finalBlocks = 0;
  }

  /** The end of a message, with the tail that makes it whole. */
  async *#feedLast(slice: Uint8Array): AsyncGenerator<Piece, void> {
    const { contextTakeover } = this.#options;
    const tail = contextTakeover ? TAIL : LAST_TAIL;
    const bytes = new Uint8Array(slice.length + tail.length);
    bytes.set(slice);
    bytes.set(tail, slice.length);
    const left = yield* this.#feed(bytes, tail.length);
    if (!isWhole(left, tail)) throw inflateFailed();
    if (!contextTakeover) this.#drop();
  }

  /**
   * Feeds some bytes, those after a final block to a new engine, until at most `tailLength` are left.
   * Returns how many are.
   */
  async *#feed(bytes: Uint8Array, tailLength: number): AsyncGenerator<Piece, number> {
    let rest = bytes;
    do {
      if (this.#finalBlocks > MAX_FINAL_BLOCKS) throw tooManyFinalBlocks();
      rest = rest.subarray(yield* this.#step(rest));
      if (rest.length > 0) {
        this.#finalBlocks++;
        this.#drop();
      }
    } while (rest.length > tailLength);
    return rest.length;
  }

  /** Inflates up to a final block or the end; returns how many bytes were used. */
  async *#step(bytes: Uint8Array): AsyncGenerator<Piece, number> {
    const stream = this.#stream ??= this.#open();
    const before = stream.consumed;
    try {
      for await (const piece of stream.write(bytes)) {
        this.#inflated += piece.length;
        const limit = this.#options.limit();
        if (this.#inflated > limit) throw inflatedTooBig(limit);
        yield piece;
      }
    } catch (error) {
      this.#drop();
      throw error instanceof ZlibFailure && !this.#closed ? inflateFailed() : error;
    }
    return stream.consumed - before;
  }

  #open(): ZlibStream {
    if (this.#closed) throw new ZlibFailure();
    const { windowBits, contextTakeover } = this.#options;
    const chunkSize = contextTakeover ? CONTEXT_CHUNK_BYTES : ALONE_CHUNK_BYTES;
    return ZlibStream.inflating({ windowBits, chunkSize });
  }

  #drop(): void {
    this.#stream?.close();
    this.#stream = undefined;
  }
}
