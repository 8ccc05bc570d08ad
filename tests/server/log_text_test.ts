import { assert, assertEquals } from "@std/assert";
import { cutData, cutText, describeError, entryText } from "../../server/log_text.ts";

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
