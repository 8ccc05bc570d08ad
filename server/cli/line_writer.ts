/** At most this many bytes wait for a slow reader of the log; lines beyond it are dropped and counted. */
const MAX_WAITING = 1_048_576;

const ENCODER = new TextEncoder();

/** Where lines go: standard error, or a test's double. */
export interface LineTarget {
  /** Writes some of the bytes and resolves with how many. */
  write(bytes: Uint8Array): Promise<number>;
}

/**
 * Writes lines in order without ever blocking or failing: a slow reader costs lines, which are
 * counted in the next one, and a closed one costs nothing.
 */
export class LineWriter {
  readonly #target: LineTarget;
  #waiting = "";
  #dropped = 0;
  #writing: Promise<void> | undefined = undefined;

  /** @param target Where the lines go. */
  constructor(target: LineTarget) {
    this.#target = target;
  }

  /** Adds a line, which ends with a line feed. */
  write(line: string): void {
    if (this.#waiting.length + line.length > MAX_WAITING) this.#dropped++;
    else this.#waiting += line;
    this.#writing ??= this.#writeAll().finally(() => this.#writing = undefined);
  }

  /** Resolves when all lines so far have been written or given up. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting !== "") {
      const bytes = ENCODER.encode(this.#waiting);
      this.#waiting = "";
      try {
        for (let at = 0; at < bytes.length;) at += await this.#target.write(bytes.subarray(at));
      } catch {
        return; // nobody reads any more
      }
      if (this.#dropped === 0) continue;
      this.#waiting += `(${this.#dropped} log lines were dropped: their reader is too slow)\n`;
      this.#dropped = 0;
    }
  }
}
