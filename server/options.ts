import { isToken } from "../protocol/mod.ts";
import type { DeflateOptions } from "./connection/deflate/options.ts";
import type { Handlers } from "./connection/handlers.ts";
import type { ProxyOptions } from "./http/proxy/proxies.ts";
import type { HandshakeOptions } from "./http/request_hooks.ts";
import type { Limits } from "./limits.ts";
import type { LogEntry } from "./log.ts";
import type { Backplane } from "./topics/backplane.ts";

/**
 * The options of a server. All are optional, and the defaults are safe.
 */
export interface ServeOptions<Data = unknown> extends Handlers<Data>, HandshakeOptions<Data> {
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
   */
  onListen?: (addr: Deno.NetAddr) => void;
  /** Drains the server when it is aborted, as `drain()` without options does. */
  signal?: AbortSignal;
  /** Carries the messages of `broadcast()` to other servers too; the caller closes it. */
  backplane?: Backplane;
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
