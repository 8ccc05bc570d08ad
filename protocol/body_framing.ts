import { HandshakeError } from "./errors.ts";
import { equalsIgnoringCase, listIncludes, parseTokenList } from "./header_values.ts";
import type { RequestHead } from "./http_head.ts";

const UTF8 = new TextEncoder();

/** Methods that a `Request` of the platform cannot hold (Fetch 2.2.1). */
const FORBIDDEN_METHODS: ReadonlySet<string> = new Set(["CONNECT", "TRACE", "TRACK"]);

/** Methods that are mistaken for others when their letters come in another case. */
const USUAL_METHODS: ReadonlySet<string> = new Set([
  "DELETE",
  "GET",
  "HEAD",
  "OPTIONS",
  "PATCH",
  "POST",
  "PUT",
]);

/**
 * The end of a body: a number of bytes, 0 where there is no body, or the last chunk
 * (RFC 9112 6.3).
 */
export type BodyFraming = number | "chunked";

/** The end of a response's body; `"close"` is the end of the connection (RFC 9112 6.3). */
export type ResponseFraming = BodyFraming | "close";

/**
 * Refuses the methods that a server cannot hand to an application as they are: CONNECT, TRACE and
 * TRACK, and usual ones in another case, as methods are case-sensitive (RFC 9110 9.1).
 *
 * @param head The head of the request.
 * @throws {HandshakeError} `METHOD_NOT_IMPLEMENTED`.
 *
 * @example
 * ```ts
 * import { checkMethod } from "@fourtuple/fourtuple/protocol";
 * import { assertThrows } from "@std/assert";
 *
 * checkMethod({ method: "PROPFIND" });
 * assertThrows(() => checkMethod({ method: "get" }));
 * ```
 */
export function checkMethod({ method }: Pick<RequestHead, "method">): void {
  const upperCase = method.toUpperCase();
  const isOtherCase = method !== upperCase && USUAL_METHODS.has(upperCase);
  if (FORBIDDEN_METHODS.has(upperCase) || isOtherCase) {
    throw new HandshakeError("METHOD_NOT_IMPLEMENTED", "Request method is not implemented");
  }
}

/**
 * Finds out where the body of a request ends (RFC 9112 6.3). A request that two readers could cut
 * in two ways is refused: the connection has to be closed after the answer (RFC 9112 11.2).
 *
 * @param head The head of the request.
 * @returns The number of bytes, or `"chunked"`.
 * @throws {HandshakeError} `TRANSFER_ENCODING_INVALID` in HTTP/1.0, beside a `Content-Length`, or
 * where the value is not one `chunked` at the end; `TRANSFER_CODING_UNSUPPORTED` for another coding
 * before it; `CONTENT_LENGTH_INVALID` for several lengths or one that is not a decimal number.
 *
 * @example
 * ```ts
 * import { bodyFraming, RequestHeadParser } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const head = new RequestHeadParser().push(new TextEncoder().encode(
 *   "POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 5\r\n\r\n",
 * ));
 * assertEquals(head && bodyFraming(head), 5);
 * ```
 */
export function bodyFraming(head: Pick<RequestHead, "headers" | "minorVersion">): BodyFraming {
  const { headers, minorVersion } = head;
  const transferEncoding = headers.get("transfer-encoding");
  const [length, secondLength] = headers.getAll("content-length");
  if (transferEncoding !== undefined) {
    // RFC 9112 6.1: the framing of such a message is faulty, even where there is a length too.
    if (minorVersion < 1) throw encodingInvalid("Transfer-Encoding came with HTTP/1.0");
    // RFC 9112 6.3, item 3: the sign of an attempt to smuggle a request.
    if (length !== undefined) throw encodingInvalid("Transfer-Encoding came with Content-Length");
    checkCodings(transferEncoding);
    return "chunked";
  }
  // RFC 9112 6.3, item 5 lets a recipient take lengths that say the same; not every one does.
  if (secondLength !== undefined) throw lengthInvalid("Content-Length came more than once");
  return length === undefined ? 0 : readLength(length);
}

function checkCodings(value: string): void {
  const codings = parseTokenList(value.toLowerCase()) ?? [];
  // RFC 9112 6.3, item 4: without `chunked` at the end nobody knows where the body ends.
  if (codings.pop() !== "chunked") throw encodingInvalid("Transfer-Encoding is not chunked");
  // RFC 9112 7.1: a body is not chunked twice.
  if (codings.includes("chunked")) throw encodingInvalid("Transfer-Encoding is chunked twice");
  if (codings.length > 0) {
    // RFC 9112 6.1: 501 is the answer to a coding that is not understood.
    throw new HandshakeError(
      "TRANSFER_CODING_UNSUPPORTED",
      "Transfer-Encoding has another coding than chunked",
    );
  }
}

/** RFC 9110 8.6: decimal digits alone, and no number that loses its last ones here. */
function readLength(text: string): number {
  const length = Number(text);
  if (!/^[0-9]+$/.test(text)) throw lengthInvalid("Content-Length is not a decimal number");
  if (!Number.isSafeInteger(length)) throw lengthInvalid("Content-Length is 2^53 or more");
  return length;
}

/**
 * Decides how the end of a response's body is told (RFC 9112 6.3). A response to HEAD, and one
 * with 204 or 304, has none, whatever its headers say; nor has one with 1xx.
 *
 * @param request The head of the request that it answers.
 * @param status The status of the response.
 * @param length The length of the body in bytes, `undefined` where it is not known.
 * @returns The number of bytes to send; `"chunked"` where the length is not known, or `"close"` in
 * HTTP/1.0, which has no chunks.
 *
 * @example
 * ```ts
 * import { responseFraming } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(responseFraming({ method: "HEAD", minorVersion: 1 }, 200, 5), 0);
 * assertEquals(responseFraming({ method: "GET", minorVersion: 1 }, 200, undefined), "chunked");
 * ```
 */
export function responseFraming(
  request: Pick<RequestHead, "method" | "minorVersion">,
  status: number,
  length: number | undefined,
): ResponseFraming {
  if (request.method === "HEAD" || status < 200 || status === 204 || status === 304) return 0;
  return length ?? (request.minorVersion < 1 ? "close" : "chunked");
}

/**
 * Tells whether the client wants to send another request on the connection (RFC 9112 9.3).
 *
 * @param head The head of the request.
 * @returns Whether `Connection` does not name close; in HTTP/1.0 it has to name keep-alive.
 *
 * @example
 * ```ts
 * import { HeadFields, keepsAlive } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const headers = new HeadFields();
 * assertEquals([0, 1].map((minorVersion) => keepsAlive({ headers, minorVersion })), [false, true]);
 * ```
 */
export function keepsAlive(head: Pick<RequestHead, "headers" | "minorVersion">): boolean {
  const connection = head.headers.get("connection");
  if (listIncludes(connection, "close")) return false;
  return head.minorVersion > 0 || listIncludes(connection, "keep-alive");
}

/**
 * Tells whether the client waits for a 100 before it sends the body (RFC 9110 10.1.1).
 *
 * @param head The head of the request.
 * @returns Whether `Expect` is 100-continue; in HTTP/1.0 that means nothing.
 * @throws {HandshakeError} `EXPECTATION_FAILED` for any other expectation.
 *
 * @example
 * ```ts
 * import { expectsContinue, HeadFields } from "@fourtuple/fourtuple/protocol";
 * import { assert } from "@std/assert";
 *
 * const headers = new HeadFields([["Expect", "100-continue"]]);
 * assert(expectsContinue({ headers, minorVersion: 1 }));
 * ```
 */
export function expectsContinue(head: Pick<RequestHead, "headers" | "minorVersion">): boolean {
  const expectation = head.headers.get("expect");
  if (expectation === undefined || head.minorVersion < 1) return false;
  if (equalsIgnoringCase(expectation, "100-continue")) return true;
  throw new HandshakeError("EXPECTATION_FAILED", "Expect must be 100-continue");
}

/**
 * Writes the line before the bytes of a chunk (RFC 9112 7.1). The bytes follow, then
 * {@linkcode CHUNK_END}; after all chunks comes {@linkcode LAST_CHUNK}.
 *
 * @param byteLength The number of bytes, at least 1, since a chunk without any is the last.
 * @returns A new array.
 * @throws {RangeError} Where the number is not a positive integer.
 *
 * @example
 * ```ts
 * import { CHUNK_END, chunkHead, LAST_CHUNK } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
 * assertEquals(text(chunkHead(31)) + CHUNK_END + LAST_CHUNK, "1f\r\n\r\n0\r\n\r\n");
 * ```
 */
export function chunkHead(byteLength: number): Uint8Array<ArrayBuffer> {
  if (!Number.isSafeInteger(byteLength) || byteLength < 1) {
    throw new RangeError(`Length of a chunk must be a positive integer: received ${byteLength}`);
  }
  return UTF8.encode(`${byteLength.toString(16)}\r\n`);
}

/** The line end after the bytes of a chunk (RFC 9112 7.1). */
export const CHUNK_END = "\r\n";

/** The end of a chunked body, without trailers (RFC 9112 7.1). */
export const LAST_CHUNK = "0\r\n\r\n";

function encodingInvalid(message: string): HandshakeError {
  return new HandshakeError("TRANSFER_ENCODING_INVALID", message);
}

function lengthInvalid(message: string): HandshakeError {
  return new HandshakeError("CONTENT_LENGTH_INVALID", message);
}
