import { assertEquals } from "@std/assert";
import { percentile, summarize } from "../../../server/scale/latency.ts";

const OPTIONS = { connections: 10, perSecond: 100, seconds: 10 };

/** 1, 2, 3 … n. */
function upTo(n: number): number[] {
  return Array.from({ length: n }, (_, index) => index + 1);
}

Deno.test("percentile() is the nearest rank", () => {
  const hundred = upTo(100);
  assertEquals([0, 1, 50, 99, 99.9, 100].map((p) => percentile(hundred, p)), [
    1,
    1,
    50,
    99,
    100,
    100,
  ]);
  assertEquals(percentile(upTo(1_000), 99.9), 999);
  assertEquals(percentile([7], 50), 7);
  assertEquals(percentile([1, 2], 50), 1);
});

Deno.test("summarize() sorts by value, whatever came first", () => {
  const delays = upTo(1_000).reverse();
  assertEquals(summarize({ connections: 8, sent: 1_001, delays }, OPTIONS), {
    sent: 1_001,
    received: 1_000,
    connections: 8,
    perSecond: 100,
    p50: 500,
    p99: 990,
    p999: 999,
    max: 1_000,
  });
});

Deno.test("summarize() has nothing to say where nothing came back", () => {
  assertEquals(summarize({ connections: 8, sent: 5, delays: [] }, OPTIONS), undefined);
});
