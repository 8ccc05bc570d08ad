import { ConnectError } from "./connect_error.ts";

/** Bounds an attempt to connect: by time, and by a signal of whoever wants the connection. */
export class Deadline implements Disposable {
  /** The name of the wait in the error at its end. */
  doing = "Handshake";
  readonly #controller = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #other: AbortSignal | undefined;

  /**
   * @param milliseconds How long it may take.
   * @param other Ends it sooner.
   */
  constructor(milliseconds: number, other: AbortSignal | undefined) {
    this.#timer = setTimeout(() => {
      const message = `${this.doing} took more than ${milliseconds} ms`;
      this.#controller.abort(new ConnectError(message));
    }, milliseconds);
    this.#other = other;
    other?.addEventListener("abort", this.#abort);
    if (other?.aborted) this.#abort();
  }

  /** Aborted when the time is over, or the other signal is: with its reason. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  readonly #abort = (): void => this.#controller.abort(this.#other?.reason);

  /** The attempt is over. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#other?.removeEventListener("abort", this.#abort);
  }
}
