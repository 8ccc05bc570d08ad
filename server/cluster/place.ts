import type { LogEntry } from "../options.ts";
import { pause } from "../pause.ts";
import type { WorkerProcess } from "./worker_process.ts";

/** A worker that has lived for this many milliseconds did not die early. */
const LONG_LIFE = 5_000;

/** After an early death a place stays empty for this many milliseconds, after the next twice as long … */
const FIRST_PAUSE = 100;

/** … until there were this many in a row. */
const MOST_DEATHS = 6;

/** What a place asks of its supervisor. */
export interface PlaceHost {
  /** Aborted when places stay empty from now on. */
  readonly ending: AbortSignal;
  /** Starts a worker and puts it in the place; rejects when it cannot serve. */
  start(place: Place): Promise<void>;
  /** Workers keep dying, and no more are to be started. */
  giveUp(message: string): void;
  /** Tells the operator. */
  log(entry: LogEntry): void;
}

/** One of the places that a supervisor keeps filled: after a death, another worker takes it. */
export class Place {
  /** Who has it; nobody after a death. */
  worker: WorkerProcess | undefined = undefined;
  readonly #host: PlaceHost;
  /** Early deaths in a row. */
  #deaths = 0;
  /** Whether a new worker is about to take it anyway. */
  #renewing = false;
  /** Resolves when it is filled again after a death, or given up. */
  #filling: Promise<void> | undefined = undefined;

  /** @param host The supervisor, which fills the place for the first time. */
  constructor(host: PlaceHost) {
    this.#host = host;
  }

  /**
   * Its worker has gone, or is going: fills it again, at once or after a pause.
   *
   * @param lived For how many milliseconds the worker had lived, or infinitely long where its end was no death.
   */
  vacate(lived: number): void {
    this.worker = undefined;
    if (!this.#renewing) this.#refill(lived);
  }

  /**
   * Puts a new worker in the place of the one that has it, which goes on.
   *
   * @returns The one before, if there was one.
   * @throws {Error} When the new one cannot serve; then the one before keeps the place.
   */
  async renew(): Promise<WorkerProcess | undefined> {
    await this.#filling;
    const before = this.worker;
    this.#renewing = true;
    try {
      await this.#host.start(this);
    } finally {
      this.#renewing = false;
      // The one before may have died meanwhile, and the new one too.
      if (this.worker === undefined) this.#refill(0);
    }
    return before;
  }

  #refill(lived: number): void {
    this.#filling = this.#tryToFill(lived).finally(() => this.#filling = undefined);
  }

  async #tryToFill(lived: number): Promise<void> {
    const { ending, log } = this.#host;
    for (let life = lived;; life = 0) {
      this.#deaths = life >= LONG_LIFE ? 0 : this.#deaths + 1;
      if (ending.aborted) return;
      if (this.#deaths >= MOST_DEATHS) {
        const times = `${MOST_DEATHS} times in a row`;
        return this.#host.giveUp(`Workers died early ${times}: no more are started`);
      }
      if (this.#deaths > 0) {
        const length = FIRST_PAUSE * 2 ** (this.#deaths - 1);
        const message =
          `Worker died early, ${this.#deaths} in a row: the next starts in ${length} ms`;
        log({ level: "warning", event: "worker_restarting", message });
        await pause(length, ending);
      }
      try {
        return await this.#host.start(this);
      } catch (error) {
        if (ending.aborted) return;
        const reason = error instanceof Error ? error.message : String(error);
        const message = `Worker did not start: ${reason}`;
        log({ level: "error", event: "worker_failed", message });
      }
    }
  }
}
