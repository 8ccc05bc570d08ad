import { isToken } from "./header_values.ts";
import { targetFault } from "./request_target.ts";

const HTAB = 0x09;
const SPACE = 0x20;
const DEL = 0x7f;
const MAX_BYTE = 0xff;

const UTF8 = new TextEncoder();

/** The statuses that a server of ours sends (RFC 9110 15, RFC 6585), with their usual reason. */
const REASONS: ReadonlyMap<number, string> = new Map([
  [100, "Continue"],
  [101, "Switching Protocols"],
  [200, "OK"],
  [201, "Created"],
  [202, "Accepted"],
  [204, "No Content"],
  [206, "Partial Content"],
  [301, "Moved Permanently"],
  [302, "Found"],
  [303, "See Other"],
  [304, "Not Modified"],
  [307, "Temporary Redirect"],
  [308, "Permanent Redirect"],
  [400, "Bad Request"],
  [401, "Unauthorized"],
  [403, "Forbidden"],
  [404, "Not Found"],
  [405, "Method Not Allowed"],
  [406, "Not Acceptable"],
  [408, "Request Timeout"],
  [409, "Conflict"],
  [410, "Gone"],
  [412, "Precondition Failed"],
  [413, "Content Too Large"],
  [414, "URI Too Long"],
  [415, "Unsupported Media Type"],
  [416, "Range Not Satisfiable"],
  [417, "Expectation Failed"],
  [422, "Unprocessable Content"],
  [426, "Upgrade Required"],
  [429, "Too Many Requests"],
  [431, "Request Header Fields Too Large"],
  [500, "Internal Server Error"],
  [501, "Not Implemented"],
  [502, "Bad Gateway"],
  [503, "Service Unavailable"],
  [504, "Gateway Timeout"],
  [505, "HTTP Version Not Supported"],
]);

/** Header fields to send: names in any case, in the order in which they are to be sent. */
export type HeaderPairs = Iterable<readonly [name: string, value: string]>;

/**
 * Writes the head of a request, with its empty line.
 *
 * @param method The method, a token.
 * @param target A path, an http or https URL, or `*`.
 * @param headers The header fields; nothing is added to them.
 * @returns A new array.
 * @throws {TypeError} Where a part could not be read back as it was given, such as a header value
 * with a line break.
 *
 * @example
 * ```ts
 * import { serializeRequestHead } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const head = serializeRequestHead("GET", "/", [["Host", "example.com"]]);
 * assertEquals(new TextDecoder().decode(head), "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
 * ```
 */
export function serializeRequestHead(
  method: string,
  target: string,
  headers: HeaderPairs,
): Uint8Array<ArrayBuffer> {
  if (!isToken(method)) throw new TypeError("Request method must be a token");
  if (targetFault(target) !== undefined) {
    throw new TypeError("Request target must be a path, an http or https URL or *");
  }
  return encodeHead(`${method} ${target} HTTP/1.1\r\n${headerLines(headers)}\r\n`);
}

/**
 * Writes the head of a response, with its empty line.
 *
 * @param status The status, 100 to 599.
 * @param headers The header fields; nothing is added to them.
 * @param statusText The reason phrase, by default the usual one of the status.
 * @returns A new array.
 * @throws {TypeError} Where a part could not be read back as it was given, such as a header value
 * with a line break.
 * @throws {RangeError} Where the status is not one.
 *
 * @example
 * ```ts
 * import { serializeResponseHead } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const head = serializeResponseHead(404, [["Connection", "close"]]);
 * assertEquals(
 *   new TextDecoder().decode(head),
 *   "HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n",
 * );
 * ```
 */
export function serializeResponseHead(
  status: number,
  headers: HeaderPairs,
  statusText: string = REASONS.get(status) ?? "",
): Uint8Array<ArrayBuffer> {
  if (!Number.isInteger(status) || status < 100 || status > 599) {
    throw new RangeError(`Status must be an integer from 100 to 599: received ${status}`);
  }
  if (!isFieldText(statusText)) throw new TypeError("Status text must not hold control characters");
  return encodeHead(`HTTP/1.1 ${status} ${statusText}\r\n${headerLines(headers)}\r\n`);
}

/**
 * Writes header lines, each with its CRLF.
 *
 * @param headers The header fields.
 * @returns The lines, empty for none.
 * @throws {TypeError} Where a name is not a token or a value holds a control character other than
 * the tab, or one above U+00FF.
 */
export function headerLines(headers: HeaderPairs): string {
  let lines = "";
  for (const [name, value] of headers) {
    if (!isToken(name)) throw new TypeError("Header name must be a token");
    if (!isFieldText(value)) {
      throw new TypeError(
        `Header value must not hold control characters or any above U+00FF: "${name}"`,
      );
    }
    lines += `${name}: ${value}\r\n`;
  }
  return lines;
}

/**
 * Turns a head into bytes: each character is one byte, as header values are opaque above ASCII
 * (RFC 9110 5.5).
 *
 * @param text Characters up to U+00FF.
 * @returns A new array.
 */
export function encodeHead(text: string): Uint8Array<ArrayBuffer> {
  const bytes = UTF8.encode(text);
  // Only ASCII takes one byte each in UTF-8, and it is what nearly every head consists of.
  return bytes.length === text.length
    ? bytes
    : Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** RFC 9110 5.5: visible characters, space, tab and bytes above ASCII. */
function isFieldText(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if ((code < SPACE && code !== HTAB) || code === DEL || code > MAX_BYTE) return false;
  }
  return true;
}
