import type { TapEvent, TapOptions } from "../operations/operations.ts";
import { ANSWER_DEADLINE, ask } from "./ask.ts";
import type { WorkerProcess } from "./worker_process.ts";
import type { TapListener } from "./worker_taps.ts";

/** So many taps may be open at once on all workers together. */
const MAX_TAPS = 16;

/** Nobody knows how a connection ended whose worker has gone; its peer had no Close frame. */
const LOST = { type: "end", code: 1006, reason: "" } as const;

/** A worker that can be asked for a tap. */
export type TappedWorker = Pick<WorkerProcess, "link">;

/** The taps that are open, as the supervisor has them; holds one batch of events of each. */
export class ClusterTaps implements TapListener {
  readonly #open = new Map<number, ClusterTap>();
  #lastTap = 0;

  /**
   * Taps a connection.
   *
   * @param worker The worker that has it.
   * @param key The 4-tuple as text.
   * @param options As in `Operations.tap()`.
   * @returns The events; `undefined` when the worker has no such connection any more, or is stuck.
   * @throws {Deno.errors.Busy} When too many taps are open already.
   */
  async open(
    worker: TappedWorker,
    key: string,
    options: TapOptions,
  ): Promise<ReadableStream<TapEvent> | undefined> {
    if (this.#open.size >= MAX_TAPS) {
      throw new Deno.errors.Busy(`Cannot tap connection: ${MAX_TAPS} taps are open already`);
    }
    const { link } = worker;
    const id = ++this.#lastTap;
    const cancel = () => {
      this.#open.delete(id);
      link.call("untap", id).catch(() => {}); // it has gone
    };
    const tap = new ClusterTap(worker, cancel);
    this.#open.set(id, tap);
    let found: { answer: boolean } | undefined;
    try {
      found = await ask(link.call("tap", id, key, options), ANSWER_DEADLINE);
    } finally {
      // A worker that is stuck finds the call, and its end, when it goes on.
      if (!found?.answer) cancel();
    }
    if (!found?.answer) return undefined;
    return tap.events;
  }

  tapped(tap: number, events: readonly TapEvent[]): Promise<void> {
    return this.#open.get(tap)?.take(events) ?? Promise.resolve();
  }

  untapped(tap: number): void {
    this.#end(tap);
  }

  /** Ends the taps of a worker that has gone. */
  lost(worker: TappedWorker): void {
    for (const [id, tap] of this.#open) {
      if (tap.worker === worker) this.#end(id, { ...LOST, at: Date.now() });
    }
  }

  #end(id: number, last?: TapEvent): void {
    this.#open.get(id)?.end(last);
    this.#open.delete(id);
  }
}

/** One tap: the reader's end of it. */
class ClusterTap {
  readonly worker: TappedWorker;
  readonly events: ReadableStream<TapEvent>;
  #controller!: ReadableStreamDefaultController<TapEvent>;
  /** Told when the reader wants more, or nothing any more. */
  #taken: (() => void) | undefined = undefined;

  constructor(worker: TappedWorker, cancel: () => void) {
    this.worker = worker;
    this.events = new ReadableStream({
      start: (controller) => void (this.#controller = controller),
      pull: () => this.#taken?.(),
      cancel: () => {
        this.#taken?.();
        cancel();
      },
    });
  }

  take(events: readonly TapEvent[]): Promise<void> {
    for (const event of events) this.#controller.enqueue(event);
    if ((this.#controller.desiredSize ?? 0) > 0) return Promise.resolve();
    return new Promise((resolve) => this.#taken = resolve);
  }

  end(last?: TapEvent): void {
    if (last !== undefined) this.#controller.enqueue(last);
    this.#controller.close();
    this.#taken?.();
  }
}
