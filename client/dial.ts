import { connect } from "node:tls";
import { canServeTls, TlsTransport } from "../server/net/tls.ts";
import { closeQuietly, type Transport } from "../server/net/transport.ts";
import { ConnectError } from "./connect_error.ts";

/** Where a URL leads to, in the terms of TCP. */
export interface Host {
  /** A name or an address; IPv6 without brackets. */
  readonly hostname: string;
  /** The port, also where the URL leaves it to its scheme. */
  readonly port: number;
}

/**
 * Tells where a URL leads to.
 *
 * @param url One of `ws:` or `wss:`.
 * @returns The host.
 */
export function hostOf({ protocol, hostname, port }: URL): Host {
  return {
    hostname: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? protocol === "wss:" ? 443 : 80 : Number(port),
  };
}

/**
 * Opens the TCP connection that a URL names.
 *
 * @param url One of `ws:` or `wss:`.
 * @param signal Gives up.
 * @returns The connection.
 * @throws {ConnectError} When it cannot be opened.
 * @throws The signal's reason when it is aborted.
 */
export async function dial(url: URL, signal: AbortSignal): Promise<Deno.TcpConn> {
  signal.throwIfAborted();
  try {
    const conn = await abortable(Deno.connect(hostOf(url)), signal);
    conn.setNoDelay(true);
    return conn;
  } catch (error) {
    throw cannotConnect(url, error, signal);
  }
}

/** How TLS is spoken. */
export interface SecureOptions {
  /** Certificates to trust besides those of the system, as PEM. */
  readonly caCerts?: readonly string[] | undefined;
  /**
   * Whether any certificate is taken.
   *
   * @default false
   */
  readonly insecure?: boolean | undefined;
  /** Gives up. */
  readonly signal: AbortSignal;
}

/**
 * Begins with TLS on a connection.
 *
 * @param conn The connection; not to be used any more, whatever comes of it.
 * @param url The URL that the connection was opened for.
 * @param options How.
 * @returns The secure connection, when the handshake of TLS is over.
 * @throws {ConnectError} When the server cannot be trusted, or does not speak TLS.
 * @throws The signal's reason when it is aborted.
 */
export async function secure(
  conn: Deno.TcpConn,
  url: URL,
  { caCerts = [], insecure = false, signal }: SecureOptions,
): Promise<Transport> {
  try {
    const { hostname } = hostOf(url);
    if (insecure || caCerts.length > 0 && canServeTls()) {
      return await secureByNode(conn, { hostname, caCerts, insecure, signal });
    }
    // HTTP/2 has another way to WebSocket (RFC 8441), which is not spoken here.
    const options = { hostname, caCerts: [...caCerts], alpnProtocols: ["http/1.1"] };
    const tls = await Deno.startTls(conn, options);
    await closing(tls.handshake(), tls, signal);
    return tls;
  } catch (error) {
    closeQuietly(conn);
    throw cannotConnect(url, error, signal);
  }
}

/**
 * As {@linkcode secure}, by the TLS layer that can leave the certificate unchecked, and that takes one
 * which is its own authority, as OpenSSL makes it, where it is named.
 */
async function secureByNode(
  conn: Deno.TcpConn,
  { hostname, caCerts = [], insecure, signal }: SecureOptions & { hostname: string },
): Promise<Transport> {
  if (!canServeTls()) throw new Error("it needs Deno 2.9.6 or later to take any certificate");
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const isName = /[a-z]/i.test(hostname) && !hostname.includes(":");
  const transport = new TlsTransport(conn, (socket) => {
    const tls = connect({
      socket,
      host: hostname,
      ...isName && { servername: hostname },
      ...caCerts.length > 0 && { ca: [...caCerts] },
      rejectUnauthorized: insecure !== true,
      ALPNProtocols: ["http/1.1"],
    });
    tls.on("secureConnect", resolve);
    for (const event of ["error", "_tlsError"]) tls.on(event, reject);
    tls.on("close", () => reject(new Error("it left in the middle of the handshake of TLS")));
    return tls;
  });
  await closing(promise, transport, signal);
  return transport;
}

/** The TLS layer says this where something else comes than a record of TLS. */
const NO_TLS = /InvalidContentType|InvalidMessage/;

function cannotConnect(url: URL, error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  const [first = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
  const reason = NO_TLS.test(first)
    ? `the server does not speak TLS on this port: expected ws: (${first})`
    : first;
  return new ConnectError(`Cannot connect to ${url.host}: ${reason}`, { cause: error });
}

/** Waits for a connection that may not be wanted any more when it comes. */
async function abortable<Conn extends Pick<Deno.Conn, "close">>(
  connecting: Promise<Conn>,
  signal: AbortSignal,
): Promise<Conn> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => {
    connecting.then((conn) => conn.close(), () => {});
    reject(signal.reason);
  };
  signal.addEventListener("abort", abort);
  return await Promise.race([connecting, promise])
    .finally(() => signal.removeEventListener("abort", abort));
}

/**
 * Waits for something that a connection does, and closes the connection when that is given up or fails.
 *
 * @param doing The wait.
 * @param conn The connection that is closed.
 * @param signal Gives up.
 * @returns The outcome, also where the connection was closed at the same moment.
 * @throws The signal's reason when it is aborted; else what `doing` rejects with.
 */
export async function closing<T>(
  doing: Promise<T>,
  conn: Pick<Deno.Conn, "close">,
  signal: AbortSignal,
): Promise<T> {
  const abort = () => closeQuietly(conn);
  signal.addEventListener("abort", abort);
  // It may have been aborted between two steps, when nothing listened.
  if (signal.aborted) abort();
  try {
    return await doing;
  } catch (error) {
    closeQuietly(conn);
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
