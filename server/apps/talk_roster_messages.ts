import type { Message } from "../../mod.ts";

/** Somebody who has spoken, or at least said a name. */
export interface Person {
  /** The number of this person, unlike that of anybody on any server. */
  readonly id: number;
  /** The nickname, unlike that of anybody else. */
  name: string;
  /** When this person got the nickname, in milliseconds since 1970. */
  since: number;
}

/** What a server tells the others about its people. */
export type RosterNews =
  /** It lives. */
  | { kind: "beat" }
  /** It wants to know who is there: of one server, or of all. */
  | { kind: "ask"; of?: string }
  /** It wants to know whether a server lives. */
  | { kind: "ping"; of: string }
  /** Somebody left or gave up a nickname, or came or took one, or both at once. */
  | { kind: "change"; gone?: string; here?: Person }
  /** A part of all its people; the parts come one right after the other. */
  | { kind: "roster"; first: boolean; last: boolean; people: Person[] }
  /** It stops. */
  | { kind: "end" };

/** {@linkcode RosterNews} with what tells servers apart and shows that something was dropped. */
export type RosterMessage = RosterNews & {
  /** The server. */
  from: string;
  /** Its number: 1 for the first message of that server, then one more each time. */
  seq: number;
};

/**
 * Writes a message.
 *
 * @param message The message.
 * @returns JSON.
 */
export function serializeRosterMessage(message: RosterMessage): string {
  return JSON.stringify(message);
}

/**
 * Reads a message. It comes from a server that is trusted, but which may be of another version.
 *
 * @param data What the backplane delivered.
 * @returns The message; undefined when it is none.
 */
export function parseRosterMessage(data: Message): RosterMessage | undefined {
  if (typeof data !== "string") return undefined;
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    return undefined;
  }
  return isRosterMessage(value) ? value : undefined;
}

function isRosterMessage(value: unknown): value is RosterMessage {
  if (!isRecord(value)) return false;
  const { from, seq, kind } = value;
  if (typeof from !== "string" || !Number.isSafeInteger(seq)) return false;
  switch (kind) {
    case "beat":
    case "end":
      return true;
    case "ask":
      return isOptional(value.of);
    case "ping":
      return typeof value.of === "string";
    case "change":
      return isOptional(value.gone) && (value.here === undefined || isPerson(value.here));
    case "roster": {
      const { first, last, people } = value;
      return typeof first === "boolean" && typeof last === "boolean" &&
        Array.isArray(people) && people.every(isPerson);
    }
    default:
      return false;
  }
}

function isPerson(value: unknown): value is Person {
  return isRecord(value) && Number.isSafeInteger(value.id) && typeof value.name === "string" &&
    Number.isSafeInteger(value.since);
}

function isOptional(value: unknown): value is string | undefined {
  return value === undefined || typeof value === "string";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
