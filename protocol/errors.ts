import { CloseCode } from "./close_code.ts";

/**
 * The rule that a peer broke after the handshake, as a stable string, and the close code that
 * answers it (RFC 6455 7.4.1). This is the only place where the two are paired.
 */
export const PROTOCOL_ERRORS = {
  /** A reserved bit is set and no extension gave it a meaning, 5.2. */
  RESERVED_BIT_SET: CloseCode.ProtocolError,
  /** The opcode is one of 3 to 7 or 11 to 15, 5.2. */
  RESERVED_OPCODE: CloseCode.ProtocolError,
  /** A frame from a client is not masked, 5.1. */
  MASK_MISSING: CloseCode.ProtocolError,
  /** A frame from a server is masked, 5.1. */
  MASK_FORBIDDEN: CloseCode.ProtocolError,
  /** A control frame lacks FIN, 5.5. */
  CONTROL_FRAGMENTED: CloseCode.ProtocolError,
  /** A control frame announces more than 125 bytes, 5.5. */
  CONTROL_TOO_LONG: CloseCode.ProtocolError,
  /** The length is not in its shortest form, 5.2. */
  LENGTH_NOT_MINIMAL: CloseCode.ProtocolError,
  /** The top bit of a 64-bit length is set, 5.2. */
  LENGTH_TOP_BIT_SET: CloseCode.ProtocolError,
  /** A continuation frame without a message to continue, 5.4. */
  CONTINUATION_UNEXPECTED: CloseCode.ProtocolError,
  /** A new message before the last one has ended, 5.4. */
  CONTINUATION_EXPECTED: CloseCode.ProtocolError,
  /** The message is larger than the limit, 7.4.1. */
  MESSAGE_TOO_BIG: CloseCode.MessageTooBig,
  /** The message comes in more frames than the limit, 10.4. */
  TOO_MANY_FRAGMENTS: CloseCode.PolicyViolation,
  /** A compressed message is not what DEFLATE makes, RFC 7692 7.2.2. */
  INFLATE_FAILED: CloseCode.InvalidPayload,
  /** A text message is not UTF-8, 8.1. */
  INVALID_UTF8: CloseCode.InvalidPayload,
  /** The payload of a Close frame is one byte long, 5.5.1. */
  CLOSE_PAYLOAD_TOO_SHORT: CloseCode.ProtocolError,
  /** A Close frame carries a code that may not be on the wire, 7.4. */
  CLOSE_CODE_INVALID: CloseCode.ProtocolError,
  /** The reason of a Close frame is not UTF-8, 5.5.1. */
  CLOSE_REASON_INVALID: CloseCode.InvalidPayload,
} as const satisfies Record<string, CloseCode>;

/** The stable code of a {@linkcode ProtocolError}. */
export type ProtocolErrorCode = keyof typeof PROTOCOL_ERRORS;

/**
 * A rule of RFC 6455 or 7692 that the peer broke after the handshake.
 *
 * @example
 * ```ts
 * import { ProtocolError } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const error = new ProtocolError("MASK_MISSING", "Frame from a client is not masked");
 * assertEquals(error.closeCode, 1002);
 * ```
 */
export class ProtocolError extends Error {
  /** Which rule, stable across versions. */
  readonly code: ProtocolErrorCode;
  /** The close code that answers it. */
  readonly closeCode: CloseCode;

  /**
   * Makes the error of a broken rule.
   *
   * @param code Which rule was broken.
   * @param message The received and the expected; it is sent as the close reason, so it
   * holds no bytes of the peer and stays below 124 bytes.
   */
  constructor(code: ProtocolErrorCode, message: string) {
    super(message);
    this.name = "ProtocolError";
    this.code = code;
    this.closeCode = PROTOCOL_ERRORS[code];
  }
}

/**
 * The fault of an HTTP head, a body's form or an opening handshake, as a stable string, and the HTTP status
 * with which a server answers it. A client closes the connection instead of answering.
 */
export const HANDSHAKE_ERRORS = {
  /** A line that is not HTTP: its form, a NUL, a bare CR or LF, obs-fold (RFC 9112 2.2, 5.2). */
  MALFORMED_HEAD: 400,
  /** The request line is longer than the limit. */
  REQUEST_LINE_TOO_LONG: 414,
  /** A header line is longer than the limit. */
  HEADER_LINE_TOO_LONG: 431,
  /** More header lines than the limit. */
  TOO_MANY_HEADERS: 431,
  /** The head is larger than the limit. */
  HEAD_TOO_LARGE: 431,
  /** The transport ended inside the head. */
  HEAD_INCOMPLETE: 400,
  /** Another major version of HTTP than 1. */
  HTTP_VERSION_UNSUPPORTED: 505,
  /** A method that is not served: WebSocket needs GET (RFC 6455 4.1). */
  METHOD_NOT_ALLOWED: 405,
  /** CONNECT, TRACE, TRACK, or a usual method in another case (RFC 9110 9.1, 15.6.2). */
  METHOD_NOT_IMPLEMENTED: 501,
  /** No Host, two, or one that is no host (RFC 9112 3.2). */
  HOST_INVALID: 400,
  /** The request announces a body. */
  BODY_NOT_ALLOWED: 400,
  /** Several `Content-Length`, or one that is not a decimal number (RFC 9112 6.3). */
  CONTENT_LENGTH_INVALID: 400,
  /** `Transfer-Encoding` beside a length, in HTTP/1.0, or without chunked at its end (RFC 9112 6.3). */
  TRANSFER_ENCODING_INVALID: 400,
  /** `Transfer-Encoding` has another coding than chunked (RFC 9112 6.1). */
  TRANSFER_CODING_UNSUPPORTED: 501,
  /** The body is larger than the limit. */
  BODY_TOO_LARGE: 413,
  /** The transport ended inside the body (RFC 9112 8). */
  BODY_INCOMPLETE: 400,
  /** The size, an extension or the end of a chunk, or a trailer, breaks its form (RFC 9112 7.1). */
  MALFORMED_CHUNK: 400,
  /** More bytes of chunk extensions and trailers than the limit (RFC 9112 7.1.1). */
  CHUNK_EXTRA_TOO_LARGE: 431,
  /** `Expect` is not 100-continue (RFC 9110 10.1.1). */
  EXPECTATION_FAILED: 417,
  /** A handshake over HTTP/1.0 (RFC 6455 4.2.1). */
  HTTP_VERSION_TOO_LOW: 400,
  /** `Upgrade` does not name websocket (RFC 6455 4.2.1, 4.1). */
  UPGRADE_MISSING: 400,
  /** `Connection` does not name upgrade (RFC 6455 4.2.1, 4.1). */
  CONNECTION_MISSING: 400,
  /** `Sec-WebSocket-Version` is not 13 (RFC 6455 4.2.2, 4.4). */
  VERSION_UNSUPPORTED: 426,
  /** Not exactly one key that is base64 of 16 bytes (RFC 6455 4.2.1). */
  KEY_INVALID: 400,
  /** `Sec-WebSocket-Protocol` is malformed or names a subprotocol twice (RFC 6455 4.1). */
  SUBPROTOCOL_INVALID: 400,
  /** `Sec-WebSocket-Extensions` is malformed (RFC 6455 9.1). */
  EXTENSIONS_INVALID: 400,
  /** The server answered with a status other than 101 (RFC 6455 4.1). */
  STATUS_UNEXPECTED: 502,
  /** `Sec-WebSocket-Accept` does not answer the key (RFC 6455 4.1). */
  ACCEPT_INVALID: 502,
  /** The server chose a subprotocol that was not offered (RFC 6455 4.1). */
  SUBPROTOCOL_UNEXPECTED: 502,
  /** The server chose an extension that was not offered (RFC 6455 4.1). */
  EXTENSION_UNEXPECTED: 502,
} as const satisfies Record<string, number>;

/** The stable code of a {@linkcode HandshakeError}. */
export type HandshakeErrorCode = keyof typeof HANDSHAKE_ERRORS;

/**
 * An HTTP head, a body's form or an opening handshake that cannot be accepted.
 *
 * @example
 * ```ts
 * import { HandshakeError } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const error = new HandshakeError("VERSION_UNSUPPORTED", "Version 8 is not supported", {
 *   "Sec-WebSocket-Version": "13",
 * });
 * assertEquals(error.status, 426);
 * ```
 */
export class HandshakeError extends Error {
  /** The fault, stable across versions. */
  readonly code: HandshakeErrorCode;
  /** The HTTP status of the answer. */
  readonly status: number;
  /** Headers that belong into the answer, such as the versions that are supported. */
  readonly headers: Readonly<Record<string, string>>;

  /**
   * Makes the error of a handshake that cannot be accepted.
   *
   * @param code The fault.
   * @param message The received and the expected; it is the body of the answer, so it
   * holds no bytes of the peer.
   * @param headers Headers for the answer.
   */
  constructor(
    code: HandshakeErrorCode,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = "HandshakeError";
    this.code = code;
    this.status = HANDSHAKE_ERRORS[code];
    this.headers = headers;
  }
}
