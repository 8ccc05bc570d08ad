import { assertEquals } from "@std/assert";
import * as format from "../../../../server/admin/dashboard/format.js";

Deno.test("count() writes thousands separators, and a dash for what is not known", () => {
  assertEquals([0, 65_535, 1_048_576].map(format.count), ["0", "65,535", "1,048,576"]);
  assertEquals([undefined, null, NaN, Infinity].map(format.count), ["–", "–", "–", "–"]);
});

Deno.test("counted() writes one without an s", () => {
  assertEquals(
    [0, 1, 1_000].map((it) => format.counted(it, "connection")),
    ["0 connections", "1 connection", "1,000 connections"],
  );
});

Deno.test("short() writes what fits beside an axis", () => {
  assertEquals([0, 500, 65_535, 2_000_000].map(format.short), ["0", "500", "65.5k", "2M"]);
});

Deno.test("perSecond() writes a decimal of small rates only", () => {
  assertEquals([0, 0.25, 9.96, 1234.5].map(format.perSecond), ["0/s", "0.3/s", "10/s", "1,235/s"]);
  assertEquals([format.perSecond(undefined), format.bytesPerSecond(undefined)], ["–", "–"]);
  assertEquals(format.bytesPerSecond(1_500_000), "1.4 MiB/s");
});

Deno.test("milliseconds() turns to seconds from a thousand on", () => {
  assertEquals(
    [0.4213, 12, 999, 1_200].map(format.milliseconds),
    ["0.42 ms", "12 ms", "999 ms", "1.2 s"],
  );
  assertEquals(format.milliseconds(undefined), "–");
});

Deno.test("duration() writes the two greatest units", () => {
  assertEquals(
    [-5, 0, 59_999, 60_000, 3_599_000, 11_520_000, 90_000_000].map(format.duration),
    ["0 s", "0 s", "59 s", "1 min 0 s", "59 min 59 s", "3 h 12 min", "1 d 1 h"],
  );
  assertEquals(format.duration(undefined), "–");
});

Deno.test("percent() writes a decimal of small shares only, and 0 of nothing", () => {
  assertEquals(
    [format.percent(1, 2), format.percent(1, 300), format.percent(5, 0)],
    ["50 %", "0.3 %", "0 %"],
  );
});

Deno.test("clock() writes the time of the day, with thousandths when asked", () => {
  const at = new Date(2026, 0, 2, 3, 4, 5, 67).getTime();
  assertEquals([format.clock(at), format.clock(at, true)], ["03:04:05", "03:04:05.067"]);
});

Deno.test("printable() writes what cannot be seen as its code point, and leaves the rest", () => {
  assertEquals(
    format.printable("/a\u0000b\u202Egnp\u200B\n\u2028\u{E0041}\uD800é漢😀<b>"),
    "/a\\u{0}b\\u{202e}gnp\\u{200b}\\u{a}\\u{2028}\\u{e0041}\\u{d800}é漢😀<b>",
  );
});
