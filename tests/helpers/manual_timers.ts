/** A timer that a test fires. */
export interface ManualTimer {
  readonly length: number;
  readonly callback: () => void;
}

/** Timers that are only written down, until it is disposed of: nothing fires but what the test fires. */
export class ManualTimers implements Disposable {
  readonly #real = {
    setInterval: globalThis.setInterval,
    clearInterval: globalThis.clearInterval,
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
  };
  /** Those that repeat, by id. */
  readonly intervals: Map<number, ManualTimer> = new Map();
  /** Those that fire once, by id. */
  readonly timeouts: Map<number, ManualTimer> = new Map();
  #last = 0;

  constructor() {
    const set =
      (timers: Map<number, ManualTimer>) => (callback: () => void, length = 0): number => {
        timers.set(++this.#last, { length, callback });
        return this.#last;
      };
    Object.assign(globalThis, {
      setInterval: set(this.intervals),
      clearInterval: (id: number) => this.intervals.delete(id),
      setTimeout: set(this.timeouts),
      clearTimeout: (id: number) => this.timeouts.delete(id),
    });
  }

  /** How long the timers are that repeat. */
  get running(): number[] {
    return [...this.intervals.values()].map(({ length }) => length);
  }

  /** Fires those that repeat. */
  tick(): void {
    for (const { callback } of [...this.intervals.values()]) callback();
  }

  /**
   * Fires those that fire once.
   *
   * @param longest Leaves out those that are longer.
   * @returns Whether there were any.
   */
  turn(longest = Infinity): boolean {
    const due = [...this.timeouts].filter(([, { length }]) => length <= longest);
    for (const [id] of due) this.timeouts.delete(id);
    for (const [, { callback }] of due) callback();
    return due.length > 0;
  }

  /** Lets all go on that waits for promises and not for timers. */
  settle(): Promise<void> {
    return new Promise((resolve) => this.#real.setTimeout.call(globalThis, resolve));
  }

  [Symbol.dispose](): void {
    Object.assign(globalThis, this.#real);
  }
}

/** Timers of one length that fire only when the test says so, until it is disposed of; others run. */
export class HeldTimers implements Disposable {
  readonly #real = {
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
  };
  readonly #held = new Map<object, () => void>();
  /** The number of timers that have begun so far. */
  begun = 0;

  /** @param length The length in milliseconds. */
  constructor(length: number) {
    const { setTimeout, clearTimeout } = this.#real;
    Object.assign(globalThis, {
      setTimeout: (callback: () => void, ...rest: number[]) => {
        if (rest[0] !== length) return setTimeout(callback, ...rest);
        const id = { length, number: ++this.begun };
        this.#held.set(id, callback);
        return id;
      },
      clearTimeout: (id: object | number | undefined) => {
        if (typeof id !== "object" || !this.#held.delete(id)) clearTimeout(id as number);
      },
    });
  }

  /** The number of timers that wait. */
  get size(): number {
    return this.#held.size;
  }

  /** Fires those that wait. */
  fire(): void {
    const callbacks = [...this.#held.values()];
    this.#held.clear();
    for (const callback of callbacks) callback();
  }

  [Symbol.dispose](): void {
    Object.assign(globalThis, this.#real);
  }
}
