import { assertEquals, assertThrows } from "@std/assert";
import { median, percentile } from "../../../bench/throughput/statistics.ts";

Deno.test("median() takes the middle one, or the mean of the two in the middle", () => {
  assertEquals(median([7]), 7);
  assertEquals(median([9, 1, 100]), 9); // 100 first if they were compared as text
  assertEquals(median([4, 1, 3, 2]), 2.5);
});

Deno.test("median() leaves its argument as it was", () => {
  const values = [3, 1, 2];
  median(values);
  assertEquals(values, [3, 1, 2]);
});

Deno.test("percentile() takes the nearest rank", () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  assertEquals(percentile(hundred, 0.5), 50);
  assertEquals(percentile(hundred, 0.99), 99);
  assertEquals(percentile(hundred, 1), 100);
  assertEquals(percentile(hundred, 0), 1);
  assertEquals(percentile([5], 0.99), 5);
});

Deno.test("median() and percentile() refuse no values", () => {
  assertThrows(() => median([]), RangeError);
  assertThrows(() => percentile([], 0.5), RangeError);
});
