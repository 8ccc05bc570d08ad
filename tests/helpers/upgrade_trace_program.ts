/**
 * Serves a handshake whose hook fetches the address that is given, and refuses one.
 *
 * @module
 */

import { HeadFields, type RequestHead } from "../../protocol/mod.ts";
import { serve } from "../../mod.ts";
import { RawClient } from "./raw_client.ts";

/** A handshake that is part of the trace of who asks. */
export const TRACED_HEAD: RequestHead = {
  method: "GET",
  target: "/chat?token=hidden",
  path: "/chat?token=hidden",
  host: "localhost",
  minorVersion: 1,
  headers: new HeadFields([
    ["Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
  ]),
};

/** Who asks whom. */
export const TRACED_TUPLE = {
  sourceAddress: "192.0.2.7",
  sourcePort: 51_324,
  destinationAddress: "192.0.2.1",
  destinationPort: 8_080,
};

if (import.meta.main) {
  const [hookUrl = ""] = Deno.args;
  let traced = false;
  await using server = serve({
    port: 0,
    async upgrade(request) {
      traced = request.headers.has("traceparent");
      await (await fetch(hookUrl)).text();
    },
  });
  const traceparent = `Traceparent: ${TRACED_HEAD.headers.get("traceparent")}`;
  using accepted = await RawClient.connect(server.addr);
  await accepted.upgrade(TRACED_HEAD.target, traceparent);
  using refused = await RawClient.connect(server.addr);
  await refused.sendUpgrade("/", traceparent, "Origin: http://other.example");
  await refused.response();
  // deno-lint-ignore no-console -- what the test reads
  console.log(traced ? "told" : "not told");
}
