import type { LogEntry } from "./log.ts";
import type { Message } from "../protocol/mod.ts";
import type { Backplane } from "./cluster/backplane.ts";
import type { Connection } from "./connection.ts";
import type { DeflateOptions } from "./deflate/options.ts";
import type { FourTuple } from "./four_tuple.ts";
import type { Limits } from "./limits.ts";
import type { ProxyOptions } from "./proxy/proxies.ts";
import type { ClientAddress } from "./proxy/client_address.ts";

/** Who sent a request. */
export interface PeerInfo {
  /** The 4-tuple as text: the key that the connection will have in the registry. */
  readonly key: string;
  /** The TCP 4-tuple: the peer is the source. */
  readonly tuple: FourTuple;
  /** The client's own address where a trusted proxy has told it, otherwise that of the socket's peer. */
  readonly remoteAddress: string;
  /** The client's own address, where a trusted proxy has told it; absent where it is the socket's. */
  readonly client?: ClientAddress;
}

/** How the `upgrade` hook accepts a connection: a plain object, with these keys and no others. */
export interface Upgrade<Data> {
  /** Becomes `connection.data`; may be left out where {@linkcode Data} includes `undefined`. */
  data: Data;
  /** Headers for the 101 response, such as cookies; those of the handshake itself are refused. */
  headers?: HeadersInit;
  /** One of the subprotocols that the client offered, instead of the choice from `subprotocols`. */
  subprotocol?: string;
}

/**
 * What the `upgrade` hook decides: a Response refuses, all else accepts. Where one of its ways returns
 * no data, `connection.data` can be `undefined`, and its type has to say so.
 */
export type UpgradeDecision<Data> =
  | Response
  | Upgrade<Data>
  // What is accepted without data has `undefined` for it.
  | (undefined extends Data ? Partial<Upgrade<Data>> | void : never);

/**
 * What the handlers of one server do; each is called with the connection it is about. Of what they
 * return only a promise means something: `message` has the next message wait for it, and one that
 * rejects is a fault of the handler.
 */
export interface Handlers<Data> {
  /**
   * A connection is open. Messages go to the `message` handler meanwhile; without one they wait as
   * long as a promise that this returns is pending, or until it asks for them.
   *
   * @param connection The connection; it can send at once.
   */
  open?(connection: Connection<Data>): unknown;
  /**
   * A message came. Where a promise is returned, the next message of this connection waits for it.
   * Pings are answered meanwhile, and a Close is seen, which aborts `connection.signal`; when 64 KiB
   * wait, so does the peer. A Close is answered when the messages that came before it were handed over,
   * or after `closeTimeout`.
   *
   * @param connection The connection.
   * @param data A string for text, bytes for binary; yours to keep and to change. Bytes are a view: go
   * by `byteOffset` and `byteLength`, and transfer the buffer of a `slice()`.
   */
  message?(connection: Connection<Data>, data: Message): unknown;
  /**
   * A ping came (RFC 6455 5.5.2); it is answered already.
   *
   * @param connection The connection.
   * @param payload What is in it, at most 125 bytes; yours to keep.
   */
  ping?(connection: Connection<Data>, payload: Uint8Array<ArrayBuffer>): unknown;
  /**
   * A pong came (RFC 6455 5.5.3): the answer to `connection.ping()`, to a ping of the server's own, or
   * to none.
   *
   * @param connection The connection.
   * @param payload What is in it, at most 125 bytes; yours to keep.
   */
  pong?(connection: Connection<Data>, payload: Uint8Array<ArrayBuffer>): unknown;
  /**
   * A connection that had a backlog has sent all of it.
   *
   * @param connection The connection.
   */
  drain?(connection: Connection<Data>): unknown;
  /**
   * A connection is over.
   *
   * @param connection The connection; `connection.closing` has both sides' codes.
   * @param code The peer's close code, 1005 if it sent none, 1006 without a Close frame of its own
   * (RFC 6455 7.1.5), also where we closed first and it did not answer: see `connection.closing`. After
   * a fault of a handler it is 1011 in any case.
   * @param reason The peer's reason. It comes from the peer: escape it before showing it.
   */
  close?(connection: Connection<Data>, code: number, reason: string): unknown;
}

/**
 * What a server is to be. Everything is optional, and what is left out is safe.
 */
export interface ServeOptions<Data = unknown> extends Handlers<Data> {
  /**
   * The address to listen on; `::` or `0.0.0.0` for all.
   *
   * @default "127.0.0.1"
   */
  hostname?: string;
  /**
   * The port; 0 for any that is free.
   *
   * @default 8080
   */
  port?: number;
  /**
   * Whether several processes may listen on the same address (SO_REUSEPORT), so that the kernel shares
   * the connections out among them. Linux only; Deno wants `--unstable-net` for it.
   *
   * @default false
   */
  reusePort?: boolean;
  /**
   * The proxies in front of the server, whose word about a client's address counts. Anybody else's
   * forwarded headers are ignored, and counted as `spoofed`.
   *
   * @default none
   */
  proxies?: ProxyOptions;
  /**
   * Told that the server listens, in the turn in which `serve()` has returned.
   *
   * @param addr The address.
   */
  onListen?: (addr: Deno.NetAddr) => void;
  /** Drains the server when it is aborted, as `drain()` without options does. */
  signal?: AbortSignal;
  /** Carries what `broadcast()` sends to other servers too; the caller closes it. */
  backplane?: Backplane;
  /** The certificate chain as PEM: with it and `key` the server speaks TLS. */
  cert?: string;
  /** The private key as PEM. */
  key?: string;
  /**
   * Answers plain GET and HEAD requests, which have no body, on the same port, one for each
   * connection. Without it they get 426. OPTIONS is answered with 204 without it being asked. A response that writes nothing for as long as `handshakeTimeout` is cut.
   */
  fetch?: (request: Request, info: PeerInfo) => Response | Promise<Response>;
  /**
   * Decides about a handshake that is in order. It accepts with an {@linkcode Upgrade} or `undefined`,
   * and refuses with any Response: 401, 403, 429 … Anything else, `null` and `false` among it, is a
   * fault of the hook, and gets 500. It counts into the handshake's deadline.
   */
  upgrade?: (
    request: Request,
    info: PeerInfo,
  ) => UpgradeDecision<Data> | Promise<UpgradeDecision<Data>>;
  /** The subprotocols that the server speaks, the best first: the first one that is offered is taken. */
  subprotocols?: readonly string[];
  /**
   * The origins whose pages may connect; `"*"` for all. `https://example.com` is compared as a URL,
   * `https://*.example.com` stands for all subdomains of any depth, but not for the name itself, an
   * origin of another scheme, such as `capacitor://localhost`, `chrome-extension://abc` or `file://`, is
   * compared as text, and `null` stands for every page without an origin of its own. Requests without
   * an Origin, or with an empty one, do not come from pages and always may.
   *
   * @default the host that the request names
   */
  origins?: readonly string[] | "*";
  /**
   * Compresses messages for clients that can do so too (permessage-deflate, RFC 7692): `true` for the
   * defaults of {@linkcode DeflateOptions}. What a message inflates to counts as its size. Streamed
   * messages are sent as they are. Needs Deno 2.9.6.
   *
   * @default false
   */
  deflate?: boolean | DeflateOptions;
  /**
   * The bounds that differ from the defaults.
   *
   * @default DEFAULT_LIMITS
   */
  limits?: Partial<Limits>;
  /**
   * Gets what is worth telling an operator; an exception in it is ignored.
   *
   * @default warnings and errors go to `console.error`, escaped and at most 16 KiB each
   */
  log?: (entry: LogEntry) => void;
}
