/** Something that must be looked after at a certain time. */
export interface Due {
  /** When, in milliseconds of the sweep's clock. */
  readonly due: number;
  /** Called once that time has come, again and again until `due` lies in the future. */
  expire(now: number): void;
}

/** Reads a clock that never goes back, in milliseconds. */
export type Clock = () => number;

/** How often at most and at least everything is looked at, in milliseconds. */
const LONGEST_TICK = 1_000;
const SHORTEST_TICK = 5;

/** One timer for all deadlines of a server: a timer per connection would cost more than a look. */
export class Sweep {
  readonly #items = new Set<Due>();
  readonly #clock: Clock;
  #tick: number;
  #lastTick: number;
  #timer: ReturnType<typeof setInterval> | undefined = undefined;

  /**
   * @param timeouts The timeouts that are watched, in milliseconds: a quarter of the shortest is how
   * late an item may be looked at.
   * @param clock What time it is.
   */
  constructor(timeouts: readonly number[], clock: Clock = () => performance.now()) {
    this.#clock = clock;
    this.#lastTick = clock();
    this.#tick = tickFor(timeouts);
  }

  /** Watches other timeouts from now on. */
  watch(timeouts: readonly number[]): void {
    this.#tick = tickFor(timeouts);
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.tick(), this.#tick);
  }

  /** What time it is, in milliseconds. */
  get now(): number {
    return this.#clock();
  }

  /** The same as it was at the last tick, which is a second ago at most: cheap, and never too late. */
  get recently(): number {
    return this.#lastTick;
  }

  /** Begins to look after an item. */
  add(item: Due): void {
    this.#items.add(item);
    if (this.#timer !== undefined) return;
    this.#lastTick = this.now;
    this.#timer = setInterval(() => this.tick(), this.#tick);
  }

  /** Ends it; without items there is no timer. */
  delete(item: Due): void {
    this.#items.delete(item);
    if (this.#items.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Looks at everything once. */
  tick(): void {
    const now = this.now;
    const late = now - this.#lastTick > 2 * LONGEST_TICK + this.#tick;
    this.#lastTick = now;
    // After a long pause of the event loop, what peers have sent meanwhile comes first.
    if (late) return;
    for (const item of this.#items) if (item.due <= now) item.expire(now);
  }
}

function tickFor(timeouts: readonly number[]): number {
  return Math.max(SHORTEST_TICK, Math.min(LONGEST_TICK, ...timeouts.map((t) => t / 4)));
}
