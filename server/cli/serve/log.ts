import {
  configureSync,
  getJsonLinesFormatter,
  getLogger,
  type Logger,
  type LogRecord,
} from "@logtape/logtape";
import { escapeControls, escapeJson } from "../../escape.ts";
import { cutData, entryText, type LogEntry } from "../../log.ts";
import { type LineTarget, LineWriter, type LostLines } from "./line_writer.ts";
import type { Settings } from "./settings.ts";
import { type CountedEntry, Throttle } from "./throttle.ts";

/** The one category of our log lines. */
const CATEGORY = "fourtuple";

/** The levels, the least first. */
export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const;

/** At most so many bytes of JSON of what an operator asked for are in a line, and of what came of it. */
const MAX_AUDIT_PART = 4_096;

/** How bad it is that a line tells of. */
export type LogLevel = typeof LOG_LEVELS[number];

/**
 * The log of this process. A JSON line has `@timestamp` (ISO 8601), `level` (DEBUG, INFO, WARN,
 * ERROR), `message`, `logger` and `event`, and where the entry has them `reason`, `worker` (its
 * number), `key` (the 4-tuple), `error` (what was thrown, as text), `repeated` (how many lines this one
 * stands for) and `audit`; server/deploy/log.schema.json describes it. Whoever's words are in it, no
 * line steers a terminal or is longer than 16 KiB.
 */
export class Log {
  /** What is below this is left out. */
  level: LogLevel;
  readonly #logger: Logger;
  readonly #writer: LineWriter;
  readonly #throttle: Throttle;

  /**
   * Sets logging up for the whole process.
   *
   * @param settings Format and least level.
   * @param target Where the lines go.
   */
  constructor(
    { logFormat, logLevel }: Pick<Settings, "logFormat" | "logLevel">,
    target: LineTarget,
  ) {
    const json = logFormat === "json";
    const formatJson = getJsonLinesFormatter({ properties: "flatten" });
    const format = json ? (record: LogRecord) => escapeJson(formatJson(record)) : formatPretty;
    this.level = logLevel;
    this.#writer = json ? new LineWriter(target, jsonNotice) : new LineWriter(target);
    configureSync({
      reset: true,
      sinks: { stderr: (record: LogRecord) => this.#writer.write(format(record)) },
      loggers: [
        { category: CATEGORY, sinks: ["stderr"], lowestLevel: "debug" },
        { category: ["logtape", "meta"], sinks: ["stderr"], lowestLevel: "warning" },
      ],
    });
    this.#logger = getLogger(CATEGORY);
    this.#throttle = new Throttle((entry) => this.#write(entry));
  }

  /** Writes a line, unless its level is left out or too many like it came: what `serve()` takes as `log`. */
  readonly write = (entry: LogEntry): void => {
    if (LOG_LEVELS.indexOf(entry.level) < LOG_LEVELS.indexOf(this.level)) return;
    this.#throttle.write(entry);
  };

  /**
   * Writes what an operator did, whatever the level and however often.
   *
   * @param message The same as a sentence.
   * @param audit All that is known of it; what is too long for a line becomes the beginning of its JSON.
   */
  audit(message: string, audit: Readonly<Record<string, unknown>>): void {
    const parts = Object.entries(audit).map((
      [name, part],
    ) => [name, cutData(part, MAX_AUDIT_PART)]);
    this.#write({ level: "info", event: "audit", message, audit: Object.fromEntries(parts) });
  }

  /** Lines that were lost, which the log itself does not tell of. */
  get lost(): LostLines | undefined {
    return this.#writer.lost;
  }

  /** Resolves when all lines so far have been written or given up. */
  async flush(): Promise<void> {
    this.#throttle.flush();
    await this.#writer.flush();
  }

  #write(entry: CountedEntry & { audit?: unknown }): void {
    const { level, message, ...properties } = entryText(entry);
    const { repeated, audit } = entry;
    this.#logger[level](escapeBraces(message), {
      ...properties,
      ...repeated !== undefined && { repeated },
      ...audit !== undefined && { audit },
    });
  }
}

/** Says in a JSON line how many lines were lost. */
function jsonNotice(dropped: number, reason: string): string {
  const line = {
    "@timestamp": new Date().toISOString(),
    level: "WARN",
    message: `${dropped} log lines were dropped: ${reason}`,
    logger: CATEGORY,
    event: "log_dropped",
    repeated: dropped,
  };
  return `${JSON.stringify(line)}\n`;
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
