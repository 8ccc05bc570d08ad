import { assert, assertEquals } from "@std/assert";
import {
  cutData,
  cutText,
  describeError,
  entryText,
  type LogEntry,
  logSafely,
  logToConsole,
} from "../../server/log.ts";

Deno.test("logSafely() hands an entry over, and ignores what is thrown, at once or later", async () => {
  const entry: LogEntry = { level: "info", event: "opened", message: "Connection is open" };
  const got: LogEntry[] = [];
  logSafely((entry) => {
    got.push(entry);
    throw new Error("fails");
  }, entry);
  logSafely((entry) => {
    got.push(entry);
    return Promise.reject(new Error("fails later"));
  }, entry);
  await new Promise((resolve) => setTimeout(resolve)); // an unhandled rejection would end the test
  assertEquals(got, [entry, entry]);
});

/** The lines that the console gets of entries. */
function shown(...entries: LogEntry[]): unknown[][] {
  const { error } = console;
  const lines: unknown[][] = [];
  Object.assign(console, { error: (...parts: unknown[]) => void lines.push(parts) });
  try {
    for (const entry of entries) logToConsole(entry);
  } finally {
    Object.assign(console, { error });
  }
  return lines;
}

Deno.test("logToConsole() shows warnings and errors, with all that they have, and nothing else", () => {
  const error = new Error("thrown");
  assertEquals(
    shown(
      { level: "debug", event: "a", message: "one" },
      { level: "info", event: "a", message: "two" },
      { level: "warning", event: "a", message: "three" },
      { level: "error", event: "a", message: "four", key: "k", worker: 2, error },
    ),
    [["fourtuple: three"], [
      `fourtuple worker 2: four (k)\n  ${error.stack!.replaceAll("\n", "\n  ")}`,
    ]],
  );
});

Deno.test("logToConsole() shows nothing of a peer's that steers a terminal, and not much of it", () => {
  for (
    const hostile of ["\x1b]0;owned\x07", "\x9b31m\u202e\u2066\u2028\x7f\ud800", "%cred\x1b[2J"]
  ) {
    let error: unknown;
    try {
      JSON.parse(hostile.repeat(10_000));
    } catch (thrown) {
      error = new AggregateError([thrown, hostile], hostile, { cause: thrown });
    }
    const entry = { level: "error", event: "e", message: hostile, key: hostile, error } as const;
    const [[text, ...more] = []] = shown(entry);
    assertEquals(more, []);
    assert(!UNSEEN.test(String(text).replaceAll("\n", "")), JSON.stringify(text));
    const big = { ...entry, message: hostile.repeat(100_000), error: hostile.repeat(100_000) };
    const [[long] = []] = shown(big);
    assert(new TextEncoder().encode(String(long)).length <= 16_384);
    assert(String(long).includes(" characters more)"));
  }
});

/** The characters that a terminal acts on, or hides. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

Deno.test("cutText() leaves what fits, and says how much is missing of what does not", () => {
  assertEquals(cutText("x".repeat(100), 100), "x".repeat(100));
  assertEquals(cutText("x".repeat(101), 100), `${"x".repeat(52)}… (49 characters more)`);
  assertEquals(cutText("\n".repeat(100), 100), `${"\n".repeat(13)}… (87 characters more)`);
  // Not in the middle of a character.
  assertEquals(cutText("x" + "😀".repeat(50), 100), `x${"😀".repeat(12)}… (76 characters more)`);
});

Deno.test("cutData() leaves what fits, and makes a text of what does not", () => {
  const small = { a: ["\x1b"] };
  assertEquals(cutData(small, 64), small);
  const cut = cutData({ a: '"'.repeat(100) }, 64);
  assert(typeof cut === "string" && cut.startsWith('{"a":"'), String(cut));
  assert(JSON.stringify(cut).length <= 64);
  assertEquals(cutData(undefined, 64), undefined);
});

Deno.test("describeError() has stack, causes and each of several errors, and no end of none", () => {
  const named = (message: string, options?: ErrorOptions) => {
    const error = new Error(message, options);
    error.stack = `Error: ${message}\n    at here`;
    return error;
  };
  const several = new AggregateError([named("a"), "b"], "both", { cause: named("c") });
  several.stack = "AggregateError: both";
  assertEquals(
    describeError(several),
    "AggregateError: both\nOne of several: Error: a\n    at here\nOne of several: b\n" +
      "Caused by: Error: c\n    at here",
  );
  const circle = named("circle");
  circle.cause = circle;
  assertEquals(
    describeError(circle),
    "Error: circle\n    at here\nCaused by: Error: circle\n    at here",
  );
  let chain = named("end");
  for (let i = 0; i < 1_000; i++) chain = named("next", { cause: chain });
  assert(describeError(chain).length < 1_000);
});

Deno.test("describeError() describes whatever was thrown", () => {
  const withoutStack = new TypeError("m");
  Object.defineProperty(withoutStack, "stack", { value: 5 });
  const broken = new Error("m");
  Object.defineProperty(broken, "stack", {
    get() {
      throw new Error("no");
    },
  });
  for (
    const [thrown, text] of [
      ["text", "text"],
      [5, "5"],
      [null, "null"],
      [undefined, "undefined"],
      [Symbol("s"), "Symbol(s)"],
      [{ a: 1 }, "{ a: 1 }"],
      [Object.create(null), "[Object: null prototype] {}"],
      [withoutStack, "TypeError: m"],
      [broken, "(cannot be described)"],
    ] as const
  ) assertEquals(describeError(thrown), text);
});

Deno.test("entryText() keeps what an entry has, and nothing else", () => {
  const entry = { level: "info", event: "e", message: "m" } as const;
  assertEquals(entryText({ ...entry, other: 1 } as typeof entry), entry);
  const full = { ...entry, reason: "r", key: "k", worker: 1, error: "x" };
  assertEquals(entryText(full), full);
});
