/**
 * `deno task fuzz`: tries targets for some time.
 *
 * @module
 */

import { partsOf, slopeOf } from "../../bench/soak/trend.ts";
import type { CommandIo } from "../../server/cli/command/command.ts";
import { integerOption } from "../../server/cli/command/option_values.ts";
import { parseArgs } from "../../server/cli/command/parse_args.ts";
import { quote } from "../../server/cli/terminal/problems.ts";
import { fromHex } from "../helpers/notation.ts";
import { keepCrasher } from "./crasher.ts";
import { type Find, findOf } from "./run_inputs.ts";
import type { FuzzOrder } from "./serve_targets.ts";
import type { FuzzTarget } from "./target.ts";
import { watch, WATCH_LIMITS, type Watched, type WatchLimits } from "./watch.ts";

const MAX_SEED = 2 ** 31 - 1;

const DEFAULT_SECONDS = 10;

const help = `Usage: deno task fuzz [options]

Gives random, mutated and made-up input, cut up in several ways, to everything
that reads what others have written, and stops at what is not documented: another
error, another outcome for another cut, an input that has no end, memory that
grows.

Options:
  --seconds N    How long each target is tried (default: ${DEFAULT_SECONDS})
  --inputs N     The most inputs for each target (default: as many as there is time for)
  --target NAME  Only this target; may be given several times
  --seed N       The seed of the first input, the next ones count up (default: any)
  --list         Print the targets' names
  -h, --help     Print this text

The input of a fault is kept in tests/fuzz/crashers/, where a test tries it again.

RSS is that of the process after the first third of the time. Of a worker that
does nothing it grows by some 0.8 MiB per minute, until the watch's own garbage
is collected: a leak is what grows faster, or for longer.

Exit codes: 0 no fault, 1 a fault, 2 wrong usage
`;

/** What the command works with. */
export interface FuzzBench {
  /** The targets there are. */
  readonly targets: readonly FuzzTarget[];
  /** The program of a worker that has the same targets. */
  readonly program: URL;
  /** Where finds are kept. */
  readonly crashers: URL;
  /**
   * When a worker is given up.
   *
   * @default WATCH_LIMITS
   */
  readonly limits?: WatchLimits;
}

/**
 * Runs the command.
 *
 * @param args The words after the task's name.
 * @param io Where it writes.
 * @param bench What it works with.
 * @returns The exit code.
 */
export async function fuzz(
  args: readonly string[],
  io: CommandIo,
  bench: FuzzBench,
): Promise<number> {
  const faults: string[] = [];
  const flags = parseArgs(args, {
    string: ["seconds", "inputs", "target", "seed"],
    boolean: ["list", "help"],
    collect: ["target"],
    alias: { h: "help" },
  }, faults);
  const wanted = (flags.target ?? []) as string[];
  const known = new Set(bench.targets.map(({ name }) => name));
  for (const name of wanted) {
    if (!known.has(name)) faults.push(`--target: no such target, received ${quote(name)}`);
  }
  const order = {
    seconds: integerOption(flags, "seconds", [1, 1_000_000], faults) ??
      (flags.inputs === undefined ? DEFAULT_SECONDS : 1_000_000),
    inputs: integerOption(flags, "inputs", [1, MAX_SEED], faults) ?? MAX_SEED,
    seed: integerOption(flags, "seed", [0, MAX_SEED], faults) ?? anySeed(),
  };
  if (faults.length > 0) {
    for (const fault of faults) io.err(`fuzz: ${fault}\n`);
    io.err("Try: deno task fuzz --help\n");
    return 2;
  }
  if (flags.help === true) {
    io.out(help);
    return 0;
  }
  const targets = bench.targets.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  if (flags.list === true) {
    for (const { name } of targets) io.out(`${name}\n`);
    return 0;
  }
  io.out(`Seed ${order.seed}\n`);
  let found = 0;
  for (const target of targets) {
    if (await tryTarget(target, { target: target.name, ...order }, io, bench)) found++;
  }
  io.out(`\n${targets.length} targets, ${found === 0 ? "no fault" : `${found} with a fault`}\n`);
  return found === 0 ? 0 : 1;
}

function anySeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]! >>> 1;
}

/** Tries a target, and says whether it has a fault. */
async function tryTarget(
  target: FuzzTarget,
  order: FuzzOrder,
  io: CommandIo,
  { program, crashers, limits = WATCH_LIMITS }: FuzzBench,
): Promise<boolean> {
  const watched = await watch(program, order, limits);
  io.out(`\n${describe(target.name, watched)}`);
  if (watched.find === undefined) return false;
  const { seed, fault, input } = watched.find;
  // A worker that was given up has not said what its input was.
  const made = input === undefined ? undefined : fromHex(input);
  const find: Find = { ...findOf(target, seed, fault, made), fault };
  const kept = find.input === undefined ? "nothing" : await keepCrasher(find, crashers);
  io.out(
    `  FAULT with seed ${seed}: ${fault.replaceAll("\n", "\n    ")}\n` +
      `  Kept: ${kept}\n` +
      `  Again: deno task fuzz --target ${target.name} --seed ${seed} --inputs 1\n`,
  );
  return true;
}

/** Some lines about what a run came to. */
function describe(name: string, { inputs, outcomes, slowest, seconds, resident }: Watched): string {
  const rate = Math.round(inputs / seconds);
  const most = Object.entries(outcomes).sort(([, a], [, b]) => b - a);
  const milliseconds = Number.isNaN(slowest.milliseconds) ? "?" : slowest.milliseconds.toFixed(1);
  return [
    `${name}: ${inputs} inputs, ${rate} per second`,
    `  slowest ${milliseconds} ms (seed ${slowest.seed})`,
    `  RSS ${memoryOf(resident)}`,
    ...most.map(([outcome, count]) => `  ${String(count).padStart(9)} ${outcome}`),
  ].map((line) => `${line}\n`).join("");
}

/** The first third of a run is for code to be compiled and for the heap to find its size. */
const WARM_UP = 1 / 3;

/** How long a run has to be for its memory to have a slope. */
const MIN_MINUTES = 1;

function memoryOf(resident: Watched["resident"]): string {
  const mebibytes = resident.map(([at, bytes]) => [at / 60, bytes / 2 ** 20] as const);
  const warm = mebibytes.slice(Math.floor(mebibytes.length * WARM_UP));
  const parts = partsOf(warm, 24);
  const [first, last] = [parts[0], parts.at(-1)];
  if (first === undefined || last === undefined) return "not seen";
  const range = `${first[1].toFixed(0)} to ${last[1].toFixed(0)} MiB`;
  // In less time it is the growth of the heap, or what a collection of garbage leaves.
  if (last[0] < MIN_MINUTES || parts.length < 3) return range;
  const { middle, low, high } = slopeOf(parts);
  const [slope, least, greatest] = [middle, low, high].map((one) => one.toFixed(2));
  return `${range}, ${slope} MiB per minute (${least} to ${greatest})`;
}
