import type { Clock } from "../loop/deadline_sweeper.ts";
import type { LoopDelay } from "./measurements.ts";

/** The delay of the timer whose lateness is measured, in milliseconds. */
const INTERVAL = 20;

/**
 * The window is cut into slots of this many milliseconds, of which the oldest is given up at a
 * time.
 */
const SLOT = 1_000;
const SLOTS = 10;

/**
 * The milliseconds without a question after which measuring ends: a Prometheus that asks once a
 * minute is still there.
 */
const PATIENCE = 90_000;

/** The delays of one slot, in milliseconds. */
interface Slot {
  /** Which slot of the clock it is. */
  number: number;
  sum: number;
  count: number;
  max: number;
}

/** Calls back again and again after so many milliseconds, until the returned function is called. */
export type Repeat = (callback: () => void, interval: number) => () => void;

/**
 * Measures how late the event loop comes to its timers: everything that keeps it from a timer keeps
 * it from the connections too. It measures only while its results are read, since a timer wakes an
 * idle process up.
 */
export class LoopDelayMeter {
  readonly #clock: Clock;
  readonly #repeat: Repeat;
  readonly #slots: Slot[] = [];
  #cancel: (() => void) | undefined = undefined;
  #last = 0;
  #lastRead = 0;

  /**
   * @param clock The clock.
   * @param repeat Sets the timer; by default one that keeps no process alive.
   */
  constructor(clock: Clock = () => performance.now(), repeat: Repeat = repeatUnreferenced) {
    this.#clock = clock;
    this.#repeat = repeat;
  }

  /**
   * Gives the delay over the last ten seconds, zero where nothing was measured. It begins to
   * measure, and goes on for 90 seconds.
   */
  read(): LoopDelay {
    this.start();
    const now = this.#lastRead = this.#clock();
    const oldest = slotAt(now) - SLOTS;
    const window = this.#slots.filter(({ number }) => number > oldest);
    const count = window.reduce((total, slot) => total + slot.count, 0);
    const sum = window.reduce((total, slot) => total + slot.sum, 0);
    const max = Math.max(0, ...window.map((slot) => slot.max));
    return { mean: count === 0 ? 0 : sum / count / 1000, max: max / 1000 };
  }

  /** Begins to measure, if it does not yet. */
  start(): void {
    if (this.#cancel !== undefined) return;
    this.#last = this.#lastRead = this.#clock();
    this.#cancel = this.#repeat(() => this.#tick(), INTERVAL);
  }

  /** Ends it. A later read begins anew. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #tick(): void {
    const now = this.#clock();
    this.#count(now, Math.max(0, now - this.#last - INTERVAL));
    this.#last = now;
    if (now - this.#lastRead >= PATIENCE) this.stop();
  }

  #count(now: number, delay: number): void {
    const number = slotAt(now);
    const slot = this.#slots[number % SLOTS];
    if (slot?.number === number) {
      slot.sum += delay;
      slot.count++;
      slot.max = Math.max(slot.max, delay);
    } else {
      this.#slots[number % SLOTS] = { number, sum: delay, count: 1, max: delay };
    }
  }
}

function slotAt(time: number): number {
  return Math.floor(time / SLOT);
}

function repeatUnreferenced(callback: () => void, interval: number): () => void {
  const timer = setInterval(callback, interval);
  Deno.unrefTimer(timer);
  return () => clearInterval(timer);
}
