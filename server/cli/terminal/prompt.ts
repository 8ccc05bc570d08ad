/**
 * A prompt at the bottom of what a terminal shows: lines are printed above it, and what somebody is
 * typing stays.
 *
 * @module
 */

import { LineEditor } from "./line_editor.ts";
import { RawTerminal } from "./raw_terminal.ts";
import { terminalSize } from "./terminal.ts";

/** What happens at a prompt. */
export interface PromptEvents {
  /** A line was typed, or several were pasted, and Enter was pressed. */
  line(text: string): void;
  /** Ctrl-C was pressed, or Ctrl-D where nothing had been typed. */
  leave(): void;
  /** The process is to end, or nobody is at the terminal any more; with the exit code for it. */
  end(code: number): void;
}

/** A prompt that a command reads lines at. */
export interface Prompt {
  /**
   * Prints lines above it.
   *
   * @param lines Nothing in them may steer a terminal.
   */
  print(lines: readonly string[]): void;
  /** Tells what happens from now on. */
  listen(events: PromptEvents): void;
  /** Takes it off the screen and leaves the terminal as it was found. Can be called again. */
  close(): void;
}

/** What stands before the line; of one cell each. */
const MARK = "> ";

/** Back to the first cell of the row, and nothing from there on. */
const CLEAN = "\r\x1b[J";

/** xterm: a paste is told from typing, and no more. */
const ENTER = "\x1b[?2004h";
const LEAVE = `${CLEAN}\x1b[?2004l`;

/** Takes the terminal for a prompt. It stays on one row: a long line is shown in part. */
export function openPrompt(): Prompt {
  return new TerminalPrompt();
}

class TerminalPrompt implements Prompt {
  readonly #terminal = new RawTerminal(ENTER, LEAVE);
  readonly #editor = new LineEditor();
  /** What is to be printed at the end of this turn of the event loop; absent when nothing changed. */
  #lines: string[] | undefined = undefined;

  print(lines: readonly string[]): void {
    this.#change(lines);
  }

  listen(events: PromptEvents): void {
    this.#terminal.listen({
      key: (key) => this.#press(key, events),
      resize: () => this.#change(),
      end: (code) => events.end(code),
    });
    this.#change();
  }

  close(): void {
    this.#terminal.write(this.#takeLines());
    this.#terminal.close();
  }

  #press(key: string, events: PromptEvents): void {
    if (key === "ctrl-c" || key === "ctrl-d" && this.#editor.text === "") return events.leave();
    if (key === "ctrl-l") this.#terminal.write("\x1b[2J\x1b[1;1H");
    const line = this.#editor.press(key);
    this.#change();
    if (line !== undefined) events.line(line);
  }

  /** Draws once for all keys of a paste, and for all messages that came together. */
  #change(lines: readonly string[] = []): void {
    if (this.#lines === undefined) queueMicrotask(() => this.#draw());
    this.#lines ??= [];
    for (const line of lines) this.#lines.push(line);
  }

  #draw(): void {
    const { text, cursor } = this.#editor.view(terminalSize().columns - MARK.length);
    this.#terminal.write(`${this.#takeLines()}${MARK}${text}\r\x1b[${MARK.length + cursor}C`);
  }

  /** The lines, which take the place of the prompt. */
  #takeLines(): string {
    const lines = this.#lines ?? [];
    this.#lines = undefined;
    return `${CLEAN}${lines.map((line) => `${line}\r\n`).join("")}`;
  }
}
