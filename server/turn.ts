import type { Clock } from "./sweep.ts";

/** How long connections may be served before everything else has a turn, in milliseconds. */
const BUDGET = 10;

/** The clock is looked at after so many frames, since a look costs as much as some small ones. */
export const FRAMES_PER_LOOK = 16;

/**
 * Keeps busy connections from holding the event loop. A read that is ready resolves without a turn
 * of the loop, so a peer that sends without pause would be served alone, and timers, signals and all
 * other connections would wait.
 */
export class Turn {
  readonly #clock: Clock;
  /** Frames since the clock was last looked at. */
  #frames = 0;
  #began: number | undefined = undefined;
  #timer: ReturnType<typeof setTimeout> | undefined = undefined;
  #next: PromiseWithResolvers<void> | undefined = undefined;

  /** @param clock What time it is. */
  constructor(clock: Clock = () => performance.now()) {
    this.#clock = clock;
  }

  /**
   * To be asked again and again while a connection is served.
   *
   * @param frames How many frames were served since it was last asked.
   * @returns What to wait for before going on; `undefined` while there is time left.
   */
  over(frames: number): Promise<void> | undefined {
    if (this.#next !== undefined) return this.#next.promise;
    this.#frames += frames;
    if (this.#frames < FRAMES_PER_LOOK) return;
    this.#frames = 0;
    if (this.#began === undefined) {
      this.#began = this.#clock();
      this.#timer = setTimeout(() => this.#end());
    } else if (this.#clock() - this.#began > BUDGET) {
      return (this.#next = Promise.withResolvers<void>()).promise;
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
