const HTAB = 0x09;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;

/** 1 at the codes of the characters that a token may hold (RFC 9110 5.6.2). */
const TOKEN_CODES = asciiCodes(
  "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
);

/**
 * Makes a table that tells the characters of a set from others.
 *
 * @param characters The set, all of it ASCII.
 * @returns 128 numbers, 1 at the codes of these characters and 0 at others.
 */
export function asciiCodes(characters: string): Uint8Array {
  const codes = new Uint8Array(128);
  for (let at = 0; at < characters.length; at++) codes[characters.charCodeAt(at)] = 1;
  return codes;
}

/**
 * Tells whether a character may be part of a token (RFC 9110 5.6.2).
 *
 * @param code The UTF-16 code of the character.
 * @returns Whether it is one of the token characters.
 */
export function isTokenCode(code: number): boolean {
  return TOKEN_CODES[code] === 1;
}

/**
 * Tells whether a text is a token, the form of header names, methods, subprotocols and extension
 * names (RFC 9110 5.6.2).
 *
 * @param text The text.
 * @returns Whether it is one or more token characters and nothing else.
 *
 * @example
 * ```ts
 * import { isToken } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(["chat.v1", "two words", ""].map(isToken), [true, false, false]);
 * ```
 */
export function isToken(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (!isTokenCode(text.charCodeAt(i))) return false;
  }
  return text.length > 0;
}

/**
 * Tells whether a comma separated header value has an element, in any ASCII case. Elements that are
 * not looked for may have any form, as `Upgrade` also lists protocols with a version
 * (RFC 9110 5.6.1, 7.8). Takes one pass and allocates nothing.
 *
 * @param value The header value, or `undefined` where there is no such header.
 * @param element The element, in lower case.
 * @returns Whether the list has it.
 */
export function listIncludes(value: string | undefined, element: string): boolean {
  if (value === undefined) return false;
  let start = 0;
  while (start <= value.length) {
    const comma = value.indexOf(",", start);
    const end = comma < 0 ? value.length : comma;
    let first = start;
    let last = end;
    while (first < last && isWhitespace(value.charCodeAt(first))) first++;
    while (last > first && isWhitespace(value.charCodeAt(last - 1))) last--;
    if (last - first === element.length && equalsLowerCase(value, first, element)) return true;
    start = end + 1;
  }
  return false;
}

/**
 * Tells whether a header value is a given word in any ASCII case.
 *
 * @param value The header value, or `undefined` where there is no such header.
 * @param word The word, in lower case.
 * @returns Whether the whole value is that word.
 */
export function equalsIgnoringCase(value: string | undefined, word: string): boolean {
  return value !== undefined && value.length === word.length && equalsLowerCase(value, 0, word);
}

function equalsLowerCase(text: string, start: number, lowerCase: string): boolean {
  for (let i = 0; i < lowerCase.length; i++) {
    const code = text.charCodeAt(start + i);
    const isUpper = code >= 0x41 && code <= 0x5a;
    if ((isUpper ? code + 0x20 : code) !== lowerCase.charCodeAt(i)) return false;
  }
  return true;
}

/**
 * Splits a comma separated list of tokens. Empty elements are skipped, as RFC 9110 5.6.1.2 asks.
 *
 * @param value The header value.
 * @returns The tokens in their order and case, or `undefined` where an element is not a token or
 * where there is none at all.
 */
export function parseTokenList(value: string): string[] | undefined {
  const tokens: string[] = [];
  const scanner = new HeaderScanner(value);
  do {
    scanner.skipWhitespace();
    const token = scanner.token();
    if (token !== "") tokens.push(token);
    scanner.skipWhitespace();
  } while (scanner.take(COMMA));
  return scanner.atEnd && tokens.length > 0 ? tokens : undefined;
}

/** Reads a header value piece by piece, from left to right, and never goes back. */
export class HeaderScanner {
  readonly #text: string;
  #position = 0;

  /**
   * Begins at the first character.
   *
   * @param text The header value.
   */
  constructor(text: string) {
    this.#text = text;
  }

  /** Whether everything has been read. */
  get atEnd(): boolean {
    return this.#position === this.#text.length;
  }

  /** Reads spaces and tabs, if there are any (RFC 9110 5.6.3). */
  skipWhitespace(): void {
    const text = this.#text;
    let at = this.#position;
    while (at < text.length && isWhitespace(text.charCodeAt(at))) at++;
    this.#position = at;
  }

  /**
   * Reads one given character.
   *
   * @param code Its code.
   * @returns Whether it came next; otherwise nothing has been read.
   */
  take(code: number): boolean {
    if (this.atEnd || this.#text.charCodeAt(this.#position) !== code) return false;
    this.#position++;
    return true;
  }

  /**
   * Reads token characters.
   *
   * @returns The token, empty where none came next.
   */
  token(): string {
    const text = this.#text;
    const start = this.#position;
    let at = start;
    while (at < text.length && isTokenCode(text.charCodeAt(at))) at++;
    this.#position = at;
    return text.slice(start, at);
  }

  /**
   * Reads a quoted string (RFC 9110 5.6.4).
   *
   * @returns Its content, without quotes and backslashes, or `undefined` where none came
   * next or where it does not end.
   */
  quotedString(): string | undefined {
    if (!this.take(QUOTE)) return undefined;
    const parts: string[] = [];
    let start = this.#position;
    while (!this.atEnd) {
      if (this.take(QUOTE)) {
        parts.push(this.#text.slice(start, this.#position - 1));
        return parts.join("");
      }
      if (this.take(BACKSLASH)) {
        // RFC 9110 5.6.4: the character after a backslash stands for itself, a quote too.
        parts.push(this.#text.slice(start, this.#position - 1));
        start = this.#position;
        if (this.atEnd) break;
      }
      this.#position++;
    }
    return undefined;
  }
}

function isWhitespace(code: number): boolean {
  return code === SPACE || code === HTAB;
}
