import type { LogEntry } from "../log.ts";
import { pause } from "../loop/pause.ts";
import type { WorkerProcess } from "./worker_process.ts";

/** A worker that has lived for this many milliseconds did not die early. */
const LONG_LIFE = 5_000;

/** The first pause after an early death or a start that failed, in milliseconds; each next one is twice as long … */
const FIRST_PAUSE = 100;

/** … up to this. */
const MAX_PAUSE = 30_000;

/** A slot that has failed so many times in a row is not expected to be filled soon. */
const MANY_FAILURES = 6;

/** The part of its supervisor that a slot needs. */
export interface WorkerSlotContext {
  /** Aborted when slots stay empty from now on. */
  readonly ending: AbortSignal;
  /** How many workers serve, for the log. */
  readonly serving: string;
  /** Starts a worker and puts it in the slot; rejects when it cannot serve. */
  start(slot: WorkerSlot): Promise<void>;
  /**
   * A slot has failed.
   *
   * @returns Whether it is tried again.
   */
  failed(): boolean;
  /** Tells the operator. */
  log(entry: LogEntry): void;
}

/**
 * One of the slots that a supervisor keeps filled: after a death, another worker takes it. Where that
 * fails it is tried again for as long as the supervisor goes on, after pauses that grow and that are
 * partly random, so that slots which fail together do not start together.
 */
export class WorkerSlot {
  /** Who has it; nobody after a death. */
  worker: WorkerProcess | undefined = undefined;
  /** How often a worker was started after one had died, or had not started. */
  restarts = 0;
  readonly #context: WorkerSlotContext;
  readonly #random: () => number;
  /** Early deaths and starts that failed, in a row. */
  #failures = 0;
  /** Whether a new worker is about to take it anyway. */
  #renewing = false;
  /** Ends the pause before the next start. */
  #hurry: AbortController | undefined = undefined;
  /** Resolves when it is filled again after a death, or given up. */
  #filling: Promise<void> | undefined = undefined;

  /**
   * @param context The supervisor, which fills the slot for the first time.
   * @param random Gives numbers from 0 to 1.
   */
  constructor(context: WorkerSlotContext, random: () => number = Math.random) {
    this.#context = context;
    this.#random = random;
  }

  /** Whether it has failed many times in a row. */
  get failing(): boolean {
    return this.#failures >= MANY_FAILURES;
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
   * Its first worker did not start: tries again.
   *
   * @param error Why.
   */
  notStarted(error: unknown): void {
    this.#tellFailure(error);
    this.#refill(0);
  }

  /** Ends the pause before the next start, if there is one: what was wrong may have been mended. */
  hurry(): void {
    this.#hurry?.abort();
  }

  /**
   * Puts a new worker in the slot of the one that has it, which goes on. An empty slot is not waited
   * for: the new worker is tried at once.
   *
   * @returns The one before, if there was one.
   * @throws {Error} When the new one cannot serve; then the one before keeps the slot.
   */
  async renew(): Promise<WorkerProcess | undefined> {
    this.#renewing = true;
    this.hurry();
    await this.#filling;
    const before = this.worker;
    try {
      await this.#context.start(this);
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
    const { ending } = this.#context;
    for (let life = lived;; life = 0) {
      this.#failures = life >= LONG_LIFE ? 0 : this.#failures + 1;
      if (ending.aborted) return;
      if (this.#failures > 0) {
        if (!this.#context.failed()) return;
        await this.#pause();
      }
      if (ending.aborted || this.#renewing) return;
      if (life !== Infinity) this.restarts++;
      try {
        return await this.#context.start(this);
      } catch (error) {
        if (ending.aborted) return;
        this.#tellFailure(error);
      }
    }
  }

  /** Waits before the next start, the longer the more have failed; and not while others wait for that. */
  async #pause(): Promise<void> {
    if (this.#renewing) return;
    const { ending, serving, log } = this.#context;
    const longest = Math.min(FIRST_PAUSE * 2 ** (this.#failures - 1), MAX_PAUSE);
    const length = Math.round(longest * (1 + this.#random()) / 2);
    const message = `Worker died early or did not start, ${this.#failures} in a row: ` +
      `the next starts in ${length} ms; ${serving}`;
    log({ level: "warning", event: "worker_restarting", message });
    this.#hurry = new AbortController();
    await pause(length, AbortSignal.any([ending, this.#hurry.signal]));
    this.#hurry = undefined;
  }

  #tellFailure(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `Worker did not start: ${reason}`;
    this.#context.log({ level: "error", event: "worker_failed", message });
  }
}
