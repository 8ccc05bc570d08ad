import { escapeControls } from "../../server/escape.ts";
import { toHex } from "../helpers/notation.ts";
import { Random } from "../helpers/random.ts";
import type { FuzzTarget } from "./target.ts";

/** An input that showed a fault, and all that is needed to see it again. */
export interface Find {
  /** The target's name. */
  readonly target: string;
  /** What the input was made from, and what decided how it was cut. */
  readonly seed: number;
  /** The input in hex; absent where it could not be made. */
  readonly input?: string;
  /** What was wrong. */
  readonly fault: string;
}

/** What inputs came to. */
export interface Tally {
  /** How many there were. */
  inputs: number;
  /** How many came to what. */
  outcomes: Record<string, number>;
  /** The one that took longest, in milliseconds. */
  slowest: { seed: number; milliseconds: number };
  /** The first that showed a fault; it ends the run. */
  find?: Find;
}

/** How long a run may keep the event loop from timers, in milliseconds. */
const TURN = 50;

/**
 * Gives a target one input after the other.
 *
 * @param target The target.
 * @param seed The seed of the first input; the next ones count up from it.
 * @param goesOn Asked ahead of each input, with its seed and how many there were before.
 * @returns What they came to.
 */
export async function runInputs(
  target: FuzzTarget,
  seed: number,
  goesOn: (seed: number, before: number) => boolean,
): Promise<Tally> {
  const tally: Tally = { inputs: 0, outcomes: {}, slowest: { seed, milliseconds: 0 } };
  let turnEnds = performance.now() + TURN;
  for (let at = seed; goesOn(at, tally.inputs); at = nextSeed(at)) {
    const began = performance.now();
    let input: Uint8Array<ArrayBuffer> | undefined;
    try {
      input = target.make(new Random(at));
      const outcome = checkInput(target, input, at);
      const word = typeof outcome === "string" ? outcome : await outcome;
      tally.outcomes[word] = (tally.outcomes[word] ?? 0) + 1;
    } catch (error) {
      tally.find = findOf(target, at, error, input);
    }
    tally.inputs++;
    const now = performance.now();
    if (now - began > tally.slowest.milliseconds) {
      tally.slowest = { seed: at, milliseconds: now - began };
    }
    if (tally.find !== undefined) break;
    if (now > turnEnds) {
      await new Promise((resolve) => setTimeout(resolve));
      turnEnds = performance.now() + TURN;
    }
  }
  return tally;
}

/**
 * Gives a target one input.
 *
 * @param target The target.
 * @param input The input; it is a fault to change it.
 * @param seed Decides what the input does not, such as where it is cut.
 * @returns What came of it.
 */
export function checkInput(
  target: FuzzTarget,
  input: Uint8Array<ArrayBuffer>,
  seed: number,
): string | Promise<string> {
  // Not what the input was made with: that has drawn as often as its making has.
  return target.check(input, new Random(seed ^ 0x5bd1e995));
}

/** Seeds stay below 2^31, so that a counter of 32 bits holds them. */
function nextSeed(seed: number): number {
  return seed === 2 ** 31 - 1 ? 0 : seed + 1;
}

/** Writes down what was found. */
export function findOf(
  { name, make }: FuzzTarget,
  seed: number,
  error: unknown,
  made?: Uint8Array,
): Find {
  const find = { target: name, seed, fault: describe(error) };
  try {
    return { ...find, input: toHex(made ?? make(new Random(seed))).replaceAll(" ", "") };
  } catch {
    return find; // the fault is in the making
  }
}

/** The error in lines that a terminal does not act on, and without where this machine has its files. */
function describe(error: unknown): string {
  const text = error instanceof Error ? error.stack ?? error.message : String(error);
  return text
    // deno-lint-ignore no-control-regex -- that is how a colour begins
    .replaceAll(/\x1b\[[0-9;]*m/g, "")
    .split("\n")
    .filter((line) => line.trim() !== "" && !/^ +at .*(?:node_modules|npm\/|ext:)/.test(line))
    .map((line) => line.replaceAll(/file:\/\/\S*\/(?=(?:protocol|server|tests|bench)\/)/g, ""))
    .map(escapeControls)
    .join("\n")
    .slice(0, 2_000);
}
