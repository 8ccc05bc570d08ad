import { assert, assertEquals } from "@std/assert";
import {
  leastOf,
  MIN_LEAK,
  partsOf,
  type Point,
  slopeOf,
  trendOf,
} from "../../../bench/soak/trend.ts";
import { Random } from "../../helpers/random.ts";

/**
 * An hour of samples of 10,000 bytes: with growth in bytes per hour, and noise up to so many bytes.
 */
function hour({ growth = 0, noise = 0, seconds = 3_600 }): Point[] {
  const random = new Random(1);
  return Array.from({ length: 240 }, (_, index): Point => {
    const at = (index + 1) * seconds / 240;
    return [at, 10_000 + growth * at / 3_600 + random.below(2 * noise + 1) - noise];
  });
}

Deno.test("slopeOf() is the slope of a line", () => {
  const line = [0, 1, 2, 3, 4, 5].map((x): Point => [x, 7 - 2 * x]);
  assertEquals(slopeOf(line), { middle: -2, low: -2, high: -2 });
});

Deno.test("slopeOf() does not mind points far away from the line", () => {
  const points = Array.from({ length: 30 }, (_, x): Point => [x, x % 10 === 3 ? 1_000 : 3 * x]);
  assertEquals(slopeOf(points).middle, 3);
});

Deno.test("slopeOf() tells the range of what the noise permits", () => {
  const { middle, low, high } = slopeOf(hour({ growth: 360, noise: 1_000 }).slice(0, 40));
  assert(low < middle && middle < high);
  assert(low < 0.1 && 0.1 < high, `${low} to ${high}`);
});

Deno.test("slopeOf() gives the range that a table of Kendall's statistic gives", () => {
  // 10 points, 45 pairs: 1.96 * sqrt(125) is 21.9, so the 12th and the 34th slope bound the range.
  const points = [0, 5, 1, 6, 2, 9, 3, 8, 4, 7].map((y, x): Point => [x, y]);
  const slopes = points.flatMap(([x, y], index) =>
    points.slice(index + 1).map(([otherX, otherY]) => (otherY - y) / (otherX - x))
  ).sort((a, b) => a - b);
  const { low, high } = slopeOf(points);
  assertEquals([low, high], [slopes[11], slopes[33]]);
});

Deno.test("partsOf() takes the middle of each part", () => {
  const points = [0, 1, 2, 3, 4, 5, 6].map((x): Point => [x, x === 1 ? 100 : x]);
  assertEquals(partsOf(points, 2), [[1, 2], [4.5, 4.5]]);
  assertEquals(partsOf(points.slice(0, 1), 2), [[0, 0]]);
  assertEquals(partsOf([], 2), []);
});

Deno.test("trendOf() calls noise without growth flat", () => {
  const trend = trendOf(hour({ noise: 200 }), 72)!;
  assertEquals([trend.verdict, trend.bound], ["flat", 72 * MIN_LEAK]);
  assert(Math.abs(trend.level - 10_000) < 50);
});

Deno.test("trendOf() calls a memory that shrinks flat", () => {
  assertEquals(trendOf(hour({ growth: -9_000 }), 72)!.verdict, "flat");
});

Deno.test("trendOf() finds what keeping one object of each closed connection would be", () => {
  const trend = trendOf(hour({ growth: 1.5 * 72 * MIN_LEAK, noise: 200 }), 72)!;
  assertEquals(trend.verdict, "growing");
  assert(trend.perHour.low > trend.bound);
});

Deno.test("trendOf() does not decide where the noise is too strong, or the run too short", () => {
  assertEquals(trendOf(hour({ growth: 72 * MIN_LEAK, noise: 5_000 }), 72)!.verdict, "undecided");
  assertEquals(trendOf(hour({ growth: 9e6, seconds: 300 }), 72)!.verdict, "undecided");
});

Deno.test("trendOf() leaves the first third out", () => {
  const points = hour({}).map(([at, bytes]): Point => [at, at < 1_100 ? bytes + 9 * at : bytes]);
  assertEquals(trendOf(points, 72)!.perHour.middle, 0);
});

Deno.test("trendOf() sees a leak below the garbage of a heap by its least figures", () => {
  const random = new Random(2);
  const sawtooth = hour({ growth: 3 * 72 * MIN_LEAK }).map(([at, bytes], index): Point => {
    return [at, index % 5 === 0 ? bytes : bytes + random.below(100_000)];
  });
  assertEquals(trendOf(sawtooth, 72)!.verdict, "undecided");
  assertEquals(trendOf(sawtooth, 72, leastOf)!.verdict, "growing");
});

Deno.test("trendOf() says nothing of few samples", () => {
  assertEquals(trendOf(hour({}).slice(0, 30), 72), undefined);
  assertEquals(trendOf([], 72), undefined);
});
