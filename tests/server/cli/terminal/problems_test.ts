import { assertEquals, assertThrows } from "@std/assert";
import {
  firstLine,
  quote,
  readerHasLeft,
  readProblem,
  writeProblem,
} from "../../../../server/cli/terminal/problems.ts";

Deno.test("quote() writes a value as JSON does, and escapes control characters", () => {
  assertEquals(quote('a "b"\n\x1b'), '"a \\"b\\"\\n\\u001b"');
  assertEquals([null, 1.5, [true], {}].map(quote), ["null", "1.5", "[true]", "{}"]);
  assertEquals(quote(JSON.parse("1e400")), "Infinity");
});

Deno.test("quote() escapes what a terminal acts on although JSON does not", () => {
  assertEquals(quote("\x7f\x9b\u202e\u2028"), '"\\x7f\\x9b\\u{202e}\\u{2028}"');
  // Nor is anything left of a character that is cut in half.
  assertEquals(quote(`${"x".repeat(58)}\u{1f600}`), `"${"x".repeat(58)}\\u{d83d}…`);
});

Deno.test("quote() cuts what is long", () => {
  assertEquals(quote("x".repeat(58)), `"${"x".repeat(58)}"`);
  assertEquals(quote("x".repeat(59)), `"${"x".repeat(59)}…`);
});

Deno.test("readProblem() says that a file is missing, or a directory, or behind a file", async () => {
  const directory = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${directory}/file`, "");
    const problem = (path: string) => readProblem(assertThrows(() => Deno.readTextFileSync(path)));
    assertEquals(problem(`${directory}/none`), "there is no such file");
    assertEquals(problem(directory), "it is a directory");
    assertEquals(problem(`${directory}/file/x`), "its path leads through a file");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test({
  name: "readProblem() tells Deno's permission from the system's",
  permissions: { read: false },
  fn: () => {
    const denied = assertThrows(() => Deno.readTextFileSync("/"));
    assertEquals(readProblem(denied), "Deno was not given --allow-read for it");
    const error = new Deno.errors.PermissionDenied("Permission denied (os error 13)");
    assertEquals(readProblem(error), "this user lacks the permission");
  },
});

Deno.test("firstLine() is the first line of a message, whatever was thrown", () => {
  assertEquals(firstLine(new Error("one\ntwo")), "one");
  assertEquals(firstLine("three\nfour"), "three");
  assertEquals(firstLine(new Error("\x1b]0;x\x07\u202e")), "\\x1b]0;x\\x07\\u{202e}");
  assertEquals(firstLine(new Error("x".repeat(5_000))).length, 2_024);
  assertEquals(readProblem(new TypeError("odd\nname")), "odd");
});

Deno.test("writeProblem() says why something could not be written", () => {
  const error = new Error("No space left on device (os error 28)");
  assertEquals(writeProblem(error), "no space left on device");
});

Deno.test("readerHasLeft() knows a reader that has left from a disk that fails", () => {
  const lost = new Error("Input/output error (os error 5)");
  for (
    const [error, wasTerminal, left] of [
      [new Deno.errors.BrokenPipe(), false, true],
      [new Deno.errors.ConnectionReset(), false, true],
      [lost, true, true],
      [lost, false, false],
      [new Error("No space left on device (os error 28)"), true, false],
    ] as const
  ) assertEquals(readerHasLeft(error, wasTerminal), left);
});
