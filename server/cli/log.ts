import { configureSync, getJsonLinesFormatter, getLogger, type LogRecord } from "@logtape/logtape";
import type { LogEntry } from "../options.ts";
import type { LineWriter } from "./line_writer.ts";
import type { Settings } from "./settings.ts";

/** The one category of our log lines. */
const CATEGORY = "fourtuple";

/**
 * Sets logging up for the whole process. A JSON line has `@timestamp` (ISO 8601), `level` (DEBUG, INFO,
 * WARN, ERROR), `message`, `logger` and `event`, and where the entry has them `worker` (its number),
 * `key` (the 4-tuple) and `error` (what was thrown, as text).
 *
 * @param settings Format and least level.
 * @param writer Where the lines go.
 * @returns What `serve()` takes as `log`.
 */
export function startLog(
  { logFormat, logLevel }: Pick<Settings, "logFormat" | "logLevel">,
  writer: LineWriter,
): (entry: LogEntry) => void {
  const json = getJsonLinesFormatter({ properties: "flatten" });
  const format = logFormat === "json" ? json : formatPretty;
  configureSync({
    reset: true,
    sinks: { stderr: (record: LogRecord) => writer.write(format(record)) },
    loggers: [
      { category: CATEGORY, sinks: ["stderr"], lowestLevel: logLevel },
      { category: ["logtape", "meta"], sinks: ["stderr"], lowestLevel: "warning" },
    ],
  });
  const logger = getLogger(CATEGORY);
  return ({ level, message, error, ...properties }) => {
    if (!logger.isEnabledFor(level)) return;
    logger[level](escapeBraces(message), {
      ...properties,
      ...error !== undefined && { error: describeError(error) },
    });
  };
}

/**
 * Writes a record as one line for people: time, level, worker, event, message, 4-tuple, and below it
 * what was thrown.
 *
 * @param record The record.
 * @returns The line, with its line feed.
 */
function formatPretty(record: LogRecord): string {
  const { worker, event, key, error } = record.properties;
  const time = new Date(record.timestamp).toISOString();
  const parts = [
    time,
    record.level.padEnd(7),
    worker && `w${worker}`,
    event,
    record.message.join(""),
    key && `(${key})`,
  ];
  const line = parts.filter(Boolean).map((part) => escapeControls(String(part))).join(" ");
  const below = typeof error === "string"
    ? `  ${error.split("\n").map(escapeControls).join("\n  ")}\n`
    : "";
  return `${line}\n${below}`;
}

/** LogTape would put a property into each pair of braces. */
function escapeBraces(message: string): string {
  return message.replaceAll("{", "{{").replaceAll("}", "}}");
}

function describeError(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}

/** What reaches a terminal must not steer it: control characters are written as escapes. */
function escapeControls(text: string): string {
  let safe = "";
  for (const character of text) {
    const code = character.codePointAt(0)!;
    const control = code < 0x20 || (code >= 0x7f && code < 0xa0);
    safe += control ? `\\x${code.toString(16).padStart(2, "0")}` : character;
  }
  return safe;
}
