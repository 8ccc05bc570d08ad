import type { BufferPool } from "../net/buffer_pool.ts";
import type { Transport } from "../net/transport.ts";
import { waitForBytes } from "../net/wait_for_bytes.ts";

/** Reads a connection, and notices its end while nobody reads. */
export class WatchedReader implements Pick<Transport, "read" | "closeWrite"> {
  readonly #transport: Transport;
  readonly #pool: BufferPool;
  /** The read of {@linkcode WatchedReader.watch}, until it is over. */
  #watching: Promise<void> | undefined = undefined;
  /** The bytes that it read, for the next reader. */
  #ahead: Uint8Array = new Uint8Array(0);
  #ended = false;

  /**
   * @param transport The connection.
   * @param pool Lends the buffer of the watch.
   */
  constructor(transport: Transport, pool: BufferPool) {
    this.#transport = transport;
    this.#pool = pool;
  }

  /** Whether the end of the connection would be noticed. */
  get watching(): boolean {
    return this.#watching !== undefined;
  }

  /**
   * Watches for the end of the connection, until bytes come instead: they are the next request's, and
   * nothing after them is read ahead. Nobody is reading meanwhile.
   *
   * @param ended Called when the peer has sent FIN, or the connection is broken.
   */
  watch(ended: () => void): void {
    this.#watching = new Promise((resolve) => {
      const woken = (first: Uint8Array | undefined): void => {
        this.#watching = undefined;
        if (first === undefined) this.#ended = true;
        else this.#ahead = first;
        resolve();
        if (this.#ended) ended();
      };
      waitForBytes(this.#transport, this.#pool, { woken });
    });
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    await this.#watching;
    if (this.#ended) return null;
    if (this.#ahead.length === 0) return await this.#transport.read(buffer);
    const count = Math.min(buffer.length, this.#ahead.length);
    buffer.set(this.#ahead.subarray(0, count));
    this.#ahead = this.#ahead.subarray(count);
    return count;
  }

  async closeWrite(): Promise<void> {
    await this.#transport.closeWrite();
  }
}
