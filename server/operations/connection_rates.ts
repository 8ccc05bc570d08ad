import { type LiveRecord, sortValue } from "../connection/connection_record.ts";
import { forEachYielding } from "../loop/for_each_yielding.ts";

/** A rate is taken over at least this many milliseconds. */
const MIN_SPAN = 1_000;

/** A sample that is older than this says nothing of what goes on now. */
const MAX_AGE = 10_000;

/** After this many milliseconds without a question nothing is kept. */
const FORGET_AFTER = 30_000;

/** How many bytes each connection had had at one moment, by id. */
interface Sample {
  readonly at: number;
  readonly bytes: ReadonlyMap<number, number>;
}

/** Tells how many bytes a second a connection has had of late. */
export type RateOf = (id: number, bytes: number) => number;

/**
 * Measures how busy connections are, from samples that are taken only while somebody asks:
 * connections that nobody asks about count nothing for it.
 */
export class ConnectionRates {
  readonly #entries: () => Iterable<LiveRecord>;
  /** The newest sample, and one before it that is old enough. */
  #newest: Sample | undefined = undefined;
  #base: Sample | undefined = undefined;
  #sampling: Promise<void> | undefined = undefined;
  #forget: ReturnType<typeof setTimeout> | undefined = undefined;

  /** @param entries The connections. */
  constructor(entries: () => Iterable<LiveRecord>) {
    this.#entries = entries;
  }

  /**
   * Gets ready to tell rates, which takes a second where nobody has asked of late.
   *
   * @returns What tells them.
   */
  async measure(): Promise<RateOf> {
    clearTimeout(this.#forget);
    this.#forget = setTimeout(() => this.stop(), FORGET_AFTER);
    Deno.unrefTimer(this.#forget);
    await (this.#sampling ??= this.#sample().finally(() => this.#sampling = undefined));
    const base = this.#base!;
    const seconds = Math.max(1, performance.now() - base.at) / 1000;
    return (id, bytes) => Math.max(0, bytes - (base.bytes.get(id) ?? 0)) / seconds;
  }

  async #sample(): Promise<void> {
    const age = performance.now() - (this.#newest?.at ?? -Infinity);
    if (age < MIN_SPAN && this.#base !== undefined) return;
    if (age > MAX_AGE) {
      this.#newest = await this.#take();
      await new Promise((resolve) => setTimeout(resolve, MIN_SPAN));
    }
    this.#base = this.#newest;
    this.#newest = await this.#take();
  }

  async #take(): Promise<Sample> {
    const bytes = new Map<number, number>();
    const at = performance.now();
    await forEachYielding(this.#entries(), (entry) => {
      bytes.set(entry.id, sortValue(entry, "bytes"));
    });
    return { at, bytes };
  }

  /** Keeps nothing any longer. */
  stop(): void {
    clearTimeout(this.#forget);
    this.#forget = this.#newest = this.#base = undefined;
  }
}
