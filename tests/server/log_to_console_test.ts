import { assertEquals } from "@std/assert";
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
    [["fourtuple: three"], ["fourtuple worker 2: four (k)", error]],
  );
});
