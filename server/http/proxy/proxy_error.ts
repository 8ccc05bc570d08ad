/**
 * The reason why a connection is refused for a proxy's header, or the lack of one, as a stable code
 * for the totals, and the HTTP status that answers it.
 */
export const PROXY_ERRORS = {
  /** A trusted proxy's connection begins with something else than a PROXY header. */
  PROXY_HEADER_MISSING: 400,
  /** The PROXY header breaks a rule of its specification. */
  PROXY_HEADER_MALFORMED: 400,
  /** The PROXY header is longer than the limit. */
  PROXY_HEADER_TOO_LONG: 400,
  /** The connection ended inside the PROXY header. */
  PROXY_HEADER_INCOMPLETE: 400,
  /** A PROXY header came from a peer that was not to send one. */
  PROXY_HEADER_UNEXPECTED: 400,
  /** The client that the proxy names has as many connections as it may have. */
  ADDRESS_LIMIT: 429,
} as const satisfies Record<string, number>;

/** The stable code of a {@linkcode ProxyError}. */
export type ProxyErrorCode = keyof typeof PROXY_ERRORS;

/** A proxy's header, or the lack of one, cannot be accepted. */
export class ProxyError extends Error {
  /** Why, stable across versions. */
  readonly code: ProxyErrorCode;
  /** The status of the answer. */
  readonly status: number;
  /** Headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;

  /**
   * @param code Why.
   * @param message The expectation; it is sent to the peer, and holds no bytes of it.
   * @param headers Headers of the answer.
   */
  constructor(
    code: ProxyErrorCode,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = "ProxyError";
    this.code = code;
    this.status = PROXY_ERRORS[code];
    this.headers = headers;
  }
}
