/**
 * The terminal as a whole screen: raw keys in, lines out, and left as it was found.
 *
 * @module
 */

import { readKeys } from "./keys.ts";
import { writeTo } from "./write_to.ts";

/** One line of the screen. */
export interface Line {
  /** At most as many characters as the screen has columns, each of one cell: printable ASCII. */
  readonly text: string;
  /** How it stands out; it needs no colour for that. */
  readonly style?: "bold" | "inverse";
}

/** Cells of a terminal. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** What happens at a screen. */
export interface ScreenEvents {
  /** A key was pressed: a character, or a name such as `up`. */
  key(key: string): void;
  /** The terminal has another size. */
  resize(): void;
  /** The process is to end, or nobody is at the terminal any more; with the exit code for it. */
  end(code: number): void;
}

/** A whole screen that a command draws on. */
export interface Screen {
  /** How large it is now. */
  size(): Size;
  /** Draws it all; lines beyond the last row are left out. */
  draw(lines: readonly Line[]): void;
  /** Tells what happens from now on. */
  listen(events: ScreenEvents): void;
  /** Leaves the terminal as it was found. Can be called again. */
  close(): void;
}

/** What a terminal is taken for that does not tell its size. */
const USUAL: Size = { columns: 80, rows: 24 };

/** The exit code where the terminal has gone, as that of SIGHUP, which tells the same. */
const HUNG_UP = 129;

/** The signals that end a process, with the exit codes that shells give for them. */
const END_SIGNALS: readonly (readonly [Deno.Signal, number])[] = Deno.build.os === "windows"
  ? [["SIGINT", 130]]
  : [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", HUNG_UP], ["SIGQUIT", 131]];

/** ECMA-48 and xterm: the other screen without the cursor, and back. */
const ENTER = "\x1b[?1049h\x1b[?25l\x1b[2J";
const LEAVE = "\x1b[0m\x1b[?25h\x1b[?1049l";

const STYLES = { bold: "\x1b[1m", inverse: "\x1b[7m" } as const;

/** Returns the size of the terminal that a standard stream is. */
export function terminalSize(): Size {
  try {
    const { columns, rows } = Deno.consoleSize();
    return columns > 0 && rows > 0 ? { columns, rows } : USUAL;
  } catch {
    return USUAL; // it has just gone
  }
}

/**
 * Takes the terminal: its other screen, without a cursor, and each key as it is pressed. It is left
 * as it was found by `close()`, and before anything that was thrown ends the process.
 */
export function openScreen(): Screen {
  return new TerminalScreen();
}

class TerminalScreen implements Screen {
  readonly #write = writeTo(Deno.stdout);
  readonly #closing = new AbortController();
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #events: ScreenEvents | undefined = undefined;

  constructor() {
    const { signal } = this.#closing;
    // Before the terminal is changed: from then on nothing may end the process unseen.
    for (const [name, code] of END_SIGNALS) this.#onSignal(name, () => this.#events?.end(code));
    if (Deno.build.os !== "windows") this.#onSignal("SIGWINCH", () => this.#events?.resize());
    for (const type of ["error", "unhandledrejection", "unload"]) {
      globalThis.addEventListener(type, () => this.close(), { signal });
    }
    this.#reader = Deno.stdin.readable.getReader();
    Deno.stdin.setRaw(true);
    this.#write(ENTER);
  }

  size(): Size {
    return terminalSize();
  }

  draw(lines: readonly Line[]): void {
    if (this.#closing.signal.aborted) return;
    const { rows } = this.size();
    const shown = lines.slice(0, rows).map(({ text, style }, row) => {
      const styled = style === undefined ? text : `${STYLES[style]}${text}\x1b[0m`;
      // Erased first: behind a full line the cursor still stands on its last cell.
      return `\x1b[${row + 1};1H\x1b[2K${styled}`;
    });
    const rest = shown.length < rows ? `\x1b[${shown.length + 1};1H\x1b[J` : "";
    this.#write(shown.join("") + rest);
  }

  listen(events: ScreenEvents): void {
    this.#events = events;
    this.#readKeys(events);
  }

  close(): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#write(LEAVE);
    try {
      Deno.stdin.setRaw(false);
    } catch {
      // The terminal has gone.
    }
    this.#reader.cancel().catch(() => {});
  }

  async #readKeys({ key, end }: ScreenEvents): Promise<void> {
    const decoder = new TextDecoder();
    try {
      for (;;) {
        const { value, done } = await this.#reader.read();
        if (done) break;
        for (const name of readKeys(decoder.decode(value, { stream: true }))) key(name);
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
