import type { LogEntry } from "../../log.ts";

/** This many lines of one kind are written in a window. */
const MAX_ALIKE = 20;

/** How long a window is, in milliseconds. */
const WINDOW = 10_000;

/** More kinds than this are taken for one: kinds are of our making, but workers come and go. */
const MAX_KINDS = 1_000;

/** A log line that stands for others. */
export interface CountedEntry extends LogEntry {
  /** How many lines were left out; absent where it is an ordinary line. */
  readonly repeated?: number;
}

/** What tells the time, in milliseconds. */
export interface ThrottleClock {
  /** The time since some moment. */
  now(): number;
  /** Calls a function later. @returns Forgets it. */
  later(run: () => void, milliseconds: number): () => void;
}

/** What came of one kind in this window. */
interface Kind {
  readonly first: LogEntry;
  count: number;
}

/**
 * Lets the first lines of a kind through and counts the others: a line at the end of the window says
 * how many there were. Lines are of one kind that have the same level, event, reason and worker. Those
 * of the level `debug` all go through, as who wants them wants them all.
 */
export class Throttle {
  readonly #pass: (entry: CountedEntry) => void;
  readonly #clock: ThrottleClock;
  readonly #kinds = new Map<string, Kind>();
  #began = -Infinity;
  /** Forgets the end of the window; absent while nothing has been left out. */
  #forget: (() => void) | undefined = undefined;

  /**
   * @param pass Gets the lines that are to be written.
   * @param clock Tells the time; the real one, unless given.
   */
  constructor(pass: (entry: CountedEntry) => void, clock: ThrottleClock = REAL_CLOCK) {
    this.#pass = pass;
    this.#clock = clock;
  }

  /** Takes a line. */
  write(entry: LogEntry): void {
    if (entry.level === "debug") return this.#pass(entry);
    const now = this.#clock.now();
    if (now - this.#began >= WINDOW) {
      this.flush();
      this.#began = now;
    }
    const kind = this.#kindOf(entry);
    kind.count++;
    if (kind.count <= MAX_ALIKE) this.#pass(entry);
    else this.#forget ??= this.#clock.later(() => this.flush(), this.#began + WINDOW - now);
  }

  /** Says how many lines were left out so far, and begins a new window. */
  flush(): void {
    this.#forget?.();
    this.#forget = undefined;
    const seconds = Math.max(1, Math.round((this.#clock.now() - this.#began) / 1_000));
    for (const { first, count } of this.#kinds.values()) {
      const repeated = count - MAX_ALIKE;
      if (repeated <= 0) continue;
      const { level, event, reason, worker } = first;
      this.#pass({
        level,
        event,
        message: `… and ${repeated.toLocaleString("en")} more like this in ${seconds} s`,
        ...reason !== undefined && { reason },
        ...worker !== undefined && { worker },
        repeated,
      });
    }
    this.#kinds.clear();
    this.#began = -Infinity;
  }

  #kindOf(entry: LogEntry): Kind {
    const { level, event, reason = "", worker = 0 } = entry;
    const name = `${level} ${event} ${reason} ${worker}`;
    const full = this.#kinds.size >= MAX_KINDS;
    return this.#kinds.get(name) ??
      (full ? this.#add(OTHERS.event, OTHERS) : this.#add(name, entry));
  }

  #add(name: string, first: LogEntry): Kind {
    const kind = this.#kinds.get(name) ?? { first, count: 0 };
    this.#kinds.set(name, kind);
    return kind;
  }
}

/** What stands for the kinds that are too many. */
const OTHERS: LogEntry = { level: "warning", event: "others", message: "" };

const REAL_CLOCK: ThrottleClock = {
  now: () => performance.now(),
  later(run, milliseconds) {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
};
