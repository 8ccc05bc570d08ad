import { assertEquals, assertThrows } from "@std/assert";
import {
  DEFLATE_DEFAULTS,
  deflateOptionProblem,
  resolveDeflate,
} from "../../../../server/connection/deflate/options.ts";

Deno.test("resolveDeflate() completes what is given with the defaults", () => {
  assertEquals([resolveDeflate({}), resolveDeflate(true)], [DEFLATE_DEFAULTS, DEFLATE_DEFAULTS]);
  assertEquals([resolveDeflate(undefined), resolveDeflate(false)], [undefined, undefined]);
  const given = { level: 1, contextTakeover: true };
  assertEquals(resolveDeflate(given), { ...DEFLATE_DEFAULTS, ...given });
});

Deno.test("resolveDeflate() names every problem at once", () => {
  const error = assertThrows(
    () => resolveDeflate({ threshold: -1, level: 10, memoryLevel: 0, windowBits: 7 }),
    RangeError,
  ) as RangeError;
  assertEquals(
    error.message,
    "Cannot compress: deflate.threshold: expected an integer from 0 to 9007199254740991; " +
      "deflate.level: expected an integer from 1 to 9; " +
      "deflate.memoryLevel: expected an integer from 1 to 9; " +
      "deflate.windowBits: expected an integer from 8 to 15",
  );
});

Deno.test("deflateOptionProblem() takes integers in range and nothing else", () => {
  assertEquals([8, 15].map((bits) => deflateOptionProblem("windowBits", bits)), [
    undefined,
    undefined,
  ]);
  for (const value of [7, 16, 8.5, "8", null, undefined, NaN]) {
    assertEquals(deflateOptionProblem("windowBits", value), "expected an integer from 8 to 15");
  }
});
