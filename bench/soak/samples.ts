/** The most that are kept: at one every five seconds, those of four hours. */
const MOST = 2_880;

/**
 * Samples taken at a steady pace, however many there were: when they are too many, every other
 * goes.
 */
export class Samples<Sample> {
  readonly #most: number;
  #kept: Sample[] = [];
  #stride = 1;
  #seen = 0;

  /** @param most The most that are kept. */
  constructor(most: number = MOST) {
    this.#most = most;
  }

  /** Those that were kept, in order. */
  get all(): readonly Sample[] {
    return this.#kept;
  }

  /**
   * Takes the next sample.
   *
   * @param sample The sample; it is kept if it falls into the pace.
   */
  push(sample: Sample): void {
    if (this.#seen++ % this.#stride !== 0) return;
    this.#kept.push(sample);
    if (this.#kept.length <= this.#most) return;
    this.#kept = this.#kept.filter((_, index) => index % 2 === 0);
    this.#stride *= 2;
  }
}
