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
  type HeadLimits,
  serializeUpgradeRequest,
  type Side,
} from "../protocol/mod.ts";
import { ConnectionDeflate } from "../server/connection/deflate/connection_deflate.ts";
import {
  type DeflateOptions,
  type ResolvedDeflate,
  resolveDeflate,
} from "../server/connection/deflate/options.ts";
import type { Handlers } from "../server/connection/handlers.ts";
import { DEFAULT_LIMITS, type Limits, resolveLimits } from "../server/limits.ts";
import type { LogEntry } from "../server/log.ts";
import { ownTupleOf } from "../server/net/four_tuple.ts";
import { closeQuietly, type Transport, writeAll } from "../server/net/transport.ts";
import { sha1 } from "../server/sha1.ts";
import { type Answer, headText, readAnswer, refusalOf } from "./answer.ts";
import { type ClientConnection, RunningClientConnection } from "./client_connection.ts";
import { ConnectError } from "./connect_error.ts";
import { Deadline } from "./deadline.ts";
import { closing, dial, hostOf, secure } from "./dial.ts";
import { OneAtATime } from "./one_at_a_time.ts";

const toBase64: (bytes: Uint8Array) => string = encodeBase64;

/** Before it is known where a name leads to, all connections to that name wait for each other. */
const byName = new OneAtATime();

/** Two names may lead to one address. */
const byAddress = new OneAtATime();

/** Cookies and content policies of others are long: what browsers take is taken here, about. */
export const HEAD_LIMITS: HeadLimits = {
  headLineBytes: 65_536,
  headHeaders: 256,
  headBytes: 262_144,
};

/** How to connect. Everything is optional. */
export interface ConnectOptions
  extends Pick<Handlers<undefined>, "message" | "ping" | "pong" | "drain" | "close"> {
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
  /**
   * Takes any certificate: whoever stands between can read and change everything. For tests alone; needs
   * Deno 2.9.6.
   *
   * @default false
   */
  insecure?: boolean;
  /** Gives up while it connects, and cuts the connection afterwards. */
  signal?: AbortSignal;
  /**
   * The bounds that differ from the defaults. `handshakeTimeout` bounds all from the call to the
   * server's answer, the wait for others included; what is about servers alone has no effect.
   *
   * @default DEFAULT_LIMITS, but for the head of the answer 64 KiB a line, 256 headers, 256 KiB in all
   */
  limits?: Partial<Limits>;
  /**
   * Gets the head of the request, and that of the answer. Both can hold secrets.
   *
   * @param by Its sender.
   * @param head Its lines, with CRLF.
   */
  head?: (by: Side, head: string) => void;
  /**
   * Gets what is worth telling an operator.
   *
   * @default entries are not kept
   */
  log?: (entry: LogEntry) => void;
}

/**
 * Connects to a WebSocket server (RFC 6455 4.1). Messages go to the `message` handler; without one they
 * wait, and so does the server, until `messages()` or `readable` is asked for.
 *
 * As step 2 there wants it, one connection to an address and port is opened at a time: a call waits
 * for those before it, of which there may be 10,000. The wait is part of the time that the call has,
 * and its signal ends it at once.
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
  const limits = resolveLimits(options.limits, { ...DEFAULT_LIMITS, ...HEAD_LIMITS });
  const settings = resolveDeflate(options.deflate);
  const extensions = settings === undefined ? [] : [deflateOffer(settings)];
  const { subprotocols } = options;
  const key = toBase64(crypto.getRandomValues(new Uint8Array(16)));
  const request = serializeUpgradeRequest({
    host: target.host,
    path: target.pathname + target.search,
    key,
    subprotocols,
    extensions,
    headers: headersOf(target, options.headers),
  });
  options.head?.("us", new TextDecoder().decode(request));
  using deadline = new Deadline(limits.handshakeTimeout, options.signal);
  const { signal } = deadline;
  const { conn, answer } = await greet(target, { request, limits, options, deadline });
  try {
    signal.throwIfAborted();
    const { result: head, rest } = answer;
    options.head?.("peer", headText(head));
    const expectations = { accept: computeAccept(key, sha1), subprotocols, extensions };
    const agreed = checkUpgradeResponse(head, expectations);
    return new RunningClientConnection(conn, {
      target: target.pathname + target.search,
      subprotocol: agreed.subprotocol,
      extensions: head.headers.get("sec-websocket-extensions") ?? "",
      deflate: deflateOf(agreed.extensions, extensions, settings, limits),
      limits,
      options,
      rest,
    });
  } catch (error) {
    const reason = error instanceof HandshakeError
      ? await closing(refusalOf(conn, answer, error), conn, signal)
      : error;
    closeQuietly(conn);
    options.signal?.throwIfAborted();
    throw reason;
  }
}

/** The parts of a handshake with a server. */
interface Greeting {
  readonly request: Uint8Array;
  readonly limits: Limits;
  readonly options: ConnectOptions;
  readonly deadline: Deadline;
}

/** Opens a connection, sends the request, and reads the answer; one at a time for each host. */
async function greet(
  url: URL,
  { request, limits, options: { caCerts, insecure }, deadline }: Greeting,
): Promise<{ conn: Transport; answer: Answer }> {
  const { signal } = deadline;
  const { port } = hostOf(url);
  using _name = await turn(byName, `${url.hostname}:${port}`, deadline);
  const tcp = await dial(url, signal);
  const { destinationAddress: ip } = ownTupleOf(tcp);
  const host = ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
  using _address = await closing(turn(byAddress, host, deadline), tcp, signal);
  const conn = url.protocol === "wss:"
    ? await secure(tcp, url, { caCerts, insecure, signal })
    : tcp;
  return { conn, answer: await closing(exchange(conn, request, limits), conn, signal) };
}

/** Waits for others to the same host. */
async function turn(hosts: OneAtATime, host: string, deadline: Deadline): Promise<Disposable> {
  deadline.doing = `Waiting for other connections to ${host}`;
  const turn = await hosts.enter(host, deadline.signal);
  deadline.doing = "Handshake";
  return turn;
}

/** Sends the request, and reads the head of the answer. */
async function exchange(conn: Transport, request: Uint8Array, limits: Limits): Promise<Answer> {
  try {
    await writeAll(conn, request);
    return await readAnswer(conn, limits);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConnectError(`Server did not answer the handshake: ${reason}`, { cause: error });
  }
}

/** Makes what compresses the connection, where the server has agreed to that. */
function deflateOf(
  [accepted]: readonly Extension[],
  [offer]: readonly Extension[],
  settings: ResolvedDeflate | undefined,
  limits: Limits,
): ConnectionDeflate | undefined {
  // An extension that was not offered cannot have been accepted.
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
  if (target.href.includes("#")) {
    throw new TypeError("Cannot connect: the URL must not have a fragment");
  }
  return target;
}

/** The further headers of the request. */
function headersOf(url: URL, given: HeadersInit | undefined): HeaderPairs {
  const headers = new Headers(given);
  if (Array.isArray(given)) {
    // RFC 6265 5.4: one header, and no commas, which is how Headers joins values.
    const cookies = given.filter(([name]) => name?.toLowerCase() === "cookie");
    if (cookies.length > 1) headers.set("cookie", cookies.map(([, value]) => value).join("; "));
  }
  const credentials = credentialsOf(url);
  if (credentials !== undefined && !headers.has("authorization")) {
    headers.set("authorization", credentials);
  }
  return [...headers];
}

/** The header for user and password in a URL (RFC 7617). */
function credentialsOf({ username, password }: URL): string | undefined {
  if (username === "" && password === "") return undefined;
  // RFC 7617 2: the server would take the text after it for the password.
  if (/%3a/i.test(username)) {
    throw new TypeError("Cannot connect: the user in the URL must not have a colon");
  }
  try {
    const text = decodeURIComponent(`${username}:${password}`);
    return `Basic ${toBase64(new TextEncoder().encode(text))}`;
  } catch (cause) {
    throw new TypeError("Cannot connect: user and password in the URL must be UTF-8", { cause });
  }
}
