/**
 * `server/apps/` is for the apps that the binary serves. They use the library as anybody could,
 * and nothing below it.
 *
 * @module
 */

import { serve, type ServeOptions, type Server } from "../../mod.ts";
import { greeting } from "./greeting.ts";
import { readOnly } from "./read_only.ts";

/**
 * Sends every message back to where it came from.
 *
 * @param options Where to listen, and the limits.
 * @returns The running server.
 */
export function echo(options: ServeOptions): Server {
  return serve({
    fetch: readOnly(greeting),
    ...options,
    message: (connection, data) => connection.send(data),
  });
}
