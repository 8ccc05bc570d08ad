import { assertEquals } from "@std/assert";
import {
  ABSENT,
  formatBytes,
  formatCount,
  formatFigure,
  formatSeconds,
} from "../../../bench/scaling/units.ts";

Deno.test("formatFigure() separates thousands, keeps its digits and shows what is absent", () => {
  assertEquals(formatFigure(1_234_567.891), "1,234,568");
  assertEquals(formatFigure(0.5, 2), "0.50");
  assertEquals(formatFigure(undefined), ABSENT);
});

Deno.test("formatBytes() writes MiB, and GiB from 1 GiB on", () => {
  assertEquals(formatBytes(2 ** 30 - 2 ** 20), "1,023 MiB");
  assertEquals(formatBytes(2 ** 30), "1.0 GiB");
});

Deno.test("formatSeconds() writes the two largest units", () => {
  const cases: [number, string][] = [
    [-1, "0 s"],
    [59.4, "59 s"],
    [59.6, "1 min 0 s"],
    [3_599, "59 min 59 s"],
    [3_720, "1 h 2 min"],
  ];
  for (const [seconds, text] of cases) assertEquals(formatSeconds(seconds), text);
});

Deno.test("formatCount() chooses the word", () => {
  assertEquals(formatCount(1, "port"), "1 port");
  assertEquals(formatCount(2_000, "port"), "2,000 ports");
  assertEquals(formatCount(0, "process", "processes"), "0 processes");
});
