import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Env } from "./endpoint.ts";
import { hostOf } from "./host_check.ts";
import { LastingServer } from "./lasting_server.ts";
import { Problem, problemOf } from "./problem.ts";

/** The most requests whose answers are not sent yet; one more gets 503. */
const MAX_REQUESTS = 64;

/** Answered always: they cost little, and decide about the whole process. */
const PROBES = ["/healthz", "/readyz"];

/** How long answers that are under way may take once the server closes, in milliseconds. */
const CLOSE_TIMEOUT = 1_000;

/** How long Deno may take to write an answer that it has, in milliseconds. */
const WRITE_TIME = 10;

/** What is served, and where. */
export interface HttpServerOptions {
  readonly hostname: string;
  readonly port: number;
  /** Answers the requests. */
  readonly app: Pick<OpenAPIHono<Env>, "fetch">;
  /** Is told what went wrong on our side. */
  readonly fault: (error: unknown) => void;
  /** Ends the answers that would not end by themselves, when the server closes. */
  readonly end: () => Promise<void>;
}

/** A server that listens. */
export interface HttpServer {
  /** Where it listens. */
  readonly addr: Deno.NetAddr;
  /** Closes it, once. */
  close(): Promise<void>;
}

/**
 * Serves HTTP: what does not even get as far as the routes is seen to here.
 *
 * Deno has no bound on connections, and none on how long a request's head may take: whoever can
 * reach the port can hold descriptors of this process. The answers are bounded, and it listens again
 * when there are descriptors.
 *
 * @param options What is served, and where.
 * @returns The server; the caller closes it.
 * @throws {Deno.errors.AddrInUse} And others, when it cannot listen.
 */
export function serveHttp({ hostname, port, app, fault, end }: HttpServerOptions): HttpServer {
  let isClosing = false;
  /** One for each answer that is not sent yet, taps included. */
  const underWay = new Set<Promise<void>>();

  const answer = async (request: Request, remoteAddr: Deno.NetAddr): Promise<Response> => {
    try {
      const host = hostOf(request.headers);
      // An absolute target brings a host of its own, which Deno does not look at (RFC 9112 3.2.2).
      if (!URL.canParse(request.url)) throw new Problem(400, "Expected a target that makes a URL");
      if (isClosing || underWay.size > MAX_REQUESTS) {
        // Whoever watches over the process must not take it for dead because others ask too much.
        if (!PROBES.includes(new URL(request.url).pathname)) throw busy();
      }
      const { hostname: peer } = remoteAddr;
      const address = addressText(remoteAddr);
      return await app.fetch(request, { peer, address, ...host !== undefined && { host } });
    } catch (error) {
      return refusal(error);
    }
  };
  const refusal = (error: unknown): Response => {
    if (!(error instanceof Problem)) fault(error);
    return problemOf(error).response();
  };

  const server = new LastingServer({
    hostname,
    port,
    fault,
    onError: (error) => withSafeHeaders(refusal(error)),
    async handler(request, { remoteAddr, completed }) {
      const sent = completed.catch(() => {}).finally(() => underWay.delete(sent));
      underWay.add(sent);
      return withSafeHeaders(await answer(request, remoteAddr));
    },
  });

  return {
    addr: server.addr,
    async close() {
      isClosing = true;
      await end();
      await settled(underWay);
      // Deno's own way to shut down would wait for whoever only keeps a connection open.
      await server.close();
    },
  };
}

/** Writes an address as text, with its port. */
export function addressText({ hostname, port }: Deno.NetAddr): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

function busy(): Problem {
  return new Problem(503, "The ops port is busy, or closes", { headers: { "retry-after": "1" } });
}

/** Waits until the answers are sent, but not for ever. */
async function settled(underWay: ReadonlySet<Promise<void>>): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, CLOSE_TIMEOUT);
  await Promise.race([Promise.all(underWay), late.promise]);
  clearTimeout(timer);
  // Deno calls an answer complete when it has it, and writes it in one of the next turns.
  await new Promise((resolve) => setTimeout(resolve, WRITE_TIME));
}

/** For whatever is shown in a browser; what the dashboard says of itself stays. */
function withSafeHeaders(response: Response): Response {
  if (response.status === 101) return response;
  const { headers } = response;
  headers.set("x-content-type-options", "nosniff");
  headers.set("referrer-policy", "no-referrer");
  headers.set("cross-origin-resource-policy", "same-origin");
  if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
  return response;
}
