/**
 * The terminal key by key, left as it was found.
 *
 * @module
 */

import { KeyReader } from "./keys.ts";
import { OutputStream } from "./write_to.ts";

/** What happens at a terminal. */
export interface TerminalEvents {
  /** A key was pressed: a character, or a name such as `up`. */
  key(key: string): void;
  /** The terminal has another size. */
  resize(): void;
  /** The process is to end, or nobody is at the terminal any more; with the exit code for it. */
  end(code: number): void;
}

/** The exit code where the terminal has gone, as that of SIGHUP, which tells the same. */
const HUNG_UP = 129;

/** The signals that end a process, with the exit codes that shells give for them. */
const END_SIGNALS: readonly (readonly [Deno.Signal, number])[] = Deno.build.os === "windows"
  ? [["SIGINT", 130]]
  : [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", HUNG_UP], ["SIGQUIT", 131]];

/**
 * Takes the terminal that standard input and output are, for each key as it is pressed. It is left as
 * it was found by `close()`, and before anything that was thrown ends the process.
 */
export class RawTerminal {
  readonly #leave: string;
  readonly #out = new OutputStream(Deno.stdout, { descriptor: 1 });
  readonly #closing = new AbortController();
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #events: TerminalEvents | undefined = undefined;

  /**
   * @param enter What is written at first.
   * @param leave What is written at last, and takes back what `enter` did.
   */
  constructor(enter: string, leave: string) {
    this.#leave = leave;
    const { signal } = this.#closing;
    // Before the terminal is changed: from then on nothing may end the process unseen.
    for (const [name, code] of END_SIGNALS) this.#onSignal(name, () => this.#events?.end(code));
    if (Deno.build.os !== "windows") this.#onSignal("SIGWINCH", () => this.#events?.resize());
    for (const type of ["error", "unhandledrejection", "unload"]) {
      globalThis.addEventListener(type, () => this.close(), { signal });
    }
    this.#reader = Deno.stdin.readable.getReader();
    Deno.stdin.setRaw(true);
    this.#out.writeSync(enter);
  }

  /** Writes, until it is closed. */
  write(text: string): void {
    if (!this.#closing.signal.aborted) this.#out.writeSync(text);
  }

  /** Tells what happens from now on. */
  listen(events: TerminalEvents): void {
    this.#events = events;
    this.#readKeys(events);
  }

  /** Leaves the terminal as it was found. Can be called again. */
  close(): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#out.writeSync(this.#leave);
    try {
      Deno.stdin.setRaw(false);
    } catch {
      // The terminal has gone.
    }
    this.#reader.cancel().catch(() => {});
  }

  async #readKeys({ key, end }: TerminalEvents): Promise<void> {
    const keys = new KeyReader();
    try {
      for (;;) {
        const { value, done } = await this.#reader.read();
        if (done) break;
        for (const name of keys.read(value)) key(name);
      }
    } catch {
      // The terminal has gone.
    }
    if (!this.#closing.signal.aborted) end(HUNG_UP);
  }

  #onSignal(name: Deno.Signal, listener: () => void): void {
    Deno.addSignalListener(name, listener);
    // A terminal that goes away ends the keys too: the signal that tells the same may come after them.
    if (name === "SIGHUP") return;
    const { signal } = this.#closing;
    signal.addEventListener("abort", () => Deno.removeSignalListener(name, listener));
  }
}
