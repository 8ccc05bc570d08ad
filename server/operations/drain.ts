import { CloseCode } from "../../protocol/mod.ts";
import type { Closing } from "../connection/connection.ts";
import type { Limits } from "../limits.ts";
import type { LogEntry } from "../log.ts";
import type { DeadlineSweeper } from "../loop/deadline_sweeper.ts";
import { pause } from "../loop/pause.ts";

/** How a drain is to go. */
export interface DrainOptions {
  /**
   * After this many milliseconds the connections that are left are cut. In the first half of it all are
   * told to leave, so that those that do can take the other half for it.
   *
   * @default 30_000
   */
  deadline?: number;
  /**
   * For this many milliseconds, handshakes that are under way may still succeed; then they get 503.
   *
   * @default 0
   */
  grace?: number;
}

/**
 * Checks the times of a drain, before anything has happened.
 *
 * @param options The times.
 * @throws {RangeError} When one is negative, or no number.
 */
export function checkDrainOptions({ deadline = 0, grace = 0 }: DrainOptions): void {
  for (const [name, value] of Object.entries({ deadline, grace })) {
    if (value >= 0) continue; // which NaN is not
    throw new RangeError(`Cannot drain as ${name} must be >= 0 milliseconds: received ${value}`);
  }
}

/** How a drain went. */
export interface DrainResult {
  /** Connections whose peer answered our Close, or had sent its own. */
  readonly closed: number;
  /** Connections that ended otherwise: at the deadline, by their own close timeout, or by the peer. */
  readonly cut: number;
}

/** When a drain takes place; all is absent before it begins. */
export interface DrainSpan {
  /** When it began, in ms since the epoch. */
  readonly began?: number;
  /** When what is left is cut, in ms since the epoch. */
  readonly deadline?: number;
  /** Connections when it began. */
  readonly connections?: number;
}

/** A connection that has to leave. */
export interface Drainable {
  /** When the sweeper cuts it. */
  readonly due: number;
  /** How it closes. */
  readonly closing: Closing | undefined;
  /** Begins the closing handshake; does nothing where that has begun. */
  close(code: number, reason: string): void;
  /** Cuts it. */
  terminate(): void;
}

/** The server that is drained. */
export interface DrainContext {
  /** Who is connected; may change while it is gone through. */
  readonly registry: { readonly size: number; readonly connections: Iterable<Drainable> };
  /** The handshakes that are under way. */
  readonly httpConnections: Iterable<{ cut(reason: string, message: string): void }> & {
    readonly size: number;
  };
  /** Cuts those that do not answer in time. */
  readonly sweeper: Pick<DeadlineSweeper, "now" | "postpone">;
  /** How long that is. */
  readonly limits: Pick<Limits, "closeTimeout">;
  /** Resolves when everybody has gone. */
  readonly finished: Promise<void>;
  /** Tells the operator that it begins. */
  log(entry: LogEntry): void;
}

/** What our Close frame says when the server stops. */
const GOODBYE = "Server is shutting down";

/** Goodbye is said to this many connections in a turn of the event loop, and then others have one. */
const BATCH = 250;

/** So many milliseconds lie between two batches at least. */
const PAUSE = 12;

/** While more than these have been told and have not gone, others are told later. */
const MAX_TOLD = 2_000;

/** Timers hold 31 bits: a longer time would run out at once. */
const MAX_TIMER = 2_147_483_647;

/** Empties a server: says goodbye to everybody, waits for the answers, and cuts what is left. */
export class Drain {
  readonly #context: DrainContext;
  readonly #ended = { closed: 0, cut: 0 };
  #span: DrainSpan = {};
  #parting = false;
  #told = 0;
  /** Told when there are not too many who were told and have not gone. */
  #fewer: (() => void) | undefined = undefined;
  /** Until when everybody was given the time in which answers came. */
  #givenUntil = 0;
  /** Told when no handshake is under way. */
  #quiet: (() => void) | undefined = undefined;

  /** @param context The server, which goes on as it is until {@linkcode Drain.run}. */
  constructor(context: DrainContext) {
    this.#context = context;
  }

  /** When it takes place. */
  get span(): DrainSpan {
    return this.#span;
  }

  /** How the connections ended that have gone since goodbye was said. */
  get result(): DrainResult {
    return { ...this.#ended };
  }

  /** Whether whoever comes now is refused, or told goodbye. */
  get parting(): boolean {
    return this.#parting;
  }

  /**
   * Drains the server, which accepts no more. Calling it again can only bring the deadline nearer.
   *
   * @param options The deadline, and how long handshakes may go on.
   * @returns How the connections ended.
   */
  async run({ deadline = 30_000, grace = 0 }: DrainOptions): Promise<DrainResult> {
    const { registry, httpConnections, finished } = this.#context;
    const timer = setTimeout(() => this.cut(), Math.min(deadline, MAX_TIMER));
    const now = Date.now();
    const begins = this.#span.began === undefined;
    this.#span = {
      began: this.#span.began ?? now,
      deadline: Math.min(now + deadline, this.#span.deadline ?? Infinity),
      connections: this.#span.connections ?? registry.size,
    };
    if (begins) this.#context.log(drainBegins(registry.size, deadline));
    if (grace > 0 && httpConnections.size > 0) await this.#handshakes(Math.min(grace, deadline));
    if (!this.#parting) await this.#tellAll();
    await finished;
    clearTimeout(timer);
    return this.result;
  }

  /** Cuts everybody at once. */
  cut(): void {
    this.#part();
    for (const connection of this.#context.registry.connections) connection.terminate();
    for (const connection of this.#context.httpConnections) connection.cut("DRAINING", GOODBYE);
  }

  /** A handshake has succeeded. */
  opened(connection: Drainable): void {
    if (this.#parting) sayGoodbye(connection);
  }

  /** A connection has gone. */
  released({ closing, due }: Drainable): void {
    if (!this.#parting) return;
    const answered = closing?.received !== undefined;
    this.#ended[answered ? "closed" : "cut"]++;
    if (this.#waiting <= MAX_TOLD) this.#fewer?.();
    if (answered && due > this.#context.sweeper.now) this.#leftInTime();
  }

  /** The last handshake is over. */
  settled(): void {
    this.#quiet?.();
  }

  async #tellAll(): Promise<void> {
    this.#part();
    for (const connection of this.#context.registry.connections) {
      sayGoodbye(connection);
      if (++this.#told % BATCH === 0) await this.#pace();
    }
  }

  #part(): void {
    if (this.#parting) return;
    this.#parting = true;
    this.#givenUntil = this.#context.sweeper.now;
  }

  /** How many have been told and have not gone; those that went untold make it too small. */
  get #waiting(): number {
    return this.#told - this.#ended.closed - this.#ended.cut;
  }

  /**
   * Waits until there are not too many who were told: a busy host reads answers more slowly than they
   * come, and each peer has only so long. Within half of the deadline all are told, whatever they do.
   */
  async #pace(): Promise<void> {
    const { registry, limits } = this.#context;
    await pause(PAUSE);
    if (this.#waiting <= MAX_TOLD) return;
    const { began = 0, deadline = Infinity } = this.#span;
    const batches = (registry.size - this.#waiting) / BATCH;
    // None may be left to tell, and half of the deadline may be over.
    const longest = Math.max(0, (began + deadline) / 2 - Date.now()) / Math.max(1, batches);
    const fewer = new AbortController();
    this.#fewer = () => fewer.abort();
    await pause(Math.min(longest, limits.closeTimeout), fewer.signal);
  }

  /**
   * A peer has answered and left. As long as some do, answers of others may lie in the kernel, unread
   * since we are slow. Nobody is cut for that: the time until now does not count.
   */
  #leftInTime(): void {
    const { sweeper, limits } = this.#context;
    const since = sweeper.now - this.#givenUntil;
    if (since < limits.closeTimeout / 4) return; // giving it means going through all of them
    this.#givenUntil += since;
    sweeper.postpone(since);
  }

  /** Waits until no handshake is under way, or for so many milliseconds. */
  #handshakes(milliseconds: number): Promise<void> {
    const quiet = new AbortController();
    this.#quiet = () => quiet.abort();
    return pause(milliseconds, quiet.signal);
  }
}

/**
 * Says that a drain begins.
 *
 * @param connections How many there are.
 * @param deadline After how many milliseconds those that are left are cut.
 * @returns A line for the log.
 */
export function drainBegins(connections: number, deadline: number): LogEntry {
  const what = connections === 1 ? "1 connection" : `${connections} connections`;
  const message = `Draining ${what}; those that are left after ${deadline} ms are cut`;
  return { level: "info", event: "draining", message };
}

function sayGoodbye(connection: Drainable): void {
  connection.close(CloseCode.GoingAway, GOODBYE);
}
