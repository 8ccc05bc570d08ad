import { pause } from "../../loop/pause.ts";
import { readerHasLeft, writeProblem } from "../terminal/problems.ts";

/** At most this many characters wait for a slow reader of the log; lines beyond it are dropped and counted. */
const MAX_WAITING = 1_048_576;

/** A reader that has no room is asked again after so many milliseconds. */
const RETRY = 10;

const LINE_FEED = 10;
const ENCODER = new TextEncoder();
const TOO_SLOW = "their reader is too slow";

/** Where lines go: standard error, or a test's double. */
export interface LineTarget {
  /** Writes some of the bytes and resolves with how many; after WouldBlock none were taken. */
  write(bytes: Uint8Array): Promise<number>;
  /** Whether it is a terminal; absent for no. */
  isTerminal?(): boolean;
}

/** Lines that were lost, and why. */
export interface LostLines {
  /** How many. */
  readonly lines: number;
  /** Why, in a few words; of several reasons the last. */
  readonly reason: string;
  /** Whether the last were lost because the reader has left. */
  readonly left: boolean;
}

/** What is written at once: lines, and around them how many are missing there. */
interface Batch {
  readonly before: LostLines | undefined;
  readonly lines: string;
  readonly dropped: number;
}

/** Why a batch could not be written to its end. */
interface Failure {
  /** How many of its lines were not written, or not to their end. */
  readonly lines: number;
  readonly error: unknown;
}

/**
 * Writes lines in order without ever blocking or failing. A slow reader costs lines, and so does a target that
 * fails, such as a full disk; how many they were is written there as soon as it takes lines again.
 */
export class LineWriter {
  readonly #target: LineTarget;
  readonly #isTerminal: boolean;
  readonly #notice: (lines: number, reason: string) => string;
  #waiting = "";
  #dropped = 0;
  #lost: LostLines | undefined = undefined;
  /** Whether the last line that was written lacks its end. */
  #torn = false;
  #busy = false;
  #written: Promise<void> = Promise.resolve();

  /**
   * @param target Where the lines go.
   * @param notice Writes a line that says how many lines were lost, and why.
   */
  constructor(
    target: LineTarget,
    notice: (lines: number, reason: string) => string = plainNotice,
  ) {
    this.#target = target;
    // It is none any more once it was closed.
    this.#isTerminal = target.isTerminal?.() ?? false;
    this.#notice = notice;
  }

  /** Lines that were lost, which nobody could be told of there so far. */
  get lost(): LostLines | undefined {
    return this.#lost;
  }

  /** Adds a line, which ends with a line feed. */
  write(line: string): void {
    if (this.#waiting.length + line.length > MAX_WAITING) this.#dropped++;
    else this.#waiting += line;
    if (!this.#busy) this.#written = this.#writeAll();
  }

  /** Resolves when all lines so far have been written or given up. */
  async flush(): Promise<void> {
    while (this.#busy) await this.#written;
  }

  async #writeAll(): Promise<void> {
    this.#busy = true;
    for (let batch = this.#take(); batch.lines !== "" || batch.dropped > 0; batch = this.#take()) {
      const failure = await this.#writeBatch(batch);
      if (failure === undefined) continue;
      this.#lose(batch, failure);
      break;
    }
    // Not in a `then` behind it: a line that came in between would wait for the next one.
    this.#busy = false;
  }

  /** Takes what waits, and the numbers of what was lost before it and found no room behind it. */
  #take(): Batch {
    const batch = { before: this.#lost, lines: this.#waiting, dropped: this.#dropped };
    this.#waiting = "";
    this.#dropped = 0;
    return batch;
  }

  async #writeBatch({ before, lines, dropped }: Batch): Promise<Failure | undefined> {
    const start = (this.#torn ? "\n" : "") +
      (before === undefined ? "" : this.#notice(before.lines, before.reason));
    const end = dropped === 0 ? "" : this.#notice(dropped, TOO_SLOW);
    const bytes = ENCODER.encode(start + lines + end);
    const startEnd = ENCODER.encode(start).length;
    const linesEnd = bytes.length - ENCODER.encode(end).length;
    let at = 0;
    try {
      while (at < bytes.length) {
        at += await this.#writeSome(bytes.subarray(at));
        if (at >= startEnd) this.#lost = undefined;
      }
      this.#torn = false;
      return undefined;
    } catch (error) {
      if (at > 0) this.#torn = bytes[at - 1] !== LINE_FEED;
      return { lines: countLines(bytes.subarray(Math.max(at, startEnd), linesEnd)), error };
    }
  }

  /** Counts what could not be written, and what has come meanwhile. */
  #lose({ dropped }: Batch, { lines, error }: Failure): void {
    const missed = this.#take();
    const left = readerHasLeft(error, this.#isTerminal);
    this.#lost = {
      lines: (missed.before?.lines ?? 0) + lines + dropped +
        countLines(ENCODER.encode(missed.lines)) + missed.dropped,
      reason: left ? "their reader had left" : writeProblem(error),
      left,
    };
  }

  async #writeSome(bytes: Uint8Array): Promise<number> {
    try {
      return await this.#target.write(bytes);
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      await pause(RETRY);
      return 0;
    }
  }
}

function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (const byte of bytes) if (byte === LINE_FEED) lines++;
  return lines;
}

function plainNotice(lines: number, reason: string): string {
  return `(${lines} log lines were dropped: ${reason})\n`;
}
