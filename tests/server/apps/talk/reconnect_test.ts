import { assertEquals } from "@std/assert";
import {
  Backoff,
  BASE_MS,
  CAP_MS,
  mayReconnect,
  STABLE_MS,
} from "../../../../server/apps/talk/reconnect.js";

/** Draws the largest number that a random source can give. */
const highest = () => 1 - Number.EPSILON / 2;

Deno.test("Backoff doubles the ceiling of its waits up to the cap", () => {
  const backoff = new Backoff(highest);
  const waits = Array.from({ length: 8 }, () => backoff.next() + 1);
  assertEquals(waits, [500, 1000, 2000, 4000, 8000, 16_000, CAP_MS, CAP_MS]);
});

Deno.test("Backoff stays at the cap however many attempts fail", () => {
  const backoff = new Backoff(highest);
  for (let attempt = 0; attempt < 5000; attempt++) backoff.next();
  assertEquals(backoff.next() + 1, CAP_MS);
});

Deno.test("Backoff draws over the whole range: full jitter", () => {
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

Deno.test("mayReconnect() stops at 1008 and at the application's own codes", () => {
  const codes = [1000, 1001, 1006, 1009, 1011, 1012, 1013, 3000, 3999];
  assertEquals(codes.filter((code) => !mayReconnect(code)), []);
  assertEquals([1008, 4000, 4001, 4999].filter(mayReconnect), []);
});
