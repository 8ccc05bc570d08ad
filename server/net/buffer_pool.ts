/** The sizes that are kept, in bytes; each is four times the one before. */
const SIZES = [1_024, 4_096, 16_384, 65_536, 262_144] as const;

/** The smallest pooled buffer: the one an active connection begins to read into. */
export const MIN_BUFFER_BYTES = SIZES[0];

/** The largest pooled buffer. */
export const MAX_BUFFER_BYTES = SIZES[4];

/** The bytes of each size that wait in the pool at most; a buffer beyond them is let go. */
const KEPT_BYTES_PER_SIZE = 4_194_304;

/** The buffer of a waiting connection: enough for a ping, a pong, or the head of a message. */
export const WAITING_BUFFER_BYTES = 64;

/**
 * Waiting buffers are cut from slabs of this size: a buffer of its own costs more than it holds.
 */
const SLAB_BYTES = 65_536;

/**
 * Buffers that are used again and again, since large short-lived ones make the garbage collector
 * work. A buffer still holds its last user's bytes: only bytes written since may be looked at.
 */
export class BufferPool {
  readonly #free: Uint8Array<ArrayBuffer>[][] = SIZES.map(() => []);
  readonly #waiting: Uint8Array<ArrayBuffer>[] = [];

  /**
   * Lends a buffer.
   *
   * @param bytes The least size; above {@linkcode MAX_BUFFER_BYTES} the buffer is of exactly that
   * size.
   * @returns A buffer that is the caller's until it is released.
   */
  acquire(bytes: number): Uint8Array<ArrayBuffer> {
    for (let index = 0; index < SIZES.length; index++) {
      const size = SIZES[index]!;
      if (bytes <= size) return this.#free[index]!.pop() ?? new Uint8Array(size);
    }
    return new Uint8Array(bytes);
  }

  /**
   * Takes a buffer back.
   *
   * @param buffer One from {@linkcode BufferPool.acquire}, which nobody uses any more.
   */
  release(buffer: Uint8Array<ArrayBuffer>): void {
    const index = (SIZES as readonly number[]).indexOf(buffer.length);
    if (index < 0) return;
    const free = this.#free[index]!;
    if (free.length * buffer.length < KEPT_BYTES_PER_SIZE) free.push(buffer);
  }

  /** Lends a buffer of {@linkcode WAITING_BUFFER_BYTES}. */
  acquireWaiting(): Uint8Array<ArrayBuffer> {
    const waiting = this.#waiting.pop();
    if (waiting !== undefined) return waiting;
    const slab = new ArrayBuffer(SLAB_BYTES);
    for (let at = WAITING_BUFFER_BYTES; at < SLAB_BYTES; at += WAITING_BUFFER_BYTES) {
      this.#waiting.push(new Uint8Array(slab, at, WAITING_BUFFER_BYTES));
    }
    return new Uint8Array(slab, 0, WAITING_BUFFER_BYTES);
  }

  /** Takes a waiting buffer back. */
  releaseWaiting(buffer: Uint8Array<ArrayBuffer>): void {
    this.#waiting.push(buffer);
  }
}
