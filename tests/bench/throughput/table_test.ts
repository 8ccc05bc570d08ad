import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { summarize } from "../../../bench/throughput/result.ts";
import { alignTable, formatResult, formatValue } from "../../../bench/throughput/table.ts";
import { caseResult, measurement, throughputResult } from "./result.ts";

const echo = caseResult({
  outcomes: summarize([
    {
      name: "fourtuple",
      title: "",
      command: "",
      rounds: [measurement(150_000)],
      failures: [],
    },
    {
      name: "ws",
      title: "",
      command: "",
      rounds: [measurement(100_000, { serverCpu: 0.052, loadCpu: 0.97 })],
      failures: ["The server closed a connection"],
    },
    { name: "bun", title: "", command: "", rounds: [], failures: ["It broke"] },
  ]),
});

Deno.test("formatResult() prints a line for each server, with the ratio and both sides' CPU", () => {
  const lines = formatResult(throughputResult({ cases: [echo] })).split("\n");
  assertEquals(lines.slice(0, 6), [
    "A Processor, linux 6.1, 2026-01-02T03:04:05.678Z",
    "",
    "case    server      median  unit   ratio  server CPU  load CPU  us/op  limit",
    "echo64  fourtuple  150,000  msg/s              100 %      50 %     10  server",
    "        ws         100,000  msg/s   1.50       5.2 %      97 %     10  load    1 of 2 rounds",
    "        bun         failed  msg/s",
  ]);
});

Deno.test("formatResult() gives the reasons for all that is missing", () => {
  const skipped = caseResult({ name: "fan10000", skipped: "needs more descriptors" });
  const text = formatResult(throughputResult({
    cases: [echo, skipped],
    leftOut: [{ name: "deno", reason: "it is not there" }],
    interrupted: true,
  }));
  for (
    const part of [
      "echo64 failed with ws: The server closed a connection.",
      "echo64 failed with bun: It broke.",
      "fan10000 was skipped: it needs more descriptors.",
      "deno was left out: it is not there.",
      "The run was ended before it was done.",
    ]
  ) assertStringIncludes(text, part);
});

Deno.test("formatResult() says how it was measured, in lines that fit", () => {
  const text = formatResult(throughputResult());
  assertStringIncludes(text.replaceAll("\n", " "), "Echo and fan-out are closed-loop");
  assertStringIncludes(text, "The servers ran on core 0, the load generator on core 1.");
  assert(!text.includes("polling"), "There was no such case");
  assertEquals(text.split("\n").filter((line) => line.length > 96), []);
});

Deno.test("formatResult() says when servers are not pinned to a core", () => {
  const { pinned: _, ...environment } = throughputResult().environment;
  const text = formatResult(throughputResult({
    environment: { ...environment, notPinned: "there is no taskset" },
  }));
  assertStringIncludes(text, "NOT pinned to cores: there is no taskset.");
});

Deno.test("formatResult() has a table of its own for transports", () => {
  const push = {
    setupBytes: 283,
    bytesPerMessage: 66,
    requests: 0,
    delayMedian: 1.5,
    delayP99: 12,
  };
  const rounds = [measurement(66, { push })];
  const outcomes = summarize([{ name: "websocket", title: "", command: "", rounds, failures: [] }]);
  const cases = [caseResult({ name: "push", unit: "B/delivery", better: "less", outcomes })];
  const lines = formatResult(throughputResult({ cases })).split("\n");
  const at = lines.findIndex((line) => line.startsWith("push") && line.includes("delay"));
  assertEquals(lines.slice(at, at + 2), [
    "push       B/delivery  requests  delay median  delay p99  server CPU  B to set up",
    "websocket          66         0        1.5 ms      12 ms       100 %          283",
  ]);
});

Deno.test("alignTable() pads to the longest cell of a column", () => {
  assertEquals(alignTable([["a", "bb", "c"], ["aaa", "b"]], [1]), ["a    bb  c", "aaa   b"]);
});

Deno.test("formatValue() keeps the digits that say something", () => {
  assertEquals([1.234, 12.34, 123.4, 1_234_567.8, 0].map(formatValue), [
    "1.23",
    "12.3",
    "123",
    "1,234,568",
    "0",
  ]);
});
