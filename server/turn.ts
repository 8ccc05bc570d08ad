/** How long connections may be served before everything else has a turn, in milliseconds. */
const BUDGET = 10;

/**
 * Keeps busy connections from holding the event loop. A read that is ready resolves without a turn
 * of the loop, so a peer that sends without pause would be served alone, and timers, signals and all
 * other connections would wait.
 */
export class Turn {
  #began: number | undefined = undefined;
  #timer: ReturnType<typeof setTimeout> | undefined = undefined;
  #next: PromiseWithResolvers<void> | undefined = undefined;

  /**
   * To be asked again and again while a connection is served.
   *
   * @param now What time it is, in milliseconds.
   * @returns What to wait for before going on; `undefined` while there is time left.
   */
  over(now: number): Promise<void> | undefined {
    if (this.#began === undefined) {
      this.#began = now;
      this.#timer = setTimeout(() => this.#end());
    } else if (now - this.#began > BUDGET) {
      return (this.#next ??= Promise.withResolvers()).promise;
    }
  }

  #end(): void {
    const next = this.#next;
    this.#began = this.#next = undefined;
    next?.resolve();
  }

  /** Nobody is served any more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#end();
  }
}
