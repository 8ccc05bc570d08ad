/** How many messages one connection may send within {@linkcode WINDOW_MS}. */
export const WINDOW_MESSAGES = 20;

/** The length of a window, in milliseconds. */
export const WINDOW_MS = 2000;

/** How many bytes a millisecond one connection may send to all the others. */
const BYTES_PER_MS = 2000;

/** So many bytes go at once after a pause: some images in a row. */
const BURST_BYTES = 4 * 1024 * 1024;

/** Counts the messages of one connection, so that nobody can flood the others through the server. */
export class FloodGate {
  #windowStart = -Infinity;
  #count = 0;
  /** When all that has come so far would be through at the rate of {@linkcode BYTES_PER_MS}. */
  #through = -Infinity;

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

  /**
   * Counts the bytes of a message that is to be passed on.
   *
   * @param bytes How many they are.
   * @param now As in {@linkcode FloodGate.count}.
   * @returns How long the message has to wait, in milliseconds, and its sender with it.
   */
  pause(bytes: number, now: number): number {
    this.#through = Math.max(this.#through, now) + bytes / BYTES_PER_MS;
    return Math.max(0, this.#through - BURST_BYTES / BYTES_PER_MS - now);
  }
}
