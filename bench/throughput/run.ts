import { firstLine } from "../../server/cli/terminal/problems.ts";
import { type Bounds, type Case, lengthOf, obstacle } from "./cases.ts";
import { type Contestant, transportServer } from "./contestants.ts";
import type { LoadSpec } from "./load/spec.ts";
import { type Cores, measure } from "./measure.ts";
import { type CaseResult, type Measurement, summarize } from "./result.ts";
import type { Subprocesses } from "./subprocess.ts";
import { formatValue } from "./table.ts";

/** Starting both sides, connecting, and the warm-up take about so many seconds. */
const OVERHEAD = 2.5;

/** How cases are run. */
export interface Plan {
  /** The servers, this project's first. */
  readonly contestants: readonly Contestant[];
  /** Rounds of each case. */
  readonly rounds: number;
  /** Where both sides run. */
  readonly cores: Cores | undefined;
  /** What the host allows. */
  readonly bounds: Bounds;
  /** Who starts servers and load generators. */
  readonly processes: Subprocesses;
  /** Ends the run; a case that is under way gets what its rounds gave so far. */
  readonly signal: AbortSignal;
  /** Gets a line for each measurement. */
  say(line: string): void;
}

/** One server in one case. */
interface Entrant {
  readonly contestant: Contestant;
  readonly load: LoadSpec;
  readonly rounds: Measurement[];
  readonly failures: string[];
}

/**
 * Runs cases one after the other, each in rounds in which every server has its turn. What fails is
 * written down, and the run goes on.
 *
 * @param cases The cases.
 * @param plan How.
 * @returns What each gave; those that were not begun before the signal are missing.
 */
export async function runCases(cases: readonly Case[], plan: Plan): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  const minutes = Math.ceil(estimate(cases, plan) / 60);
  plan.say(`This takes up to ${minutes === 1 ? "a minute" : `${minutes} minutes`}`);
  for (const test of cases) {
    if (plan.signal.aborted) break;
    results.push(await runCase(test, plan));
  }
  return results;
}

/** How long all takes, in seconds. */
function estimate(cases: readonly Case[], { contestants, rounds }: Plan): number {
  return rounds * cases.reduce((sum, { load, transports }) => {
    return sum + (transports ?? contestants).length * (lengthOf(load) + OVERHEAD);
  }, 0);
}

async function runCase(test: Case, plan: Plan): Promise<CaseResult> {
  const { name, title, unit, better, load } = test;
  const about = { name, title, unit, better, load };
  const skipped = obstacle(load, plan.bounds);
  if (skipped !== undefined) {
    plan.say(`${name}: skipped: ${skipped}`);
    return { ...about, skipped, outcomes: [] };
  }
  const entrants = entrantsOf(test, plan.contestants);
  for (let round = 1; round <= plan.rounds; round++) {
    for (const entrant of entrants) {
      const line = await runRound(test, entrant, plan);
      if (plan.signal.aborted) break;
      plan.say(`${name}, round ${round} of ${plan.rounds}, ${entrant.contestant.name}: ${line}`);
    }
    if (plan.signal.aborted) break;
  }
  const outcomes = entrants.map(({ contestant, rounds, failures }) => ({
    name: contestant.name,
    title: contestant.title,
    command: displayCommand(contestant.command(test.app)),
    rounds,
    failures,
  }));
  return { ...about, outcomes: summarize(outcomes) };
}

/** Measures once; gives the figure or the failure as text. */
async function runRound(test: Case, entrant: Entrant, plan: Plan): Promise<string> {
  const { contestant, load, rounds, failures } = entrant;
  try {
    const measurement = await measure(contestant, test, load, plan.cores, plan.processes);
    rounds.push(measurement);
    return `${formatValue(measurement.value)} ${test.unit}`;
  } catch (error) {
    const reason = firstLine(error);
    // Whoever ends the run kills what it was measuring.
    if (!plan.signal.aborted) failures.push(reason);
    return `failed: ${reason}`;
  }
}

function entrantsOf(test: Case, contestants: readonly Contestant[]): Entrant[] {
  const { transports, load } = test;
  if (transports === undefined || load.kind !== "push") {
    return contestants.map((contestant) => ({ contestant, load, rounds: [], failures: [] }));
  }
  return transports.map((transport) => ({
    contestant: transportServer(transport),
    load: { ...load, transport },
    rounds: [],
    failures: [],
  }));
}

/**
 * Writes a command line as a person would, without this machine's paths to Deno and to the home
 * directory.
 *
 * @param command The program and its arguments.
 */
export function displayCommand(command: readonly string[]): string {
  const home = Deno.env.get("HOME");
  return command.map((word) => {
    if (word === Deno.execPath()) return "deno";
    return home && word.startsWith(`${home}/`) ? word.replace(home, "~") : word;
  }).map((word) => /^[\w./~@:=-]+$/.test(word) ? word : `'${word}'`).join(" ");
}
