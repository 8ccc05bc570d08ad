/**
 * `server/loop/` is for the time of the event loop: deadlines, fairness, pauses. It knows neither
 * sockets nor connections.
 *
 * @module
 */

import type { Clock } from "./deadline_sweeper.ts";
import { yieldToEventLoop } from "./yield_to_event_loop.ts";

/** How long connections may be served before everything else has a turn, in milliseconds. */
const BUDGET = 10;

/** How long before nothing may begin that takes its time, and that nobody can wait for. */
const OVERDUE = 2 * BUDGET;

/** The clock is looked at after so many frames, since a look costs as much as some small ones. */
export const FRAMES_PER_LOOK = 16;

/**
 * Keeps busy connections from holding the event loop. A read that is ready resolves without a turn
 * of the loop, so a peer that sends without pause would be served alone, and timers, signals and all
 * other connections would wait.
 */
export class EventLoopBudget {
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
    if (!this.mustLook) return;
    this.#frames = 0;
    if (this.#lasted() <= BUDGET) return;
    return (this.#next = Promise.withResolvers<void>()).promise;
  }

  /** Whether {@linkcode EventLoopBudget.over} has to be asked now, as there was work that no frames count for. */
  get mustLook(): boolean {
    return this.#frames >= FRAMES_PER_LOOK;
  }

  /**
   * To be asked before a message is deflated or inflated, of which a few bytes can make as much work as
   * thousands of frames do.
   *
   * @returns What to wait for before that: such work has a part of the next turns, in which each has its
   * piece in the order in which they came; `undefined` while there is time left.
   */
  spentForWork(): Promise<void> | undefined {
    this.#frames = FRAMES_PER_LOOK;
    return this.#next !== undefined || this.#lasted() > BUDGET ? yieldToEventLoop() : undefined;
  }

  /** The same where nothing can wait: whether the turn takes so long that such work is better left undone. */
  isOverdue(): boolean {
    this.#frames = FRAMES_PER_LOOK;
    return this.#lasted() > OVERDUE;
  }

  /** For how long connections have been served, which begins now unless it has begun. */
  #lasted(): number {
    const now = this.#clock();
    if (this.#began === undefined) {
      this.#began = now;
      this.#timer = setTimeout(() => this.#end());
    }
    return now - this.#began;
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
