// How fast this page may send. The server passes on 20 messages in 2 s of one connection and drops
// the others: the page counts too, so that a text too many stays in its box. Pure: the caller owns
// the clock.

/** How many messages the server passes on, as WINDOW_MESSAGES in the server's talk_flood.ts. */
export const MESSAGES = 20;

/**
 * The page spreads them over this long, in milliseconds: a second more than the server's WINDOW_MS,
 * since messages may arrive closer together than they were sent.
 */
export const SPREAD_MS = 3000;

/** Counts the messages of one connection. */
export class Pace {
  /** @type {number[]} When the newest messages went out, the oldest first. */
  #sent = [];

  /**
   * Counts a message, if it may go out now.
   *
   * @param {number} now In milliseconds, of a clock that never goes back.
   * @returns {boolean} Whether it may.
   */
  admit(now) {
    const oldest = this.#sent[0];
    if (this.#sent.length === MESSAGES && oldest !== undefined) {
      if (now - oldest < SPREAD_MS) return false;
      this.#sent.shift();
    }
    this.#sent.push(now);
    return true;
  }
}
