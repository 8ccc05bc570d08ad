/**
 * Makes text of others fit to be shown: no text may steer the terminal that it reaches.
 *
 * @module
 */

/**
 * Control and format characters, those that reverse the direction among them, and those without a
 * shape.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** All but the printable characters of ASCII, each of which takes one cell of a terminal. */
const NOT_PRINTABLE_ASCII = /[^ -~]/gu;

/** The characters that JSON.stringify() leaves as they are although a terminal may act on them. */
const UNSEEN_IN_JSON = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * Writes characters that cannot be seen as escapes: `\x1b`, `\u{202e}`. Letters of all scripts
 * stay.
 *
 * @param text A text from anywhere.
 */
export function escapeControls(text: string): string {
  return text.replace(UNSEEN, escapeCharacter);
}

/**
 * Writes all but ASCII as escapes, so that the text takes as many cells as it has characters.
 *
 * @param text A text from anywhere.
 */
export function escapeToAscii(text: string): string {
  return text.replace(NOT_PRINTABLE_ASCII, escapeCharacter);
}

/**
 * Writes a value as one line of JSON that no terminal acts on.
 *
 * @param value A value that JSON can hold.
 * @returns The line, with its line feed.
 */
export function jsonLine(value: unknown): string {
  return `${escapeJson(JSON.stringify(value))}\n`;
}

/**
 * Escapes the characters in JSON that a terminal may act on although JSON allows them.
 *
 * @param json A text of JSON.
 * @returns JSON that reads as the same.
 */
export function escapeJson(json: string): string {
  return json.replace(UNSEEN_IN_JSON, (character) => {
    // By UTF-16 units, as JSON has it.
    return Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`,
    ).join("");
  });
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0)!;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
}
