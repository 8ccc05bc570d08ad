import type { Random } from "../helpers/random.ts";

/** A part of ours that is given what a hostile or broken peer might send. */
export interface FuzzTarget {
  /** What `--target` calls it. */
  readonly name: string;
  /**
   * Makes an input: random, or good and then changed.
   *
   * @param random Decides everything.
   * @returns Bytes, whatever they stand for, so that an input can be kept when this has changed.
   */
  make(random: Random): Uint8Array<ArrayBuffer>;
  /**
   * Gives the input to what is tried, cut up in several ways where it comes in pieces, and throws
   * where that does something that is not documented.
   *
   * @param input The input; not changed.
   * @param random Decides what is not part of the input, such as where it is cut.
   * @returns What came of it: a stable code, or a word.
   */
  check(input: Uint8Array<ArrayBuffer>, random: Random): string | Promise<string>;
}
