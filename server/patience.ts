/** Whoever waits for longer than this many milliseconds is called, after twice as long at the latest. */
const PATIENCE = 10;

/** Calls those who wait for long. One timer for all, as most waits are over before it. */
export class Patience {
  /** Those who began to wait since the timer last went off, and those who waited then already. */
  #fresh = new Set<() => void>();
  #stale = new Set<() => void>();
  #timer: ReturnType<typeof setTimeout> | undefined = undefined;

  /** Has `late` called once, unless {@linkcode Patience.forget} comes before. */
  watch(late: () => void): void {
    this.#fresh.add(late);
    this.#timer ??= setTimeout(this.#tick, PATIENCE);
  }

  /** The wait is over. */
  forget(late: () => void): void {
    if (!this.#fresh.delete(late)) this.#stale.delete(late);
  }

  #tick = (): void => {
    for (const late of this.#stale) {
      this.#stale.delete(late);
      late();
    }
    [this.#fresh, this.#stale] = [this.#stale, this.#fresh];
    this.#timer = this.#stale.size > 0 ? setTimeout(this.#tick, PATIENCE) : undefined;
  };

  /** Nobody is called any more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
