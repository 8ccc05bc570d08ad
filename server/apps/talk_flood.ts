/** How many messages one connection may send within {@linkcode WINDOW_MS}. */
export const WINDOW_MESSAGES = 20;

/** The length of a window, in milliseconds. */
export const WINDOW_MS = 2000;

/** Counts the messages of one connection, so that nobody can flood the others through the server. */
export class FloodGate {
  #windowStart = -Infinity;
  #count = 0;

  /**
   * Counts a message.
   *
   * @param now The time in milliseconds, of a clock that never goes back.
   * @returns "admit", or "refuse" for the first message too many in a window, which gets a reply, or
   * "ignore" for the ones after it, so that replies do not become a flood of their own.
   */
  count(now: number): "admit" | "refuse" | "ignore" {
    if (now - this.#windowStart >= WINDOW_MS) {
      this.#windowStart = now;
      this.#count = 0;
    }
    this.#count++;
    if (this.#count <= WINDOW_MESSAGES) return "admit";
    return this.#count === WINDOW_MESSAGES + 1 ? "refuse" : "ignore";
  }
}
