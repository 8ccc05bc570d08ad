import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { HandshakeError } from "../../../protocol/mod.ts";
import { type PeerInfo, serve, type ServeOptions, type Server } from "../../../mod.ts";
import { Events, until } from "../../helpers/events.ts";
import { LogBook } from "../../helpers/log_book.ts";
import { connectFrom, RawClient, UPGRADE_LINES } from "../../helpers/raw_client.ts";
import { BAD_HANDSHAKES, GOOD_HANDSHAKE } from "../../vectors/bad_handshakes.ts";

/** Whether `conn.close()` ends a write that the peer blocks, and a client can choose its address. */
const IS_NEW_DENO = Deno.version.deno.localeCompare("2.9.6", "en", { numeric: true }) >= 0;
const WITHOUT_SOURCES = IS_NEW_DENO ? "" : " (ignored: this version of Deno has no chosen sources)";

Deno.test("HttpConnection says that a client speaks TLS where it is not spoken", async () => {
  const book = new LogBook();
  await using server = serve({ port: 0, log: book.log });
  using client = await RawClient.connect(server.addr);
  await client.send(Uint8Array.of(22, 3, 1, 2, 0, 1, 0, 1, 252));
  assertEquals((await client.response()).status, 400);
  const { message } = await book.next("refused");
  assertEquals(message, "Client speaks TLS, which this port does not: expected ws: or http:");
});

/** A server of any kind whose log a test can look at. */
interface Logged extends AsyncDisposable {
  readonly server: Server<unknown>;
  readonly book: LogBook;
}

function start(options: ServeOptions<unknown> = {}): Logged {
  const book = new LogBook();
  const server = serve<unknown>({ port: 0, log: book.log, ...options });
  return { server, book, [Symbol.asyncDispose]: () => server.close() };
}

/** Waits until no exchange and no connection is left. */
async function empty({ server }: Logged): Promise<void> {
  await until("everybody is gone", async () => {
    const { connections, exchanges } = await server.report();
    return connections + exchanges === 0;
  });
}

// The opening handshake.

for (const { section, fault, lines, code, status } of BAD_HANDSHAKES) {
  Deno.test(`HttpConnection refuses a handshake with ${fault} with ${status} (${section})`, async () => {
    let asked = false;
    await using logged = start({
      upgrade: () => {
        asked = true;
      },
    });
    using client = await RawClient.connect(logged.server.addr);
    await client.sendHead(lines);
    const response = await client.response();
    assertEquals(response.status, status);
    assertEquals(response.headers.get("connection")?.split(",")[0], "close");
    const headOnly = lines[0]?.startsWith("HEAD ");
    assertEquals(response.body.length > 1, !headOnly, "The body says what was wrong");
    assertEquals(logged.server.registry.totals().refused, { [code]: 1 });
    assertEquals(asked, false);
    if (status === 426) assertEquals(response.headers.get("sec-websocket-version"), "13");
  });
}

Deno.test("HttpConnection accepts the handshake that the bad ones are made from", async () => {
  await using logged = start();
  using client = await RawClient.connect(logged.server.addr);
  await client.sendHead(GOOD_HANDSHAKE);
  const head = await client.head();
  assertEquals(head.status, 101);
  assertEquals(head.headers.get("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  assertEquals(head.headers.get("sec-websocket-extensions"), undefined);
});

Deno.test("HttpConnection accepts a handshake that comes byte by byte", async () => {
  await using logged = start();
  using client = await RawClient.connect(logged.server.addr);
  for (const byte of new TextEncoder().encode(`${GOOD_HANDSHAKE.join("\r\n")}\r\n\r\n`)) {
    await client.send(Uint8Array.of(byte));
  }
  assertEquals((await client.head()).status, 101);
});

Deno.test("HttpConnection chooses the subprotocol in the server's order, or none", async () => {
  await using logged = start({ subprotocols: ["v2", "v1"] });
  const chosen: unknown[] = [];
  for (const offer of ["v1, v2", "v0", "v0, v1"]) {
    using client = await RawClient.connect(logged.server.addr);
    const head = await client.upgrade("/", `Sec-WebSocket-Protocol: ${offer}`);
    chosen.push(head.headers.get("sec-websocket-protocol"));
  }
  assertEquals(chosen, ["v2", undefined, "v1"]);
});

Deno.test("HttpConnection takes a subprotocol header without a value for none", async () => {
  await using logged = start({ subprotocols: ["a"] });
  using client = await RawClient.connect(logged.server.addr);
  const { headers } = await client.upgrade("/", "Sec-WebSocket-Protocol:");
  assertEquals(headers.get("sec-websocket-protocol"), undefined);
});

Deno.test("HttpConnection accepts a target that is a URL of ws or wss", async () => {
  const urls = new Events<string>();
  await using logged = start({ upgrade: ({ url }) => urls.push(url) });
  for (const target of ["ws://b.example:81/chat?a", "WSS://b.example"]) {
    using _client = await RawClient.open(logged.server.addr, target);
  }
  assertEquals(urls.all, ["http://b.example:81/chat?a", "http://b.example/"]);
});

Deno.test("HttpConnection hands headers in several lines to the hooks as each kind is joined", async () => {
  const seen = new Events<(string | null)[]>();
  await using logged = start({
    upgrade({ headers }) {
      seen.push(["cookie", "x-a", "authorization"].map((name) => headers.get(name)));
    },
  });
  using client = await RawClient.connect(logged.server.addr);
  const lines = ["Cookie: a=1", "X-A: 1", "Cookie: b=2", "X-A: 2"];
  await client.upgrade("/", ...lines, "Authorization: Basic x", "Authorization: Basic x");
  assertEquals(await seen.next(), ["a=1; b=2", "1, 2", "Basic x"]);
});

Deno.test("HttpConnection answers OPTIONS * with 204, and OPTIONS where there is no fetch, as health checks ask", async () => {
  await using logged = start({ fetch: () => new Response("hi") });
  await using bare = start();
  for (
    const [{ server }, line] of [[bare, "OPTIONS / HTTP/1.0"], [
      logged,
      "OPTIONS * HTTP/1.0",
    ]] as const
  ) {
    using client = await RawClient.connect(server.addr);
    await client.sendHead([line]);
    const { status, headers, body } = await client.response();
    assertEquals([status, headers.get("content-length"), body], [204, undefined, ""]);
  }
});

Deno.test("HttpConnection answers 400 when the head breaks off", async () => {
  await using logged = start();
  using client = await RawClient.connect(logged.server.addr);
  await client.send("GET / HT");
  await client.closeWrite();
  assertEquals((await client.response()).status, 400);
  assertEquals(logged.server.registry.totals().refused, { HEAD_INCOMPLETE: 1 });
});

Deno.test("HttpConnection says nothing to a client that leaves without a byte", async () => {
  await using logged = start();
  using client = await RawClient.connect(logged.server.addr);
  await client.closeWrite();
  assertEquals((await client.rest()).length, 0);
  await empty(logged);
  assertEquals(logged.server.registry.totals().refused, {});
  assertEquals(logged.book.entries("exchange_broken"), []);
});

// Limits.

const HEAD_LIMITS = [
  { fault: "a long target", line: `GET /${"a".repeat(300)} HTTP/1.1`, status: 414 },
  { fault: "a long header", line: `GET / HTTP/1.1\r\nX: ${"a".repeat(300)}`, status: 431 },
  { fault: "many headers", line: `GET / HTTP/1.1${"\r\nX: 1".repeat(9)}`, status: 431 },
  {
    fault: "a large head",
    line: `GET / HTTP/1.1${`\r\nX: ${"a".repeat(150)}`.repeat(5)}`,
    status: 431,
  },
] as const;

for (const { fault, line, status } of HEAD_LIMITS) {
  Deno.test(`HttpConnection refuses ${fault} with ${status}`, async () => {
    await using logged = start({ limits: { headLineBytes: 200, headHeaders: 8, headBytes: 600 } });
    using client = await RawClient.connect(logged.server.addr);
    await client.sendHead([line]);
    assertEquals((await client.response()).status, status);
    const refused = Object.entries(logged.server.registry.totals().refused);
    assertEquals(refused.length, 1);
    assertEquals(refused[0]![1], 1);
  });
}

Deno.test("HttpConnection lets a slow sender of a huge head read 431, not a reset", async () => {
  await using logged = start();
  using client = await RawClient.connect(logged.server.addr);
  await client.send("GET / HTTP/1.1\r\n");
  for (let line = 0; line < 2_000; line++) {
    await client.send(`X-${line}: ${"a".repeat(1_000)}\r\n`);
    if (line % 20 === 0) await new Promise((resolve) => setTimeout(resolve));
  }
  await client.closeWrite();
  assertEquals((await client.response()).status, 431);
  await empty(logged);
  assertEquals(logged.server.registry.totals().refused, { HEAD_TOO_LARGE: 1 });
});

Deno.test("HttpConnection cuts a client that does not finish its head, at the deadline", async () => {
  await using logged = start({ limits: { handshakeTimeout: 20 } });
  using silent = await RawClient.connect(logged.server.addr);
  using half = await RawClient.connect(logged.server.addr);
  await half.send("GET / HTTP/1.1\r\nHost: a\r\n");
  assertEquals((await silent.rest()).length, 0);
  assertEquals((await half.rest()).length, 0);
  await empty(logged);
  assertEquals(logged.server.registry.totals().refused, { HANDSHAKE_TIMEOUT: 2 });
  assertEquals(logged.book.entries("exchange_broken"), []); // why it ended is said already
});

Deno.test("HttpConnection counts a refused client that stays once, with its first reason", async () => {
  await using logged = start({ limits: { closeTimeout: 20, handshakeTimeout: 20 } });
  using client = await RawClient.connect(logged.server.addr);
  await client.sendHead(["GET / HTTP/1.1", "Upgrade: websocket", "Host: a"]);
  assertEquals((await client.response()).status, 400);
  await empty(logged);
  assertEquals(logged.server.registry.totals().refused, { CONNECTION_MISSING: 1 });
});

Deno.test("HttpConnection does not count a plain client that stays after its answer as refused", async () => {
  await using logged = start({ fetch: () => new Response("hi"), limits: { closeTimeout: 20 } });
  using client = await RawClient.connect(logged.server.addr);
  await client.sendHead(["GET / HTTP/1.1", "Host: a"]);
  assertEquals((await client.response()).body, "hi");
  await empty(logged);
  assertEquals(logged.server.registry.totals().refused, {});
});

Deno.test("HttpConnection cuts the oldest handshake when there are too many", async () => {
  await using logged = start({ limits: { handshakes: 2 } });
  using oldest = await RawClient.connect(logged.server.addr);
  await oldest.send("GET");
  await until("it is an exchange", async () => (await logged.server.report()).exchanges === 1);
  using second = await RawClient.connect(logged.server.addr);
  using third = await RawClient.connect(logged.server.addr);
  assertEquals((await oldest.rest()).length, 0);
  await second.upgrade();
  await third.upgrade();
  assertEquals(logged.server.registry.totals().refused, { HANDSHAKES_LIMIT: 1 });
});

Deno.test("HttpConnection that is cut counts one less for its address, and not two", async () => {
  await using logged = start({ limits: { handshakes: 1, connectionsPerAddress: 3 } });
  const { addr } = logged.server;
  using _first = await RawClient.open(addr);
  using cut = await RawClient.connect(addr);
  await cut.send("GET");
  await until("it is an exchange", async () => (await logged.server.report()).exchanges === 1);
  using _second = await RawClient.open(addr);
  assertEquals((await cut.rest()).length, 0);
  using _third = await RawClient.open(addr);
  using refused = await RawClient.connect(addr);
  assertEquals((await refused.response()).status, 429);
});

Deno.test({
  name: "HttpConnection keeps who needs time for a handshake when another address opens very many" +
    WITHOUT_SOURCES,
  ignore: !IS_NEW_DENO,
  async fn() {
    await using logged = start({ limits: { handshakes: 4 } });
    const { hostname: host, port } = logged.server.addr;
    const from = async (localAddress: string) =>
      new RawClient(await connectFrom({ host, port, localAddress }));
    using slow = await from("127.0.0.2");
    await slow.send("GET / HTTP/1.1\r\n");
    await using flood = new AsyncDisposableStack();
    for (let count = 1; count <= 12; count++) {
      const silent = await from("127.0.0.3");
      flood.defer(() => silent.close());
      const { registry } = logged.server;
      await until("it is accepted", () => registry.totals().accepted === 1 + count);
    }
    assertEquals(logged.server.registry.totals().refused, { HANDSHAKES_LIMIT: 9 });
    await slow.sendHead(UPGRADE_LINES);
    assertEquals((await slow.head()).status, 101);
  },
});

// The origin.

const ORIGINS: {
  what: string;
  origins?: readonly string[] | "*";
  origin: string | undefined;
  status: number;
}[] = [
  { what: "its own host", origin: "http://127.0.0.1", status: 101 },
  { what: "its own host behind TLS of a proxy", origin: "https://127.0.0.1", status: 101 },
  { what: "no origin", origin: undefined, status: 101 },
  { what: "another host", origin: "http://evil.example", status: 403 },
  { what: "another port", origin: "http://127.0.0.1:81", status: 403 },
  { what: "a host that only begins like it", origin: "http://127.0.0.1.evil.example", status: 403 },
  { what: "null", origin: "null", status: 403 },
  { what: "something that is no URL", origin: "%", status: 403 },
  {
    what: "a listed one",
    origins: ["https://a.example"],
    origin: "https://a.example",
    status: 101,
  },
  {
    what: "an unlisted one",
    origins: ["https://a.example"],
    origin: "http://127.0.0.1",
    status: 403,
  },
  { what: "an empty one", origin: "", status: 101 },
  { what: "the same twice", origin: "http://127.0.0.1\r\nOrigin: http://127.0.0.1", status: 101 },
  { what: "null where it is listed", origins: ["null"], origin: "null", status: 101 },
  {
    what: "a subdomain where all of them are listed",
    origins: ["https://*.a.example"],
    origin: "https://b.a.example",
    status: 101,
  },
  { what: "any where all may", origins: "*", origin: "http://evil.example", status: 101 },
];

for (const { what, origins, origin, status } of ORIGINS) {
  Deno.test(`HttpConnection answers ${status} to the origin: ${what}`, async () => {
    let asked = false;
    await using logged = start({
      ...origins && { origins },
      upgrade: () => {
        asked = true;
      },
    });
    using client = await RawClient.connect(logged.server.addr);
    await client.sendUpgrade("/", ...origin === undefined ? [] : [`Origin: ${origin}`]);
    assertEquals((await client.head()).status, status);
    assertEquals(asked, status === 101);
    assertEquals(
      logged.server.registry.totals().refused,
      status === 101 ? {} : { ORIGIN_REFUSED: 1 },
    );
    if (status === 101) return;
    const { level, message } = await logged.book.next("refused");
    assertEquals([level, message], ["info", `Pages of this origin may not connect: "${origin}"`]);
  });
}

// The upgrade hook.

for (const status of [401, 403, 429]) {
  Deno.test(`HttpConnection refuses with the ${status} that the upgrade hook returns, its headers and its body`, async () => {
    await using logged = start({
      async upgrade(request) {
        await Promise.resolve();
        const headers = { "www-authenticate": "Bearer", "x-path": new URL(request.url).pathname };
        return new Response(`no: ${request.headers.get("x-token")}`, { status, headers });
      },
    });
    using client = await RawClient.connect(logged.server.addr);
    await client.sendUpgrade("/room", "X-Token: abc");
    const response = await client.response();
    assertEquals([response.status, response.body], [status, "no: abc"]);
    assertEquals(response.headers.get("www-authenticate"), "Bearer");
    assertEquals(response.headers.get("x-path"), "/room");
    await until("it is counted", () => {
      return logged.server.registry.totals().refused["UPGRADE_REFUSED"] === 1;
    });
  });
}

Deno.test("HttpConnection sends the headers and the subprotocol that the upgrade hook chose", async () => {
  const infos = new Events<PeerInfo>();
  await using logged = start({
    subprotocols: ["a"],
    upgrade(_, info) {
      infos.push(info);
      const headers = new Headers([["set-cookie", "a=1"], ["set-cookie", "b=2; HttpOnly"]]);
      return Promise.resolve({ headers, subprotocol: "b" });
    },
  });
  using client = await RawClient.connect(logged.server.addr);
  const { headers } = await client.upgrade("/", "Sec-WebSocket-Protocol: a, b");
  assertEquals(headers.getAll("set-cookie"), ["a=1", "b=2; HttpOnly"]);
  assertEquals(headers.get("sec-websocket-protocol"), "b");
  const [connection] = logged.server.registry.list();
  assertEquals((await infos.next()).key, connection?.key);
});

const BAD_ANSWERS: Record<string, () => unknown> = {
  "throws": () => {
    throw new Error("the application's secret");
  },
  "rejects": () => Promise.reject(new Error("the application's secret")),
  "takes a subprotocol that was not offered": () => ({ subprotocol: "other" }),
  "sets a header of the handshake": () => ({ headers: { "Sec-WebSocket-Accept": "x" } }),
  "announces a body": () => ({ headers: { "content-length": "5" } }),
  "returns an error response": () => Response.error(),
  "returns a response that is being read": () => {
    const response = new Response("x", { status: 403 });
    response.body!.getReader();
    return response;
  },
  "returns a response with status 101": () => new Response(null, { status: 101 }),
  "returns a response whose length is no number": () =>
    new Response("x", { headers: { "content-length": "0x1" } }),
  "returns false": () => false,
  "returns null": () => null,
  "returns a text": () => "no",
  "returns 0": () => 0,
  "returns a function": () => () => {},
  "returns a list": () => [],
  "returns an error": () => new Error("the application's secret"),
  "returns an instance without keys": () => new Map([["status", 403]]),
  "returns an instance of a class": () =>
    new class {
      data = 1;
    }(),
  "returns what inherits its keys": () => Object.create({ data: 1 }),
  "returns a key that it does not know": () => ({ status: 403 }),
  "returns a misspelt key": () => ({ subProtocol: "offered" }),
  "returns a symbol for a key": () => ({ [Symbol.iterator]: 1 }),
  "returns a subprotocol that is no text": () => ({ subprotocol: ["offered"] }),
  "returns a subprotocol of null": () => ({ subprotocol: null }),
  "returns headers of null": () => ({ headers: null }),
  "returns headers of false": () => ({ headers: false }),
  "returns headers that are no pairs": () => ({ headers: [["x"]] }),
  "resolves to false": () => Promise.resolve(false),
  "resolves to null later": async () => {
    await Promise.resolve();
    return null;
  },
  "resolves to a key that it does not know": () => Promise.resolve({ ok: false }),
};

for (const [what, answer] of Object.entries(BAD_ANSWERS)) {
  Deno.test(`HttpConnection answers 500 and logs it when the upgrade hook ${what}`, async () => {
    let faulty = true;
    const upgrade = () => faulty ? answer() : undefined;
    await using logged = start({ upgrade } as ServeOptions<unknown>);
    using client = await RawClient.connect(logged.server.addr);
    await client.sendUpgrade("/", "Sec-WebSocket-Protocol: offered");
    // The status first: a connection that was accepted would not end.
    assertEquals((await client.head()).status, 500);
    assertEquals(new TextDecoder().decode(await client.rest()), "Internal server error\n");
    assert((await logged.book.next("handler_fault")).error instanceof Error);
    faulty = false;
    using _other = await RawClient.open(logged.server.addr);
    assertEquals(logged.server.registry.size, 1);
  });
}

Deno.test("HttpConnection says what the upgrade hook gave for headers", async () => {
  for (const headers of [null, false, "a: b"]) {
    await using logged = start({ upgrade: () => ({ headers }) } as unknown as ServeOptions);
    using client = await RawClient.connect(logged.server.addr);
    await client.sendUpgrade();
    const { error } = await logged.book.next("handler_fault");
    const kind = typeof headers === "string" ? "string" : String(headers);
    assertEquals(
      (error as Error).message,
      `Headers must be an object or a list: received ${kind}`,
    );
  }
});

const GOOD_ANSWERS: Record<string, () => unknown> = {
  "returns undefined": () => undefined,
  "returns an empty object": () => ({}),
  "returns an object without a prototype": () => Object.assign(Object.create(null), { data: 1 }),
  "returns keys of undefined": () => ({ data: 1, headers: undefined, subprotocol: undefined }),
  "resolves to undefined": () => Promise.resolve(),
};

for (const [what, answer] of Object.entries(GOOD_ANSWERS)) {
  Deno.test(`HttpConnection accepts a handshake when the upgrade hook ${what}`, async () => {
    await using logged = start({ upgrade: answer } as ServeOptions<unknown>);
    using _client = await RawClient.open(logged.server.addr);
    assertEquals(logged.book.entries("handler_fault"), []);
  });
}

Deno.test("HttpConnection cuts a client whose upgrade hook is slower than the deadline, and survives its answer", async () => {
  for (const answer of [undefined, new Response(null, { status: 401 })]) {
    const hook = Promise.withResolvers<Response | undefined>();
    await using logged = start({ upgrade: () => hook.promise, limits: { handshakeTimeout: 20 } });
    using client = await RawClient.connect(logged.server.addr);
    await client.sendUpgrade();
    assertEquals((await client.rest()).length, 0);
    hook.resolve(answer);
    await empty(logged);
    const totals = logged.server.registry.totals();
    assertEquals([totals.refused, totals.opened], [{ HANDSHAKE_TIMEOUT: 1 }, 0]);
  }
});

Deno.test("HttpConnection ends when the client leaves while the upgrade hook thinks", async () => {
  const asked = Promise.withResolvers<void>();
  const hook = Promise.withResolvers<void>();
  const events = new Events<string | number>();
  await using logged = start({
    open: () => events.push("open"),
    close: (_, code) => events.push(code),
    async upgrade() {
      asked.resolve();
      await hook.promise;
    },
  });
  using client = await RawClient.connect(logged.server.addr);
  await client.sendUpgrade();
  await asked.promise;
  client.close();
  hook.resolve();
  await empty(logged);
  // The server reads nothing while it waits for the hook, so it learns of it afterwards.
  assertEquals(events.all, ["open", 1006]);
});

// Plain HTTP.

Deno.test("HttpConnection answers GET and HEAD through fetch, once per connection", async () => {
  await using logged = start({
    fetch(request, info) {
      const { pathname, search, host } = new URL(request.url);
      return new Response(`${pathname}${search} on ${host}`, {
        status: 201,
        headers: { "x-key": info.key, "x-agent": request.headers.get("user-agent") ?? "" },
      });
    },
  });
  using client = await RawClient.connect(logged.server.addr);
  const lines = ["/a//b?c=1", "/second"].flatMap((target) => [
    `GET ${target} HTTP/1.1`,
    "Host: example.com:8080",
    "User-Agent: test",
    "",
  ]);
  await client.sendHead(lines);
  const get = await client.response();
  assertEquals([get.status, get.body], [201, "/a//b?c=1 on example.com:8080"]);
  assertEquals(get.headers.get("x-agent"), "test");
  assertEquals(get.headers.get("connection"), "close");
  assertStringIncludes(get.headers.get("x-key")!, "127.0.0.1:");
  using other = await RawClient.connect(logged.server.addr);
  await other.sendHead(["HEAD / HTTP/1.1", "Host: a"]);
  const head = await other.response();
  assertEquals([head.status, head.body], [201, ""]);
  assertEquals(logged.server.registry.totals().requests, 2);
});

Deno.test("HttpConnection streams a large response to its end", async () => {
  await using logged = start({ fetch: () => new Response(new Uint8Array(5_000_000)) });
  using client = await RawClient.connect(logged.server.addr);
  await client.sendHead(["GET / HTTP/1.1", "Host: a"]);
  const { status, body } = await client.response();
  assertEquals([status, body.length], [200, 5_000_000]);
});

Deno.test("HttpConnection answers 426 to plain requests where there is no fetch", async () => {
  await using logged = start();
  using client = await RawClient.connect(logged.server.addr);
  await client.sendHead(["GET / HTTP/1.1", "Host: a"]);
  const response = await client.response();
  assertEquals([response.status, response.headers.get("upgrade")], [426, "websocket"]);
});

Deno.test("HttpConnection serves HTTP/1.0 without a Host", async () => {
  await using logged = start({ fetch: ({ url }) => new Response(url) });
  using client = await RawClient.connect(logged.server.addr);
  await client.sendHead(["GET /x HTTP/1.0"]);
  assertEquals((await client.response()).body, "http://localhost/x");
});

const POST = ["POST /x HTTP/1.1", "Host: a"];

const PLAIN = [
  { fault: "TRACE", lines: ["TRACE / HTTP/1.1", "Host: a"], status: 501 },
  { fault: "CONNECT", lines: ["CONNECT a:80 HTTP/1.1", "Host: a"], status: 501 },
  { fault: "a method in lower case", lines: ["get / HTTP/1.1", "Host: a"], status: 501 },
  {
    fault: "a length and chunks",
    lines: [...POST, "Content-Length: 5", "Transfer-Encoding: chunked"],
    status: 400,
  },
  { fault: "another coding", lines: [...POST, "Transfer-Encoding: gzip, chunked"], status: 501 },
  { fault: "a large body", lines: [...POST, "Content-Length: 1048577"], status: 413 },
  {
    fault: "a large body of GET",
    lines: ["GET / HTTP/1.1", "Host: a", "Content-Length: 1048577"],
    status: 413,
  },
  { fault: "another expectation", lines: [...POST, "Expect: 200-ok"], status: 417 },
  { fault: "the target *", lines: ["GET * HTTP/1.1", "Host: a"], status: 400 },
  { fault: "a host that no URL has", lines: ["GET / HTTP/1.1", "Host: 1.2.3.4.5"], status: 400 },
] as const;

for (const { fault, lines, status } of PLAIN) {
  Deno.test(`HttpConnection refuses a plain request with ${fault} with ${status}`, async () => {
    await using logged = start({ fetch: () => new Response("hi") });
    using client = await RawClient.connect(logged.server.addr);
    await client.sendHead(lines);
    assertEquals((await client.response()).status, status);
  });
}

Deno.test("HttpConnection hands every method to fetch, with its body", async () => {
  await using logged = start({
    fetch: async (request) => new Response(`${request.method} ${await request.text()}`),
  });
  for (
    const [method, lines, body, expected] of [
      ["POST", ["Content-Length: 5"], "hello", "POST hello"],
      [
        "PATCH",
        ["Transfer-Encoding: chunked"],
        "5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n",
        "PATCH hello!",
      ],
      ["DELETE", [], "", "DELETE "],
      ["OPTIONS", [], "", "OPTIONS "],
      ["PROPFIND", ["Content-Length: 1"], "x", "PROPFIND x"],
      ["GET", ["Content-Length: 5"], "hello", "GET "],
    ] as const
  ) {
    using client = await RawClient.connect(logged.server.addr);
    await client.sendHead([`${method} / HTTP/1.1`, "Host: a", ...lines]);
    await client.send(body);
    assertEquals((await client.response()).body, expected);
  }
});

Deno.test("HttpConnection answers with the fault of a body that the hook waited for, which is not the hook's", async () => {
  await using logged = start({
    fetch: async (request) => new Response(await request.text()),
    limits: { bodyBytes: 10 },
  });
  for (
    const [lines, body, status, reason] of [
      ["Transfer-Encoding: chunked", "a\r\n0123456789\r\n1\r\n", 413, "BODY_TOO_LARGE"],
      ["Transfer-Encoding: chunked", "x", 400, "MALFORMED_CHUNK"],
      ["Content-Length: 5", "hell", 400, "BODY_INCOMPLETE"],
    ] as const
  ) {
    using client = await RawClient.connect(logged.server.addr);
    await client.sendHead([...POST, lines]);
    await client.send(body);
    await client.closeWrite();
    assertEquals((await client.response()).status, status, reason);
    assertEquals(logged.server.registry.totals().refused[reason], 1);
  }
  assertEquals(logged.book.entries("handler_fault"), []);
});

Deno.test("HttpConnection sends 100 when the body is read, and not when it is not (RFC 9110 10.1.1)", async () => {
  await using logged = start({
    fetch: async (request) =>
      new Response(request.url.endsWith("/x") ? await request.text() : "unread"),
  });
  using client = await RawClient.connect(logged.server.addr);
  await client.sendHead([...POST, "Content-Length: 2", "Expect: 100-continue"]);
  assertEquals((await client.head()).status, 100);
  await client.send("hi");
  assertEquals((await client.response()).body, "hi");
  using other = await RawClient.connect(logged.server.addr);
  await other.sendHead([
    "POST / HTTP/1.1",
    "Host: a",
    "Content-Length: 2",
    "Expect: 100-continue",
  ]);
  const { status, body } = await other.response();
  assertEquals([status, body], [200, "unread"]);
});

for (
  const [what, lines, body] of [
    ["of a request without a body", ["GET / HTTP/1.1", "Host: a"], ""],
    ["of a request whose body was read", [...POST, "Content-Length: 2"], "hi"],
  ] as const
) {
  Deno.test(`HttpConnection aborts the signal ${what} when the client leaves, and a half-closed one still gets its answer`, async () => {
    const aborted = new Events<string>();
    const asked = Promise.withResolvers<void>();
    await using logged = start({
      async fetch(request) {
        const left = new Promise<void>((resolve) =>
          request.signal.addEventListener("abort", () => resolve())
        );
        await request.text();
        asked.resolve();
        await left;
        aborted.push("aborted");
        return new Response("bye");
      },
    });
    using client = await RawClient.connect(logged.server.addr);
    await client.sendHead(lines);
    await client.send(body);
    await asked.promise;
    await client.closeWrite();
    assertEquals(await aborted.next(), "aborted");
    assertEquals((await client.response()).body, "bye");
  });
}

Deno.test("HttpConnection leaves the signal alone when the client has its answer, and aborts it when it is cut", async () => {
  const signals: AbortSignal[] = [];
  const asked = Promise.withResolvers<void>();
  await using logged = start({
    fetch(request, { target }) {
      signals.push(request.signal);
      if (target !== "/a/../slow") return new Response(target);
      asked.resolve();
      return new Promise(() => {});
    },
  });
  using client = await RawClient.connect(logged.server.addr);
  await client.sendHead(["GET /b/./c HTTP/1.1", "Host: a"]);
  assertEquals((await client.response()).body, "/b/./c");
  client.close();
  await empty(logged);
  using other = await RawClient.connect(logged.server.addr);
  await other.sendHead(["GET /a/../slow HTTP/1.1", "Host: a"]);
  await asked.promise;
  await logged.server.close();
  assertEquals(signals.map(({ aborted }) => aborted), [false, true]);
});

Deno.test("HttpConnection breaks a response off that is made of a body with a fault", async () => {
  await using logged = start({ fetch: (request) => new Response(request.body) });
  using client = await RawClient.connect(logged.server.addr);
  await client.sendHead([...POST, "Transfer-Encoding: chunked"]);
  await client.send("2\r\nhi\r\n");
  assertEquals((await client.head()).status, 200);
  await client.send("x");
  const rest = new TextDecoder().decode(await client.rest());
  assertEquals(rest, "2\r\nhi\r\n");
});

const BAD_FETCHES: Record<string, () => unknown> = {
  "throws": () => {
    throw new Error("the application's secret");
  },
  "rejects": () => Promise.reject(new Error("the application's secret")),
  "returns nothing": () => undefined,
  "returns null": () => null,
  "returns a text": () => "hi",
  "returns a response that was read before": () => used,
  "returns a response that is being read": () => {
    const response = new Response("x");
    response.body!.getReader();
    return response;
  },
  "returns a response with status 101": () => new Response(null, { status: 101 }),
  "returns a response whose length is no number": () =>
    new Response("x", { headers: { "content-length": "0x1" } }),
};

const used = new Response("once");
await used.text();

for (const [what, answer] of Object.entries(BAD_FETCHES)) {
  Deno.test(`HttpConnection answers 500 and logs it when fetch ${what}`, async () => {
    await using logged = start({ fetch: answer } as ServeOptions<unknown>);
    using client = await RawClient.connect(logged.server.addr);
    await client.sendHead(["GET / HTTP/1.1", "Host: a"]);
    const response = await client.response();
    assertEquals([response.status, response.body], [500, "Internal server error\n"]);
    await logged.book.next("handler_fault");
  });
}

Deno.test("HttpConnection survives a response whose body breaks, and the client notices it", async () => {
  const body = () =>
    new ReadableStream({
      pull(controller) {
        controller.error(new Error("broken"));
      },
    });
  await using logged = start({ fetch: () => new Response(body()) });
  using client = await RawClient.connect(logged.server.addr);
  await client.sendHead(["GET / HTTP/1.1", "Host: a"]);
  const { code } = await assertRejects(() => client.response(), HandshakeError);
  assertEquals(code, "BODY_INCOMPLETE");
  assertStringIncludes(String((await logged.book.next("exchange_broken")).error), "broken");
  await empty(logged);
});

Deno.test({
  name:
    "HttpConnection cancels the body of a response when the client takes nothing of it any more" +
    (IS_NEW_DENO ? "" : " (ignored: this version of Deno does not end a blocked write)"),
  ignore: !IS_NEW_DENO,
  async fn() {
    const cancelled = Promise.withResolvers<void>();
    const body = () =>
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
        cancel: () => cancelled.resolve(),
      });
    await using logged = start({
      fetch: () => new Response(body()),
      limits: { handshakeTimeout: 50 },
    });
    using client = await RawClient.connect(logged.server.addr);
    await client.sendHead(["GET / HTTP/1.1", "Host: a"]);
    await cancelled.promise;
    assertEquals(logged.server.registry.totals().refused, { HANDSHAKE_TIMEOUT: 1 });
  },
});

// The log.

for (
  const [what, log] of [
    ["throws", () => {
      throw new Error("log");
    }],
    ["rejects", () => Promise.reject(new Error("log"))],
  ] as const
) {
  Deno.test(`HttpConnection goes on when the log callback ${what}`, async () => {
    await using logged = start({ log });
    using bad = await RawClient.connect(logged.server.addr);
    await bad.sendHead(["GET / HTTP/1.1"]);
    assertEquals((await bad.response()).status, 400);
    using _good = await RawClient.open(logged.server.addr);
    assertEquals(logged.server.registry.totals().opened, 1);
  });
}

Deno.test("HttpConnection lets a body be silent, and cancels it at the deadline once the client has left", async () => {
  const cancelled = new Events<string>();
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const body = () =>
    new ReadableStream({
      start: (given) => void (controller = given),
      cancel: () => cancelled.push("cancelled"),
    });
  await using started = start({
    fetch: () => new Response(body()),
    limits: { handshakeTimeout: 50 },
  });
  using client = await RawClient.connect(started.server.addr);
  await client.sendHead(["GET / HTTP/1.0"]);
  assertEquals((await client.head()).status, 200);
  // Another one, which came later, is past its deadline.
  using silent = await RawClient.connect(started.server.addr);
  await silent.gone();
  controller.enqueue(new TextEncoder().encode("still there"));
  await client.closeWrite();
  assertEquals(await cancelled.next(), "cancelled");
  assertEquals(new TextDecoder().decode(await client.rest()), "still there");
});
