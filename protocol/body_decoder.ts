import type { BodyFraming } from "./body_framing.ts";
import { HandshakeError } from "./errors.ts";
import { HeaderScanner, isTokenCode } from "./header_values.ts";
import { type BodyLimits, DEFAULT_BODY_LIMITS } from "./limits.ts";

const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const DEL = 0x7f;

/** The most digits of a chunk's size, so that it stays an exact number. */
const MAX_SIZE_DIGITS = 13;

const EMPTY = new Uint8Array(0);

/** The part of the body that the next byte belongs to. */
type Part =
  | "size"
  | "extension"
  | "size-lf"
  | "data"
  | "data-cr"
  | "data-lf"
  | "trailer-start"
  | "trailer-name"
  | "trailer-value"
  | "trailer-lf"
  | "end-lf"
  | "end";

/**
 * Reads one body from pieces of any size, by its length or in chunks (RFC 9112 6.2, 7.1). The bytes
 * come out as views of the pieces; extensions and trailers are checked and left out. Bytes after
 * the body are not touched: {@linkcode BodyDecoder.rest} is the beginning of the next request.
 *
 * What is refused, and with which error, does not depend on how the bytes were cut into pieces.
 * After an error nothing is known about the bytes that follow: the connection has to be closed.
 *
 * @example
 * ```ts
 * import { BodyDecoder } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const decoder = new BodyDecoder("chunked");
 * decoder.push(new TextEncoder().encode("5\r\nHello\r\n0\r\n\r\nGET /"));
 * assertEquals(new TextDecoder().decode(decoder.read()), "Hello");
 * assertEquals([decoder.read(), decoder.ended, decoder.rest.length], [undefined, true, 5]);
 * ```
 */
export class BodyDecoder {
  readonly #limits: BodyLimits;
  readonly #isChunked: boolean;
  #part: Part;
  /** The bytes of the body, or of the chunk, that are still to come. */
  #remaining: number;
  /** The bytes of the chunks before this one. */
  #bodyBytes = 0;
  #sizeDigits = 0;
  #extension = "";
  /** The bytes of extensions and trailers so far. */
  #extraBytes = 0;
  #piece: Uint8Array = EMPTY;
  #at = 0;

  /**
   * Makes a decoder for one body.
   *
   * @param framing The end of the body, as `bodyFraming()` has it.
   * @param limits The size that the body may have.
   * @throws {HandshakeError} `BODY_TOO_LARGE` where its length is beyond the limit.
   */
  constructor(framing: BodyFraming, limits: BodyLimits = DEFAULT_BODY_LIMITS) {
    this.#limits = limits;
    this.#isChunked = framing === "chunked";
    this.#remaining = framing === "chunked" ? 0 : framing;
    this.#part = framing === "chunked" ? "size" : framing === 0 ? "end" : "data";
    if (this.#remaining > limits.bodyBytes) throw this.#tooLarge();
  }

  /** Whether the whole body has been read. */
  get ended(): boolean {
    return this.#part === "end";
  }

  /** The bytes of the piece that have not been read; after the body those that follow it. A view. */
  get rest(): Uint8Array {
    return this.#piece.subarray(this.#at);
  }

  /**
   * Takes the next piece. It is kept until {@linkcode BodyDecoder.read} has read all of it.
   *
   * @param piece The bytes.
   * @throws {TypeError} Where the body has ended, or the piece before has not been read.
   */
  push(piece: Uint8Array): void {
    if (this.ended || this.#at < this.#piece.length) {
      throw new TypeError("Cannot push as the body has ended or there are bytes to be read");
    }
    this.#piece = piece;
    this.#at = 0;
  }

  /**
   * Reads the next bytes of the body.
   *
   * @returns A view of the piece, never empty; `undefined` where the body has ended, or the next
   * piece is needed.
   * @throws {HandshakeError} `MALFORMED_CHUNK`, `CHUNK_EXTRA_TOO_LARGE` for extensions and trailers,
   * or `BODY_TOO_LARGE`; again each time after that.
   */
  read(): Uint8Array | undefined {
    const piece = this.#piece;
    while (this.#at < piece.length && this.#part !== "end") {
      if (this.#part !== "data") {
        this.#readFraming(piece[this.#at]!);
        this.#at++;
        continue;
      }
      const start = this.#at;
      this.#at = Math.min(piece.length, start + this.#remaining);
      this.#remaining -= this.#at - start;
      if (this.#remaining === 0) this.#part = this.#isChunked ? "data-cr" : "end";
      return piece.subarray(start, this.#at);
    }
    return undefined;
  }

  /**
   * Says that the transport has ended.
   *
   * @throws {HandshakeError} `BODY_INCOMPLETE` where the body has not (RFC 9112 8).
   */
  receiveEof(): void {
    if (!this.ended) {
      throw new HandshakeError("BODY_INCOMPLETE", "Connection ended before the end of the body");
    }
  }

  /** Reads a byte that is not the body's. Where it throws, nothing has changed. */
  #readFraming(byte: number): void {
    switch (this.#part) {
      case "size":
        return this.#readSize(byte);
      case "extension":
        if (byte === CR) return this.#endExtension();
        this.#countExtra(byte);
        this.#extension += String.fromCharCode(byte);
        return;
      case "size-lf":
        expect(byte, LF, "Line of a chunk's size does not end in CRLF");
        return this.#beginChunk();
      case "data-cr":
        expect(byte, CR, "Chunk is longer than its size");
        this.#part = "data-lf";
        return;
      case "data-lf":
        expect(byte, LF, "Chunk does not end in CRLF");
        this.#part = "size";
        return;
      case "trailer-lf":
        expect(byte, LF, "Trailer line does not end in CRLF");
        this.#part = "trailer-start";
        return;
      case "end-lf":
        expect(byte, LF, "Last line of a chunked body does not end in CRLF");
        this.#part = "end";
        return;
      default:
        return this.#readTrailer(byte);
    }
  }

  /** RFC 9112 7.1: hexadecimal digits, at least one, without a sign, a prefix or whitespace. */
  #readSize(byte: number): void {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      if (this.#sizeDigits === MAX_SIZE_DIGITS) {
        throw malformedChunk(`Size of a chunk has more than ${MAX_SIZE_DIGITS} digits`);
      }
      this.#sizeDigits++;
      this.#remaining = this.#remaining * 16 + digit;
    } else if (this.#sizeDigits === 0) {
      throw malformedChunk("Chunk does not begin with its size in hexadecimal digits");
    } else if (byte === CR) {
      this.#part = "size-lf";
    } else if (byte === SEMICOLON || byte === SPACE || byte === HTAB) {
      this.#countExtra(byte);
      this.#part = "extension";
      this.#extension = String.fromCharCode(byte);
    } else {
      throw malformedChunk("Size of a chunk is not hexadecimal digits and a line end");
    }
  }

  #endExtension(): void {
    if (!isChunkExtension(this.#extension)) throw malformedChunk("Chunk extension is malformed");
    this.#extension = "";
    this.#part = "size-lf";
  }

  #beginChunk(): void {
    const bodyBytes = this.#bodyBytes + this.#remaining;
    if (bodyBytes > this.#limits.bodyBytes) throw this.#tooLarge();
    this.#bodyBytes = bodyBytes;
    this.#sizeDigits = 0;
    this.#part = this.#remaining === 0 ? "trailer-start" : "data";
  }

  /** RFC 9112 7.1.2: header lines, as strict as those of a head, until an empty one. */
  #readTrailer(byte: number): void {
    if (byte === CR && this.#part !== "trailer-name") {
      this.#part = this.#part === "trailer-start" ? "end-lf" : "trailer-lf";
      return;
    }
    if (this.#part !== "trailer-value" && !isTokenCode(byte)) {
      if (byte !== COLON || this.#part === "trailer-start") {
        throw malformedChunk("Trailer line is not a token, a colon and a value");
      }
    }
    this.#countExtra(byte);
    if (this.#part !== "trailer-value") {
      this.#part = byte === COLON ? "trailer-value" : "trailer-name";
    }
  }

  /**
   * Refuses control characters, of which a bare LF ends a line to other readers. Extensions and
   * trailers of a whole body have one bound, so that many small chunks get no further with them.
   */
  #countExtra(byte: number): void {
    if ((byte < SPACE && byte !== HTAB) || byte === DEL) {
      throw malformedChunk(byte === LF ? "LF without CR" : "Control character in a chunked body");
    }
    if (this.#extraBytes === this.#limits.headBytes) {
      throw new HandshakeError(
        "CHUNK_EXTRA_TOO_LARGE",
        `Chunk extensions and trailers are larger than ${this.#limits.headBytes} bytes`,
      );
    }
    this.#extraBytes++;
  }

  #tooLarge(): HandshakeError {
    const message = `Body is larger than ${this.#limits.bodyBytes} bytes`;
    return new HandshakeError("BODY_TOO_LARGE", message);
  }
}

/** RFC 9112 7.1.1: a semicolon and a name each, with or without a value, a token or quoted. */
function isChunkExtension(text: string): boolean {
  const scanner = new HeaderScanner(text);
  do {
    scanner.skipWhitespace();
    if (!scanner.take(SEMICOLON)) return false;
    scanner.skipWhitespace();
    if (scanner.token() === "") return false;
    scanner.skipWhitespace();
    if (scanner.take(EQUALS)) {
      scanner.skipWhitespace();
      if (scanner.token() === "" && scanner.quotedString() === undefined) return false;
    }
  } while (!scanner.atEnd);
  return true;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : -1;
}

function expect(byte: number, expected: number, message: string): void {
  if (byte !== expected) throw malformedChunk(message);
}

function malformedChunk(message: string): HandshakeError {
  return new HandshakeError("MALFORMED_CHUNK", message);
}
