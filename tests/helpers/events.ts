/** The longest wait for what has to come, in milliseconds; only a failing test meets it. */
const PATIENCE = 10_000;

/**
 * What happened, in order, for a test that waits for it: events that come before somebody waits are
 * kept.
 */
export class Events<T> {
  /** All of them so far. */
  readonly all: T[] = [];
  #taken = 0;
  #waiting: (() => void) | undefined = undefined;

  /** Something happened. */
  push = (event: T): void => {
    this.all.push(event);
    this.#waiting?.();
  };

  /** The next one that was not taken yet. */
  async next(): Promise<T> {
    if (this.#taken === this.all.length) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      this.#waiting = resolve;
      const timer = setTimeout(() => reject(new Error("Waited in vain for an event")), PATIENCE);
      await promise.finally(() => clearTimeout(timer));
    }
    return this.all[this.#taken++]!;
  }

  /** The next one that `wanted` accepts; the others before it are passed over. */
  async find(wanted: (event: T) => boolean): Promise<T> {
    for (;;) {
      const event = await this.next();
      if (wanted(event)) return event;
    }
  }
}

/**
 * Waits for a state that no event announces, such as that the other side of a socket has noticed
 * something: looks at it again and again.
 */
export async function until(
  what: string,
  reached: () => boolean | Promise<boolean>,
): Promise<void> {
  for (const start = performance.now(); !await reached();) {
    if (performance.now() - start > PATIENCE) throw new Error(`Waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
