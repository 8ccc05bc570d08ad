import { HandshakeError } from "./errors.ts";
import type { HeadFields } from "./head_fields.ts";
import { HeadParser, malformed } from "./head_parser.ts";
import { isToken } from "./header_values.ts";
import { isHost } from "./host.ts";
import { DEFAULT_HEAD_LIMITS, type HeadLimits } from "./limits.ts";
import { splitTarget, targetFault } from "./request_target.ts";

/**
 * The head of an HTTP request (RFC 9112 3). Host and path make a URL: {@linkcode requestUrl}.
 *
 * Its texts may be views of one string that holds the whole head: what is kept for the life of a
 * connection should be copied.
 */
export interface RequestHead {
  /** The method as it was sent; methods are case-sensitive. */
  readonly method: string;
  /** The request target as it was sent: origin form, absolute form or `*`. */
  readonly target: string;
  /** Path and query of the target, beginning with `/`, or `*`. */
  readonly path: string;
  /**
   * The host, perhaps with a port, that the request is for: that of an absolute target, otherwise
   * that of `Host`. Always set from HTTP/1.1 on.
   */
  readonly host: string | undefined;
  /** The minor version of HTTP: 1 for HTTP/1.1. The major version is always 1. */
  readonly minorVersion: number;
  /** The header fields. */
  readonly headers: HeadFields;
}

/** The head of an HTTP response (RFC 9112 4). */
export interface ResponseHead {
  /** The status, 100 to 599. */
  readonly status: number;
  /** The reason phrase, perhaps empty. */
  readonly statusText: string;
  /** The minor version of HTTP: 1 for HTTP/1.1. The major version is always 1. */
  readonly minorVersion: number;
  /** The header fields. */
  readonly headers: HeadFields;
}

/**
 * Reads the head of a request, as {@linkcode HeadParser} describes it. CONNECT is refused with
 * `METHOD_NOT_IMPLEMENTED`, as its target names no resource. `HOST_INVALID` is thrown for
 * two `Host` headers, for one that is no host, and for none, which only HTTP/1.0 permits
 * (RFC 9112 3.2).
 *
 * @example
 * ```ts
 * import { RequestHeadParser } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const parser = new RequestHeadParser();
 * const head = parser.push(
 *   new TextEncoder().encode("GET /chat HTTP/1.1\r\nHost: example.com\r\n\r\nrest"),
 * );
 * assertEquals(head?.path, "/chat");
 * assertEquals(parser.rest.length, 4);
 * ```
 */
export class RequestHeadParser extends HeadParser<RequestHead> {
  #method = "";
  #target = "";
  #minorVersion = 0;

  /**
   * Makes a parser for one head.
   *
   * @param limits How large the head may be.
   */
  constructor(limits: HeadLimits = DEFAULT_HEAD_LIMITS) {
    super(limits, { tooLong: "REQUEST_LINE_TOO_LONG", emptyLinesBefore: 1, lenientLines: false });
  }

  /**
   * Reads the request line.
   *
   * @param line The line without its CRLF.
   */
  protected override readStartLine(line: string): void {
    const methodEnd = line.indexOf(" ");
    // The last one, so that a blank in the target is told as such.
    const targetEnd = line.lastIndexOf(" ");
    if (targetEnd <= methodEnd) {
      throw malformed("Request line is not method, target and version");
    }
    this.#method = line.slice(0, methodEnd);
    this.#target = line.slice(methodEnd + 1, targetEnd);
    if (!isToken(this.#method)) throw malformed("Request method is not a token");
    // RFC 9112 3.2.3: its target is a host and a port, which no other method has.
    if (this.#method === "CONNECT") {
      throw new HandshakeError("METHOD_NOT_IMPLEMENTED", "Request method is not implemented");
    }
    const fault = targetFault(this.#target);
    if (fault !== undefined) throw malformed(fault);
    this.#minorVersion = readVersion(line.slice(targetEnd + 1));
  }

  /**
   * Makes the head.
   *
   * @param headers Its header fields.
   * @returns The head.
   */
  protected override finish(headers: HeadFields): RequestHead {
    const target = this.#target;
    const minorVersion = this.#minorVersion;
    const [hostHeader, secondHost] = headers.getAll("host");
    if (secondHost !== undefined) throw hostInvalid("Request has more than one Host");
    if (hostHeader === undefined && minorVersion > 0) throw hostInvalid("Request has no Host");
    if (hostHeader !== undefined && !isHost(hostHeader)) {
      throw hostInvalid("Host is not a host name or address with an optional port");
    }
    // RFC 9112 3.2.2: the host of an absolute target replaces that of the header.
    const { host = hostHeader, path } = splitTarget(target);
    if (host !== hostHeader && !isHost(host!)) {
      throw hostInvalid("Request target has no valid host");
    }
    return { method: this.#method, target, path, host, minorVersion, headers };
  }
}

/**
 * Reads the head of a response, as {@linkcode HeadParser} describes it. As browsers do, it takes an empty line
 * before the head, lines that end in LF alone, folded lines, and a status without a space after it.
 *
 * @example
 * ```ts
 * import { ResponseHeadParser } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const head = new ResponseHeadParser().push(
 *   new TextEncoder().encode("HTTP/1.1 404 Not Found\r\n\r\n"),
 * );
 * assertEquals(head?.status, 404);
 * ```
 */
export class ResponseHeadParser extends HeadParser<ResponseHead> {
  #status = 0;
  #statusText = "";
  #minorVersion = 0;

  /**
   * Makes a parser for one head.
   *
   * @param limits How large the head may be.
   */
  constructor(limits: HeadLimits = DEFAULT_HEAD_LIMITS) {
    super(limits, { tooLong: "HEADER_LINE_TOO_LONG", emptyLinesBefore: 1, lenientLines: true });
  }

  /**
   * Reads the status line.
   *
   * @param line The line without its CRLF.
   */
  protected override readStartLine(line: string): void {
    // RFC 9112 4: "HTTP/1.1 101 " and a reason, which may be empty; many leave the space before it out then.
    this.#minorVersion = readVersion(line.slice(0, 8));
    const status = line.slice(9, 12);
    if (line[8] !== " " || (line[12] ?? " ") !== " " || !isStatus(status)) {
      throw malformed("Status line is not version, status and reason");
    }
    this.#status = Number(status);
    this.#statusText = line.slice(13);
  }

  /**
   * Makes the head.
   *
   * @param headers Its header fields.
   * @returns The head.
   */
  protected override finish(headers: HeadFields): ResponseHead {
    return {
      status: this.#status,
      statusText: this.#statusText,
      minorVersion: this.#minorVersion,
      headers,
    };
  }
}

/** RFC 9112 2.3: "HTTP/", one digit, a dot, one digit; upper case. */
function readVersion(text: string): number {
  const major = text.charCodeAt(5) - 0x30;
  const minor = text.charCodeAt(7) - 0x30;
  if (
    text.length !== 8 || !text.startsWith("HTTP/") || text[6] !== "." ||
    !(major >= 0 && major <= 9) || !(minor >= 0 && minor <= 9)
  ) throw malformed("Version is not HTTP and two digits");
  if (major !== 1) {
    throw new HandshakeError(
      "HTTP_VERSION_UNSUPPORTED",
      `HTTP version ${major}.${minor} is not supported: 1.1 was expected`,
    );
  }
  return minor;
}

function isStatus(text: string): boolean {
  const status = Number(text);
  return status >= 100 && status <= 599 && String(status) === text;
}

function hostInvalid(message: string): HandshakeError {
  return new HandshakeError("HOST_INVALID", message);
}
