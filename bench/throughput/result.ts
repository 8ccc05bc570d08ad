/**
 * What the bench has found: the shape of its JSON.
 *
 * @module
 */

import type { LeftOut } from "./contestants.ts";
import type { LoadSpec, PushFigures } from "./load/spec.ts";
import { median } from "./statistics.ts";

/** What one round of one case gave for one server. */
export interface Measurement {
  /** The figure itself, in the unit of the case. */
  readonly value: number;
  /** How much of one core the server used; 1 for all of it. */
  readonly serverCpu: number;
  /** How much of one core the load generator used. */
  readonly loadCpu: number;
  /** Microseconds of the server's processor time per message, delivery or handshake. */
  readonly serverMicroseconds?: number;
  /** Only of the case that compares transports. */
  readonly push?: PushFigures;
}

/** What a case gave for one server. */
export interface Outcome {
  /** The server's short name. */
  readonly name: string;
  /** What it is, with versions. */
  readonly title: string;
  /** The command that started it. */
  readonly command: string;
  /** The rounds that succeeded. */
  readonly rounds: readonly Measurement[];
  /** Why the others failed. */
  readonly failures: readonly string[];
  /** The median of each figure by itself; absent where every round failed. */
  readonly median?: Measurement;
  /** This project's median divided by this server's; absent for the project itself. */
  readonly ratio?: number;
}

/** What came of one case. */
export interface CaseResult {
  /** What `--only` calls it. */
  readonly name: string;
  /** What was measured. */
  readonly title: string;
  /** What the figure counts. */
  readonly unit: string;
  /** Whether more of it is better. */
  readonly better: "more" | "less";
  /** What the load generator was told. */
  readonly load: LoadSpec;
  /** Why it was not run. */
  readonly skipped?: string;
  /** The servers, this project's first. */
  readonly outcomes: readonly Outcome[];
}

/** Where and when it ran, and what was compared. */
export interface Environment {
  /** ISO 8601. */
  readonly date: string;
  /** The operating system and its kernel. */
  readonly kernel: string;
  /** The processor. */
  readonly cpu: string;
  /** Cores that the bench may use. */
  readonly cores: number;
  /** Versions by program. */
  readonly versions: Readonly<Record<string, string>>;
  /** The command that was given. */
  readonly command: string;
  /** The cores of server and load generator; absent where they are not pinned. */
  readonly pinned?: { readonly server: number; readonly load: number };
  /** Why they are not pinned. */
  readonly notPinned?: string;
}

/** The whole result. */
export interface ThroughputResult {
  readonly environment: Environment;
  /** Rounds of each case. */
  readonly rounds: number;
  /** Seconds that each is counted. */
  readonly seconds: number;
  /** Peers that could not be had. */
  readonly leftOut: readonly LeftOut[];
  /** Whether somebody ended it before it was done. */
  readonly interrupted: boolean;
  readonly cases: readonly CaseResult[];
}

/**
 * Takes the median of each figure by itself.
 *
 * @param rounds At least one.
 */
export function medianOf(rounds: readonly Measurement[]): Measurement {
  const of = (figure: (round: Measurement) => number | undefined) => {
    const values = rounds.map(figure).filter((value) => value !== undefined);
    return values.length === 0 ? undefined : median(values);
  };
  const ofPush = (figure: keyof PushFigures) => of(({ push }) => push?.[figure])!;
  const serverMicroseconds = of((round) => round.serverMicroseconds);
  return {
    value: of((round) => round.value)!,
    serverCpu: of((round) => round.serverCpu)!,
    loadCpu: of((round) => round.loadCpu)!,
    ...serverMicroseconds !== undefined && { serverMicroseconds },
    ...rounds.some(({ push }) => push !== undefined) && {
      push: {
        setupBytes: ofPush("setupBytes"),
        bytesPerMessage: ofPush("bytesPerMessage"),
        requests: ofPush("requests"),
        delayMedian: ofPush("delayMedian"),
        delayP99: ofPush("delayP99"),
      },
    },
  };
}

/**
 * Adds medians, and the ratio of the first server to each other one.
 *
 * @param outcomes What the rounds gave.
 */
export function summarize(
  outcomes: readonly Omit<Outcome, "median" | "ratio">[],
): Outcome[] {
  const [own, ...others] = outcomes.map((outcome): Outcome =>
    outcome.rounds.length === 0 ? outcome : { ...outcome, median: medianOf(outcome.rounds) }
  );
  if (own === undefined) return [];
  const withRatio = others.map((other) => {
    const [ours, theirs] = [own.median?.value, other.median?.value];
    return ours === undefined || !theirs ? other : { ...other, ratio: ours / theirs };
  });
  return [own, ...withRatio];
}

/** A share of a core from which on a side has no time left: what it did was as much as it could. */
const BUSY = 0.9;

/**
 * Says which side was the limit.
 *
 * @param measurement The shares of both.
 */
export function limitOf(measurement: Measurement): "server" | "load" | "both" | "neither" {
  const { serverCpu, loadCpu } = measurement;
  if (serverCpu >= BUSY) return loadCpu >= BUSY ? "both" : "server";
  return loadCpu >= BUSY ? "load" : "neither";
}
