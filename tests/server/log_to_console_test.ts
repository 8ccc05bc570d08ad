import { assert, assertEquals } from "@std/assert";
import { logToConsole } from "../../server/log_to_console.ts";
import type { LogEntry } from "../../server/options.ts";

/** What the console gets of entries. */
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

/** What a terminal acts on, or hides. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
