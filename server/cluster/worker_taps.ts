import type { TapEvent } from "../operations/operations.ts";
import type { SupervisorCalls } from "./calls.ts";

/** The most events that go to the supervisor at once. */
const MAX_EVENTS = 64;

/** How a worker tells its supervisor of taps. */
export type TapListener = Pick<SupervisorCalls, "tapped" | "untapped">;

/**
 * A worker's taps. Each one's events go to the supervisor a batch at a time: the next one waits until
 * the last was taken, and what comes meanwhile waits in the tap, which drops and counts what is too
 * much.
 */
export class WorkerTaps {
  readonly #listener: TapListener;
  readonly #readers = new Map<number, ReadableStreamDefaultReader<TapEvent>>();

  /** @param listener Tells the supervisor; it fails when that one has gone. */
  constructor(listener: TapListener) {
    this.#listener = listener;
  }

  /**
   * Passes the events of a tap on, until it ends.
   *
   * @param tap Its number.
   * @param events The events.
   */
  async add(tap: number, events: ReadableStream<TapEvent>): Promise<void> {
    const reader = events.getReader();
    this.#readers.set(tap, reader);
    let batch: TapEvent[] = [];
    let sending: Promise<void> | undefined = undefined;
    const send = async () => {
      try {
        while (batch.length > 0) {
          const taken = batch;
          batch = [];
          await this.#listener.tapped(tap, taken);
        }
      } catch {
        this.delete(tap); // the supervisor has gone
      }
      sending = undefined;
    };
    try {
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        batch.push(next.value);
        sending ??= send();
        if (batch.length >= MAX_EVENTS) await sending;
      }
    } catch {
      // A tap that fails is over.
    }
    await sending;
    this.#readers.delete(tap);
    this.#listener.untapped(tap);
  }

  /** Ends a tap, if it is not over. */
  delete(tap: number): void {
    this.#readers.get(tap)?.cancel().catch(() => {});
  }

  /** Ends all taps. */
  close(): void {
    for (const tap of this.#readers.keys()) this.delete(tap);
  }
}
