import { FRAME_NAMES, type FrameName } from "../../protocol/mod.ts";
import {
  type Distribution,
  type FrameCount,
  type LoopDelay,
  type Measured,
  Measurements,
} from "./measurements.ts";

type Frames = Measured["framesIn"];
type Counts = Readonly<Record<string, number>>;

/** The empty measurements. */
const NOTHING: Measured = new Measurements().read({ mean: 0, max: 0 });

/**
 * Adds up the measurements of processes. With those of processes that have gone among them, a sum
 * never goes back.
 *
 * @param parts The measurements of each; all of them count into the same buckets.
 * @returns The sums. Of the event loops' delay it is the longest, and the mean over those that have
 * measured one.
 */
export function joinMeasured(parts: readonly Measured[]): Measured {
  const sum = (of: (part: Measured) => number): number =>
    parts.reduce((total, part) => total + of(part), 0);
  return {
    framesIn: joinFrames(parts.map((it) => it.framesIn)),
    framesOut: joinFrames(parts.map((it) => it.framesOut)),
    textIn: sum((it) => it.textIn),
    textOut: sum((it) => it.textOut),
    closes: {
      us: joinCounts(parts.map((it) => it.closes.us)),
      peer: joinCounts(parts.map((it) => it.closes.peer)),
    },
    handshakes: joinDistributions(parts.map((it) => it.handshakes)),
    roundTrips: joinDistributions(parts.map((it) => it.roundTrips)),
    slowClosed: sum((it) => it.slowClosed),
    unfinishedLate: sum((it) => it.unfinishedLate),
    unfinishedFull: sum((it) => it.unfinishedFull),
    peersLost: sum((it) => it.peersLost),
    loopDelay: joinLoopDelays(parts.map((it) => it.loopDelay)),
  };
}

function joinFrames(parts: readonly Frames[]): Frames {
  const join = (name: FrameName): FrameCount => ({
    frames: parts.reduce((total, part) => total + part[name].frames, 0),
    bytes: parts.reduce((total, part) => total + part[name].bytes, 0),
  });
  return Object.fromEntries(FRAME_NAMES.map((name) => [name, join(name)])) as Frames;
}

function joinCounts(parts: readonly Counts[]): Counts {
  const sums: Record<string, number> = {};
  for (const part of parts) {
    for (const [name, count] of Object.entries(part)) sums[name] = (sums[name] ?? 0) + count;
  }
  return sums;
}

function joinDistributions(parts: readonly Distribution[]): Distribution {
  const { bounds, counts } = parts[0] ?? NOTHING.handshakes;
  return {
    bounds,
    counts: counts.map((_, at) => parts.reduce((total, part) => total + part.counts[at]!, 0)),
    sum: parts.reduce((total, part) => total + part.sum, 0),
  };
}

function joinLoopDelays(parts: readonly LoopDelay[]): LoopDelay {
  const measured = parts.filter(({ max }) => max > 0);
  const sum = measured.reduce((total, { mean }) => total + mean, 0);
  return {
    mean: measured.length === 0 ? 0 : sum / measured.length,
    max: Math.max(0, ...measured.map(({ max }) => max)),
  };
}
