/**
 * One line that somebody types: what the keys do to it, and how it looks. Pure.
 *
 * @module
 */

import { cellWidth, clustersOf } from "./cell_width.ts";

/** The most UTF-16 units of a line; what is typed or pasted beyond them is left out. */
export const MAX_TYPED = 1_048_576;

/** The most lines that are remembered; the oldest go. */
const MAX_REMEMBERED = 1_000;

/** Where a character ends is looked for within this many units, so that a long line stays quick. */
const MAX_CLUSTER = 64;

/** The one row that a line is shown on. */
export interface LineView {
  /** What stands there: at most as many cells as there are. */
  readonly text: string;
  /** The cells left of the cursor. */
  readonly cursor: number;
}

/** A line and the lines before it. */
export class LineEditor {
  #text = "";
  #cursor = 0;
  /** What is being pasted; a terminal tells where that begins and ends. */
  #pasted: string | undefined = undefined;
  readonly #lines: string[] = [];
  /** Which of `#lines` is shown; behind the last is what was typed before. */
  #at = 0;
  #draft = "";

  /** What has been typed so far. */
  get text(): string {
    return this.#text;
  }

  /**
   * Does what a key says.
   *
   * @param key A character, or a name as `readKeys()` gives it; other names do nothing.
   * @returns The line, once it is finished; then the next one begins.
   */
  press(key: string): string | undefined {
    if (this.#pasted !== undefined) return this.#paste(this.#pasted, key);
    switch (key) {
      case "enter":
        return this.#finish();
      case "paste-begin":
        this.#pasted = "";
        return;
      case "left":
      case "ctrl-b":
        this.#cursor = this.#before();
        return;
      case "right":
      case "ctrl-f":
        this.#cursor = this.#after();
        return;
      case "home":
      case "ctrl-a":
        this.#cursor = 0;
        return;
      case "end":
      case "ctrl-e":
        this.#cursor = this.#text.length;
        return;
      case "up":
      case "ctrl-p":
        return this.#recall(this.#at - 1);
      case "down":
      case "ctrl-n":
        return this.#recall(this.#at + 1);
      case "backspace":
        return this.#cut(this.#before(), this.#cursor);
      case "delete":
      case "ctrl-d":
        return this.#cut(this.#cursor, this.#after());
      case "ctrl-k":
        return this.#cut(this.#cursor, this.#text.length);
      case "ctrl-u":
        return this.#cut(0, this.#cursor);
      case "ctrl-w":
        return this.#cut(this.#wordStart(), this.#cursor);
    }
    if (isCharacter(key)) this.#insert(key);
  }

  /**
   * Shows the line, or that part of it where the cursor is.
   *
   * @param columns The cells that there are.
   */
  view(columns: number): LineView {
    // Each character takes a cell, or belongs to one that does.
    const reach = 4 * columns + MAX_CLUSTER;
    const before = visible(this.#text.slice(Math.max(0, this.#cursor - reach), this.#cursor));
    const after = visible(this.#text.slice(this.#cursor, this.#cursor + reach));
    // The cursor stands on a cell too, and does not stand at the very end while more follows.
    const kept = fit(after, Math.floor(columns / 3)).width;
    const left = fit(before.toReversed(), columns - 1 - kept);
    const right = fit(after, columns - 1 - left.width);
    return {
      text: left.clusters.toReversed().join("") + right.clusters.join(""),
      cursor: left.width,
    };
  }

  /** What is pasted goes in whole, its line feeds too: it is sent by Enter and not by them. */
  #paste(pasted: string, key: string): undefined {
    if (key === "paste-end") {
      this.#pasted = undefined;
      // Whoever copies whole lines wants to send what they say.
      this.#insert(pasted.replace(/\n$/, ""));
    } else if (pasted.length < MAX_TYPED) {
      this.#pasted += key === "enter" ? "\n" : key === "tab" ? "\t" : isCharacter(key) ? key : "";
    }
  }

  #insert(text: string): void {
    if (this.#text.length + text.length > MAX_TYPED) return;
    this.#text = this.#text.slice(0, this.#cursor) + text + this.#text.slice(this.#cursor);
    this.#cursor += text.length;
  }

  #cut(from: number, to: number): undefined {
    this.#text = this.#text.slice(0, from) + this.#text.slice(to);
    this.#cursor = from;
  }

  #finish(): string {
    const line = this.#text;
    if (line !== "" && line !== this.#lines.at(-1)) this.#lines.push(line);
    if (this.#lines.length > MAX_REMEMBERED) this.#lines.shift();
    this.#at = this.#lines.length;
    this.#text = this.#draft = "";
    this.#cursor = 0;
    return line;
  }

  #recall(at: number): undefined {
    if (at < 0 || at > this.#lines.length) return;
    if (this.#at === this.#lines.length) this.#draft = this.#text;
    this.#at = at;
    this.#text = this.#lines[at] ?? this.#draft;
    this.#cursor = this.#text.length;
  }

  #before(): number {
    const near = this.#text.slice(Math.max(0, this.#cursor - MAX_CLUSTER), this.#cursor);
    return this.#cursor - (clustersOf(near).at(-1)?.length ?? 0);
  }

  #after(): number {
    const near = this.#text.slice(this.#cursor, this.#cursor + MAX_CLUSTER);
    return this.#cursor + (clustersOf(near)[0]?.length ?? 0);
  }

  #wordStart(): number {
    return this.#text.slice(0, this.#cursor).trimEnd().search(/\S*$/);
  }
}

/** Names of keys are longer, and no character is longer than two units. */
function isCharacter(key: string): boolean {
  return key.length === 1 || /^[^]$/u.test(key);
}

/** Characters as they are shown: those that would move the cursor by one that stands for them. */
function visible(text: string): string[] {
  return clustersOf(text).map((cluster) =>
    cluster === "\n" ? "\u21b5" : cluster === "\t" ? "\u2192" : cluster
  );
}

/** Takes characters as long as they fit. */
function fit(
  clusters: readonly string[],
  cells: number,
): { clusters: readonly string[]; width: number } {
  let width = 0;
  for (const [index, cluster] of clusters.entries()) {
    const next = width + cellWidth(cluster);
    if (next > cells) return { clusters: clusters.slice(0, index), width };
    width = next;
  }
  return { clusters, width };
}
