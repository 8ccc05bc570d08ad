import { HandshakeError } from "./errors.ts";
import { type Extension, parseExtensions, serializeExtensions } from "./extensions.ts";
import { encodeHead, headerLines, type HeaderPairs } from "./head_serializer.ts";
import { asciiCodes, isToken, listIncludes, parseTokenList } from "./header_values.ts";
import type { RequestHead } from "./http_head.ts";

/** RFC 6455 1.3: what a server appends to the key before it takes the digest. */
const ACCEPT_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

const VERSION = "13";

/** 16 bytes make 22 digits of base64 and two characters of padding (RFC 4648 4). */
const KEY_DIGITS = 22;
const KEY_PADDING = "==";
/** 1 at the codes of the digits of base64 (RFC 4648 4). */
const BASE64_CODES = asciiCodes("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");

/** Headers of a 101 that the handshake writes itself, or that would announce a body. */
const OWNED_HEADERS: ReadonlySet<string> = new Set([
  "upgrade",
  "connection",
  "sec-websocket-accept",
  "sec-websocket-protocol",
  "sec-websocket-extensions",
  "sec-websocket-version",
  "content-length",
  "transfer-encoding",
]);

/** The request of a client in an opening handshake that can be accepted. */
export interface UpgradeRequest {
  /** The key, as the client sent it. */
  readonly key: string;
  /** The subprotocols that the client offers, the one it prefers first; no name comes twice. */
  readonly subprotocols: readonly string[];
  /** The extensions that the client offers. */
  readonly extensions: readonly Extension[];
}

/** The content of the answer to an opening handshake. */
export interface UpgradeResponse {
  /** The value of `Sec-WebSocket-Accept`, from {@linkcode computeAccept}. */
  readonly accept: string;
  /** The subprotocol that was chosen, if any. */
  readonly subprotocol?: string | undefined;
  /** The extensions that were accepted, if any. */
  readonly extensions?: readonly Extension[] | undefined;
  /** Further headers, such as cookies. */
  readonly headers?: HeaderPairs | undefined;
}

/**
 * Tells whether a request tries to become a WebSocket, well or badly. One that does is served by
 * {@linkcode checkUpgradeRequest} alone, so that a broken handshake is never taken for a plain GET.
 *
 * @param head The head of the request.
 * @returns Whether `Upgrade` names websocket, or a key or version for WebSocket is there.
 *
 * @example
 * ```ts
 * import { isUpgradeRequest, RequestHeadParser } from "@fourtuple/fourtuple/protocol";
 * import { assert } from "@std/assert";
 *
 * const head = new RequestHeadParser().push(new TextEncoder().encode(
 *   "GET / HTTP/1.1\r\nHost: example.com\r\nUpgrade: WebSocket\r\n\r\n",
 * ));
 * assert(head !== undefined && isUpgradeRequest(head));
 * ```
 */
export function isUpgradeRequest(head: RequestHead): boolean {
  return listIncludes(head.headers.get("upgrade"), "websocket") ||
    head.headers.has("sec-websocket-key") || head.headers.has("sec-websocket-version");
}

/**
 * Tells whether a request announces a body (RFC 9112 6).
 *
 * @param head The head of the request.
 * @returns Whether there is a `Transfer-Encoding`, or a `Content-Length` other than one 0.
 *
 * @example
 * ```ts
 * import { hasBody, RequestHeadParser } from "@fourtuple/fourtuple/protocol";
 * import { assert } from "@std/assert";
 *
 * const head = new RequestHeadParser().push(new TextEncoder().encode(
 *   "GET / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 5\r\n\r\n",
 * ));
 * assert(head !== undefined && hasBody(head));
 * ```
 */
export function hasBody({ headers }: RequestHead): boolean {
  return headers.has("transfer-encoding") || (headers.get("content-length") ?? "0") !== "0";
}

/**
 * Checks the opening handshake of a client (RFC 6455 4.2.1). The origin is not judged here.
 *
 * @param head The head of the request.
 * @returns The client's request.
 * @throws {HandshakeError} With `METHOD_NOT_ALLOWED`, `HTTP_VERSION_TOO_LOW`, `HOST_INVALID`,
 * `MALFORMED_HEAD`,
 * `BODY_NOT_ALLOWED`, `UPGRADE_MISSING`, `CONNECTION_MISSING`, `VERSION_UNSUPPORTED`,
 * `KEY_INVALID`, `SUBPROTOCOL_INVALID` or `EXTENSIONS_INVALID`, checked in this order.
 *
 * @example
 * ```ts
 * import { checkUpgradeRequest, RequestHeadParser } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const head = new RequestHeadParser().push(new TextEncoder().encode(
 *   "GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
 *     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
 * ));
 * assertEquals(head && checkUpgradeRequest(head).key, "dGhlIHNhbXBsZSBub25jZQ==");
 * ```
 */
export function checkUpgradeRequest(head: RequestHead): UpgradeRequest {
  const { headers } = head;
  if (head.method !== "GET") {
    // RFC 9110 15.5.6: the answer lists the methods that are allowed.
    throw new HandshakeError("METHOD_NOT_ALLOWED", "WebSocket handshake must use GET", {
      Allow: "GET",
    });
  }
  if (head.minorVersion < 1) {
    throw new HandshakeError(
      "HTTP_VERSION_TOO_LOW",
      "WebSocket handshake must use HTTP/1.1 or higher: received HTTP/1.0",
    );
  }
  if (head.host === undefined) throw new HandshakeError("HOST_INVALID", "Request has no Host");
  // 4.2.1: a resource name or an absolute URI; RFC 9112 3.2.4 keeps "*" for OPTIONS.
  if (head.path === "*") {
    throw new HandshakeError("MALFORMED_HEAD", "WebSocket handshake must name a resource");
  }
  // A body would be read as frames by us and as a body by a proxy, or the other way round.
  if (hasBody(head)) {
    throw new HandshakeError("BODY_NOT_ALLOWED", "WebSocket handshake must not have a body");
  }
  if (!listIncludes(headers.get("upgrade"), "websocket")) {
    throw new HandshakeError("UPGRADE_MISSING", "Upgrade header must name websocket");
  }
  if (!listIncludes(headers.get("connection"), "upgrade")) {
    throw new HandshakeError("CONNECTION_MISSING", "Connection header must name Upgrade");
  }
  if (headers.get("sec-websocket-version") !== VERSION) {
    // RFC 6455 4.2.2, 4.4: the answer says which version is spoken. RFC 9110 15.5.22: and to what.
    throw new HandshakeError("VERSION_UNSUPPORTED", `Sec-WebSocket-Version must be ${VERSION}`, {
      "Upgrade": "websocket",
      "Sec-WebSocket-Version": VERSION,
    });
  }
  const key = headers.get("sec-websocket-key");
  if (key === undefined || !isKey(key)) {
    throw new HandshakeError(
      "KEY_INVALID",
      "Sec-WebSocket-Key must come once and be base64 of 16 bytes",
    );
  }
  return {
    key,
    subprotocols: parseSubprotocols(headers.get("sec-websocket-protocol")),
    extensions: parseExtensions(headers.get("sec-websocket-extensions")),
  };
}

/**
 * Tells whether a text is a `Sec-WebSocket-Key`: base64 of 16 bytes, padded (RFC 6455 4.1).
 *
 * The four bits of the last digit that no byte uses may be anything. A real encoder leaves them
 * zero, but RFC 4648 3.5 lets a decoder read past them, the text still gives 16 bytes, and
 * nothing here depends on them: the accept value is made from the text.
 *
 * @param text The text; a key that came twice holds a comma and is refused.
 * @returns Whether it is a key.
 */
export function isKey(text: string): boolean {
  if (text.length !== KEY_DIGITS + KEY_PADDING.length || !text.endsWith(KEY_PADDING)) return false;
  for (let at = 0; at < KEY_DIGITS; at++) {
    if (BASE64_CODES[text.charCodeAt(at)] !== 1) return false;
  }
  return true;
}

/**
 * RFC 6455 4.1, item 10: tokens, each only once; they are case-sensitive. A header without a value is
 * what some clients send that offer none, and most servers take it for that.
 */
function parseSubprotocols(value: string | undefined): string[] {
  if (value === undefined || value === "") return [];
  const subprotocols = parseTokenList(value);
  if (subprotocols === undefined) {
    throw new HandshakeError("SUBPROTOCOL_INVALID", "Sec-WebSocket-Protocol must list tokens");
  }
  if (new Set(subprotocols).size < subprotocols.length) {
    throw new HandshakeError("SUBPROTOCOL_INVALID", "Sec-WebSocket-Protocol names one twice");
  }
  return subprotocols;
}

/**
 * Chooses a subprotocol in the server's order (RFC 6455 4.2.2).
 *
 * @param offered The client's offers.
 * @param ours The subprotocols that the server speaks, the one it prefers first.
 * @returns The first of ours that is offered, `undefined` for none.
 *
 * @example
 * ```ts
 * import { chooseSubprotocol } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(chooseSubprotocol(["chat.v1", "chat.v2"], ["chat.v2", "chat.v1"]), "chat.v2");
 * ```
 */
export function chooseSubprotocol(
  offered: readonly string[],
  ours: readonly string[],
): string | undefined {
  return ours.find((subprotocol) => offered.includes(subprotocol));
}

/**
 * Makes the value of `Sec-WebSocket-Accept` (RFC 6455 4.2.2).
 *
 * @param key The key of the client.
 * @param sha1 Gives the SHA-1 digest of an ASCII text, in base64.
 * @returns The header value.
 *
 * @example
 * ```ts
 * import { computeAccept } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 * import { createHash } from "node:crypto";
 *
 * const sha1 = (text: string) => createHash("sha1").update(text).digest("base64");
 * assertEquals(computeAccept("dGhlIHNhbXBsZSBub25jZQ==", sha1), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
 * ```
 */
export function computeAccept(key: string, sha1: (text: string) => string): string {
  return sha1(key + ACCEPT_GUID);
}

/**
 * Writes the answer that opens the connection (RFC 6455 4.2.2).
 *
 * @param response Its content.
 * @returns The whole head of the 101 response, in a new array.
 * @throws {TypeError} Where the subprotocol is not a token, or a further header is malformed or one
 * that the handshake writes itself.
 *
 * @example
 * ```ts
 * import { serializeUpgradeResponse } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = serializeUpgradeResponse({ accept: "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" });
 * assertEquals(
 *   new TextDecoder().decode(bytes),
 *   "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
 *     "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
 * );
 * ```
 */
export function serializeUpgradeResponse(response: UpgradeResponse): Uint8Array<ArrayBuffer> {
  const { accept, subprotocol, extensions, headers } = response;
  let text = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
    `Sec-WebSocket-Accept: ${accept}\r\n`;
  if (subprotocol !== undefined) {
    if (!isToken(subprotocol)) throw new TypeError("Subprotocol must be a token");
    text += `Sec-WebSocket-Protocol: ${subprotocol}\r\n`;
  }
  if (extensions !== undefined && extensions.length > 0) {
    text += `Sec-WebSocket-Extensions: ${serializeExtensions(extensions)}\r\n`;
  }
  if (headers !== undefined) text += furtherHeaderLines(headers, OWNED_HEADERS);
  return encodeHead(`${text}\r\n`);
}

/**
 * Writes the headers that an application adds to a handshake.
 *
 * @param headers The headers.
 * @param owned Names, in lower case, that the handshake writes itself.
 * @returns The lines, each with its CRLF.
 * @throws {TypeError} Where a header is malformed or owned by the handshake.
 */
export function furtherHeaderLines(headers: HeaderPairs, owned: ReadonlySet<string>): string {
  const pairs = [...headers];
  for (const [name] of pairs) {
    if (owned.has(name.toLowerCase())) {
      throw new TypeError(`Header belongs to the handshake and cannot be set: "${name}"`);
    }
  }
  return headerLines(pairs);
}
