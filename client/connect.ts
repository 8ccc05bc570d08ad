/**
 * Connecting to a WebSocket server: the same connection as a server's, from the other side.
 *
 * @module
 */

import { encodeBase64 } from "@std/encoding/base64";
import {
  checkDeflateAnswer,
  checkUpgradeResponse,
  computeAccept,
  deflateOffer,
  type Extension,
  HandshakeError,
  type HeaderPairs,
  type ResponseHead,
  ResponseHeadParser,
  serializeUpgradeRequest,
  type Side,
  type UpgradeExpectations,
} from "../protocol/mod.ts";
import { BufferPool } from "../server/buffer_pool.ts";
import { ConnectionDeflate } from "../server/deflate/connection_deflate.ts";
import {
  type DeflateOptions,
  type ResolvedDeflate,
  resolveDeflate,
} from "../server/deflate/options.ts";
import { type Limits, resolveLimits } from "../server/limits.ts";
import type { Handlers, LogEntry } from "../server/options.ts";
import { type Beginning, readBeginning } from "../server/read_beginning.ts";
import { sha1 } from "../server/sha1.ts";
import { writeAll } from "../server/transport.ts";
import { type ClientConnection, RunningClientConnection } from "./client_connection.ts";
import { ConnectError, type RefusedHandshake } from "./connect_error.ts";
import { closing, dial, type Dialled } from "./dial.ts";

const toBase64: (bytes: Uint8Array) => string = encodeBase64;

/** The beginning of a refusal's body is enough to tell a person why. */
const BODY_BYTES = 4_096;

/** So many interim answers are passed over, such as 103. */
const MOST_INTERIM = 8;

/** A refusal's body that has not come after this many milliseconds is not waited for. */
const BODY_TIMEOUT = 1_000;

const NOTHING = new Uint8Array(0);

/** How to connect. Everything is optional. */
export interface ConnectOptions extends Pick<Handlers<undefined>, "message" | "drain" | "close"> {
  /** The subprotocols to offer, the preferred one first. */
  subprotocols?: readonly string[];
  /** Further headers of the request, such as `Authorization` or `Origin`. */
  headers?: HeadersInit;
  /**
   * Offers to compress messages (RFC 7692): `true` for the defaults of {@linkcode DeflateOptions}. Needs
   * Deno 2.9.6.
   *
   * @default false
   */
  deflate?: boolean | DeflateOptions;
  /** Certificates to trust besides those of the system, as PEM. */
  caCerts?: readonly string[];
  /** Gives up while it connects, and cuts the connection afterwards. */
  signal?: AbortSignal;
  /**
   * The bounds that differ from the defaults. `handshakeTimeout` bounds all from the name's lookup to the
   * server's answer; what is about servers alone has no effect.
   *
   * @default DEFAULT_LIMITS
   */
  limits?: Partial<Limits>;
  /**
   * Gets the head of the request, and that of the answer. Both can hold secrets.
   *
   * @param by Who sent it.
   * @param head Its lines, with CRLF.
   */
  head?: (by: Side, head: string) => void;
  /**
   * Gets what is worth telling an operator.
   *
   * @default nobody is told
   */
  log?: (entry: LogEntry) => void;
}

/**
 * Connects to a WebSocket server (RFC 6455 4.1). Messages go to the `message` handler; without one they
 * wait, and so does the server, until `messages()` or `readable` is asked for.
 *
 * @param url Where to: `ws:` or `wss:`; `http:` and `https:` stand for them. User and password in it
 * become an `Authorization` header.
 * @param options How.
 * @returns The connection, when the handshake is over.
 * @throws {ConnectError} When there is no connection; with the server's answer where it gave one.
 * Redirects are not followed.
 * @throws {TypeError} When the URL, a subprotocol or a header cannot be.
 * @throws {RangeError} When a limit cannot be.
 * @throws The signal's reason when it is aborted.
 *
 * @example
 * ```ts
 * import { connect, serve } from "@fourtuple/fourtuple";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = serve({ port: 0, message: (connection, data) => connection.send(data) });
 * await using connection = await connect(server.url);
 * connection.send("hello");
 * for await (const message of connection.messages()) {
 *   assertEquals(message, "hello");
 *   break;
 * }
 * ```
 */
export async function connect(
  url: string | URL,
  options: ConnectOptions = {},
): Promise<ClientConnection> {
  const target = targetOf(url);
  const limits = resolveLimits(options.limits);
  const settings = resolveDeflate(options.deflate);
  const extensions = settings === undefined ? [] : [deflateOffer(settings)];
  const { signal, end } = deadline(limits.handshakeTimeout, options.signal);
  try {
    const key = toBase64(crypto.getRandomValues(new Uint8Array(16)));
    const request = serializeUpgradeRequest({
      host: target.host,
      path: target.pathname + target.search,
      key,
      subprotocols: options.subprotocols,
      extensions,
      headers: headersOf(target, options.headers),
    });
    options.head?.("us", new TextDecoder().decode(request));
    const conn = await dial(target, { caCerts: options.caCerts, signal });
    const expectations = {
      accept: computeAccept(key, sha1),
      subprotocols: options.subprotocols,
      extensions,
    };
    const answer = await closing(greet(conn, request, limits), conn, signal);
    const { result: head, rest } = answer;
    options.head?.("peer", headText(head));
    const compressionOf = (accepted: readonly Extension[]) =>
      deflateOf(accepted, extensions, settings, limits);
    const judging = judge(conn, answer, expectations, compressionOf);
    const { subprotocol, deflate } = await closing(judging, conn, signal);
    return new RunningClientConnection(conn, {
      target: target.pathname + target.search,
      subprotocol,
      extensions: head.headers.get("sec-websocket-extensions") ?? "",
      deflate,
      limits,
      options,
      rest,
    });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    end();
  }
}

/** Makes what compresses the connection, where the server has agreed to that. */
function deflateOf(
  [accepted]: readonly Extension[],
  [offer]: readonly Extension[],
  settings: ResolvedDeflate | undefined,
  limits: Limits,
): ConnectionDeflate | undefined {
  // What was not offered cannot have been accepted.
  if (accepted === undefined || offer === undefined || settings === undefined) return undefined;
  const parameters = checkDeflateAnswer(accepted.parameters, offer);
  const limit = () => limits.messageBytes;
  return new ConnectionDeflate({ role: "client", parameters, settings, limit });
}

/** Brings a URL into the form that the handshake needs. */
function targetOf(url: string | URL): URL {
  const target = new URL(url);
  if (target.protocol === "http:") target.protocol = "ws:";
  if (target.protocol === "https:") target.protocol = "wss:";
  if (target.protocol !== "ws:" && target.protocol !== "wss:") {
    throw new TypeError(
      `Cannot connect: the URL must begin with ws: or wss:, not ${target.protocol}`,
    );
  }
  // RFC 6455 3: a fragment has no meaning here.
  if (target.hash !== "") throw new TypeError("Cannot connect: the URL must not have a fragment");
  return target;
}

function headersOf({ username, password }: URL, given: HeadersInit | undefined): HeaderPairs {
  const headers = new Headers(given);
  if ((username !== "" || password !== "") && !headers.has("authorization")) {
    const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    headers.set("authorization", `Basic ${toBase64(new TextEncoder().encode(user))}`);
  }
  return [...headers];
}

/** A signal that is aborted after some time, or by another. */
function deadline(
  milliseconds: number,
  other: AbortSignal | undefined,
): { signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  const timeout = new ConnectError(`Handshake took more than ${milliseconds} ms`);
  const timer = setTimeout(() => controller.abort(timeout), milliseconds);
  const abort = () => controller.abort(other?.reason);
  if (other?.aborted) abort();
  other?.addEventListener("abort", abort);
  return {
    signal: controller.signal,
    end() {
      clearTimeout(timer);
      other?.removeEventListener("abort", abort);
    },
  };
}

/** Sends the request, and reads the head of the answer. */
async function greet(
  conn: Dialled,
  request: Uint8Array,
  limits: Limits,
): Promise<Beginning<ResponseHead>> {
  try {
    await writeAll(conn, request);
    const pool = new BufferPool();
    let rest: Uint8Array = NOTHING;
    // RFC 9110 15.2: interim answers may come before the one that counts.
    for (let interim = 0; interim <= MOST_INTERIM; interim++) {
      const answer = await readBeginning(conn, pool, new ResponseHeadParser(limits), rest);
      if (answer === undefined) throw new Error("it left");
      const { status } = answer.result;
      if (status === 101 || status >= 200) return answer;
      rest = answer.rest;
    }
    throw new Error(`more than ${MOST_INTERIM} interim answers came`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConnectError(`Server did not answer the handshake: ${reason}`, { cause: error });
  }
}

/** The head of an answer as it was sent. */
function headText({ minorVersion, status, statusText, headers }: ResponseHead): string {
  const lines = [...headers].map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.${minorVersion} ${status} ${statusText}\r\n${lines.join("")}\r\n`;
}

/** What a server has agreed to. */
interface Judged {
  readonly subprotocol: string | undefined;
  readonly deflate: ConnectionDeflate | undefined;
}

/** Checks the answer; one that refuses becomes an error that tells why. */
async function judge(
  conn: Dialled,
  { result: head, rest }: Beginning<ResponseHead>,
  expectations: UpgradeExpectations,
  compressionOf: (accepted: readonly Extension[]) => ConnectionDeflate | undefined,
): Promise<Judged> {
  try {
    const { subprotocol, extensions } = checkUpgradeResponse(head, expectations);
    return { subprotocol, deflate: compressionOf(extensions) };
  } catch (error) {
    if (!(error instanceof HandshakeError)) throw error;
    if (error.code !== "STATUS_UNEXPECTED") {
      throw new ConnectError(error.message, { cause: error });
    }
    const { status, statusText } = head;
    const headers = new Headers([...head.headers]);
    const answer: RefusedHandshake = {
      status,
      statusText,
      headers,
      body: await bodyOf(conn, headers, rest),
    };
    throw new ConnectError(refusalOf(answer), { answer, cause: error });
  }
}

function refusalOf({ status, headers }: RefusedHandshake): string {
  const location = headers.get("location");
  if (status < 300 || status > 399 || location === null) {
    return `Server refuses the handshake with status ${status}`;
  }
  // RFC 6455 4.1 lets a client follow, but whoever sends credentials should know to whom.
  const shown = JSON.stringify(location.slice(0, 200));
  return `Server redirects to ${shown} with status ${status}, which is not followed`;
}

/** Reads the beginning of a body, as far as it comes soon. */
async function bodyOf(conn: Dialled, headers: Headers, rest: Uint8Array): Promise<string> {
  const most = Math.min(BODY_BYTES, Number(headers.get("content-length") ?? BODY_BYTES));
  const body = new Uint8Array(BODY_BYTES);
  let length = Math.min(rest.length, BODY_BYTES);
  body.set(rest.subarray(0, length));
  const timer = setTimeout(() => conn.close(), BODY_TIMEOUT);
  try {
    while (length < most) {
      const count = await conn.read(body.subarray(length));
      if (count === null) break;
      length += count;
    }
  } catch {
    // What has come has to do.
  } finally {
    clearTimeout(timer);
  }
  return new TextDecoder().decode(body.subarray(0, length));
}
