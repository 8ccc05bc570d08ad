/**
 * What an entry of a log says as text: escaped and bounded, whoever's words are in it. What was thrown
 * may quote a peer, as `JSON.parse()` does.
 *
 * @module
 */
import { escapeControls, escapeJson } from "./escape.ts";
import type { LogEntry } from "./options.ts";

/** The most bytes of each text, escaped; with an audit record they are fewer than a line may have. */
const MAX_TEXT = { event: 128, reason: 256, key: 256, message: 3_072, error: 6_144 } as const;

/** The room for the words that say how much was cut. */
const NOTE = 48;

/** At most so many errors behind one another are described. */
const MAX_DEPTH = 8;

const ENCODER = new TextEncoder();

/** An entry whose texts are bounded, with what was thrown as text. */
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
 * @param value What JSON can hold.
 * @param most The most bytes that it may take in JSON; at least 64.
 * @returns The value, or the beginning of its JSON as a text.
 */
export function cutData(value: unknown, most: number): unknown {
  const json = JSON.stringify(value) ?? "null";
  return byteLength(escapeJson(json)) <= most ? value : cutText(json, most - 2);
}

/**
 * Describes what was thrown: its stack, what it was caused by, and of several errors each.
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
