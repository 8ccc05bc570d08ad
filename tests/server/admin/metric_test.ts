import { assertEquals } from "@std/assert";
import {
  bounded,
  byLabel,
  counter,
  gauge,
  histogram,
  workerCounter,
  workerGauge,
} from "../../../server/admin/metric.ts";
import { fakeClusterSnapshot, fakeSnapshot } from "../../helpers/fake_snapshot.ts";

Deno.test("gauge() and counter() read a number, samples, or nothing", () => {
  for (const [make, type] of [[gauge, "gauge"], [counter, "counter"]] as const) {
    const number = make("a", "Help.", ({ processes }) => processes.length);
    assertEquals([number.name, number.type, number.help], ["a", type, "Help."]);
    assertEquals(number.read(fakeSnapshot()), [{ value: 1 }]);
    const zero = make("a", "Help.", () => 0);
    assertEquals(zero.read(fakeSnapshot()), [{ value: 0 }]);
    const samples = [{ value: 1, labels: { a: "b" } }];
    assertEquals(make("a", "Help.", () => samples).read(fakeSnapshot()), samples);
    assertEquals(make("a", "Help.", () => undefined).read(fakeSnapshot()), []);
  }
});

Deno.test("histogram() counts a value in all buckets that hold it", () => {
  const { type, read } = histogram("a_seconds", "Help.", () => ({
    bounds: [0.5, 1],
    counts: [3, 0, 2],
    sum: 12.5,
  }));
  assertEquals(type, "histogram");
  assertEquals(read(fakeSnapshot()), [
    { metricName: "a_seconds_bucket", labels: { le: "0.5" }, value: 3 },
    { metricName: "a_seconds_bucket", labels: { le: "1" }, value: 3 },
    { metricName: "a_seconds_bucket", labels: { le: "+Inf" }, value: 5 },
    { metricName: "a_seconds_sum", value: 12.5 },
    { metricName: "a_seconds_count", value: 5 },
  ]);
});

Deno.test("workerGauge() and workerCounter() label the values of each process", () => {
  for (const [make, type] of [[workerGauge, "gauge"], [workerCounter, "counter"]] as const) {
    const metric = make("a", "Help.", ({ worker }) => worker === 2 ? undefined : 7);
    assertEquals(metric.type, type);
    assertEquals(metric.read(fakeSnapshot()), [{ labels: { worker: "0" }, value: 7 }]);
    assertEquals(metric.read(fakeClusterSnapshot()), [{ labels: { worker: "1" }, value: 7 }]);
    const split = make("a", "Help.", () => byLabel("side", { left: 1, right: 2 }));
    assertEquals(split.read(fakeClusterSnapshot()), [
      { labels: { worker: "1", side: "left" }, value: 1 },
      { labels: { worker: "1", side: "right" }, value: 2 },
      { labels: { worker: "2", side: "left" }, value: 1 },
      { labels: { worker: "2", side: "right" }, value: 2 },
    ]);
  }
});

Deno.test("byLabel() makes a sample of each entry, with the labels that all have", () => {
  assertEquals(byLabel("a", { x: 1, y: 0 }, { b: "z" }), [
    { labels: { b: "z", a: "x" }, value: 1 },
    { labels: { b: "z", a: "y" }, value: 0 },
  ]);
  assertEquals(byLabel("a", {}), []);
});

Deno.test("bounded() leaves up to 64 names as they are", () => {
  const counts = Object.fromEntries(Array.from({ length: 64 }, (_, at) => [`n${at}`, at]));
  assertEquals(bounded(counts), counts);
  assertEquals(bounded({}), {});
});

Deno.test("bounded() counts what goes beyond 64 names as other, and loses nothing", () => {
  const counts = Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`n${at}`, 1]));
  const kept = bounded(counts);
  assertEquals(Object.keys(kept).length, 65);
  assertEquals(kept.other, 936);
});

Deno.test("bounded() has the names that are always there, at 0 if not counted yet", () => {
  assertEquals(bounded({ b: 2, c: 3 }, ["a", "b"]), { a: 0, b: 2, c: 3 });
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`n${at}`, 1]));
  assertEquals(bounded(many, ["a"]).a, 0);
});
