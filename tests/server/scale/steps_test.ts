import { assertEquals } from "@std/assert";
import { stepsTo } from "../../../server/scale/steps.ts";

Deno.test("stepsTo() grows to the target, with a step just beyond 65,535", () => {
  assertEquals(stepsTo(100_000), [1_000, 5_000, 10_000, 20_000, 40_000, 65_536, 100_000]);
  assertEquals(stepsTo(70_000).slice(-2), [65_536, 70_000]);
  assertEquals(stepsTo(65_535).includes(65_536), false);
  assertEquals(stepsTo(65_536).filter((step) => step === 65_536).length, 1);
  assertEquals(stepsTo(1_000_000).slice(-4), [200_000, 400_000, 800_000, 1_000_000]);
  assertEquals(stepsTo(300), [300]);
  assertEquals(stepsTo(1_050), [1_050], "1,000 tells nothing that 1,050 does not");
  assertEquals(stepsTo(0), []);
});

Deno.test("stepsTo() takes the steps that are wanted, in order, up to the target", () => {
  assertEquals(stepsTo(500, [400, 100, 900, 100, 0, 500]), [100, 400, 500]);
  assertEquals(stepsTo(500, []), [500]);
});
