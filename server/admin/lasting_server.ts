import { pause } from "../loop/pause.ts";
import { canonicalAddress } from "../net/four_tuple.ts";
import { isAddress, isLoopback } from "./host_check.ts";

/** How long it is waited before a server that has ended is started again, in milliseconds. */
const RETRY_PAUSE = 1_000;

/** After so many milliseconds without a failure, the next one is news again. */
const QUIET = 10_000;

/** What is served, and where. */
export interface LastingServerOptions {
  readonly hostname: string;
  /** The port; 0 for one that is free. */
  readonly port: number;
  /** Answers a request. */
  readonly handler: Deno.ServeHandler<Deno.NetAddr>;
  /** Answers where the handler's answer cannot be sent. */
  readonly onError: (error: unknown) => Response;
  /** Is told why nobody can connect, once for each time that this lasts. */
  readonly fault: (error: unknown) => void;
}

/**
 * Deno's HTTP server, for as long as it is wanted. Deno's own stops to listen for good when accepting
 * fails once, such as for want of descriptors. The connections that it has go on; this listens again,
 * each second until that succeeds.
 */
export class LastingServer {
  /** Where it listens. */
  readonly addr: Deno.NetAddr;
  readonly #options: LastingServerOptions;
  readonly #closing = new AbortController();
  readonly #finished: Promise<void>;
  #lastFault = -Infinity;

  /**
   * Listens.
   *
   * @param options What is served, and where.
   * @throws {Error} When Deno listens elsewhere.
   * @throws {Deno.errors.AddrInUse} And others, when it cannot.
   */
  constructor(options: LastingServerOptions) {
    this.#options = options;
    const first = this.#serve(options.port);
    if (!isWhere(first.addr, options)) {
      this.#closing.abort();
      throw new Error(
        `Deno listens on ${JSON.stringify(first.addr)}, which is not where it was told to`,
      );
    }
    this.addr = first.addr;
    this.#finished = this.#last(first);
  }

  /** Stops, and cuts all connections. Asked again it only waits. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#finished;
  }

  #serve(port: number): Deno.HttpServer<Deno.NetAddr> {
    const { hostname, onError, handler } = this.#options;
    const { signal } = this.#closing;
    return Deno.serve({ hostname, port, signal, onListen: () => {}, onError }, handler);
  }

  async #last(first: Deno.HttpServer): Promise<void> {
    const { signal } = this.#closing;
    for (let server: Deno.HttpServer | undefined = first; !signal.aborted;) {
      try {
        server ??= this.#serve(this.addr.port);
        await server.finished;
      } catch (error) {
        this.#failed(error);
        server = undefined;
        await pause(RETRY_PAUSE, signal);
      }
    }
  }

  /** Says so once, and again only after some quiet: it is tried again and again. */
  #failed(cause: unknown): void {
    const now = performance.now();
    const isNews = now - this.#lastFault > QUIET;
    this.#lastFault = now;
    if (!isNews) return;
    const message = cause instanceof Error ? cause.message : String(cause);
    this.#options.fault(new Error(`Cannot accept, and tries again: ${message}`, { cause }));
  }
}

/** Tells whether an address is the one that was asked for; a name has any, but that of this host alone. */
function isWhere(
  { transport, hostname, port }: Deno.NetAddr,
  asked: Pick<LastingServerOptions, "hostname" | "port">,
): boolean {
  if (transport !== "tcp" || (asked.port !== 0 && port !== asked.port)) return false;
  if (!isAddress(asked.hostname)) return !isLoopback(asked.hostname) || isLoopback(hostname);
  return canonicalAddress(hostname) === canonicalAddress(asked.hostname);
}
