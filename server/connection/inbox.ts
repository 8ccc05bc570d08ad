import type { Message } from "../../protocol/mod.ts";

/**
 * The messages of a connection as a stream, for those who ask for one. No more than one waits here for a
 * reader that is slow, unless the connection is over.
 */
export class Inbox {
  /** The messages in order; ends when the connection does. */
  readonly readable: ReadableStream<Message>;
  #controller!: ReadableStreamDefaultController<Message>;
  #taken: (() => void) | undefined = undefined;
  #open = true;

  /** @param cancelled Called when the reader wants no more. */
  constructor(cancelled: () => void) {
    this.readable = new ReadableStream({
      start: (controller) => void (this.#controller = controller),
      pull: () => this.#release(),
      cancel: () => {
        this.#open = false;
        this.#release();
        cancelled();
      },
    });
  }

  /**
   * Adds a message.
   *
   * @param message The reader's own from now on.
   * @returns A promise to wait for before the next one, where the reader has not taken this one.
   */
  push(message: Message): Promise<void> | undefined {
    if (!this.#open) return;
    this.#controller.enqueue(message);
    if (this.#controller.desiredSize! > 0) return;
    return new Promise((resolve) => this.#taken = resolve);
  }

  /** Ends the stream after what waits in it. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#controller.close();
    this.#release();
  }

  #release(): void {
    this.#taken?.();
    this.#taken = undefined;
  }
}
