import { assertEquals } from "@std/assert";
import {
  ratesBetween,
  scaleTop,
  Series,
  timeSpan,
} from "../../../../server/admin/dashboard/series.js";

const START = 1_760_000_000_000;

Deno.test("Series keeps the newest rows and no more than it may", () => {
  const series = new Series(2, 3);
  for (let row = 0; row < 1000; row++) series.push(START + row * 1000, [row, -row]);
  const seconds = START / 1000;
  assertEquals(series.columns, [
    [seconds + 997, seconds + 998, seconds + 999],
    [997, 998, 999],
    [-997, -998, -999],
  ]);
});

Deno.test("Series leaves a gap for a figure that is not known", () => {
  const series = new Series(2, 3);
  series.push(START, [undefined, 2]);
  assertEquals(series.columns.slice(1), [[null], [2]]);
});

Deno.test("Series leaves a gap where rows are far from each other", () => {
  const series = new Series(1, 10);
  for (const after of [0, 1_000, 6_000, 60_000]) series.push(START + after, [after]);
  assertEquals(series.columns[1], [0, 1_000, 6_000, null, 60_000]);
});

Deno.test("Series leaves out a row that is not later than the last", () => {
  const series = new Series(1, 10);
  for (const after of [1_000, 1_000, 500]) series.push(START + after, [after]);
  assertEquals(series.columns[1], [1_000]);
});

function totals(figure: number) {
  return {
    opened: figure,
    messagesIn: 3 * figure,
    messagesOut: 4 * figure,
    bytesIn: 10 * figure,
    bytesOut: 20 * figure,
  };
}

Deno.test("ratesBetween() divides by the time that has gone", () => {
  const rates = ratesBetween({ at: START, totals: totals(100) }, {
    at: START + 2_000,
    totals: totals(110),
  });
  assertEquals(rates, { opened: 5, messagesIn: 15, messagesOut: 20, bytesIn: 50, bytesOut: 100 });
});

Deno.test("ratesBetween() gives nothing without a time between, or when a counter went back", () => {
  const now = { at: START, totals: totals(100) };
  assertEquals(ratesBetween(undefined, now), undefined);
  assertEquals(ratesBetween(now, now), undefined);
  assertEquals(ratesBetween(now, { at: START + 1_000, totals: totals(99) }), undefined);
});

Deno.test("timeSpan() grows with what there is, up to ten minutes", () => {
  assertEquals(
    [0, 60, 61, 300, 301, 5_000].map((last) => timeSpan(0, last)[0]),
    [-60, 0, -59, 0, -59, 4_400],
  );
});

Deno.test("scaleTop() takes the mark in from a tenth of it on", () => {
  assertEquals([scaleTop(0, undefined), scaleTop(100, undefined)], [4, 112.00000000000001]);
  assertEquals(scaleTop(6_553, 65_535) < 65_535, true);
  assertEquals(scaleTop(6_554, 65_535) > 65_535, true);
  assertEquals(scaleTop(100_000, 65_535) > 100_000, true);
});
