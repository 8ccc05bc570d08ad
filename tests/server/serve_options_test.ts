import { assertEquals } from "@std/assert";
import { connect, serve, type Server } from "../../mod.ts";
import { Events } from "../helpers/events.ts";
import { LogBook } from "../helpers/log_book.ts";

Deno.test("serve() tells onListen the address when it has returned", async () => {
  const told = new Events<[Deno.NetAddr, string]>();
  await using server: Server = serve({
    port: 0,
    onListen: (addr) => told.push([addr, server.url]),
  });
  assertEquals(told.all, []);
  assertEquals(await told.next(), [server.addr, server.url]);
});

Deno.test("serve() goes on when onListen fails, and logs it", async () => {
  const book = new LogBook();
  await using _server = serve({
    port: 0,
    log: book.log,
    onListen() {
      throw new Error("no");
    },
  });
  assertEquals((await book.next("handler_fault")).message, 'Handler "onListen" failed');
});

Deno.test("serve() drains when its signal is aborted", async () => {
  const aborter = new AbortController();
  await using server = serve({ port: 0, signal: aborter.signal });
  await using client = await connect(server.url);
  aborter.abort();
  assertEquals((await client.closed).code, 1001);
  await server.finished;
});

Deno.test("serve() drains at once when its signal is aborted already", async () => {
  await using server = serve({ port: 0, signal: AbortSignal.abort() });
  await server.finished;
});

Deno.test("Handlers.ping() and pong() get what is in each, on both sides", async () => {
  const events = new Events<string>();
  const handlers = (side: string) => ({
    ping: (_: unknown, payload: Uint8Array) => events.push(`${side} ping ${payload}`),
    pong: (_: unknown, payload: Uint8Array) => events.push(`${side} pong ${payload}`),
  });
  await using server = serve({ port: 0, ...handlers("server") });
  await using client = await connect(server.url, { message() {}, ...handlers("client") });
  client.ping(Uint8Array.of(1, 2));
  assertEquals([await events.next(), await events.next()], ["server ping 1,2", "client pong 1,2"]);
  const [record] = server.registry.list();
  await server.operations.ping(record!.key);
  assertEquals((await events.next()).startsWith("client ping"), true);
  assertEquals((await events.next()).startsWith("server pong"), true);
});

Deno.test("Connection.remoteAddress is that of the other side, or what a trusted proxy has told", async () => {
  const seen = new Events<string>();
  await using server = serve({
    port: 0,
    proxies: { trusted: ["127.0.0.1"], header: "x-forwarded-for" },
    upgrade: (_, { remoteAddress }) => void seen.push(remoteAddress),
    open: ({ remoteAddress }) => seen.push(remoteAddress),
  });
  await using client = await connect(server.url);
  assertEquals(client.remoteAddress, "127.0.0.1");
  assertEquals([await seen.next(), await seen.next()], ["127.0.0.1", "127.0.0.1"]);
  const headers = { "X-Forwarded-For": "192.0.2.7" };
  await using _other = await connect(server.url, { headers });
  assertEquals([await seen.next(), await seen.next()], ["192.0.2.7", "192.0.2.7"]);
});

Deno.test({
  name: "Connection.remoteAddress of a client is the server's" +
    (Deno.build.os === "linux" ? "" : " (ignored: needs all of 127.0.0.0/8)"),
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using server = serve({ port: 0, hostname: "0.0.0.0" });
    await using client = await connect(`ws://127.0.0.2:${server.addr.port}/`);
    assertEquals(client.remoteAddress, "127.0.0.2");
  },
});

Deno.test("ServeOptions.upgrade types data as undefined where one of its ways returns none", async () => {
  await using _all = serve({
    port: 0,
    upgrade: (request) =>
      request.url.endsWith("no") ? new Response(null, { status: 401 }) : { data: { user: "ada" } },
    open: ({ data }) => data.user satisfies string,
  });
  await using _some = serve({
    port: 0,
    upgrade: (request) => ({ data: request.url.endsWith("?") ? { user: "ada" } : undefined }),
    // @ts-expect-error it may be undefined
    open: ({ data }) => data.user,
  });
  await using _none = serve({
    port: 0,
    upgrade: () => ({ headers: { "X-A": "b" } }),
    open: ({ data }) => data satisfies undefined,
  });
  await using _named = serve<{ user: string } | undefined>({
    port: 0,
    upgrade(request) {
      if (request.url.endsWith("?")) return { data: { user: "ada" } };
    },
    open: ({ data }) => data?.user satisfies string | undefined,
  });
  await using _wrong = serve<{ user: string }>({
    port: 0,
    // @ts-expect-error one way returns nothing
    upgrade(request) {
      if (request.url.endsWith("?")) return { data: { user: "ada" } };
    },
  });
  await using _headers = serve<{ user: string }>({
    port: 0,
    // @ts-expect-error one way returns no data
    upgrade: () => ({ headers: {} }),
  });
});
