import { assertEquals } from "@std/assert";
import { limitOf, medianOf, type Outcome, summarize } from "../../../bench/throughput/result.ts";
import { measurement } from "./result.ts";

function outcome(name: string, ...values: number[]): Outcome {
  const rounds = values.map((value) => measurement(value));
  return { name, title: name, command: name, rounds, failures: [] };
}

Deno.test("medianOf() takes each figure by itself", () => {
  const rounds = [
    measurement(1, { serverCpu: 0.9, loadCpu: 0.1, serverMicroseconds: 30 }),
    measurement(2, { serverCpu: 0.5, loadCpu: 0.3, serverMicroseconds: 10 }),
    measurement(3, { serverCpu: 0.7, loadCpu: 0.2, serverMicroseconds: 20 }),
  ];
  assertEquals(medianOf(rounds), {
    value: 2,
    serverCpu: 0.7,
    loadCpu: 0.2,
    serverMicroseconds: 20,
  });
});

Deno.test("medianOf() keeps what only some cases have", () => {
  const push = {
    setupBytes: 283,
    bytesPerMessage: 66,
    requests: 0,
    delayMedian: 1,
    delayP99: 2,
  };
  const { serverMicroseconds: _, ...idle } = measurement(1);
  assertEquals(medianOf([idle]), idle);
  const slow = measurement(66, { push: { ...push, delayP99: 6 } });
  assertEquals(medianOf([measurement(66, { push }), slow]).push, { ...push, delayP99: 4 });
});

Deno.test("summarize() divides our median by each peer's", () => {
  const [own, ...peers] = summarize([
    outcome("a", 30, 10, 20),
    outcome("b", 40),
    outcome("c", 5, 15),
  ]);
  assertEquals(own?.median?.value, 20);
  assertEquals(own?.ratio, undefined);
  assertEquals(peers.map(({ ratio }) => ratio), [0.5, 2]);
});

Deno.test("summarize() gives no ratio where one of both failed", () => {
  const failed = { ...outcome("b"), failures: ["It broke"] };
  assertEquals(summarize([outcome("a", 1), failed]), [
    { ...outcome("a", 1), median: measurement(1) },
    failed,
  ]);
  assertEquals(summarize([failed, outcome("a", 1)])[1]?.ratio, undefined);
  assertEquals(summarize([]), []);
});

Deno.test("limitOf() names the side without time left", () => {
  const limit = (serverCpu: number, loadCpu: number) => limitOf({ value: 1, serverCpu, loadCpu });
  assertEquals(limit(0.99, 0.5), "server");
  assertEquals(limit(0.5, 0.9), "load");
  assertEquals(limit(1.2, 0.95), "both");
  assertEquals(limit(0.89, 0.89), "neither");
});
