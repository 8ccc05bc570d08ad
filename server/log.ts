/**
 * The log: the entries for an operator, and their form as text. All of them are escaped and
 * bounded, since any may quote a peer, as errors of `JSON.parse()` do.
 *
 * @module
 */
import { escapeControls, escapeJson } from "./escape.ts";

/** Something worth telling an operator. */
export interface LogEntry {
  /** The severity. */
  readonly level: "debug" | "info" | "warning" | "error";
  /**
   * The event, as a stable word. Of a connection: `opened`, `closed`, `rule_broken`,
   * `send_queue_full`, `stream_broke_off`, `peer_lost`, `message_timeout`, `unfinished_full`,
   * `close_timeout`, `handler_fault`, `fault`. Of a request: `refused`, `exchange_broken`,
   * `handler_fault`, `fault`. Of the server: `connections_limit`, `forwarded_malformed`,
   * `out_of_descriptors`, `descriptors_back`, `left_early`, `accept_failed`, `draining`. Of a
   * cluster: `worker_started`, `worker_ended`, `worker_failed`, `worker_refused`,
   * `worker_restarting`, `gave_up`, `signal_ignored`, `rolling`, `rolled`, `roll_failed`,
   * `relay_dropped`, `handler_fault`. Of the binary's ops port: `admin_fault`, `audit`; of its app
   * relay: `relay_closed`.
   */
  readonly event: string;
  /** Why, as a stable code: of `rule_broken` a protocol error's, of `refused` as in the totals. */
  readonly reason?: string;
  /**
   * The same as a sentence. Of a peer's bytes it holds the origin of a page that was refused
   * alone: quoted, escaped and cut.
   */
  readonly message: string;
  /** The 4-tuple of the connection that it is about. */
  readonly key?: string;
  /** The worker of a cluster that it is about, or that says it. */
  readonly worker?: number;
  /** The error that was thrown. It may quote a peer: escape it before a terminal shows it. */
  readonly error?: unknown;
}

/**
 * Tells an operator something. There is nobody to tell that telling failed, at once or later.
 *
 * @param log Gets the entry; an exception in it is ignored.
 * @param entry The entry.
 */
export function logSafely(log: (entry: LogEntry) => void, entry: LogEntry): void {
  try {
    const told: unknown = log(entry);
    if (told instanceof Promise) told.catch(() => {});
  } catch {
    // As above.
  }
}

/**
 * The log of a library that was given none: warnings and errors should not go unseen.
 *
 * @param entry Shown when it is a warning or an error.
 */
export function logToConsole(entry: LogEntry): void {
  if (entry.level !== "warning" && entry.level !== "error") return;
  const { message, key, worker, error } = entryText(entry);
  const who = worker === undefined ? "fourtuple" : `fourtuple worker ${worker}`;
  const place = key === undefined ? "" : ` (${key})`;
  const below = error === undefined ? [] : error.split("\n");
  const lines = [`${who}: ${message}${place}`, ...below].map(escapeControls);
  // deno-lint-ignore no-console -- the console is the only place a library has where it was given no log
  console.error(lines.join("\n  "));
}

/**
 * The most bytes of each text, escaped; with an audit record they are fewer than a line may have.
 */
const MAX_TEXT = { event: 128, reason: 256, key: 256, message: 3_072, error: 6_144 } as const;

/** The room for the words that say how much was cut. */
const NOTE = 48;

/** The number of errors in a chain of causes that are described at most. */
const MAX_DEPTH = 8;

const ENCODER = new TextEncoder();

/** An entry whose texts are bounded, with its error as text. */
export interface EntryText extends LogEntry {
  readonly error?: string;
}

/**
 * Bounds the texts of an entry. They are still to be escaped, as the format has it.
 *
 * @param entry The entry.
 * @returns The same, cut where it was too long, which shows.
 */
export function entryText(
  { level, event, reason, message, key, worker, error }: LogEntry,
): EntryText {
  return {
    level,
    event: cutText(event, MAX_TEXT.event),
    ...reason !== undefined && { reason: cutText(reason, MAX_TEXT.reason) },
    message: cutText(message, MAX_TEXT.message),
    ...key !== undefined && { key: cutText(key, MAX_TEXT.key) },
    ...worker !== undefined && { worker },
    ...error !== undefined && { error: cutText(describeError(error), MAX_TEXT.error) },
  };
}

/**
 * Cuts a text.
 *
 * @param text The text.
 * @param most The most bytes that it may take when it is escaped, its quotes aside; at least 64.
 * @returns The text, or its beginning and how much is missing.
 */
export function cutText(text: string, most: number): string {
  // A UTF-16 unit takes eight bytes at most: \u{e000}
  if (text.length * 8 <= most) return text;
  let head = text.slice(0, most);
  let size = escapedSize(head);
  if (head.length === text.length && size <= most) return text;
  for (const room = most - NOTE; size > room; size = escapedSize(head)) {
    head = head.slice(0, Math.floor(head.length * room / size));
  }
  if (/[\ud800-\udbff]$/.test(head)) head = head.slice(0, -1);
  return `${head}… (${text.length - head.length} characters more)`;
}

/**
 * Cuts data.
 *
 * @param value A value that JSON can hold.
 * @param most The most bytes that it may take in JSON; at least 64.
 * @returns The value, or the beginning of its JSON as a text.
 */
export function cutData(value: unknown, most: number): unknown {
  const json = JSON.stringify(value) ?? "null";
  return byteLength(escapeJson(json)) <= most ? value : cutText(json, most - 2);
}

/**
 * Describes an error: its stack, its causes, and each of several errors.
 *
 * @param error Anything.
 * @returns Lines, with whatever characters there are in it.
 */
export function describeError(error: unknown): string {
  const seen = new Set<unknown>();
  let text = "";
  const add = (value: unknown): void => {
    text += textOf(value);
    if (!(value instanceof Error) || seen.has(value) || seen.size >= MAX_DEPTH) return;
    seen.add(value);
    const others: readonly unknown[] = value instanceof AggregateError ? value.errors : [];
    for (const other of others.slice(0, MAX_DEPTH)) {
      text += "\nOne of several: ";
      add(other);
    }
    if (value.cause === undefined) return;
    text += "\nCaused by: ";
    add(value.cause);
  };
  try {
    add(error);
  } catch {
    text += "(cannot be described)"; // a getter of it throws
  }
  return text;
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (!(value instanceof Error)) return Deno.inspect(value, { depth: 2, iterableLimit: 20 });
  const { stack, name, message } = value;
  return typeof stack === "string" && stack !== "" ? stack : `${name}: ${message}`;
}

/** The bytes that a text takes in JSON, or in lines for people, whichever are more. */
function escapedSize(text: string): number {
  const json = byteLength(escapeJson(JSON.stringify(text))) - 2;
  return Math.max(json, byteLength(escapeControls(text)));
}

function byteLength(text: string): number {
  return ENCODER.encode(text).length;
}
