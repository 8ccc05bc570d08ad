import type { FrameDecoder } from "../protocol/mod.ts";
import type { BufferPool } from "./buffer_pool.ts";
import { type FrameBatch, FrameSource } from "./frame_source.ts";
import type { Transport } from "./transport.ts";

/**
 * Reads the frames of one connection for as long as it lives, and parks while nothing comes: then it
 * holds one small buffer and no stream. The decoder's state lives on.
 *
 * A broken transport ends it as a FIN does: to WebSocket both are the end without a Close frame.
 */
export class FrameReader {
  readonly #transport: Transport;
  readonly #decoder: FrameDecoder;
  readonly #pool: BufferPool;
  #source: FrameSource | undefined = undefined;
  #reader: ReadableStreamDefaultReader<FrameBatch> | undefined = undefined;

  /**
   * @param transport Where the bytes come from.
   * @param decoder The connection's decoder.
   * @param pool Where buffers come from.
   */
  constructor(transport: Transport, decoder: FrameDecoder, pool: BufferPool) {
    this.#transport = transport;
    this.#decoder = decoder;
    this.#pool = pool;
  }

  /**
   * Waits with next to nothing until there are bytes.
   *
   * @returns Whether there are: `false` at the end of the transport.
   */
  async wait(): Promise<boolean> {
    const buffer = this.#pool.acquireWaiting();
    try {
      const count = await this.#transport.read(buffer);
      if (count === null) return false;
      this.wake(buffer.slice(0, count));
      return true;
    } catch {
      return false;
    } finally {
      this.#pool.releaseWaiting(buffer);
    }
  }

  /**
   * Makes the stream.
   *
   * @param first Bytes that come before all others; changed in place.
   */
  wake(first: Uint8Array): void {
    this.#source = new FrameSource(this.#transport, this.#decoder, this.#pool, first);
    this.#reader = new ReadableStream(this.#source, { highWaterMark: 0 }).getReader();
  }

  /** The frames of the next read; to be asked for when those of the last are done with, and awake. */
  next(): Promise<ReadableStreamReadResult<FrameBatch>> {
    return this.#reader!.read();
  }

  /** Lets go of the stream and its buffer; to be called when no read is pending. */
  park(): void {
    this.#source?.release();
    this.#source = this.#reader = undefined;
  }
}
