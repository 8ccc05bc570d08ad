/**
 * `server/cli/terminal/` is for the text and the keys of a terminal.
 *
 * The terminal as a whole screen: raw keys in, lines out, and left as it was found.
 *
 * @module
 */

import { RawTerminal, type TerminalEvents } from "./raw_terminal.ts";

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

/** A whole screen that a command draws on. */
export interface Screen {
  /** How large it is now. */
  size(): Size;
  /** Draws it all; lines beyond the last row are left out. */
  draw(lines: readonly Line[]): void;
  /** Tells what happens from now on. */
  listen(events: TerminalEvents): void;
  /** Leaves the terminal as it was found. Can be called again. */
  close(): void;
}

/** What a terminal is taken for that does not tell its size. */
const USUAL: Size = { columns: 80, rows: 24 };

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
  readonly #terminal = new RawTerminal(ENTER, LEAVE);

  size(): Size {
    return terminalSize();
  }

  draw(lines: readonly Line[]): void {
    const { rows } = this.size();
    const shown = lines.slice(0, rows).map(({ text, style }, row) => {
      const styled = style === undefined ? text : `${STYLES[style]}${text}\x1b[0m`;
      // Erased first: behind a full line the cursor still stands on its last cell.
      return `\x1b[${row + 1};1H\x1b[2K${styled}`;
    });
    const rest = shown.length < rows ? `\x1b[${shown.length + 1};1H\x1b[J` : "";
    this.#terminal.write(shown.join("") + rest);
  }

  listen(events: TerminalEvents): void {
    this.#terminal.listen(events);
  }

  close(): void {
    this.#terminal.close();
  }
}
