import type { Connection, Limits, Server } from "../../mod.ts";
import { echo } from "../../server/apps/echo.ts";
import type { Case } from "./moves.ts";

/** The servers that the cases are played against. */
export interface Servers {
  /** Where a client finds what a case needs. */
  url(script: Case): string;
  /** Stops them, and tells how the connections of each case ended, by its name. */
  stop(): Promise<Map<string, string[]>>;
}

/**
 * Starts the echo app three times: with its default limits, for messages up to 16 MiB, and with a
 * ping every few milliseconds.
 */
export function startServers(): Servers {
  const ends = new Map<string, string[]>();
  const start = (limits: Partial<Limits>): Server => {
    const waiting: Connection[] = [];
    const server: Server = echo({
      port: 0,
      limits,
      subprotocols: ["superchat", "chat"],
      upgrade: (request) =>
        new URL(request.url).pathname === "/refused" ? new Response("no", { status: 403 }) : {},
      fetch: page,
      open: (connection) => behave(connection, server, waiting),
      close: (connection, code, reason) => {
        const name = urlOf(connection).searchParams.get("case") ?? "";
        const end = `by ${connection.closing?.by}, ${code} "${reason}"`;
        ends.set(name, [...ends.get(name) ?? [], end]);
      },
    });
    return server;
  };
  const servers = {
    plain: start({}),
    large: start({ messageBytes: 16 * 1_048_576 }),
    // A slow client must not be given up while it does something else.
    // Only the pong for the last ping counts: a busy machine must have the time for one.
    pinging: start({ pingInterval: 250, missedPings: 10_000 }),
  };
  return {
    url: ({ name, server = "plain", target = "/" }) => {
      const url = new URL(target, servers[server].url.replace("http:", "ws:"));
      url.searchParams.append("case", name);
      return url.href;
    },
    stop: async () => {
      await Promise.all(Object.values(servers).map((server) => server.drain()));
      return ends;
    },
  };
}

/** Serves a page, and what it needs to play cases: pages of other servers may not connect to this one. */
async function page({ url }: Request): Promise<Response> {
  const script = new URL(url).pathname === "/run_case.js";
  const body = script
    ? await Deno.readTextFile(new URL("clients/run_case.js", import.meta.url))
    : "<!doctype html><title>Interop</title>";
  return new Response(body, {
    headers: { "content-type": script ? "text/javascript" : "text/html" },
  });
}

/** Does to a new connection what its target asks for, besides the echo. */
async function behave(
  connection: Connection,
  server: Server,
  waiting: Connection[],
): Promise<void> {
  const { pathname, searchParams } = urlOf(connection);
  if (pathname === "/closes") {
    const messages = Number(searchParams.get("after"));
    for (let at = 0; at < messages; at++) connection.send(`${at}`);
    const code = searchParams.get("code");
    if (code === null) connection.close();
    else connection.close(Number(code), searchParams.get("reason") ?? "");
  } else if (pathname === "/pings") {
    const messages = connection.messages();
    connection.ping(new TextEncoder().encode("are you there"));
    connection.send("pinged");
    // What the client answers comes behind its pong, so that the pong is counted by then.
    await messages.next();
    connection.send(`${server.registry.get(connection.key)?.bytesIn} bytes came in`);
  } else if (pathname === "/measures") {
    while (connection.open && connection.roundTrip === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    connection.send("measured");
  } else if (pathname === "/together") {
    waiting.push(connection);
    if (waiting.length < Number(searchParams.get("clients"))) return;
    for (const one of waiting) one.send("go");
  }
}

function urlOf({ target }: Connection): URL {
  return new URL(target, "http://localhost");
}
