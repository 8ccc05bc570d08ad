/** Something that must be looked after at a certain time. */
export interface HasDeadline {
  /** The deadline, in milliseconds of the sweeper's clock. The sweeper may postpone it. */
  due: number;
  /** Called once that time has come, again and again until `due` lies in the future. */
  expire(now: number): void;
}

/** Reads a clock that never goes back, in milliseconds. */
export type Clock = () => number;

/** The shortest and the longest time between two looks at everything, in milliseconds. */
const MAX_TICK = 1_000;
const SHORTEST_TICK = 5;

/** Due items before everything else has a turn: a ping takes some 7 µs, a cut more. */
const DUE_PER_TURN = 256;

/** One timer for all deadlines of a server: a timer per connection would cost more than a look. */
export class DeadlineSweeper {
  readonly #items = new Set<HasDeadline>();
  readonly #clock: Clock;
  #tick: number;
  /** The time of the last look. */
  #recently: number;
  #timer: ReturnType<typeof setInterval> | undefined = undefined;
  /** Goes on with a look that takes more than one turn of the event loop. */
  #rest: ReturnType<typeof setTimeout> | undefined = undefined;
  /** The lateness of the event loop that no deadline was postponed by yet. */
  #late = 0;
  /** Whether the last look was given up, since it came late. */
  #skipped = false;

  /**
   * @param timeouts The timeouts that are watched, in milliseconds: a quarter of the shortest is
   * how late an item may be looked at.
   * @param clock The clock.
   */
  constructor(timeouts: readonly number[], clock: Clock = () => performance.now()) {
    this.#clock = clock;
    this.#recently = clock();
    this.#tick = tickFor(timeouts);
  }

  /** Watches other timeouts from now on. */
  watch(timeouts: readonly number[]): void {
    this.#tick = tickFor(timeouts);
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#recently = this.now;
    this.#timer = setInterval(() => this.tick(), this.#tick);
  }

  /** The time now, in milliseconds. */
  get now(): number {
    return this.#clock();
  }

  /** The time of the last look, a second ago at most: cheap, and never too late. */
  get recently(): number {
    return this.#recently;
  }

  /** Begins to look after an item. */
  add(item: HasDeadline): void {
    this.#items.add(item);
    if (this.#timer !== undefined) return;
    this.#recently = this.now;
    this.#timer = setInterval(() => this.tick(), this.#tick);
  }

  /** Ends it; without items there is no timer. */
  delete(item: HasDeadline): void {
    this.#items.delete(item);
    if (this.#items.size > 0) return;
    clearInterval(this.#timer);
    clearTimeout(this.#rest);
    this.#timer = this.#rest = undefined;
  }

  /**
   * Postpones all deadlines.
   *
   * @param milliseconds The additional time.
   */
  postpone(milliseconds: number): void {
    for (const item of this.#items) item.due += milliseconds;
  }

  /** Looks at everything once, a part in each turn of the event loop. */
  tick(): void {
    if (this.#rest === undefined) this.#look(this.#items.values(), this.#tick);
  }

  /**
   * Looks at items until too many were due, and at those that are left in the next turn.
   *
   * @param left The items.
   * @param pause The time since it should have looked last.
   */
  #look(left: SetIterator<HasDeadline>, pause = 0): void {
    this.#rest = undefined;
    const now = this.now;
    const late = now - this.#recently - pause;
    this.#recently = now;
    this.#forgive(late);
    // Bytes that peers have sent meanwhile are read before the next tick; but where every look
    // comes late, peers that are gone have to be found too.
    this.#skipped = late > this.#tick && !this.#skipped;
    if (this.#skipped) return;
    let expired = 0;
    for (const item of left) { // which can be gone on with, since a Set's iterator is never closed
      if (item.due > now) continue;
      item.expire(now);
      if (++expired < DUE_PER_TURN || this.#items.size === 0) continue;
      // A timer, since Deno goes through immediates without a look at the sockets.
      this.#rest = setTimeout(() => this.#look(left));
      return;
    }
  }

  /** A slow event loop cuts nobody: the time by which it was late does not count. */
  #forgive(late: number): void {
    this.#late += Math.max(0, late);
    if (this.#late <= this.#tick / 4) return; // giving it means going through all of them
    this.postpone(this.#late);
    this.#late = 0;
  }
}

function tickFor(timeouts: readonly number[]): number {
  return Math.max(SHORTEST_TICK, Math.min(MAX_TICK, ...timeouts.map((t) => t / 4)));
}
