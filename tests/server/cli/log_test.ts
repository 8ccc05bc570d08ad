import { assertEquals, assertMatch } from "@std/assert";
import { LineWriter } from "../../../server/cli/line_writer.ts";
import { startLog } from "../../../server/cli/log.ts";
import type { Settings } from "../../../server/cli/settings.ts";
import type { LogEntry } from "../../../server/options.ts";

/** Logs entries and returns the lines. */
async function logged(
  settings: Pick<Settings, "logFormat" | "logLevel">,
  ...entries: LogEntry[]
): Promise<string[]> {
  let text = "";
  const writer = new LineWriter({
    write(bytes) {
      text += new TextDecoder().decode(bytes);
      return Promise.resolve(bytes.length);
    },
  });
  const log = startLog(settings, writer);
  for (const entry of entries) log(entry);
  await writer.flush();
  assertEquals(text.at(-1) ?? "\n", "\n");
  return text.split("\n").slice(0, -1);
}

const PRETTY = { logFormat: "pretty", logLevel: "debug" } as const;
const JSON_LINES = { logFormat: "json", logLevel: "debug" } as const;
const KEY = "127.0.0.1:51324-127.0.0.1:8080";
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /;

/** Takes the time off a pretty line, after a look at it. */
function withoutTime(line: string): string {
  assertMatch(line, TIME);
  return line.replace(TIME, "");
}

Deno.test("startLog() writes a pretty line: time, level, worker, event, message, 4-tuple", async () => {
  const lines = await logged(
    PRETTY,
    { level: "info", event: "listening", message: "Listening on 1 port" },
    { level: "warning", event: "refused", message: "Peer was refused", key: KEY },
    { level: "info", event: "opened", message: "Opened", key: KEY, worker: 12 },
  );
  assertEquals(lines.map(withoutTime), [
    "info    listening Listening on 1 port",
    `warning refused Peer was refused (${KEY})`,
    `info    w12 opened Opened (${KEY})`,
  ]);
});

Deno.test("startLog() writes what was thrown below a pretty line", async () => {
  const error = new Error("first\nsecond");
  error.stack = "Error: first\nsecond\n    at somewhere";
  const [line, ...below] = await logged(
    PRETTY,
    { level: "error", event: "handler_fault", message: "Handler threw", error },
  );
  assertEquals(withoutTime(line!), "error   handler_fault Handler threw");
  assertEquals(below, ["  Error: first", "  second", "      at somewhere"]);
});

Deno.test("startLog() writes a thrown value that is no Error", async () => {
  const entry = { level: "error", event: "fault", message: "Thrown", error: 5 } as const;
  assertEquals((await logged(PRETTY, entry))[1], "  5");
});

Deno.test("startLog() escapes control characters, so that nobody steers a terminal", async () => {
  const [line, ...below] = await logged(PRETTY, {
    level: "info",
    event: "e\x1b[2J",
    message: "a\nb\rc\x00\x7f\x9b31m é €",
    key: "\t",
    error: "x\x07\ny",
  });
  assertEquals(
    withoutTime(line!),
    String.raw`info    e\x1b[2J a\x0ab\x0dc\x00\x7f\x9b31m é € (\x09)`,
  );
  assertEquals(below, [String.raw`  x\x07`, "  y"]);
});

Deno.test("startLog() writes one JSON object for each entry, with documented keys", async () => {
  const lines = await logged(
    JSON_LINES,
    { level: "info", event: "listening", message: "Listening" },
    { level: "warning", event: "refused", message: 'a "b"\n\x1b\x9b', key: KEY, error: "why" },
  );
  const [first, second] = lines.map((line) => JSON.parse(line));
  const { "@timestamp": time, ...rest } = first;
  assertEquals(new Date(time).toISOString(), time);
  assertEquals(rest, {
    level: "INFO",
    message: "Listening",
    logger: "fourtuple",
    event: "listening",
  });
  delete second["@timestamp"];
  assertEquals(second, {
    level: "WARN",
    message: 'a "b"\n\x1b\x9b',
    logger: "fourtuple",
    event: "refused",
    key: KEY,
    error: "why",
  });
  for (const line of lines) assertEquals(/\p{Cc}/u.test(line), false, "no raw control characters");
});

Deno.test("startLog() takes a message as it is, braces and all", async () => {
  const entry = { level: "info", event: "e", message: "a {key} b {{c}} {", key: "K" } as const;
  assertEquals((await logged(PRETTY, entry)).map(withoutTime), [`info    e ${entry.message} (K)`]);
  const [line] = await logged(JSON_LINES, entry);
  assertEquals(JSON.parse(line!).message, entry.message);
});

Deno.test("startLog() leaves out what is below the level", async () => {
  const levels = ["debug", "info", "warning", "error"] as const;
  const entries = levels.map((level) => ({ level, event: level, message: "m" }));
  for (const [index, logLevel] of levels.entries()) {
    const lines = await logged({ logFormat: "json", logLevel }, ...entries);
    assertEquals(lines.map((line) => JSON.parse(line).event), levels.slice(index));
  }
});
