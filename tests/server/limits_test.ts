import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { DEFAULT_HEAD_LIMITS, DEFAULT_MESSAGE_LIMITS } from "../../protocol/mod.ts";
import {
  changeLimits,
  DEFAULT_LIMITS,
  LIMIT_NAMES,
  limitProblem,
  type Limits,
  resolveLimits,
  WHEN_FULL,
} from "../../server/limits.ts";

Deno.test("DEFAULT_LIMITS are those that the README promises", () => {
  assertEquals(DEFAULT_LIMITS, {
    messageBytes: 1_048_576,
    messageFragments: 1_024,
    headLineBytes: 8_192,
    headBytes: 16_384,
    headHeaders: 64,
    bodyBytes: 1_048_576,
    handshakes: 1_024,
    handshakeTimeout: 10_000,
    sendQueueBytes: 1_048_576,
    whenFull: "close",
    pingInterval: 30_000,
    missedPings: 2,
    closeTimeout: 5_000,
    lingerBytes: 16_777_216,
    streamTimeout: 10_000,
    messageTimeout: 30_000,
    unfinishedBytes: 268_435_456,
    connectionTopics: 128,
    topicBytes: 255,
    topics: 1_000_000,
  });
  for (const [name, value] of Object.entries(DEFAULT_LIMITS)) {
    assertEquals(limitProblem(name as keyof Limits, value), undefined, name);
  }
});

Deno.test("LIMIT_NAMES has every limit, those without a default included", () => {
  const expected = [...Object.keys(DEFAULT_LIMITS), "connections", "connectionsPerAddress"];
  assertEquals([...LIMIT_NAMES], expected);
  for (const name of Object.keys({ ...DEFAULT_HEAD_LIMITS, ...DEFAULT_MESSAGE_LIMITS })) {
    assert(LIMIT_NAMES.has(name));
  }
});

Deno.test("limitProblem() takes integers from the least value on", () => {
  const least: [keyof Limits, number][] = [
    ["messageBytes", 1],
    ["connections", 1],
    ["connectionsPerAddress", 1],
    ["missedPings", 1],
    ["sendQueueBytes", 1],
    ["lingerBytes", 0],
    ["headLineBytes", 64],
    ["headBytes", 128],
    ["handshakeTimeout", 10],
    ["pingInterval", 10],
    ["closeTimeout", 10],
    ["messageTimeout", 10],
    ["unfinishedBytes", 1],
    ["connectionTopics", 1],
    ["topicBytes", 1],
    ["topics", 1],
  ];
  for (const [name, value] of least) {
    assertEquals(limitProblem(name, value), undefined, name);
    assert(
      limitProblem(name, value - 1)?.startsWith(`expected an integer from ${value} to `),
      name,
    );
  }
});

Deno.test("limitProblem() takes times that a timer can hold, and sizes that a number can", () => {
  for (const name of ["handshakeTimeout", "pingInterval", "closeTimeout"] as const) {
    assertEquals(limitProblem(name, 2_147_483_647), undefined);
    assertEquals(limitProblem(name, 2_147_483_648), "expected an integer from 10 to 2147483647");
  }
  assertEquals(limitProblem("messageBytes", Number.MAX_SAFE_INTEGER), undefined);
  assertEquals(
    limitProblem("messageBytes", Number.MAX_SAFE_INTEGER + 1),
    "expected an integer from 1 to 9007199254740991",
  );
  // A backplane has to be able to carry it.
  assertEquals(limitProblem("topicBytes", 256), "expected an integer from 1 to 255");
});

Deno.test("limitProblem() refuses what is no integer: unlimited has to be spelled out", () => {
  for (const value of [Infinity, NaN, -1, 0, 1.5, "5", 5n, null, undefined, true, [5], {}]) {
    assert(limitProblem("messageBytes", value) !== undefined, String(value));
  }
});

Deno.test("limitProblem() takes the policies of a full queue and no other", () => {
  for (const policy of WHEN_FULL) assertEquals(limitProblem("whenFull", policy), undefined);
  for (const value of ["", "Close", 1, undefined, ["close"]]) {
    assertEquals(limitProblem("whenFull", value), "expected one of close, drop, wait");
  }
});

Deno.test("resolveLimits() completes what is given with the defaults", () => {
  assertEquals(resolveLimits(), DEFAULT_LIMITS);
  assertEquals(resolveLimits({ connections: 5, lingerBytes: 0 }), {
    ...DEFAULT_LIMITS,
    connections: 5,
    lingerBytes: 0,
  });
});

Deno.test("resolveLimits() takes undefined for not given", () => {
  const limits = { messageBytes: undefined, connections: undefined } as unknown as Partial<Limits>;
  assertEquals(resolveLimits(limits), DEFAULT_LIMITS);
});

Deno.test("resolveLimits() refuses a line that is longer than a head, and makes its default none", () => {
  const problem = (limits: Partial<Limits>) =>
    assertThrows(() => resolveLimits(limits), RangeError);
  for (const limits of [{ headLineBytes: 501, headBytes: 500 }, { headLineBytes: 16_385 }]) {
    const most = limits.headBytes ?? DEFAULT_LIMITS.headBytes;
    assertStringIncludes(
      problem(limits).message,
      `limits.headLineBytes: expected at most headBytes, which is ${most}`,
    );
  }
  assertEquals(resolveLimits({ headLineBytes: 500, headBytes: 500 }).headLineBytes, 500);
  assertEquals(resolveLimits({ headBytes: 500 }).headLineBytes, 500);
  const { headLineBytes } = DEFAULT_LIMITS;
  assertThrows(
    () => changeLimits(DEFAULT_LIMITS, { headBytes: headLineBytes - 1 }, DEFAULT_LIMITS),
    RangeError,
    `at most headBytes, which is ${headLineBytes - 1}`,
  );
});

Deno.test("resolveLimits() names every problem at once", () => {
  const limits = JSON.parse(
    '{ "messageBytes": 0, "handshakes": 7, "whenFull": "burn", "speed": 1, "__proto__": 1,' +
      ' "toString": 1, "pingInterval": 5 }',
  );
  const error = assertThrows(() => resolveLimits(limits), RangeError) as RangeError;
  assertEquals(
    error.message,
    "Cannot serve with these limits: " +
      "limits.messageBytes: expected an integer from 1 to 9007199254740991; " +
      "limits.whenFull: expected one of close, drop, wait; " +
      "limits.speed: no such limit; " +
      "limits.__proto__: no such limit; " +
      "limits.toString: no such limit; " +
      "limits.pingInterval: expected an integer from 10 to 2147483647",
  );
});

Deno.test("changeLimits() changes what is given and leaves the rest", () => {
  const limits = resolveLimits({ messageBytes: 5, connections: 7 });
  assertEquals(changeLimits(limits, {}, DEFAULT_LIMITS), limits);
  const changes = { messageBytes: 6, connectionsPerAddress: 2 };
  const changed = changeLimits(limits, changes, DEFAULT_LIMITS);
  assertEquals(changed, { ...limits, messageBytes: 6, connectionsPerAddress: 2 });
  assertEquals(limits.messageBytes, 5);
});

Deno.test("changeLimits() takes null for what held at the start, which may be none", () => {
  const limits = resolveLimits({ messageBytes: 5, connections: 7, whenFull: "drop" });
  const changes = { messageBytes: null, connections: null, whenFull: null };
  assertEquals(changeLimits(limits, changes, DEFAULT_LIMITS), DEFAULT_LIMITS);
  const initial = resolveLimits({ messageBytes: 9, connections: 3 });
  assertEquals(changeLimits(limits, changes, initial), initial);
});

Deno.test("changeLimits() names every problem at once, of unknown limits too", () => {
  const changes = JSON.parse(
    '{ "messageBytes": 0, "speed": null, "__proto__": null, "handshakes": "1" }',
  );
  const change = () => changeLimits(DEFAULT_LIMITS, changes, DEFAULT_LIMITS);
  const error = assertThrows(change, RangeError) as RangeError;
  for (const name of ["messageBytes", "speed: no such", "__proto__: no such", "handshakes"]) {
    assert(error.message.includes(`limits.${name}`), error.message);
  }
});
