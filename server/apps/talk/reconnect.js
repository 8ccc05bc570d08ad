// How long to wait before the next attempt, and whether to try again at all. Pure: the page owns the
// timers and hands in its random source.

/** The first attempt waits at most this long, in milliseconds; each further one twice as long. */
export const BASE_MS = 500;

/** No attempt waits longer, in milliseconds. */
export const CAP_MS = 30_000;

/** A connection that lasted this long, in milliseconds, counts as stable: the wait starts over. */
export const STABLE_MS = 10_000;

/**
 * Exponential backoff with full jitter: each wait is drawn evenly between zero and the ceiling, so
 * that the pages which lost their server together do not come back together.
 */
export class Backoff {
  #attempt = 0;
  /** @type {() => number} */
  #random;

  /** @param {() => number} random Gives a number in [0, 1). */
  constructor(random = Math.random) {
    this.#random = random;
  }

  /**
   * Gives the wait before the next attempt.
   *
   * @returns {number} Milliseconds.
   */
  next() {
    const ceiling = Math.min(CAP_MS, BASE_MS * 2 ** this.#attempt);
    this.#attempt = Math.min(this.#attempt + 1, 32);
    return Math.floor(this.#random() * ceiling);
  }

  /**
   * Tells the policy that a connection has ended.
   *
   * @param {number} openMs How long it was open, in milliseconds; 0 when it never was.
   */
  ended(openMs) {
    if (openMs >= STABLE_MS) this.reset();
  }

  /** Starts over with the shortest wait. */
  reset() {
    this.#attempt = 0;
  }
}

/**
 * Tells whether a close code lets the page try again. 1008 is a rule of the server that this page
 * broke, 4000 to 4999 are decisions of the application (RFC 6455 7.4): coming back would only repeat
 * them.
 *
 * @param {number} code
 * @returns {boolean}
 */
export function mayReconnect(code) {
  return code !== 1008 && !(code >= 4000 && code <= 4999);
}
