import { serve, type ServeOptions, type Server } from "../../mod.ts";
import { greeting } from "./greeting.ts";
import { readOnly } from "./read_only.ts";

/**
 * Sends every message to every connection, the sender included.
 *
 * @param options Where to listen, and the limits.
 * @returns The running server.
 */
export function broadcast(options: ServeOptions): Server {
  return serve({
    fetch: readOnly(greeting),
    ...options,
    message: (_connection, data, server) => server.broadcastInTurn(data),
  });
}
