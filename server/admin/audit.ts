import type { TokenUse } from "./auth.ts";

/**
 * What somebody can do to a server, or see of its users, through the ops port. `access` is anything
 * else, which is written down only when it was refused as the token was wrong.
 */
export type AuditAction =
  | "access"
  | "connections.close"
  | "connections.close.dry-run"
  | "connections.ping"
  | "tap.payload"
  | "limits.set"
  | "log-level.set"
  | "drain";

/** Who asked for something. */
export interface AuditCaller {
  /** The address and port that it came from, `127.0.0.1:51324` or `[::1]:51324`. */
  readonly address: string;
  /** Whether a token was given, and was the right one; `none` too where none is needed. */
  readonly token: TokenUse;
}

/** One thing that somebody did through the ops port, or wanted to. Plain data. */
export interface AuditEntry {
  /** When it was over, as ISO 8601 in UTC. */
  readonly at: string;
  /** Who asked for it. */
  readonly who: AuditCaller;
  /** What it was. */
  readonly action: AuditAction;
  /** Its parameters; of a refused request only those that were read before. */
  readonly target: object;
  /** `done`; `refused`, so that nothing was done; or `failed` while it was done. */
  readonly outcome: "done" | "refused" | "failed";
  /** What came of it; or why it was refused or failed, as a sentence. */
  readonly result: object | string;
  /** Refused requests before this one that were too many to be written down; absent without any. */
  readonly omitted?: number;
}

/** The most refused requests that are written down in each {@linkcode WINDOW}. */
const MAX_REFUSED = 100;

/** Milliseconds. */
const WINDOW = 10_000;

/**
 * Writes down what was done, without fail, and what was refused as far as it fits: whoever is refused
 * must not be able to fill a disk with that.
 */
export class AuditTrail {
  readonly #write: (entry: AuditEntry) => void;
  readonly #now: () => number;
  #windowEnd = 0;
  #refused = 0;
  #omitted = 0;

  /**
   * @param write Takes an entry.
   * @param now The time, in ms since the epoch.
   */
  constructor(write: (entry: AuditEntry) => void, now: () => number = Date.now) {
    this.#write = write;
    this.#now = now;
  }

  /** Writes an entry down, as of now. */
  record(entry: Omit<AuditEntry, "at" | "omitted">): void {
    const now = this.#now();
    if (entry.outcome === "refused" && !this.#hasRoom(now)) {
      this.#omitted++;
      return;
    }
    const omitted = this.#omitted;
    this.#omitted = 0;
    this.#write({ at: new Date(now).toISOString(), ...entry, ...omitted > 0 && { omitted } });
  }

  #hasRoom(now: number): boolean {
    if (now >= this.#windowEnd) {
      this.#windowEnd = now + WINDOW;
      this.#refused = 0;
    }
    return ++this.#refused <= MAX_REFUSED;
  }
}
