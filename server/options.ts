import { isToken } from "../protocol/mod.ts";
import type { Connection } from "./connection/connection.ts";
import type { DeflateOptions } from "./connection/deflate/options.ts";
import type { Handlers } from "./connection/handlers.ts";
import type { MessageData } from "./connection/message_data.ts";
import type { Report } from "./host/report.ts";
import type { ProxyOptions } from "./http/proxy/proxies.ts";
import type { HandshakeOptions } from "./http/request_hooks.ts";
import type { Limits } from "./limits.ts";
import type { LogEntry } from "./log.ts";
import type { DrainOptions, DrainResult } from "./operations/drain.ts";
import type { Operations } from "./operations/operations.ts";
import type { ConnectionRegistry } from "./registry.ts";
import type { Backplane } from "./topics/backplane.ts";

/**
 * The options of a server. All are optional, and the defaults are safe.
 */
export interface ServeOptions<Data = unknown>
  extends Handlers<Data, Server<Data>>, HandshakeOptions<Data, Server<Data>> {
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
   * Whether several processes may listen on the same address (SO_REUSEPORT), so that the kernel
   * shares the connections out among them. Linux only; Deno wants `--unstable-net` for it.
   *
   * @default false
   */
  reusePort?: boolean;
  /**
   * The proxies in front of the server that are trusted to tell a client's address. Anybody else's
   * forwarded headers are ignored, and counted as `spoofed`.
   *
   * @default none
   */
  proxies?: ProxyOptions;
  /**
   * Told that the server listens, in the turn in which `serve()` has returned.
   *
   * @param addr The address.
   * @param server The server.
   */
  onListen?(addr: Deno.NetAddr, server: Server<Data>): void;
  /** Drains the server when it is aborted, as `drain()` without options does. */
  signal?: AbortSignal;
  /** Carries what is broadcast and published to other servers too; the caller closes it. */
  backplane?: Backplane;
  /** The number of this process among those of a cluster, for `server.worker`. */
  worker?: number;
  /** The certificate chain as PEM: with it and `key` the server speaks TLS. */
  cert?: string;
  /** The private key as PEM. */
  key?: string;
  /**
   * Compresses messages for clients that can do so too (permessage-deflate, RFC 7692): `true` for
   * the defaults of {@linkcode DeflateOptions}. The inflated bytes of a message count as its size.
   * Streamed messages are sent as they are. Needs Deno 2.9.6.
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
   * Gets the entries for an operator; an exception in it is ignored.
   *
   * @default warnings and errors go to `console.error`, escaped and at most 16 KiB each
   */
  log?: (entry: LogEntry) => void;
}

/** The receivers of a broadcast message. */
export interface BroadcastOptions {
  /** One that does not get it, such as its sender. */
  except?: Connection;
}

/** A running server. */
export interface Server<Data = unknown> extends AsyncDisposable {
  /** The address that it listens on. */
  readonly addr: Deno.NetAddr;
  /** The address for a browser: `http://127.0.0.1:8080/`. */
  readonly url: string;
  /** The records of all connections, by 4-tuple. */
  readonly registry: ConnectionRegistry;
  /** The connections themselves, closing ones included, in the order of their handshakes. */
  readonly connections: Iterable<Connection<Data>>;
  /** The number of this process among those of a cluster; absent outside of one. */
  readonly worker: number | undefined;
  /** What an operator can ask while it runs, and have it do. */
  readonly operations: Operations;
  /** Resolves when the server has stopped and every connection is gone. */
  readonly finished: Promise<void>;
  /** Tells what the connections cost and how far the host's limits are. */
  report(): Promise<Report>;
  /**
   * Sends a message to every open connection, and through the backplane, if there is one, to those of
   * the other servers. It is encoded once, and goes through the connections in the next turns of the
   * event loop, together with others; for each connection it stays in order with `send()`.
   *
   * It waits for nobody: what comes from peers is for {@linkcode Server.broadcastInTurn}.
   *
   * @param data A string is sent as text, an `ArrayBuffer` or a view of one as binary; copied.
   * @param options The connection that does not get it.
   * @throws {TypeError} When the data is none of these, which types do not stop in JavaScript.
   */
  broadcast(data: MessageData, options?: BroadcastOptions): void;
  /**
   * Sends a message to every open connection, as `broadcast()` does, when none of them is behind. A
   * `message` handler that returns the promise has its sender wait, so that no peer can send more than
   * the others take. The messages go in the order in which they came.
   *
   * A connection is waited for as long as it takes 250 KB a second, and 2 s more; one that takes less
   * is not waited for during 30 s, and `limits.whenFull` decides what becomes of what it does not take.
   *
   * @param data As for `broadcast()`; not to be changed before it is sent.
   * @returns `undefined` where it was sent at once, otherwise a promise that resolves when it is sent.
   * @throws {TypeError} When the data is none of these, which types do not stop in JavaScript.
   *
   * @example
   * ```ts
   * import { serve } from "@fourtuple/fourtuple";
   *
   * await using server = serve({
   *   port: 0,
   *   message: (_connection, data, server) => server.broadcastInTurn(data),
   * });
   * ```
   */
  broadcastInTurn(data: MessageData): Promise<void> | undefined;
  /**
   * Sends a message to all subscribers of a topic, here and on the servers of the backplane. It is
   * encoded once, and otherwise goes as `broadcast()` does.
   *
   * @param topic The topic.
   * @param data As for `broadcast()`.
   * @throws {TypeError} When the data is none of these, or the topic is not a string or has a lone
   * surrogate.
   * @throws {RangeError} When the topic is empty or longer than `limits.topicBytes`.
   */
  publish(topic: string, data: MessageData): void;
  /** The number of connections of this server that have subscribed to a topic. */
  subscriberCount(topic: string): number;
  /**
   * Looks a connection itself up.
   *
   * @param key The 4-tuple as text, `127.0.0.1:51324-127.0.0.1:8080`, in any spelling of its
   * addresses.
   * @returns The connection, or `undefined` when there is none.
   * @throws {SyntaxError} When the text is not a 4-tuple.
   * @throws {RangeError} When a port is out of range.
   */
  get(key: string): Connection<Data> | undefined;
  /**
   * Takes no more connections, and leaves those that there are as they are.
   *
   * @returns When the listening socket is closed.
   */
  stopListening(): Promise<void>;
  /**
   * Stops: no more connections, 1001 to everybody in batches, and after the deadline the cut.
   *
   * @param options The deadline.
   * @returns How the connections ended.
   * @throws {RangeError} When a time is negative or no number; nothing has happened then.
   */
  drain(options?: DrainOptions): Promise<DrainResult>;
  /** Stops at once and cuts every connection, as leaving the scope of `await using` does. */
  close(): Promise<void>;
}

/** The options that are called, where they are given. */
const HOOKS = ["fetch", "upgrade", "open", "message", "drain", "close", "log"] as const;

/**
 * Finds options that could never take effect. Limits, proxies and origins are checked where
 * they are resolved.
 *
 * @param options The options of a server.
 * @throws {TypeError} When a hook is no function, when only one of `cert` and `key` is there, or
 * when a subprotocol is not one that a client could name.
 */
export function checkOptions<Data>(options: ServeOptions<Data>): void {
  const { cert, key, subprotocols = [] } = options;
  for (const name of HOOKS) {
    // `null` in the place of `upgrade` would let everybody in.
    if (options[name] === undefined || typeof options[name] === "function") continue;
    throw new TypeError(`Cannot serve: ${name} must be a function`);
  }
  if ((cert === undefined) !== (key === undefined)) {
    throw new TypeError("Cannot serve TLS: cert and key are needed together");
  }
  for (const subprotocol of subprotocols) {
    if (!isToken(subprotocol)) {
      throw new TypeError(`Cannot serve: subprotocol is not a token: "${subprotocol}"`);
    }
  }
}
