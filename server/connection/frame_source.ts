import type { Fragment, FragmentSink, FrameDecoder } from "../../protocol/mod.ts";
import {
  type BufferPool,
  MAX_BUFFER_BYTES,
  MIN_BUFFER_BYTES,
  WAITING_BUFFER_BYTES,
} from "../net/buffer_pool.ts";
import type { Transport } from "../net/transport.ts";

/** After this many small reads in a row a buffer that has grown is given back. */
const SMALL_READS = 8;

/** A read that is likely to wait gets at most this many bytes, since it may wait long. */
const WAITING_BYTES = 65_536;

/**
 * A batch has at most this many fragments, as a peer can put tens of thousands into one read: some
 * 200 KiB of objects, which are held while the connection is paused.
 */
export const MAX_FRAGMENTS = 1_024;

/** The fragments of one read of the socket, or of a part of it. It is filled anew each time. */
export class FrameBatch implements FragmentSink {
  /** In order; they and their payloads are valid until the next batch is asked for. */
  readonly fragments: Fragment[] = [];
  /** How many bytes they were. */
  byteLength = 0;
  /** Whether more is there, or probably is, as the read filled its buffer. */
  more = false;
  /** The rule that the bytes after the fragments break, if they break one: the stream ends here. */
  failure: unknown = undefined;

  /** Takes the next fragment from the decoder. */
  enqueue(fragment: Fragment): void {
    this.fragments.push(fragment);
  }
}

/**
 * Reads frames from a transport as a stream of batches: one for each read of the socket, or more
 * where a read has very many frames.
 *
 * It reads only when asked (`highWaterMark: 0`), into one pooled buffer, and decodes in place: one
 * sequential reader must be done with a batch before it asks for the next. The buffer grows while
 * reads fill it, and shrinks when they no longer do. Release the reader and call
 * {@linkcode FrameSource.release} to stop in between.
 */
export class FrameSource implements UnderlyingDefaultSource<FrameBatch> {
  readonly #transport: Pick<Transport, "read">;
  readonly #decoder: FrameDecoder;
  readonly #pool: BufferPool;
  /** Bytes that were read and are not decoded yet. */
  #rest: Uint8Array | undefined;
  /** Whether the socket probably has more after them. */
  #more: boolean;
  #buffer: Uint8Array<ArrayBuffer>;
  readonly #batch = new FrameBatch();
  #filled = false;
  /** Reads in a row that the smallest buffer would have had room for twice. */
  #smallReads = 0;

  /**
   * @param transport Where the bytes come from.
   * @param decoder The connection's decoder, which may be in the middle of a frame.
   * @param pool Where the read buffer comes from.
   * @param first Bytes that were read already and come before all others; changed in place.
   */
  constructor(
    transport: Pick<Transport, "read">,
    decoder: FrameDecoder,
    pool: BufferPool,
    first?: Uint8Array,
  ) {
    this.#transport = transport;
    this.#decoder = decoder;
    this.#pool = pool;
    this.#rest = first;
    this.#more = first?.length === WAITING_BUFFER_BYTES;
    this.#buffer = pool.acquire(MIN_BUFFER_BYTES);
  }

  /** Gives the read buffer back; to be called once, when no read is pending. */
  release(): void {
    this.#pool.release(this.#buffer);
  }

  /**
   * Decodes once, and reads before where nothing is left; closes the stream at the peer's FIN, or
   * when the transport is broken.
   */
  async pull(controller: ReadableStreamDefaultController<FrameBatch>): Promise<void> {
    let bytes = this.#rest;
    this.#batch.fragments.length = 0; // now, as the next ones may be long in coming
    try {
      bytes ??= this.#received(await this.#transport.read(this.#room()));
    } catch {
      // To WebSocket a reset is what a FIN without a Close frame is, RFC 6455 7.1.5.
    }
    if (bytes === undefined) return controller.close();
    this.#decode(bytes);
    controller.enqueue(this.#batch);
  }

  #decode(bytes: Uint8Array): void {
    const batch = this.#batch;
    let taken = bytes.length;
    try {
      taken = this.#decoder.transformSome(bytes, batch, MAX_FRAGMENTS);
    } catch (error) {
      // The fragments before the broken rule are good: an error of the stream would discard them.
      batch.failure = error;
    }
    this.#rest = taken < bytes.length ? bytes.subarray(taken) : undefined;
    batch.byteLength = taken;
    batch.more = this.#more || this.#rest !== undefined;
  }

  #received(count: number | null): Uint8Array | undefined {
    if (count === null) return undefined;
    this.#filled = this.#more = count === this.#buffer.length;
    this.#smallReads = count <= MIN_BUFFER_BYTES / 2 ? this.#smallReads + 1 : 0;
    return this.#buffer.subarray(0, count);
  }

  /** The room for the next read: a full one means that more was waiting, and few bytes that it was not. */
  #room(): Uint8Array {
    const { length } = this.#buffer;
    if (this.#filled) {
      if (length < MAX_BUFFER_BYTES) this.#replace(length * 4);
    } else if (length > WAITING_BYTES) this.#replace(WAITING_BYTES);
    else if (this.#smallReads >= SMALL_READS && length > MIN_BUFFER_BYTES) {
      this.#replace(MIN_BUFFER_BYTES);
    }
    return this.#buffer;
  }

  #replace(bytes: number): void {
    this.#pool.release(this.#buffer);
    this.#buffer = this.#pool.acquire(bytes);
    this.#smallReads = 0;
  }
}
