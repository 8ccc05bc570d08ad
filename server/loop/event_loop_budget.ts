/**
 * `server/loop/` is for the time of the event loop: deadlines, fairness, pauses. It knows neither
 * sockets nor connections.
 *
 * @module
 */

import type { Clock } from "./deadline_sweeper.ts";
import { yieldToEventLoop } from "./yield_to_event_loop.ts";

/** The time for which connections are served before everything else has a turn, in milliseconds. */
const BUDGET = 10;

/** The time after which no long work may begin that cannot be waited for, in milliseconds. */
const OVERDUE = 2 * BUDGET;

/** The clock is looked at after so many frames, since a look costs as much as some small ones. */
export const FRAMES_PER_LOOK = 16;

/**
 * Keeps busy connections from holding the event loop. A read that is ready resolves without a turn
 * of the loop, so a peer that sends without pause would be served alone, and timers, signals and
 * all other connections would wait.
 */
export class EventLoopBudget {
  readonly #clock: Clock;
  /** Frames since the clock was last looked at. */
  #frames = 0;
  #began: number | undefined = undefined;
  #timer: ReturnType<typeof setTimeout> | undefined = undefined;
  #next: PromiseWithResolvers<void> | undefined = undefined;

  /** @param clock The clock. */
  constructor(clock: Clock = () => performance.now()) {
    this.#clock = clock;
  }

  /**
   * To be asked again and again while a connection is served.
   *
   * @param frames The frames that were served since it was last asked.
   * @returns The promise to wait for before going on; `undefined` while there is time left.
   */
  over(frames: number): Promise<void> | undefined {
    if (this.#next !== undefined) return this.#next.promise;
    this.#frames += frames;
    if (!this.mustLook) return;
    this.#frames = 0;
    if (this.#lasted() <= BUDGET) return;
    return (this.#next = Promise.withResolvers<void>()).promise;
  }

  /**
   * Whether {@linkcode EventLoopBudget.over} has to be asked now, as there was work that no count
   * of frames shows.
   */
  get mustLook(): boolean {
    return this.#frames >= FRAMES_PER_LOOK;
  }

  /**
   * To be asked before a message is deflated or inflated, of which a few bytes can make as much
   * work as thousands of frames do.
   *
   * @returns The promise to wait for before that: such work gets a part of each of the next turns,
   * piece by piece in the order of asking; `undefined` while there is time left.
   */
  spentForWork(): Promise<void> | undefined {
    this.#frames = FRAMES_PER_LOOK;
    return this.#next !== undefined || this.#lasted() > BUDGET ? yieldToEventLoop() : undefined;
  }

  /** The same for work that cannot wait: whether the turn is too long already to begin it. */
  isOverdue(): boolean {
    this.#frames = FRAMES_PER_LOOK;
    return this.#lasted() > OVERDUE;
  }

  /** The time for which connections have been served; it begins now unless it has begun. */
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

  /** Ends the turn. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#end();
  }
}
