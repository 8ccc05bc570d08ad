/** When more bytes than these wait for one process, messages for it are dropped. */
export const RELAY_BYTES = 16_777_216;

/** After this many milliseconds without a drop, the next one is news again. */
const QUIET = 10_000;

/** Bounds what waits for one process: while too much waits, the newest messages are dropped. */
export class RelayBound {
  readonly #began: () => void;
  /** When the last one was dropped. */
  #last = -Infinity;
  /** Messages that were dropped. */
  dropped = 0;

  /** @param began Told of a drop that is news: senders who are too fast can go on all day. */
  constructor(began: () => void) {
    this.#began = began;
  }

  /**
   * Decides about one message.
   *
   * @param waiting How many bytes wait already.
   * @param now What time it is, in milliseconds.
   * @returns Whether it may be sent; otherwise it is counted.
   */
  admits(waiting: number, now: number = performance.now()): boolean {
    if (waiting <= RELAY_BYTES) return true;
    this.dropped++;
    const quiet = now - this.#last;
    this.#last = now;
    if (quiet > QUIET) this.#began();
    return false;
  }
}
