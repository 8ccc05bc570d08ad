import { assert, assertEquals } from "@std/assert";
import { connectSocket } from "../../client/connect_socket.ts";
import { reconnecting, type State, type StateEvent } from "../../client/reconnecting_mod.ts";
import { ConnectError, serve } from "../../mod.ts";
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
  const before = Date.now();
  const socket = reconnecting(server.url, { connect: connectSocket() });
  const waiting = new Events<Event>();
  socket.addEventListener("waiting", waiting.push);
  const { until } = await waiting.next() as Event & { until: number };
  assert(until - before >= 1_000_000, String(until - before));
  socket.close();
});

/** What follows from a first attempt. */
async function outcomeOf(url: string, options: { headers?: HeadersInit } = {}): Promise<State> {
  const socket = reconnecting(url, { connect: connectSocket(options) });
  const ended = new Events<Event>();
  for (const type of ["waiting", "stopped"]) socket.addEventListener(type, ended.push);
  const event = await ended.next() as StateEvent;
  const { state } = socket;
  assertEquals(event.error, "error" in state ? state.error : undefined);
  socket.close();
  return state;
}

Deno.test("connectSocket() has reconnecting() stop where the server finds fault with the request, and say why", async () => {
  let status = 0;
  await using server = serve({ port: 0, upgrade: () => new Response("no", { status }) });
  for (
    const [answer, expected] of [[400, "stopped"], [401, "stopped"], [403, "stopped"]] as const
  ) {
    status = answer;
    const outcome = await outcomeOf(server.url);
    const error = "error" in outcome ? outcome.error : undefined;
    if (!(error instanceof ConnectError)) throw error;
    assertEquals([outcome.state, error.status, error.final], [expected, answer, true]);
  }
  for (const answer of [404, 429, 500, 503]) {
    status = answer;
    const outcome = await outcomeOf(server.url);
    const error = "error" in outcome ? outcome.error : undefined;
    if (!(error instanceof ConnectError)) throw error;
    assertEquals([outcome.state, error.status, error.final], ["waiting", answer, false]);
  }
});

Deno.test("connectSocket() has reconnecting() stop where it can never connect like this, and say why", async () => {
  const cases: [string, { headers?: HeadersInit }][] = [
    ["no url", {}],
    ["ftp://127.0.0.1/", {}],
    ["ws://127.0.0.1/#fragment", {}],
    ["ws://127.0.0.1/", { headers: { "no name": "" } }],
  ];
  for (const [url, options] of cases) {
    const outcome = await outcomeOf(url, options);
    assertEquals(outcome.state, "stopped", url);
    assert("error" in outcome && outcome.error instanceof TypeError, url);
  }
});

Deno.test("connectSocket() has reconnecting() wait for a server that is not there, and say so", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const outcome = await outcomeOf(`ws://127.0.0.1:${port}/`);
  assertEquals(outcome.state, "waiting");
  assert("error" in outcome && outcome.error instanceof ConnectError);
});
