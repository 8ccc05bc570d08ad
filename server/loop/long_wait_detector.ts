/** The time between two looks at all waits, in milliseconds. */
const LOOK_INTERVAL = 10;

/** Something that waits now and then. */
export interface HasWaits {
  /**
   * Called until it is forgotten. A wait that was also there at the last call has lasted long.
   *
   * @returns Whether to call again: whether it still waits.
   */
  look(): boolean;
}

/**
 * Finds waits that last long. Most waits are over before a look, so only the first one after a look
 * costs anything here; one timer serves all.
 */
export class LongWaitDetector {
  readonly #watched = new Set<HasWaits>();
  #timer: ReturnType<typeof setTimeout> | undefined = undefined;

  /** Has `waiter.look()` called, until it says that it does not wait. */
  watch(waiter: HasWaits): void {
    this.#watched.add(waiter);
    this.#timer ??= setTimeout(this.#tick, LOOK_INTERVAL);
  }

  #tick = (): void => {
    for (const waiter of this.#watched) {
      if (!waiter.look()) this.#watched.delete(waiter);
    }
    this.#timer = this.#watched.size > 0 ? setTimeout(this.#tick, LOOK_INTERVAL) : undefined;
  };

  /** Ends all calls. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
