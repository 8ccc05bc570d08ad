// Reading something again and again while a view shows it.

/**
 * Asks one question at a time. What was asked before `start()` or `stop()` is never shown, and nobody
 * is asked for a page that is hidden.
 *
 * @template Answer
 */
export class Poller {
  #options;
  /** @type {number | undefined} */
  #timer;
  /** @type {AbortController | undefined} */
  #running;

  /**
   * @param {{ every: number, read: (signal: AbortSignal) => Promise<Answer>,
   *   show: (answer: Answer) => void, fail: (error: unknown) => void,
   *   isWanted?: () => boolean }} options
   *   `every` is the pause in milliseconds; `isWanted` is asked before each further question.
   */
  constructor(options) {
    this.#options = options;
  }

  /** Asks now, and from now on. */
  start() {
    this.stop();
    const running = this.#running = new AbortController();
    this.#ask(running);
  }

  /** Asks no more. */
  stop() {
    clearTimeout(this.#timer);
    this.#running?.abort();
    this.#running = undefined;
  }

  /** @param {AbortController} running */
  async #ask(running) {
    const { read, show, fail } = this.#options;
    try {
      const answer = await read(running.signal);
      if (!running.signal.aborted) show(answer);
    } catch (error) {
      if (!running.signal.aborted) fail(error);
    }
    this.#rest(running);
  }

  /** @param {AbortController} running */
  #rest(running) {
    // What it showed may have stopped it.
    if (running.signal.aborted) return;
    const { every, isWanted = () => true } = this.#options;
    this.#timer = setTimeout(() => {
      if (document.hidden || !isWanted()) this.#rest(running);
      else this.#ask(running);
    }, every);
  }
}
