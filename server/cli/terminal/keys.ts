/** What terminals send for the keys that are no characters (ECMA-48, and xterm's other mode). */
const SEQUENCES: Readonly<Record<string, string>> = {
  "\x1b[A": "up",
  "\x1bOA": "up",
  "\x1b[B": "down",
  "\x1bOB": "down",
  "\x1b[C": "right",
  "\x1bOC": "right",
  "\x1b[D": "left",
  "\x1bOD": "left",
  "\x1b[3~": "delete",
  "\x1b[5~": "pageup",
  "\x1b[6~": "pagedown",
  "\x1b[H": "home",
  "\x1bOH": "home",
  "\x1b[1~": "home",
  "\x1b[F": "end",
  "\x1bOF": "end",
  "\x1b[4~": "end",
  "\x1b[200~": "paste-begin",
  "\x1b[201~": "paste-end",
  "\x1b": "escape",
  "\t": "tab",
  "\r": "enter",
  "\r\n": "enter",
  "\n": "enter",
  "\x7f": "backspace",
  "\b": "backspace",
  "\x01": "ctrl-a",
  "\x02": "ctrl-b",
  "\x03": "ctrl-c",
  "\x04": "ctrl-d",
  "\x05": "ctrl-e",
  "\x06": "ctrl-f",
  "\v": "ctrl-k",
  "\f": "ctrl-l",
  "\x0e": "ctrl-n",
  "\x10": "ctrl-p",
  "\x15": "ctrl-u",
  "\x17": "ctrl-w",
};

/** A sequence of the terminal, or else one character. */
// deno-lint-ignore no-control-regex -- ESC is what sequences begin with
const KEY = /\x1b\[[0-?]*[ -/]*[@-~]|\x1bO[@-~]|\r\n|[^]/gu;

/** The beginning of a sequence whose end is still to come, as a long paste is read in pieces. */
// deno-lint-ignore no-control-regex -- ESC is what sequences begin with
const UNFINISHED = /\x1b\[[0-?]*[ -/]*$/;

/** No character by itself, but what joins emoji to one, and keeps letters of some scripts apart. */
const JOINER = /^[\u200c\u200d]$/;

/**
 * Tells the keys in what a terminal sent.
 *
 * @param text What came at once: a terminal sends the sequence of one key whole.
 * @returns The names of keys, such as `up`, and characters; keys that nobody uses are left out.
 */
export function readKeys(text: string): string[] {
  return (text.match(KEY) ?? [])
    .map((key) => SEQUENCES[key] ?? key)
    .filter((key) =>
      key.length > 1 && /^[a-z-]+$/.test(key) || /^[^\p{C}]$/u.test(key) || JOINER.test(key)
    );
}

/** The same for all that a terminal sends, in whatever pieces it is read. */
export class KeyReader {
  readonly #decoder = new TextDecoder();
  #rest = "";

  /**
   * Takes the next bytes.
   *
   * @param bytes What was read.
   * @returns The keys that are whole.
   */
  read(bytes: Uint8Array): string[] {
    const text = this.#rest + this.#decoder.decode(bytes, { stream: true });
    this.#rest = UNFINISHED.exec(text)?.[0] ?? "";
    return readKeys(text.slice(0, text.length - this.#rest.length));
  }
}
