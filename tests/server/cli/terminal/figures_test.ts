import { assertEquals } from "@std/assert";
import * as format from "../../../../server/admin/dashboard/format.js";
import {
  bytes,
  count,
  countOf,
  duration,
  milliseconds,
  percent,
  silenceText,
  timeOfDay,
} from "../../../../server/cli/terminal/figures.ts";

Deno.test("count() parts thousands", () => {
  assertEquals([0, 65_535, 1234567.6].map(count), ["0", "65,535", "1,234,568"]);
});

Deno.test("countOf() has one and more", () => {
  assertEquals(
    [countOf(1, "frame"), countOf(0, "frame"), countOf(2, "match", "matches")],
    ["1 frame", "0 frames", "2 matches"],
  );
});

Deno.test("bytes() takes the unit that fits", () => {
  assertEquals(
    [0, 1023, 1024, 1_048_575, 1_048_576, 20 * 2 ** 30, 3 * 2 ** 50].map(bytes),
    ["0 B", "1,023 B", "1.0 KiB", "1.0 MiB", "1.0 MiB", "20.0 GiB", "3072.0 TiB"],
  );
});

Deno.test("duration() has the two units that say most", () => {
  const minute = 60_000;
  assertEquals(
    [-5, 999, 59_999, minute, 62 * minute + 5_000, 1440 * minute, 1_000_000 * minute].map(duration),
    ["0s", "0s", "59s", "1m00s", "1h02m", "1d00h", "694d10h"],
  );
});

Deno.test("milliseconds() goes over to seconds", () => {
  assertEquals([0.04, 9.94, 10, 999, 1500].map(milliseconds), [
    "0.0 ms",
    "9.9 ms",
    "10 ms",
    "999 ms",
    "1.5 s",
  ]);
});

Deno.test("timeOfDay() is UTC, and a dash for what is no time", () => {
  assertEquals([timeOfDay(1_760_000_000_123), timeOfDay(1e300)], ["08:53:20.123", "-"]);
});

Deno.test("silenceText() names who has not answered", () => {
  assertEquals(
    silenceText([2], "connections"),
    "No answer from worker 2: its connections are left out",
  );
  assertEquals(
    silenceText(new Set([12, 3]), "descriptors"),
    "No answer from workers 3, 12: their descriptors are left out",
  );
});

Deno.test("percent() is not full before all is there", () => {
  assertEquals([percent(999, 1000), percent(2, 1), percent(1, 0)], ["99%", "200%", "-"]);
});

Deno.test("bytes() writes what the dashboard writes", () => {
  const values = [0, 999, 1_023, 1_024, 1_536, 1_048_524, 1_048_525, 25_769_803_776, 2 ** 60];
  assertEquals(values.map(bytes), values.map(format.bytes));
  assertEquals(format.bytes(undefined), "–");
});
