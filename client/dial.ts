import { closeQuietly, type Transport } from "../server/transport.ts";
import { ConnectError } from "./connect_error.ts";

/** Where to, and how. */
export interface DialOptions {
  /** Certificates to trust besides those of the system, as PEM. */
  readonly caCerts?: readonly string[] | undefined;
  /** Gives up. */
  readonly signal: AbortSignal;
}

/** A transport before anything was said on it. */
export type Dialled = Transport & { handshake?(): Promise<unknown> };

/**
 * Opens the TCP connection that a URL names, with TLS for `wss:`.
 *
 * @param url One of `ws:` or `wss:`.
 * @param options How.
 * @returns The connection.
 * @throws {ConnectError} When it cannot be opened.
 * @throws The signal's reason when it is aborted.
 */
export async function dial(url: URL, { caCerts, signal }: DialOptions): Promise<Dialled> {
  const secure = url.protocol === "wss:";
  const hostname = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port === "" ? secure ? 443 : 80 : Number(url.port);
  signal.throwIfAborted();
  try {
    if (!secure) {
      const conn = await abortable(Deno.connect({ hostname, port }), signal);
      conn.setNoDelay(true);
      return conn;
    }
    // HTTP/2 has another way to WebSocket (RFC 8441), which is not spoken here.
    const options = { hostname, port, alpnProtocols: ["http/1.1"] };
    const connecting = Deno.connectTls({ ...options, ...caCerts && { caCerts: [...caCerts] } });
    const conn = await abortable(connecting, signal);
    await closing(conn.handshake(), conn, signal);
    return conn;
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new ConnectError(`Cannot connect to ${url.host}: ${reason}`, { cause: error });
  }
}

/** Waits for a connection that nobody may want any more when it comes. */
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
 * @param doing What is waited for.
 * @param conn What is closed.
 * @param signal Gives up.
 * @returns What came of it.
 */
export async function closing<T>(
  doing: Promise<T>,
  conn: Pick<Deno.Conn, "close">,
  signal: AbortSignal,
): Promise<T> {
  const abort = () => closeQuietly(conn);
  signal.addEventListener("abort", abort);
  try {
    return await doing;
  } catch (error) {
    closeQuietly(conn);
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
