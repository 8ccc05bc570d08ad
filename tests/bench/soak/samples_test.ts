import { assertEquals } from "@std/assert";
import { Samples } from "../../../bench/soak/samples.ts";

Deno.test("Samples keeps all while they are few", () => {
  const samples = new Samples<number>(4);
  for (const sample of [0, 1, 2, 3]) samples.push(sample);
  assertEquals(samples.all, [0, 1, 2, 3]);
});

Deno.test("Samples keeps a bounded number, at one pace, from the whole time", () => {
  const samples = new Samples<number>(4);
  for (let sample = 0; sample < 100; sample++) {
    samples.push(sample);
    assertEquals(samples.all.length <= 4, true);
  }
  assertEquals(samples.all, [0, 32, 64, 96]);
});
