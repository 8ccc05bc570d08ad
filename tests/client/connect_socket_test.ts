import { assert, assertEquals } from "@std/assert";
import { connectSocket } from "../../client/connect_socket.ts";
import { reconnecting } from "../../client/reconnecting_mod.ts";
import { serve } from "../../mod.ts";
import { Events } from "../helpers/events.ts";

Deno.test("connectSocket() lets reconnecting() send and receive all that a WebSocket can", async () => {
  await using server = serve({
    port: 0,
    subprotocols: ["a"],
    message: (connection, data) => connection.send(data),
  });
  const socket = reconnecting(server.url, { protocols: ["a"], connect: connectSocket() });
  const events = new Events<Event>();
  for (const type of ["open", "message", "stopped"]) socket.addEventListener(type, events.push);
  assertEquals((await events.next()).type, "open");
  const bytes = Uint8Array.of(1, 2, 3, 4);
  for (
    const data of ["text", bytes, bytes.buffer, new Uint16Array(bytes.buffer), new Blob([bytes])]
  ) {
    socket.send(data);
    const event = await events.next();
    assert(event instanceof MessageEvent);
    const expected = data === "text" ? data : bytes.buffer;
    assertEquals((event as MessageEvent).data, expected);
  }
  socket.close(4000, "done");
  assertEquals((await events.next()).type, "stopped");
});

Deno.test("connectSocket() has reconnecting() wait for as long as the server says", async () => {
  await using server = serve({
    port: 0,
    upgrade: () => new Response("", { status: 503, headers: { "Retry-After": "1000" } }),
  });
  const socket = reconnecting(server.url, { connect: connectSocket() });
  const waiting = new Events<Event>();
  socket.addEventListener("waiting", waiting.push);
  const { until } = await waiting.next() as Event & { until: number };
  assert(until > Date.now() + 500_000, String(until - Date.now()));
  socket.close();
});
