/** At most this many characters wait for a slow reader of the log; lines beyond it are dropped and counted. */
const MAX_WAITING = 1_048_576;

const ENCODER = new TextEncoder();

/** Where lines go: standard error, or a test's double. */
export interface LineTarget {
  /** Writes some of the bytes and resolves with how many. */
  write(bytes: Uint8Array): Promise<number>;
}

/**
 * Writes lines in order without ever blocking or failing: a slow reader costs lines, whose number it
 * reads later, and a closed one costs nothing.
 */
export class LineWriter {
  readonly #target: LineTarget;
  readonly #notice: (dropped: number) => string;
  #waiting = "";
  #dropped = 0;
  #busy = false;
  #written: Promise<void> = Promise.resolve();

  /**
   * @param target Where the lines go.
   * @param notice Writes a line that says how many lines were dropped.
   */
  constructor(target: LineTarget, notice: (dropped: number) => string = plainNotice) {
    this.#target = target;
    this.#notice = notice;
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
    try {
      for (let text = this.#take(); text !== ""; text = this.#take()) {
        const bytes = ENCODER.encode(text);
        for (let at = 0; at < bytes.length;) at += await this.#target.write(bytes.subarray(at));
      }
    } catch {
      this.#take(); // nobody reads any more
    }
    // Not in a `then` behind it: a line that came in between would wait for the next one.
    this.#busy = false;
  }

  /** Takes what waits, and the number of what found no room behind it. */
  #take(): string {
    const dropped = this.#dropped;
    const text = this.#waiting + (dropped === 0 ? "" : this.#notice(dropped));
    this.#waiting = "";
    this.#dropped = 0;
    return text;
  }
}

function plainNotice(dropped: number): string {
  return `(${dropped} log lines were dropped: their reader is too slow)\n`;
}
