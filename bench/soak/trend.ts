/**
 * Whether a figure grows: a robust slope and what it means. Pure.
 *
 * @module
 */

import { median } from "../throughput/statistics.ts";

/** One figure at one time. */
export type Point = readonly [x: number, y: number];

/** A slope with the range that it is in, at 95% confidence. */
export interface Slope {
  /** The middle one of all slopes between two points (Theil and Sen). */
  readonly middle: number;
  /** The lower end of the range. */
  readonly low: number;
  /** The upper end of the range. */
  readonly high: number;
}

/** How the memory of a connection developed. */
export interface Trend {
  /** Its growth, in bytes per hour. */
  readonly perHour: Slope;
  /** The growth above which it is one, in bytes per hour. */
  readonly bound: number;
  /** The middle one of the figures, in bytes. */
  readonly level: number;
  /**
   * `flat`: all of the range is at or below the bound; `growing`: all of it is above; `undecided`: the
   * bound lies within, or the run was too short, and only a longer one could tell.
   */
  readonly verdict: "flat" | "growing" | "undecided";
}

/**
 * Samples follow each other so closely that one collection of garbage is seen in many of them: they
 * are no independent witnesses. The middle of so many parts is.
 */
const PARTS = 24;

/** The first third is left out: code is compiled, buffers and heap grow to what the load needs. */
const WARM_UP = 1 / 3;

/**
 * V8 and the allocator grow for minutes after a start: a growth that was seen in less is no
 * verdict.
 */
const MIN_SECONDS = 600;

/** The part of a normal distribution within 95%. */
const DEVIATIONS = 1.96;

/** The smallest object of V8 has three words, and something holds it by a fourth. */
export const MIN_LEAK: number = 4 * 8;

const SECONDS_PER_HOUR = 3_600;

/**
 * Computes the slope through some points as the median of the slopes of all pairs, with its range by
 * Kendall's statistic (Sen 1968).
 *
 * @param points Three or more, at different times.
 */
export function slopeOf(points: readonly Point[]): Slope {
  const slopes: number[] = [];
  for (const [index, [x, y]] of points.entries()) {
    for (const [otherX, otherY] of points.slice(index + 1)) {
      if (otherX !== x) slopes.push((otherY - y) / (otherX - x));
    }
  }
  slopes.sort((a, b) => a - b);
  const n = points.length;
  const reach = DEVIATIONS * Math.sqrt(n * (n - 1) * (2 * n + 5) / 18);
  const rank = (place: number): number =>
    slopes[Math.max(0, Math.min(slopes.length - 1, Math.round(place)))]!;
  return {
    middle: median(slopes),
    low: rank((slopes.length - reach) / 2 - 1),
    high: rank((slopes.length + reach) / 2),
  };
}

/**
 * Splits points into parts of equally many, and takes one figure for each.
 *
 * @param points The points, from left to right.
 * @param count The parts; fewer where there are fewer points.
 * @param figureOf Takes the figure of a part; by default its middle.
 * @returns The middle times with the figures, from left to right.
 */
export function partsOf(
  points: readonly Point[],
  count: number,
  figureOf: (values: readonly number[]) => number = median,
): Point[] {
  const parts = Math.min(count, points.length);
  const start = (part: number): number => Math.floor(part * points.length / parts);
  return Array.from({ length: parts }, (_, part): Point => {
    const own = points.slice(start(part), start(part + 1));
    return [median(own.map(([x]) => x)), figureOf(own.map(([, y]) => y))];
  });
}

/**
 * The least of some figures: what is left of a heap right after a collection of its garbage.
 *
 * @param values The figures, at least one.
 */
export function leastOf(values: readonly number[]): number {
  return Math.min(...values);
}

/**
 * Says whether the memory of a connection grows.
 *
 * @param points Seconds since the load began, and bytes of one connection.
 * @param eventsEach How often in an hour something happened to one of the connections: it was closed
 * and opened again, most of all. A server that kept one object each time would grow by the bound.
 * @param figureOf Takes the figure of a part of the time; by default its middle.
 * @returns The trend of the last two thirds; `undefined` where there are too few points.
 */
export function trendOf(
  points: readonly Point[],
  eventsEach: number,
  figureOf: (values: readonly number[]) => number = median,
): Trend | undefined {
  const warm = (points.at(-1)?.[0] ?? 0) * WARM_UP;
  const seen = points.filter(([seconds]) => seconds >= warm);
  if (seen.length < PARTS) return undefined;
  const hours = seen.map(([seconds, bytes]): Point => [seconds / SECONDS_PER_HOUR, bytes]);
  const parts = partsOf(hours, PARTS, figureOf);
  const perHour = slopeOf(parts);
  const bound = MIN_LEAK * eventsEach;
  const known = (points.at(-1)?.[0] ?? 0) >= MIN_SECONDS;
  const verdict = perHour.high <= bound
    ? "flat"
    : perHour.low > bound && known
    ? "growing"
    : "undecided";
  return { perHour, bound, level: median(parts.map(([, bytes]) => bytes)), verdict };
}
