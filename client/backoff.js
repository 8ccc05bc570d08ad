// @ts-check
// How long to wait before the next attempt, and after which close codes there is none. Pure: the caller
// owns the timers and hands in its random source.

/** The first wait is at most this long, in milliseconds; each further one twice as long. */
export const BASE_MS = 500;

/** No wait of the {@linkcode Backoff} is longer, in milliseconds. */
export const CAP_MS = 30_000;

/** A connection that lasted this long, in milliseconds, counts as stable: the waits start over. */
export const STABLE_MS = 10_000;

/** A server that asks for more patience than this, in milliseconds, is asked again after it. */
export const MAX_RETRY_AFTER_MS = 3_600_000;

/**
 * Codes of RFC 6455 7.4.1 that say what this client does or wants is wrong, so that coming back would
 * only repeat it: protocol error, data that cannot be accepted, text that is no UTF-8, a broken rule,
 * and a missing extension.
 */
const FINAL_CODES = new Set([1002, 1003, 1007, 1008, 1010]);

/**
 * Exponential backoff with full jitter: each wait is drawn evenly between zero and the ceiling, so
 * that the clients which lost their server together do not come back together.
 */
export class Backoff {
  /** @type {() => number} */
  #random;
  #attempt = 0;

  /** @param {() => number} [random] Gives a number in [0, 1). */
  constructor(random = Math.random) {
    this.#random = random;
  }

  /**
   * Gives the wait before the next attempt.
   *
   * @param {number} [retryAfter] How long the server asked to be left alone, in milliseconds. The
   * drawn wait is added to it, since it may have asked everybody for the same.
   * @returns {number} Milliseconds.
   */
  next(retryAfter = 0) {
    const ceiling = Math.min(CAP_MS, BASE_MS * 2 ** this.#attempt);
    // Further doublings would pass the cap only more.
    this.#attempt = Math.min(this.#attempt + 1, 32);
    const asked = retryAfter > 0 ? Math.min(retryAfter, MAX_RETRY_AFTER_MS) : 0;
    return Math.floor(asked + this.#random() * ceiling);
  }

  /**
   * Tells that a connection has ended.
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
 * Tells whether a close code means "do not come back": 1002, 1003, 1007, 1008 and 1010.
 *
 * @param {number} code The close code.
 * @param {boolean} [applicationCodes] Whether the application's own codes, 4000 to 4999, mean it too.
 * @returns {boolean} Whether to stay away.
 */
export function isFinal(code, applicationCodes = false) {
  return FINAL_CODES.has(code) || (applicationCodes && code >= 4000 && code <= 4999);
}
