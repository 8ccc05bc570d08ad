/** What terminals send for the keys that are no characters (ECMA-48, and xterm's other mode). */
const SEQUENCES: Readonly<Record<string, string>> = {
  "\x1b[A": "up",
  "\x1bOA": "up",
  "\x1b[B": "down",
  "\x1bOB": "down",
  "\x1b[5~": "pageup",
  "\x1b[6~": "pagedown",
  "\x1b[H": "home",
  "\x1bOH": "home",
  "\x1b[1~": "home",
  "\x1b[F": "end",
  "\x1bOF": "end",
  "\x1b[4~": "end",
  "\x1b": "escape",
  "\r": "enter",
  "\n": "enter",
  "\x7f": "backspace",
  "\b": "backspace",
  "\x03": "ctrl-c",
  "\x04": "ctrl-d",
  "\f": "ctrl-l",
};

/** A sequence of the terminal, or else one character. */
// deno-lint-ignore no-control-regex -- ESC is what sequences begin with
const KEY = /\x1b\[[0-?]*[ -/]*[@-~]|\x1bO[@-~]|[^]/gu;

/**
 * Tells the keys in what a terminal sent.
 *
 * @param text What came at once: a terminal sends the sequence of one key whole.
 * @returns The names of keys, such as `up`, and characters; keys that nobody uses are left out.
 */
export function readKeys(text: string): string[] {
  return (text.match(KEY) ?? [])
    .map((key) => SEQUENCES[key] ?? key)
    .filter((key) => key.length > 1 && /^[a-z-]+$/.test(key) || /^[^\p{C}]$/u.test(key));
}
