import { assertEquals } from "@std/assert";
import {
  Backoff,
  BASE_MS,
  CAP_MS,
  isFinal,
  MAX_RETRY_AFTER_MS,
  STABLE_MS,
} from "../../client/backoff.js";

/** Draws the largest number that a random source can give. */
const highest = () => 1 - Number.EPSILON / 2;

Deno.test("Backoff doubles the ceiling of its waits up to the cap", () => {
  const backoff = new Backoff(highest);
  const waits = Array.from({ length: 8 }, () => backoff.next() + 1);
  assertEquals(waits, [500, 1000, 2000, 4000, 8000, 16_000, CAP_MS, CAP_MS]);
});

Deno.test("Backoff stays at the cap when very many attempts fail", () => {
  const backoff = new Backoff(highest);
  for (let attempt = 0; attempt < 5000; attempt++) backoff.next();
  assertEquals(backoff.next() + 1, CAP_MS);
});

Deno.test("Backoff draws over the whole range when it jitters", () => {
  const draws = [0, 0.25, 0.5];
  const backoff = new Backoff(() => draws.shift() ?? 0);
  assertEquals([backoff.next(), backoff.next(), backoff.next()], [0, 250, 1000]);
});

Deno.test("Backoff starts over after a stable connection, not after a short one", () => {
  const backoff = new Backoff(highest);
  backoff.next();
  backoff.ended(STABLE_MS - 1);
  assertEquals(backoff.next() + 1, 2 * BASE_MS);
  backoff.ended(STABLE_MS);
  assertEquals(backoff.next() + 1, BASE_MS);
});

Deno.test("Backoff adds its jitter to what the server asked for, up to an hour", () => {
  const backoff = new Backoff(() => 0.5);
  assertEquals(backoff.next(60_000), 60_250);
  assertEquals(backoff.next(1e12), MAX_RETRY_AFTER_MS + 500);
});

Deno.test("Backoff passes over a wait that makes no sense", () => {
  for (const retryAfter of [NaN, -1, -Infinity]) {
    assertEquals(new Backoff(() => 0.5).next(retryAfter), 250);
  }
});

Deno.test("isFinal() stops where coming back would repeat what was wrong", () => {
  const codes = [1000, 1001, 1005, 1006, 1009, 1011, 1012, 1013, 1014, 1015, 3000, 3999, 4000];
  assertEquals(codes.filter((code) => isFinal(code)), []);
  assertEquals([1002, 1003, 1007, 1008, 1010].filter((code) => !isFinal(code)), []);
});

Deno.test("isFinal() stops at the application's codes when told to", () => {
  const codes = [3999, 4000, 4999, 5000, 1000];
  assertEquals(codes.filter((code) => isFinal(code, true)), [4000, 4999]);
});
