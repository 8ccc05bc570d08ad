import { assert, assertEquals, assertMatch } from "@std/assert";
import { Log } from "../../../../server/cli/serve/log.ts";
import type { Settings } from "../../../../server/cli/serve/settings.ts";
import type { LogEntry } from "../../../../server/log.ts";

/** Uses a log and returns the lines. */
async function linesOf(
  settings: Pick<Settings, "logFormat" | "logLevel">,
  use: (log: Log) => void,
): Promise<string[]> {
  let text = "";
  const log = new Log(settings, {
    write(bytes) {
      text += new TextDecoder().decode(bytes);
      return Promise.resolve(bytes.length);
    },
  });
  use(log);
  await log.flush();
  assertEquals(text.at(-1) ?? "\n", "\n");
  return text.split("\n").slice(0, -1);
}

/** Logs entries and returns the lines. */
function logged(
  settings: Pick<Settings, "logFormat" | "logLevel">,
  ...entries: LogEntry[]
): Promise<string[]> {
  return linesOf(settings, (log) => entries.forEach(log.write));
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

Deno.test("Log writes a pretty line: time, level, worker, event, message, 4-tuple", async () => {
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

Deno.test("Log writes what was thrown below a pretty line", async () => {
  const error = new Error("first\nsecond");
  error.stack = "Error: first\nsecond\n    at somewhere";
  const [line, ...below] = await logged(
    PRETTY,
    { level: "error", event: "handler_fault", message: "Handler threw", error },
  );
  assertEquals(withoutTime(line!), "error   handler_fault Handler threw");
  assertEquals(below, ["  Error: first", "  second", "      at somewhere"]);
});

Deno.test("Log writes a thrown value that is no Error", async () => {
  const entry = { level: "error", event: "fault", message: "Thrown", error: 5 } as const;
  assertEquals((await logged(PRETTY, entry))[1], "  5");
});

Deno.test("Log escapes control characters, so that nobody steers a terminal", async () => {
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

Deno.test("Log writes one JSON object for each entry, with documented keys", async () => {
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

Deno.test("Log takes a message as it is, braces and all", async () => {
  const entry = { level: "info", event: "e", message: "a {key} b {{c}} {", key: "K" } as const;
  assertEquals((await logged(PRETTY, entry)).map(withoutTime), [`info    e ${entry.message} (K)`]);
  const [line] = await logged(JSON_LINES, entry);
  assertEquals(JSON.parse(line!).message, entry.message);
});

Deno.test("Log writes no line that is longer than 16 KiB or steers a terminal, whoever's words are in it", async () => {
  const hostile = [
    "\x1b[2J",
    "\x9b",
    "\n",
    "\t",
    "\u202e",
    "\u2028",
    "\ud800",
    "\ue000",
    "\u{e0001}",
    '"',
    "€",
  ];
  for (const part of [...hostile, hostile.join("")]) {
    const text = part.repeat(20_000);
    const error = new AggregateError([new Error(text), text], text, { cause: new Error(text) });
    const use = (log: Log): void => {
      log.write({ level: "error", event: text, message: text, reason: text, key: text, error });
      log.audit(text, { at: "now", target: { [text]: text }, result: Array(9_999).fill(part) });
    };
    const [problem, audit] = await linesOf(JSON_LINES, use);
    const { message, error: described } = JSON.parse(problem!);
    for (const cut of [message, described]) assertMatch(cut, /… \(\d+ characters more\)$/);
    assertEquals(typeof JSON.parse(audit!).audit.target, "string");
    const pretty = await linesOf(PRETTY, use);
    const ends = pretty.findLastIndex((line) => TIME.test(line));
    const entries = [problem!, audit!, pretty.slice(0, ends).join("\n"), pretty[ends]!];
    for (const line of entries) {
      const { length } = new TextEncoder().encode(`${line}\n`);
      assert(length <= 16_384, `${length} of ${JSON.stringify(part)}`);
      assert(!/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(line.replaceAll("\n", "")), part);
    }
  }
});

Deno.test("Log leaves out what is below the level", async () => {
  const levels = ["debug", "info", "warning", "error"] as const;
  const entries = levels.map((level) => ({ level, event: level, message: "m" }));
  for (const [index, logLevel] of levels.entries()) {
    const lines = await logged({ logFormat: "json", logLevel }, ...entries);
    assertEquals(lines.map((line) => JSON.parse(line).event), levels.slice(index));
  }
});

Deno.test("Log changes its level at run time", async () => {
  const entry = { level: "info", event: "e", message: "m" } as const;
  const lines = await linesOf({ logFormat: "json", logLevel: "error" }, (log) => {
    log.write({ ...entry, event: "before" });
    log.level = "info";
    log.write({ ...entry, event: "after" });
    log.level = "warning";
    log.write(entry);
  });
  assertEquals(lines.map((line) => JSON.parse(line).event), ["after"]);
});

Deno.test("Log counts lines that are alike, and says so when it is flushed", async () => {
  const entry = { level: "error", event: "handler_fault", message: "Threw", error: "x" } as const;
  const lines = await logged(JSON_LINES, ...Array.from({ length: 1_500 }, () => entry));
  assertEquals(lines.length, 21);
  const { message, repeated, level, event } = JSON.parse(lines.at(-1)!);
  assertEquals([level, event, repeated], ["ERROR", "handler_fault", 1_480]);
  assertMatch(message, /^… and 1,480 more like this in \d+ s$/);
});

Deno.test("Log.audit() writes every line, whatever the level, with all that is known", async () => {
  const audit = { action: "drain", target: { "a{b}": "\x1b" } };
  const use = (log: Log) => {
    for (let i = 0; i < 100; i++) log.audit("Somebody drained", audit);
  };
  const lines = await linesOf({ ...JSON_LINES, logLevel: "error" }, use);
  assertEquals(lines.length, 100);
  const { "@timestamp": _, ...line } = JSON.parse(lines[0]!);
  assertEquals(line, {
    level: "INFO",
    message: "Somebody drained",
    logger: "fourtuple",
    event: "audit",
    audit,
  });
  const [pretty] = await linesOf({ ...PRETTY, logLevel: "error" }, use);
  assertEquals(withoutTime(pretty!), "info    audit Somebody drained");
});

Deno.test("Log says in its own format how many lines a slow reader has cost", async () => {
  for (const logFormat of ["json", "pretty"] as const) {
    const { promise: stuck, resolve: wake } = Promise.withResolvers<void>();
    let text = "";
    const log = new Log({ logFormat, logLevel: "debug" }, {
      async write(bytes) {
        await stuck;
        text += new TextDecoder().decode(bytes);
        return bytes.length;
      },
    });
    const message = "x".repeat(1_000);
    for (let i = 0; i < 2_000; i++) log.write({ level: "debug", event: "e", message });
    wake();
    await log.flush();
    const lines = text.trimEnd().split("\n");
    const dropped = 2_000 - (lines.length - 1);
    assert(dropped > 0 && dropped < 2_000);
    const last = lines.at(-1)!;
    if (logFormat === "pretty") assert(last.startsWith(`(${dropped} log lines were dropped`), last);
    else {
      const { level, event, repeated } = JSON.parse(last);
      assertEquals([level, event, repeated], ["WARN", "log_dropped", dropped]);
    }
  }
});

Deno.test("Log writes JSON lines as server/deploy/log.schema.json describes them", async () => {
  const schema = JSON.parse(
    await Deno.readTextFile(new URL("../../../../server/deploy/log.schema.json", import.meta.url)),
  );
  const entry = { level: "info", event: "e", message: "m" } as const;
  const lines = await linesOf(JSON_LINES, (log) => {
    log.write({ ...entry, key: KEY, reason: "R", worker: 1, error: "x" });
    for (let i = 0; i < 21; i++) log.write(entry);
    log.audit("m", {});
  });
  const seen = new Set<string>();
  for (const line of lines.map((line) => JSON.parse(line))) {
    for (const name of schema.required) assert(name in line, name);
    for (const [name, value] of Object.entries(line)) {
      seen.add(name);
      assertEquals(schema.properties[name]?.type, typeOf(value), name);
    }
    assert(schema.properties.level.enum.includes(line.level));
    assert(new RegExp(schema.properties.key.pattern).test(line.key ?? KEY));
  }
  assertEquals([...seen].sort(), Object.keys(schema.properties).sort());
});

/** A value's type as JSON Schema calls it. */
function typeOf(value: unknown): string {
  return Number.isInteger(value) ? "integer" : typeof value;
}
