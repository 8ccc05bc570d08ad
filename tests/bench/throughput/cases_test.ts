import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { lengthOf, listCases, obstacle } from "../../../bench/throughput/cases.ts";
import type { LoadSpec } from "../../../bench/throughput/load/spec.ts";

Deno.test("listCases() has every case once, with the length that was asked for", () => {
  const cases = listCases(7);
  assertEquals(cases.map(({ name }) => name), [
    "echo64",
    "text64",
    "echo64x16",
    "echo16k",
    "echo1m",
    "fan1000",
    "fan1000x8",
    "fan10000",
    "handshakes",
    "idle",
    "push",
  ]);
  for (const { load } of cases) {
    if (load.kind === "echo" || load.kind === "fan-out") assertEquals(load.seconds, 7);
  }
});

Deno.test("listCases() gives fan-out a server that broadcasts, and echo one that echoes", () => {
  const appOf = { echo: "echo", "fan-out": "broadcast", push: "broadcast" } as const;
  for (const { app, load } of listCases(1)) {
    if (load.kind in appOf) assertEquals(app, appOf[load.kind as keyof typeof appOf]);
  }
});

Deno.test("listCases() has our transport first in the case of transports", () => {
  const transports = listCases(1).flatMap((it) => it.transports ? [it.transports] : []);
  assertEquals(transports.length, 1);
  assertEquals(transports[0]![0], "websocket");
});

Deno.test("lengthOf() knows how long a load lasts", () => {
  const lengths = Object.fromEntries(listCases(3).map(({ name, load }) => [name, lengthOf(load)]));
  assertEquals([lengths.echo64, lengths.idle, lengths.handshakes, lengths.push], [3, 5, 0, 5]);
});

const idle: LoadSpec = { kind: "idle", connections: 10_000, seconds: 1 };

Deno.test("obstacle() finds too few descriptors, and how to raise them", () => {
  const reason = obstacle(idle, { descriptors: 1_024, connectionsPerSource: 28_232 });
  assertStringIncludes(reason ?? "", "1024");
  assertStringIncludes(reason ?? "", "ulimit -n 10064");
});

Deno.test("obstacle() finds too few source ports", () => {
  const reason = obstacle(idle, { descriptors: 20_000, connectionsPerSource: 9_999 });
  assertStringIncludes(reason ?? "", "9999");
});

Deno.test("obstacle() is undefined where the host allows it, or nothing is known", () => {
  assertEquals(obstacle(idle, { descriptors: 20_000, connectionsPerSource: 28_232 }), undefined);
  assertEquals(obstacle(idle, {}), undefined);
  assert(obstacle(idle, { descriptors: 10_000 }) !== undefined); // 10,000 and no room for anything else
});
