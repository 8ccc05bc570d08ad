/**
 * Reads the values of options, and says what is wrong with them.
 *
 * @module
 */

import { parseFourTuple } from "../../net/four_tuple.ts";
import { firstLine, quote } from "../terminal/problems.ts";
import type { Flags } from "./parse_args.ts";

/**
 * Reads an integer.
 *
 * @param flags What was given.
 * @param name The option's name, without its hyphens.
 * @param range What it may be.
 * @param problems Gets a line where it is something else.
 * @returns `undefined` where it was not given, or is none.
 */
export function integerOption(
  flags: Flags,
  name: string,
  [least, most]: readonly [number, number],
  problems: string[],
): number | undefined {
  if (flags[name] === undefined) return undefined;
  const text = String(flags[name]);
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  problems.push(`--${name}: expected an integer from ${least} to ${most}, received ${quote(text)}`);
  return undefined;
}

/**
 * Reads one of several words.
 *
 * @param flags What was given.
 * @param name The option's name, without its hyphens.
 * @param choices What it may be.
 * @param problems Gets a line where it is something else.
 * @returns `undefined` where it was not given, or is none.
 */
export function choiceOption<Choice extends string>(
  flags: Flags,
  name: string,
  choices: readonly Choice[],
  problems: string[],
): Choice | undefined {
  if (flags[name] === undefined) return undefined;
  const text = String(flags[name]);
  const choice = choices.find((choice) => choice === text);
  if (choice === undefined) {
    problems.push(`--${name}: expected one of ${choices.join(", ")}, received ${quote(text)}`);
  }
  return choice;
}

/**
 * Reads words as 4-tuples.
 *
 * @param given The words that are not options.
 * @param problems Gets a line for each that is not valid.
 * @returns The words, each once.
 */
export function fourTupleWords(given: readonly string[], problems: string[]): string[] {
  const words = [...new Set(given)];
  for (const word of words) {
    try {
      parseFourTuple(word);
    } catch (error) {
      problems.push(`${quote(word)}: ${firstLine(error)}`);
    }
  }
  return words;
}
