import { HandshakeError } from "./errors.ts";
import { type Extension, parseExtensions, serializeExtensions } from "./extensions.ts";
import { furtherHeaderLines, isKey } from "./handshake.ts";
import { encodeHead, type HeaderPairs } from "./head_serializer.ts";
import { equalsIgnoringCase, isToken, listIncludes } from "./header_values.ts";
import { isHost } from "./host.ts";
import type { ResponseHead } from "./http_head.ts";
import { targetFault } from "./request_target.ts";

/** Headers of the request that the handshake writes itself, or that would announce a body. */
const OWNED_HEADERS: ReadonlySet<string> = new Set([
  "host",
  "upgrade",
  "connection",
  "sec-websocket-key",
  "sec-websocket-version",
  "sec-websocket-protocol",
  "sec-websocket-extensions",
  "content-length",
  "transfer-encoding",
]);

/** The request of a client. */
export interface ClientHandshake {
  /** The host, with the port where it is not the default one of the scheme. */
  readonly host: string;
  /** Path and query: the resource name (RFC 6455 3). */
  readonly path: string;
  /** Base64 of 16 random bytes, new for each connection. */
  readonly key: string;
  /** The subprotocols to offer, the preferred one first; no name twice. */
  readonly subprotocols?: readonly string[] | undefined;
  /** The extensions to offer. */
  readonly extensions?: readonly Extension[] | undefined;
  /** Further headers, such as `Origin` or cookies. */
  readonly headers?: HeaderPairs | undefined;
}

/** The expectations that a server's answer is checked against. */
export interface UpgradeExpectations {
  /** The value that `Sec-WebSocket-Accept` must have, from `computeAccept()`. */
  readonly accept: string;
  /** The subprotocols that were offered. */
  readonly subprotocols?: readonly string[] | undefined;
  /** The extensions that were offered. */
  readonly extensions?: readonly Extension[] | undefined;
}

/** The agreement of a server. */
export interface AcceptedUpgrade {
  /** The subprotocol that it chose, `undefined` for none. */
  readonly subprotocol: string | undefined;
  /** The extensions that it accepted; their parameters are for the extension to judge. */
  readonly extensions: readonly Extension[];
}

/**
 * Writes the opening handshake of a client (RFC 6455 4.1).
 *
 * @param handshake The request.
 * @returns The whole head of the request, in a new array.
 * @throws {TypeError} Where a part is malformed, a subprotocol comes twice, or a further header is
 * one that the handshake writes itself.
 *
 * @example
 * ```ts
 * import { serializeUpgradeRequest } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = serializeUpgradeRequest({
 *   host: "example.com",
 *   path: "/chat",
 *   key: "dGhlIHNhbXBsZSBub25jZQ==",
 * });
 * assertEquals(
 *   new TextDecoder().decode(bytes),
 *   "GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
 *     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
 * );
 * ```
 */
export function serializeUpgradeRequest(handshake: ClientHandshake): Uint8Array<ArrayBuffer> {
  const { host, path, key, subprotocols = [], extensions = [], headers = [] } = handshake;
  if (!isHost(host)) throw new TypeError("Host must be a name or address with an optional port");
  if (!path.startsWith("/") || targetFault(path) !== undefined) {
    throw new TypeError("Path must begin with a slash and hold visible ASCII and no fragment");
  }
  if (!isKey(key)) throw new TypeError("Key must be base64 of 16 bytes");
  let text = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\n` +
    `Connection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n`;
  if (subprotocols.length > 0) {
    // RFC 6455 4.1, item 10: tokens, each only once.
    if (!subprotocols.every(isToken) || new Set(subprotocols).size < subprotocols.length) {
      throw new TypeError("Subprotocols must be tokens and differ from each other");
    }
    text += `Sec-WebSocket-Protocol: ${subprotocols.join(", ")}\r\n`;
  }
  if (extensions.length > 0) {
    text += `Sec-WebSocket-Extensions: ${serializeExtensions(extensions)}\r\n`;
  }
  return encodeHead(`${text}${furtherHeaderLines(headers, OWNED_HEADERS)}\r\n`);
}

/**
 * Checks the answer of a server (RFC 6455 4.1, the list at its end).
 *
 * @param head The head of the response.
 * @param expectations The request's key, subprotocols and extensions.
 * @returns The agreement of the server.
 * @throws {HandshakeError} With `STATUS_UNEXPECTED`, `UPGRADE_MISSING`, `CONNECTION_MISSING`,
 * `ACCEPT_INVALID`, `EXTENSIONS_INVALID`, `EXTENSION_UNEXPECTED` or
 * `SUBPROTOCOL_UNEXPECTED`, checked in this order.
 *
 * @example
 * ```ts
 * import { checkUpgradeResponse, ResponseHeadParser } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
 * const head = new ResponseHeadParser().push(new TextEncoder().encode(
 *   "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
 *     `Sec-WebSocket-Accept: ${accept}\r\n\r\n`,
 * ));
 * assertEquals(head && checkUpgradeResponse(head, { accept }).subprotocol, undefined);
 * ```
 */
export function checkUpgradeResponse(
  head: ResponseHead,
  expectations: UpgradeExpectations,
): AcceptedUpgrade {
  const { headers } = head;
  if (head.status !== 101) {
    throw new HandshakeError(
      "STATUS_UNEXPECTED",
      `Server answered with status ${head.status}: 101 was expected`,
    );
  }
  // HTTP/1.0 has no 101 (RFC 9110 15.2), but old proxies write it, and RFC 6455 4.1 does not look at it.
  // RFC 6455 4.1, item 2 of the list: the value itself, not a list that has it.
  if (!equalsIgnoringCase(headers.get("upgrade"), "websocket")) {
    throw new HandshakeError("UPGRADE_MISSING", "Upgrade header must be websocket");
  }
  if (!listIncludes(headers.get("connection"), "upgrade")) {
    throw new HandshakeError("CONNECTION_MISSING", "Connection header must name Upgrade");
  }
  if (headers.get("sec-websocket-accept") !== expectations.accept) {
    throw new HandshakeError("ACCEPT_INVALID", "Sec-WebSocket-Accept does not answer the key");
  }
  return {
    extensions: acceptedExtensions(
      headers.getAll("sec-websocket-extensions"),
      expectations.extensions ?? [],
    ),
    subprotocol: acceptedSubprotocol(
      headers.getAll("sec-websocket-protocol"),
      expectations.subprotocols ?? [],
    ),
  };
}

function acceptedExtensions(values: string[], offered: readonly Extension[]): Extension[] {
  if (values.length > 1) {
    // RFC 6455 11.3.2: once in a response.
    throw new HandshakeError("EXTENSIONS_INVALID", "Sec-WebSocket-Extensions comes twice");
  }
  const accepted = parseExtensions(values[0]);
  const open = new Set(offered.map((extension) => extension.name));
  for (const { name } of accepted) {
    // Also an offer is accepted once at most: what was used up is no longer offered.
    if (!open.delete(name)) {
      throw new HandshakeError("EXTENSION_UNEXPECTED", "Server chose an extension not offered");
    }
  }
  return accepted;
}

function acceptedSubprotocol(values: string[], offered: readonly string[]): string | undefined {
  const [subprotocol, second] = values;
  // RFC 6455 11.3.4: once in a response; 4.1: one of the offered ones, which are case-sensitive.
  if (second !== undefined || (subprotocol !== undefined && !offered.includes(subprotocol))) {
    throw new HandshakeError(
      "SUBPROTOCOL_UNEXPECTED",
      "Server must choose one of the offered subprotocols or none",
    );
  }
  return subprotocol;
}
