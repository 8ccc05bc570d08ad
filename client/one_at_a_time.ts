import { ConnectError } from "./connect_error.ts";

/** So many may wait for one key: as many as a program may open on purpose; each holds some 11 KB. */
const MAX_WAITING = 10_000;

/**
 * Lets one thing at a time go on for each key; the others wait in the order in which they came.
 *
 * RFC 6455 4.1, step 2, wants that of connections to one host, so that none floods it with
 * handshakes: each costs its sender at least the wait for an answer.
 */
export class OneAtATime {
  /** The waits for each key that is taken. */
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #most: number;

  /** @param most How many may wait for one key. */
  constructor(most: number = MAX_WAITING) {
    this.#most = most;
  }

  /** How many keys are taken. */
  get size(): number {
    return this.#waiting.size;
  }

  /**
   * Takes a key, when all who came before are done with it.
   *
   * @param key The host, as errors name it.
   * @param signal Gives up waiting.
   * @returns A lock that lets the next one go on when it is disposed of, once.
   * @throws {ConnectError} When too many wait already.
   * @throws The signal's reason when it is aborted.
   */
  async enter(key: string, signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) this.#waiting.set(key, new Set());
    else if (waiting.size < this.#most) await turnAmong(waiting, signal);
    else {
      throw new ConnectError(
        `Cannot connect to ${key}: ${this.#most} connections wait for their turn already`,
      );
    }
    return { [Symbol.dispose]: () => this.#leave(key) };
  }

  #leave(key: string): void {
    const waiting = this.#waiting.get(key);
    const [next] = waiting ?? [];
    if (next === undefined) this.#waiting.delete(key);
    else next();
  }
}

/** Waits until it is called among those who wait. */
function turnAmong(waiting: Set<() => void>, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const leave = () => {
    waiting.delete(next);
    signal.removeEventListener("abort", abort);
  };
  const next = () => {
    leave();
    resolve();
  };
  const abort = () => {
    leave();
    reject(signal.reason);
  };
  waiting.add(next);
  signal.addEventListener("abort", abort);
  return promise;
}
