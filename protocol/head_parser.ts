import { HandshakeError, type HandshakeErrorCode } from "./errors.ts";
import { HeadFields } from "./head_fields.ts";
import { isTokenCode } from "./header_values.ts";
import type { HeadLimits } from "./limits.ts";

const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const DEL = 0x7f;

const EMPTY = new Uint8Array(0);
const UTF8 = new TextDecoder();

/** In what the two kinds of head differ before their first line is read. */
export interface StartLineRules {
  /** The error code for a line that is too long. */
  readonly tooLong: HandshakeErrorCode;
  /** How many empty lines may come before it. */
  readonly emptyLinesBefore: number;
  /** Whether LF alone ends a line too (RFC 9112 2.2), and whitespace continues one (RFC 9112 5.2). */
  readonly lenientLines: boolean;
}

/**
 * Reads one HTTP/1.x head from chunks of any size. Every byte is looked at once, and no more than
 * one unfinished line is kept between chunks. Use `RequestHeadParser` or `ResponseHeadParser`.
 *
 * Refused, each with a {@linkcode HandshakeError}: lines of a request that do not end in CRLF or are
 * folded, which a response may have, control characters, header names that are not tokens (`MALFORMED_HEAD`), another major version of HTTP
 * (`HTTP_VERSION_UNSUPPORTED`), and the first byte beyond a limit (`REQUEST_LINE_TOO_LONG`,
 * `HEADER_LINE_TOO_LONG`, `TOO_MANY_HEADERS`, `HEAD_TOO_LARGE`). The error does not depend on how the
 * bytes were cut into chunks.
 *
 * @typeParam H The kind of head.
 */
export abstract class HeadParser<H> {
  readonly #limits: HeadLimits;
  readonly #rules: StartLineRules;
  readonly #headers = new HeadFields();
  /** The beginning of an unfinished line, from earlier chunks, in `#held[0..#heldLength)`. */
  #held = EMPTY;
  #heldLength = 0;
  /** Where the scan stands: bytes in all, bytes of this line, lines before it that are not empty. */
  #headLength = 0;
  #lineLength = 0;
  #lines = 0;
  #emptyLines = 0;
  #afterCr = false;
  #isAscii = true;
  #sawEnd = false;
  #startLineRead = false;
  #isSpent = false;
  #rest: Uint8Array = EMPTY;

  /**
   * Makes a parser for one head.
   *
   * @param limits How large the head may be.
   * @param rules The rules for the first line.
   */
  protected constructor(limits: HeadLimits, rules: StartLineRules) {
    this.#limits = limits;
    this.#rules = rules;
  }

  /**
   * The bytes after the head in the chunk that ended it: the first frames, or a body. A view of the
   * caller's chunk, empty before the head has ended.
   */
  get rest(): Uint8Array {
    return this.#rest;
  }

  /**
   * Reads the next chunk. After an error or the end of the head the parser is spent.
   *
   * @param chunk The bytes. Nothing of the chunk is kept, except that {@linkcode HeadParser.rest}
   * is a view of it.
   * @returns The head once it is complete, until then `undefined`.
   * @throws {HandshakeError} Where the head cannot be accepted; the class names the codes.
   * @throws {TypeError} Where the parser is spent.
   */
  push(chunk: Uint8Array): H | undefined {
    if (this.#isSpent) throw new TypeError("Cannot push as this parser is spent");
    this.#isSpent = true;
    const scan = this.#scan(chunk);
    // Lines before a fault are judged before it, so that the cuts between chunks do not matter.
    if (scan.linesEnd > 0) this.#readLines(this.#decodeLines(chunk, scan.linesEnd));
    if (scan.fault !== undefined) throw scan.fault;
    if (this.#sawEnd) {
      this.#rest = chunk.subarray(scan.linesEnd);
      return this.finish(this.#headers);
    }
    this.#hold(chunk.subarray(scan.linesEnd));
    this.#isSpent = false;
    return undefined;
  }

  /**
   * Says that the transport has ended.
   *
   * @throws {HandshakeError} `HEAD_INCOMPLETE` where the head has not ended before.
   */
  receiveEof(): void {
    this.#isSpent = true;
    if (!this.#sawEnd) {
      throw new HandshakeError("HEAD_INCOMPLETE", "Connection ended before the end of the head");
    }
  }

  /**
   * Reads the first line.
   *
   * @param line The line without its end and without control characters.
   */
  protected abstract readStartLine(line: string): void;

  /**
   * Makes the head when all of it is there.
   *
   * @param headers Its header fields.
   * @returns The head.
   */
  protected abstract finish(headers: HeadFields): H;

  /**
   * Looks at every byte once: ends of lines, control characters, limits.
   *
   * @returns The end of the last complete line within the chunk, and the fault after it.
   */
  #scan(chunk: Uint8Array): { linesEnd: number; fault: HandshakeError | undefined } {
    const { headLineBytes, headHeaders, headBytes } = this.#limits;
    const bareLf = this.#rules.lenientLines ? LF : -1;
    const end = Math.min(chunk.length, headBytes - this.#headLength);
    let lineLength = this.#lineLength;
    let afterCr = this.#afterCr;
    let bits = 0;
    let linesEnd = 0;
    let fault: HandshakeError | undefined;
    let i = 0;
    for (; i < end; i++) {
      const byte = chunk[i]!;
      if (afterCr || byte === bareLf) {
        if (byte !== LF) {
          fault = malformed("CR without LF");
          break;
        }
        afterCr = false;
        linesEnd = i + 1;
        if (lineLength > 0) {
          this.#lines++;
          lineLength = 0;
        } else if (this.#lines > 0) {
          this.#sawEnd = true;
          break;
        } else if (++this.#emptyLines > this.#rules.emptyLinesBefore) {
          fault = malformed("Empty line where the first line was expected");
          break;
        }
      } else if (byte === CR) {
        afterCr = true;
      } else {
        if (lineLength === headLineBytes) {
          fault = this.#lineTooLong();
          break;
        }
        if (lineLength === 0 && this.#lines > headHeaders) {
          fault = new HandshakeError(
            "TOO_MANY_HEADERS",
            `Head has more than ${headHeaders} header lines`,
          );
          break;
        }
        if ((byte < SPACE && byte !== HTAB) || byte === DEL) {
          fault = malformed(byte === LF ? "LF without CR" : "Control character");
          break;
        }
        lineLength++;
        bits |= byte;
      }
    }
    if (i === end && end < chunk.length) {
      fault = new HandshakeError("HEAD_TOO_LARGE", `Head is larger than ${headBytes} bytes`);
    }
    this.#headLength += i;
    this.#lineLength = lineLength;
    this.#afterCr = afterCr;
    if (bits > DEL) this.#isAscii = false;
    return { linesEnd, fault };
  }

  #lineTooLong(): HandshakeError {
    const limit = this.#limits.headLineBytes;
    return this.#lines === 0
      ? new HandshakeError(this.#rules.tooLong, `First line is longer than ${limit} bytes`)
      : new HandshakeError("HEADER_LINE_TOO_LONG", `Header line is longer than ${limit} bytes`);
  }

  /** The complete lines as text: what was held, then the chunk up to `end`. */
  #decodeLines(chunk: Uint8Array, end: number): string {
    let bytes = chunk.subarray(0, end);
    if (this.#heldLength > 0) {
      bytes = new Uint8Array(this.#heldLength + end);
      bytes.set(this.#held.subarray(0, this.#heldLength));
      bytes.set(chunk.subarray(0, end), this.#heldLength);
      this.#heldLength = 0;
    }
    return this.#isAscii ? UTF8.decode(bytes) : decodeBytes(bytes);
  }

  /** Keeps the beginning of a line; the room doubles, so that single bytes cost no copy each. */
  #hold(bytes: Uint8Array): void {
    const length = this.#heldLength + bytes.length;
    if (length > this.#held.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#held.length));
      larger.set(this.#held.subarray(0, this.#heldLength));
      this.#held = larger;
    }
    this.#held.set(bytes, this.#heldLength);
    this.#heldLength = length;
  }

  /** Reads complete lines, each with its CRLF, or LF where that is enough. */
  #readLines(text: string): void {
    let start = 0;
    while (start < text.length) {
      const lineFeed = text.indexOf("\n", start);
      const end = text.charCodeAt(lineFeed - 1) === CR ? lineFeed - 1 : lineFeed;
      if (end <= start) {
        // Empty: before the first line, or the end of the head.
      } else if (this.#startLineRead) {
        this.#readHeader(text, start, end);
      } else {
        this.readStartLine(text.slice(start, end));
        this.#startLineRead = true;
      }
      start = lineFeed + 1;
    }
  }

  #readHeader(text: string, start: number, end: number): void {
    let colon = start;
    while (isTokenCode(text.charCodeAt(colon))) colon++;
    if (colon === start || text[colon] !== ":") return this.#readFolded(text, start, end);
    let first = colon + 1;
    let last = end;
    while (first < last && isWhitespace(text.charCodeAt(first))) first++;
    while (last > first && isWhitespace(text.charCodeAt(last - 1))) last--;
    this.#headers.append(text.slice(start, colon), text.slice(first, last));
  }

  /** Goes on with the value before, as a folded line of a response does (RFC 9112 5.2). */
  #readFolded(text: string, start: number, end: number): void {
    const first = text.charCodeAt(start);
    if (!this.#rules.lenientLines || this.#headers.size === 0 || !isWhitespace(first)) {
      throw headerFault(first);
    }
    this.#headers.fold(text.slice(start, end).replace(/^[ \t]+|[ \t]+$/g, ""));
  }
}

function headerFault(firstCode: number): HandshakeError {
  // RFC 9112 5.2: a line that begins with whitespace once continued the line before it.
  return isWhitespace(firstCode)
    ? malformed("Header line begins with whitespace")
    // RFC 9112 5.1: no whitespace either between the name and its colon.
    : malformed("Header line is not a token, a colon and a value");
}

function isWhitespace(code: number): boolean {
  return code === SPACE || code === HTAB;
}

/** RFC 9110 5.5: bytes above ASCII are opaque, so each becomes the character of the same value. */
function decodeBytes(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/**
 * Makes the error for a line that is not HTTP.
 *
 * @param message Its fault.
 * @returns The error, `MALFORMED_HEAD`.
 */
export function malformed(message: string): HandshakeError {
  return new HandshakeError("MALFORMED_HEAD", message);
}
