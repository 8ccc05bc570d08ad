import type { Buffer } from "node:buffer";
import { constants, createDeflateRaw, createInflateRaw } from "node:zlib";
import { yieldToEventLoop } from "../../loop/yield_to_event_loop.ts";
import { slicesOf } from "../message_slices.ts";

/** A part of what the streams of node:zlib have. */
type NodeStream = ReturnType<typeof createInflateRaw> | ReturnType<typeof createDeflateRaw>;

/** The buffer for the output of a stream that keeps its window for a connection, in bytes. */
export const CONTEXT_CHUNK_BYTES = 4_096;

/** Higher levels look at many times as much where a message is made to cost much. */
export const MAX_QUICK_LEVEL = 6;

/** The bytes that go into a deflater at once: some milliseconds of work, more only where they are made to be. */
const SLICE_BYTES = 32_768;
const THOROUGH_SLICE_BYTES = 8_192;

/** How a {@linkcode ZlibStream} does its work; its memory follows from this. */
export interface ZlibStreamOptions {
  /** The base-2 logarithm of the window in bytes: 8 to 15, to deflate 9 to 15. */
  readonly windowBits: number;
  /** How much comes out in one piece, in bytes; so much is set aside as long as the stream lives. */
  readonly chunkSize: number;
}

/** How hard to try when deflating. */
export interface DeflateEffort {
  /** 0 for none to 9 for the most. */
  readonly level: number;
  /** Memory besides the window, 1 to 9: 2^(memLevel + 8) bytes, as measured. */
  readonly memLevel: number;
}

/**
 * A stream of node:zlib that is asked for its pieces instead of listened to, and that no error
 * escapes from. It is fed one chunk after the other, and works no further ahead of its reader than
 * one or two pieces.
 */
export class ZlibStream {
  readonly #stream: NodeStream;
  readonly #sliceBytes: number;
  #failed = false;
  /** Ends the wait for the next event. */
  #wake: () => void = () => {};

  private constructor(stream: NodeStream, level = 0) {
    this.#stream = stream;
    this.#sliceBytes = level > MAX_QUICK_LEVEL ? THOROUGH_SLICE_BYTES : SLICE_BYTES;
    stream.on("readable", () => this.#wake());
    // Its message is zlib's; what a peer is told is for the caller to say.
    stream.on("error", () => this.#fail());
    stream.on("close", () => this.#fail());
  }

  /**
   * Makes a stream that inflates raw DEFLATE.
   *
   * @param options Its window and its pieces.
   */
  static inflating(options: ZlibStreamOptions): ZlibStream {
    const { windowBits, chunkSize } = options;
    const parts = { windowBits, chunkSize, readableHighWaterMark: chunkSize };
    return new ZlibStream(createInflateRaw(parts));
  }

  /**
   * Makes a stream that deflates; what a chunk becomes ends with an empty block, 00 00 ff ff, so that
   * all of it is there.
   *
   * @param options Its window, its pieces, and its effort.
   */
  static deflating(options: ZlibStreamOptions & DeflateEffort): ZlibStream {
    const { windowBits, chunkSize, level, memLevel } = options;
    const parts = { windowBits, chunkSize, readableHighWaterMark: chunkSize };
    const flush = constants.Z_SYNC_FLUSH;
    return new ZlibStream(createDeflateRaw({ ...parts, level, memLevel, flush }), level);
  }

  /** How many bytes of all chunks were used; fewer than were written when the data ended before. */
  get consumed(): number {
    return this.#stream.bytesWritten;
  }

  /**
   * Works on the next chunk.
   *
   * @param chunk Not empty; left alone until the iteration has ended.
   * @returns The output, in pieces that are their receiver's own to keep.
   * @throws {ZlibFailure} When the data is corrupt or the stream was closed.
   */
  async *write(chunk: Uint8Array): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
    let done = false;
    this.#stream.write(chunk, (error) => {
      done = true;
      if (error) this.#failed = true;
      this.#wake();
    });
    let pieces = 0;
    while (!this.#failed) {
      if (pieces > 0) await yieldToEventLoop();
      const piece = this.#stream.read() as Buffer<ArrayBuffer> | null;
      if (piece !== null) {
        pieces++;
        yield new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength);
      } else if (done) return;
      // It may have failed while others had their turn, and nothing would end this wait then.
      else if (!this.#failed) await new Promise<void>((resolve) => this.#wake = resolve);
    }
    throw new ZlibFailure();
  }

  /**
   * Works on a message of any size, slice by slice, with turns for everybody else in between.
   *
   * @param message Bytes, to be left alone until the iteration has ended, or a text, which is encoded
   * slice by slice too.
   * @returns The output, as of {@linkcode ZlibStream.write}.
   * @throws {ZlibFailure} As {@linkcode ZlibStream.write} does.
   */
  async *writeSliced(message: string | Uint8Array): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
    let begun = false;
    for (const slice of slicesOf(message, this.#sliceBytes)) {
      if (begun) await yieldToEventLoop();
      begun = true;
      yield* this.write(slice);
    }
  }

  /** Frees what the stream holds; an iteration that goes on ends with an error. */
  close(): void {
    this.#stream.destroy();
    this.#fail();
  }

  #fail(): void {
    this.#failed = true;
    this.#wake();
  }
}

/** The input of a {@linkcode ZlibStream} could not be worked on. */
export class ZlibFailure extends Error {
  /** Makes the error, which says nothing of what zlib says. */
  constructor() {
    super("Data is not raw DEFLATE, or its stream was closed");
    this.name = "ZlibFailure";
  }
}
