/**
 * The processes of a soak: the server, and those of clients. The soak starts them; nobody types them.
 *
 * @module
 */

import { serveParent } from "../../server/scale/children.ts";
import { serve } from "../../server/server.ts";
import type { Server } from "../../server/options.ts";
import { type SoakClientOptions, SoakClients } from "./clients.ts";
import type { ServerState, SoakCounts } from "./result.ts";

/** How often it is looked whether a timer comes late, in milliseconds. */
const LAG_TICK = 50;

/** What the parent of the server's process can ask. */
export interface SoakServerCalls {
  /** Starts an echo server, and returns its port. */
  listen(): number;
  /** How the server is. */
  state(): Promise<ServerState>;
  /** What it had to tell an operator, by how often. */
  events(): Readonly<Record<string, number>>;
}

/** What the parent of a client process can ask. */
export interface SoakClientCalls {
  /** Opens the connections. */
  open(options: SoakClientOptions): Promise<void>;
  /** Begins to close, reopen and send. */
  start(): void;
  /** Ends that, and waits for what is under way. */
  settle(): Promise<void>;
  /** What they have done. */
  counts(): SoakCounts;
}

/** The public `serve()` with its default limits, and what is asked about it. */
async function runServer(): Promise<void> {
  let server: Server | undefined;
  const events: Record<string, number> = Object.create(null);
  const lag = new Lag();
  const calls: SoakServerCalls = {
    listen() {
      server = serve({
        port: 0,
        message: (connection, data) => void connection.send(data),
        log({ level, event }) {
          if (level === "debug" && event !== "close_timeout") return;
          events[event] = (events[event] ?? 0) + 1;
        },
      });
      return server.addr.port;
    },
    async state() {
      if (server === undefined) throw new Error("Cannot tell before listen()");
      const { connections, descriptors, memory } = await server.report();
      const { resident, heapUsed, heapTotal, external } = memory;
      return {
        connections,
        resident,
        heapUsed,
        heapTotal,
        external,
        ...descriptors?.open !== undefined && { descriptors: descriptors.open },
        lag: lag.take(),
      };
    },
    events: () => events,
  };
  await serveParent(calls);
}

async function runClients(): Promise<void> {
  let clients: SoakClients | undefined;
  const opened = (): SoakClients => {
    if (clients === undefined) throw new Error("Cannot do that before open()");
    return clients;
  };
  const calls: SoakClientCalls = {
    open: (options) => (clients = new SoakClients(options)).open(),
    start: () => opened().start(),
    settle: () => opened().settle(),
    counts: () => opened().counts,
  };
  await serveParent(calls);
}

/** How late timers come: an event loop that is busy keeps everything waiting as long. */
class Lag {
  #longest = 0;
  #due = performance.now() + LAG_TICK;

  constructor() {
    setInterval(() => {
      const now = performance.now();
      this.#longest = Math.max(this.#longest, now - this.#due);
      this.#due = now + LAG_TICK;
    }, LAG_TICK);
  }

  /** The longest since the last call, in milliseconds. */
  take(): number {
    const longest = this.#longest;
    this.#longest = 0;
    return longest;
  }
}

if (import.meta.main) {
  await (Deno.args[0] === "server" ? runServer() : runClients());
  Deno.exit();
}
