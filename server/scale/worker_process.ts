import { serve } from "../server.ts";
import type { Server } from "../options.ts";
import { serveParent } from "./children.ts";

/** What the parent of a server process can ask. */
export interface WorkerCalls {
  /**
   * Starts an echo server.
   *
   * @param hostname The address to listen on.
   * @param port The port; 0 for any that is free.
   * @param shared Whether further processes will listen there.
   * @returns The port.
   */
  listen(hostname: string, port: number, shared: boolean): number;
  /** Bytes of JavaScript objects. */
  heapUsed(): number;
}

/** The name of the hidden command that is this process. */
export const WORKER_COMMAND = "scale-worker";

/**
 * One process of the server that is measured: the public `serve()` with its default limits. There is
 * no supervisor that would start it again: a process that ends must be seen, not mended.
 *
 * @returns When the parent has gone.
 */
export async function runWorkerProcess(): Promise<void> {
  let server: Server | undefined;
  const calls: WorkerCalls = {
    listen(hostname, port, shared) {
      server = serve({
        hostname,
        port,
        reusePort: shared,
        message: (connection, data) => void connection.send(data),
        // What goes wrong is counted by the clients that it goes wrong for.
        log: () => {},
      });
      return server.addr.port;
    },
    heapUsed: () => Deno.memoryUsage().heapUsed,
  };
  await serveParent(calls);
}
