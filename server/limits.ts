import {
  type BodyLimits,
  DEFAULT_BODY_LIMITS,
  DEFAULT_HEAD_LIMITS,
  DEFAULT_MESSAGE_LIMITS,
  type HeadLimits,
  type MessageLimits,
} from "../protocol/mod.ts";

/**
 * The policy for a message that does not fit into a connection's send queue.
 *
 * - `close`: the connection is closed with 1013.
 * - `drop`: the message is dropped, and `send()` says so.
 * - `wait`: the message waits although the queue is full; at four times the bound, or sixteen times in a
 *   burst, the connection is closed with 1013.
 *
 * Whatever the policy, nothing more is read from a peer while more than half of its queue is full.
 */
export type WhenFull = "close" | "drop" | "wait";

/** Every bound of the server. All times are in milliseconds, all sizes in bytes. */
export interface Limits extends MessageLimits, HeadLimits, BodyLimits {
  /**
   * Unfinished handshakes and plain requests; beyond it the oldest is cut of the source address, or
   * IPv6 network of 64 bits, that has the most. Behind a trusted proxy the client's address counts
   * as soon as it is told, and until then the proxy's.
   */
  readonly handshakes: number;
  /** The time after which a handshake, or a plain request without progress, is cut. */
  readonly handshakeTimeout: number;
  /**
   * Accepted connections of every kind; beyond it new ones get 503. Where it is not given it is the
   * process's descriptor limit less those in use and a reserve, or no bound where that is unknown.
   */
  readonly connections?: number;
  /**
   * Connections from one source address, or IPv6 network of 64 bits; beyond it new ones get 429.
   * Behind a trusted proxy the client's address counts, or the proxy's where it does not tell one.
   * Off where it is not given.
   */
  readonly connectionsPerAddress?: number;
  /**
   * The bytes that may wait for a peer that the kernel takes no more bytes for. Messages sent in
   * one turn of the event loop, before the kernel can refuse any of them, are a burst: with it up
   * to 16 times as much may wait, and it does not count against messages that are sent later. An
   * empty queue takes one message of any size.
   */
  readonly sendQueueBytes: number;
  /** The policy for a message that does not fit into the send queue. */
  readonly whenFull: WhenFull;
  /** The time between two pings of a connection. */
  readonly pingInterval: number;
  /** The pings in a row that may stay unanswered before the connection is cut, with 1006. */
  readonly missedPings: number;
  /** The time after which the closing handshake, or the lingering after it, is cut. */
  readonly closeTimeout: number;
  /** The bytes a peer may still send after our last frame before it is cut. */
  readonly lingerBytes: number;
  /**
   * The time for which a streamed message's source may give nothing; then the connection is closed
   * with 1011.
   */
  readonly streamTimeout: number;
  /**
   * The time in which a message that has begun must bring 64 KiB or end; otherwise its connection
   * is closed with 1008. Not while our own side reads nothing, nor for a message that is handed
   * over as a stream, which its reader can cancel.
   */
  readonly messageTimeout: number;
  /**
   * The bytes held by all messages together that have begun and not ended; beyond it the largest
   * one of the address whose messages hold the most is given up, and its connection closed with
   * 1013. A single one may hold `messageBytes`.
   */
  readonly unfinishedBytes: number;
  /** The topics of one connection; beyond it `subscribe()` throws. */
  readonly connectionTopics: number;
  /** The bytes of a topic in UTF-8. */
  readonly topicBytes: number;
  /** The topics that have subscribers; beyond it `subscribe()` throws. */
  readonly topics: number;
}

/** The limits that hold where none are given. */
export const DEFAULT_LIMITS: Limits = {
  ...DEFAULT_MESSAGE_LIMITS,
  ...DEFAULT_HEAD_LIMITS,
  ...DEFAULT_BODY_LIMITS,
  handshakes: 1_024,
  handshakeTimeout: 10_000,
  sendQueueBytes: 1_048_576,
  whenFull: "close",
  pingInterval: 30_000,
  missedPings: 2,
  closeTimeout: 5_000,
  lingerBytes: 16_777_216,
  streamTimeout: 10_000,
  messageTimeout: 30_000,
  unfinishedBytes: 268_435_456,
  connectionTopics: 128,
  topicBytes: 255,
  topics: 1_000_000,
};

/** The policies of {@linkcode WhenFull}. */
export const WHEN_FULL: readonly WhenFull[] = ["close", "drop", "wait"];

/** The least value that makes sense, where it is not 1. */
const LEAST: Partial<Record<keyof Limits, number>> = {
  headLineBytes: 64,
  headBytes: 128,
  handshakeTimeout: 10,
  pingInterval: 10,
  closeTimeout: 10,
  lingerBytes: 0,
  streamTimeout: 10,
  messageTimeout: 10,
};

/** The greatest value that makes sense, where it is not that of its kind. */
const MOST: Partial<Record<keyof Limits, number>> = { topicBytes: 255 };

/** Timers of JavaScript hold 31 bits; no other limit needs more than an exact integer. */
const MAX_MILLISECONDS = 2_147_483_647;

/**
 * Finds the fault of a value for a limit.
 *
 * @param name Which limit.
 * @param value The wanted value.
 * @returns The expectation, or `undefined` when the value is good.
 */
export function limitProblem(name: keyof Limits, value: unknown): string | undefined {
  if (name === "whenFull") {
    return WHEN_FULL.includes(value as WhenFull)
      ? undefined
      : `expected one of ${WHEN_FULL.join(", ")}`;
  }
  const least = LEAST[name] ?? 1;
  const timed = name.endsWith("Timeout") || name.endsWith("Interval");
  const most = MOST[name] ?? (timed ? MAX_MILLISECONDS : Number.MAX_SAFE_INTEGER);
  return Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most
    ? undefined
    : `expected an integer from ${least} to ${most}`;
}

/**
 * Completes a set of limits with the defaults.
 *
 * @param limits The limits that differ from the defaults.
 * @param defaults The limits that hold where none are given.
 * @returns All limits.
 * @throws {RangeError} Naming every limit that cannot be, at once.
 */
export function resolveLimits(
  limits: Partial<Limits> = {},
  defaults: Limits = DEFAULT_LIMITS,
): Limits {
  const given = Object.entries(limits).filter(([, value]) => value !== undefined);
  const problems = given.flatMap(([name, value]) => {
    if (!LIMIT_NAMES.has(name)) return [`limits.${name}: no such limit`];
    const problem = limitProblem(name as keyof Limits, value);
    return problem === undefined ? [] : [`limits.${name}: ${problem}`];
  });
  const all: Limits = { ...defaults, ...Object.fromEntries(given) };
  const problem = headLineProblem(limits.headLineBytes, all.headBytes);
  if (problem !== undefined) problems.push(`limits.headLineBytes: ${problem}`);
  if (problems.length > 0) {
    throw new RangeError(`Cannot serve with these limits: ${problems.join("; ")}`);
  }
  return { ...all, headLineBytes: Math.min(all.headLineBytes, all.headBytes) };
}

/**
 * Finds the fault of the longest line of a head: one that is longer than the head is never met.
 *
 * @param headLineBytes The wanted value; where it is absent, it is no longer than a head.
 * @param headBytes The largest head.
 * @returns The expectation, or `undefined` when it is good.
 */
export function headLineProblem(
  headLineBytes: unknown,
  headBytes: unknown = DEFAULT_LIMITS.headBytes,
): string | undefined {
  return Number(headLineBytes) > Number(headBytes)
    ? `expected at most headBytes, which is ${headBytes}`
    : undefined;
}

/** Limits to change: a number or a policy is set, `null` brings back the value of the start. */
export type LimitChanges = { readonly [Name in keyof Limits]?: Limits[Name] | null };

/**
 * Changes a set of limits.
 *
 * @param limits All limits as they are.
 * @param changes Those that are to change.
 * @param initial The limits that `null` stands for: all as they were at the start.
 * @returns All limits as they are to be.
 * @throws {RangeError} As {@linkcode resolveLimits}; an unknown one is named too when it is `null`.
 */
export function changeLimits(limits: Limits, changes: LimitChanges, initial: Limits): Limits {
  const entries = Object.entries(changes).map(([name, value]) =>
    [name, value ?? (LIMIT_NAMES.has(name) ? initial[name as keyof Limits] : NaN)] as const
  );
  const dropped = new Set(entries.filter(([, value]) => value === undefined).map(([name]) => name));
  const kept = Object.entries(limits).filter(([name]) => !dropped.has(name));
  return resolveLimits({ ...Object.fromEntries(kept), ...Object.fromEntries(entries) });
}

/** The names of all limits. */
export const LIMIT_NAMES: ReadonlySet<string> = new Set([
  ...Object.keys(DEFAULT_LIMITS),
  "connections",
  "connectionsPerAddress",
]);
