import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { WebSocketServer } from "ws";
import { connect, ConnectError, type ConnectOptions, serve, type ServeOptions } from "../../mod.ts";
import { computeAccept } from "../../protocol/mod.ts";
import { writeAll } from "../../server/net/transport.ts";
import { sha1 } from "../../server/sha1.ts";
import { OTHER_CERTIFICATE, TEST_CERTIFICATE, TEST_KEY } from "../helpers/certificate.ts";
import { Events, until } from "../helpers/events.ts";

const echo: ServeOptions = { port: 0, message: (connection, data) => connection.send(data) };

/** Answers every connection with these bytes, and leaves. */
function answering(text: string): Deno.TcpListener {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  (async () => {
    for await (const conn of listener) {
      await conn.read(new Uint8Array(4_096));
      await conn.write(new TextEncoder().encode(text));
      conn.close();
    }
  })();
  return listener;
}

/** What connecting to such a server fails with. */
async function failure(answer: string, options?: ConnectOptions): Promise<ConnectError> {
  using listener = answering(answer);
  const { port } = listener.addr as Deno.NetAddr;
  return await assertRejects(() => connect(`ws://127.0.0.1:${port}/`, options), ConnectError);
}

Deno.test("connect() says that a server speaks TLS where ws: was asked for", async () => {
  const message = "it speaks TLS on this port: expected wss:";
  assertEquals((await failure("\x15\x03\x01\x00\x02\x02\x46")).message.endsWith(message), true);
  await using server = serve({ ...echo, cert: TEST_CERTIFICATE, key: TEST_KEY, log: () => {} });
  const url = server.url.replace("https", "ws");
  const { answer } = await assertRejects(() => connect(url), ConnectError);
  assertEquals(answer?.status, 400);
  assertEquals(answer?.body.includes("does not speak TLS, as this port does"), true, answer?.body);
});

Deno.test("connect() sends and receives messages, and closes with await using", async () => {
  const codes = new Events<number>();
  await using server = serve({ ...echo, close: (_, code) => codes.push(code) });
  {
    await using connection = await connect(server.url);
    assertEquals([connection.open, connection.extensions], [true, ""]);
    assertEquals(connection.key, server.registry.list()[0]?.key);
    connection.send("hello");
    connection.send(new Uint8Array(100_000).fill(7));
    const messages = connection.messages();
    assertEquals((await messages.next()).value, "hello");
    assertEquals((await messages.next()).value, new Uint8Array(100_000).fill(7));
  }
  assertEquals(await codes.next(), 1000);
  await until("it is gone", () => Promise.resolve(server.registry.size === 0));
});

Deno.test("connect() hands messages to a handler, those too that come with the handshake", async () => {
  await using server = serve({ port: 0, open: (connection) => connection.send("first") });
  const messages = new Events<unknown>();
  await using _ = await connect(server.url, { message: (_, data) => messages.push(data) });
  assertEquals(await messages.next(), "first");
});

Deno.test("connect() keeps messages for whoever asks later", async () => {
  await using server = serve({
    port: 0,
    open(connection) {
      for (let count = 0; count < 50; count++) connection.send(String(count));
    },
  });
  await using connection = await connect(server.url);
  await new Promise((resolve) => setTimeout(resolve));
  let next = 0;
  for await (const message of connection.messages()) {
    assertEquals(message, String(next++));
    if (next === 50) break;
  }
});

Deno.test("connect() offers subprotocols, sends headers, and takes user and password from the URL", async () => {
  const seen = new Events<Request>();
  await using server = serve({
    port: 0,
    subprotocols: ["chat.v2"],
    upgrade: (request) => void seen.push(request),
  });
  const url = new URL(`${server.url}room?x=1`);
  url.username = "ada";
  url.password = "p:w";
  await using connection = await connect(url, {
    subprotocols: ["chat.v1", "chat.v2"],
    headers: { "X-Token": "t" },
  });
  const { headers, url: asked } = await seen.next();
  assertEquals(connection.subprotocol, "chat.v2");
  assertEquals([connection.target, new URL(asked).search], ["/room?x=1", "?x=1"]);
  assertEquals([headers.get("x-token"), headers.get("authorization")], [
    "t",
    `Basic ${btoa("ada:p:w")}`,
  ]);
});

Deno.test("connect() takes no user and password that cannot be told apart or read (RFC 7617)", async () => {
  for (
    const [credentials, message] of [
      ["a%3Ab:c", "the user in the URL must not have a colon"],
      ["a:100%", "user and password in the URL must be UTF-8"],
      ["a:%FF", "user and password in the URL must be UTF-8"],
    ] as const
  ) {
    const url = `ws://${credentials}@127.0.0.1/`;
    const error = await assertRejects(() => connect(url), TypeError, message);
    assertEquals(error.message.includes(credentials), false);
  }
});

Deno.test("connect() sends all cookies in one header (RFC 6265 5.4)", async () => {
  const cookies = new Events<string | null>();
  await using server = serve({
    port: 0,
    upgrade: ({ headers }) => void cookies.push(headers.get("cookie")),
  });
  for (
    const headers of [[["Cookie", "a=1"], ["X-A", "1"], ["cookie", "b=2"]], { Cookie: "a=1; b=2" }]
  ) {
    await using _ = await connect(server.url, { headers: headers as HeadersInit });
    assertEquals(await cookies.next(), "a=1; b=2");
  }
});

Deno.test("connect() speaks TLS, and trusts only what it is told to", async () => {
  await using server = serve({ ...echo, cert: TEST_CERTIFICATE, key: TEST_KEY });
  const url = `wss://localhost:${server.addr.port}/`;
  await using connection = await connect(url, { caCerts: [TEST_CERTIFICATE] });
  connection.send("secret");
  assertEquals((await connection.messages().next()).value, "secret");
  await assertRejects(() => connect(url, { caCerts: [OTHER_CERTIFICATE] }), ConnectError);
});

Deno.test("connect() tells the answer of a server that refuses", async () => {
  await using server = serve({
    port: 0,
    upgrade: () =>
      new Response("Come back later\n", { status: 503, headers: { "Retry-After": "7" } }),
  });
  const error = await assertRejects(() => connect(server.url), ConnectError);
  assertEquals([error.status, error.retryAfter], [503, 7_000]);
  assertEquals(error.answer?.body, "Come back later\n");
  assertEquals(error.message, "Server refuses the handshake with status 503");
});

Deno.test("connect() does not follow a redirect, and says where to", async () => {
  const location = "wss://else\x1bwhere.example/";
  const error = await failure(
    `HTTP/1.1 302 Found\r\nLocation: ${location.replace("\x1b", "")}\r\nContent-Length: 0\r\n\r\n`,
  );
  assertEquals(
    error.message,
    'Server redirects to "wss://elsewhere.example/" with status 302, which is not followed',
  );
});

Deno.test("connect() escapes where a redirect leads to", async () => {
  const error = await failure(`HTTP/1.1 302 Found\r\nLocation: /\x9b31m\r\n\r\n`);
  assert(/^[ -~]+$/.test(error.message), error.message);
});

for (
  const [what, answer, message] of [
    ["is no HTTP", "hello\r\n\r\n", "Server did not answer the handshake"],
    ["has no accept", "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "key"],
    ["never comes", "", "Server did not answer the handshake: it left"],
    ["breaks off", "HTTP/1.1 101 X\r\nUpgr", "Server did not answer the handshake"],
    ["has endless headers", `HTTP/1.1 200 OK\r\nA: ${"x".repeat(70_000)}`, "handshake"],
  ] as const
) {
  Deno.test(`connect() fails when the answer ${what}`, async () => {
    const error = await failure(answer);
    assert(error.message.includes(message), error.message);
  });
}

/** Connects to a server whose answer has these lines around the one with the accept. */
async function accepted(before: string, after: string, options?: ConnectOptions): Promise<string> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const answered = (async () => {
    const conn = await listener.accept();
    const buffer = new Uint8Array(4_096);
    const request = new TextDecoder().decode(buffer.subarray(0, await conn.read(buffer) ?? 0));
    const accept = computeAccept(/^Sec-WebSocket-Key: (.*)\r$/m.exec(request)![1]!, sha1);
    const text = `${before}Sec-WebSocket-Accept: ${accept}${after}`;
    const head = Uint8Array.from(text, (character) => character.charCodeAt(0));
    await writeAll(conn, head);
    return conn;
  })();
  try {
    const connection = await connect(`ws://127.0.0.1:${listener.addr.port}/`, options);
    connection.terminate();
    return "open";
  } catch (error) {
    return (error as Error).message;
  } finally {
    (await answered).close();
  }
}

const UPGRADED = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
const END = "\r\n\r\n";

// Each was tried with ws on Node 20, Chromium and curl: two of them take it, mostly all.
for (
  const [what, before, after] of [
    ["no reason", `HTTP/1.1 101 \r\n${UPGRADED}`, END],
    ["no reason and no space before it", `HTTP/1.1 101\r\n${UPGRADED}`, END],
    ["HTTP/1.0", `HTTP/1.0 101 Switching Protocols\r\n${UPGRADED}`, END],
    ["an empty line before", `\r\nHTTP/1.1 101 X\r\n${UPGRADED}`, END],
    ["lines that end in LF", "HTTP/1.1 101 X\nUpgrade: websocket\nConnection: Upgrade\n", "\n\n"],
    ["a folded line", `HTTP/1.1 101 X\r\nX: a\r\n b\r\n${UPGRADED}`, END],
    ["lists", "HTTP/1.1 101 X\r\nupgrade:WebSocket\r\nconnection: keep-alive,upgrade\r\n", END],
    ["a list in two lines", `HTTP/1.1 101 X\r\nConnection: keep-alive\r\n${UPGRADED}`, END],
    ["an interim answer", `HTTP/1.1 100 Continue${END}HTTP/1.1 101 X\r\n${UPGRADED}`, END],
    ["a Content-Length", `HTTP/1.1 101 X\r\nContent-Length: 0\r\n${UPGRADED}`, END],
    ["bytes beyond ASCII", `HTTP/1.1 101 \xe9\r\nServer: caf\xe9 \xff\r\n${UPGRADED}`, END],
    [
      "a long cookie",
      `HTTP/1.1 101 X\r\n${UPGRADED}`,
      `\r\nSet-Cookie: ${"a".repeat(60_000)}${END}`,
    ],
    ["many headers", `HTTP/1.1 101 X\r\n${UPGRADED}`, `\r\n${"A: b\r\n".repeat(200)}\r\n`],
  ] as const
) {
  Deno.test(`connect() takes an answer with ${what}, as others do`, async () => {
    assertEquals(await accepted(before, after), "open");
  });
}

// RFC 6455 4.1 and 11.3, or no HTTP: ws and Chromium refuse them, or ws alone where it is no HTTP.
for (
  const [what, before, after] of [
    ["an empty subprotocol", `HTTP/1.1 101 X\r\n${UPGRADED}`, `\r\nSec-WebSocket-Protocol: ${END}`],
    ["empty extensions", `HTTP/1.1 101 X\r\n${UPGRADED}`, `\r\nSec-WebSocket-Extensions: ${END}`],
    ["two Upgrade headers", `HTTP/1.1 101 X\r\nUpgrade: websocket\r\n${UPGRADED}`, END],
    ["a second accept", `HTTP/1.1 101 X\r\n${UPGRADED}`, `\r\nSec-WebSocket-Accept: x${END}`],
    ["a line without a colon", `HTTP/1.1 101 X\r\nGarbage\r\n${UPGRADED}`, END],
    ["a control character", `HTTP/1.1 101 X\r\nX: a\x01b\r\n${UPGRADED}`, END],
  ] as const
) {
  Deno.test(`connect() refuses an answer with ${what}, as others do (RFC 6455 4.1)`, async () => {
    assertNotEquals(await accepted(before, after), "open");
  });
}

Deno.test("connect() takes no larger head than it is told to", async () => {
  for (const limits of [{ headLineBytes: 64 }, { headHeaders: 3 }, { headBytes: 140 }]) {
    const text = await accepted(`HTTP/1.1 101 X\r\n${UPGRADED}`, `\r\nA: ${"b".repeat(64)}${END}`, {
      limits,
    });
    assert(text.includes(String(Object.values(limits)[0])), text);
  }
});

Deno.test("connect() passes over interim answers, but not without end", async () => {
  const interim = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
  const refusal = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
  assertEquals((await failure(interim.repeat(8) + refusal)).status, 404);
  assert((await failure(interim.repeat(9) + refusal)).message.includes("interim"));
});

Deno.test("ConnectError.retryAfter reads seconds of any number, and dates", () => {
  const of = (value: string) =>
    new ConnectError("", {
      answer: {
        status: 503,
        statusText: "",
        headers: new Headers({ "retry-after": value }),
        body: "",
      },
    }).retryAfter;
  assertEquals([of("7"), of("99999999999999"), of("soon"), of("")], [
    7_000,
    99999999999999_000,
    undefined,
    undefined,
  ]);
  assertEquals(of("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
});

Deno.test("connect() says so when nobody listens, and refuses what is no URL for it", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  const error = await assertRejects(() => connect(`ws://127.0.0.1:${port}/`), ConnectError);
  assert(error.message.startsWith(`Cannot connect to 127.0.0.1:${port}: `), error.message);
  await assertRejects(() => connect("ftp://127.0.0.1/"), TypeError, "must begin with ws:");
  await assertRejects(() => connect("ws://127.0.0.1/#a"), TypeError, "fragment");
  await assertRejects(() => connect("ws://127.0.0.1/#"), TypeError, "fragment");
  await assertRejects(() => connect("nonsense"), TypeError);
});

Deno.test("connect() gives up after handshakeTimeout, and when its signal is aborted", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const url = `ws://127.0.0.1:${port}/`;
  const late = connect(url, { limits: { handshakeTimeout: 20 } });
  await assertRejects(() => late, ConnectError, "Handshake took more than 20 ms");
  const controller = new AbortController();
  const aborted = connect(url, { signal: controller.signal });
  controller.abort(new RangeError("no more"));
  await assertRejects(() => aborted, RangeError, "no more");
  await assertRejects(() => connect(url, { signal: controller.signal }), RangeError, "no more");
});

Deno.test("connect() reads no further why it was refused when its signal is aborted", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `ws://127.0.0.1:${listener.addr.port}/`;
  const controller = new AbortController();
  const heads = new Events<string>();
  const head = (by: string) => heads.push(by);
  const aborted = connect(url, { signal: controller.signal, head });
  using conn = await listener.accept();
  await conn.read(new Uint8Array(4_096));
  await conn.write(new TextEncoder().encode("HTTP/1.1 403 No\r\n\r\nbecau"));
  await heads.find((by) => by === "peer");
  controller.abort(new RangeError("no more"));
  await assertRejects(() => aborted, RangeError, "no more");
});

Deno.test("connect() cuts the connection when its signal is aborted later", async () => {
  await using server = serve(echo);
  const controller = new AbortController();
  await using connection = await connect(server.url, { signal: controller.signal });
  controller.abort();
  assertEquals((await connection.closed).code, 1006);
});

Deno.test("ClientConnection.closed has the server's code and reason", async () => {
  await using server = serve({
    port: 0,
    message: (connection, data) => connection.close(Number(data), "for a reason"),
  });
  for (const code of [1000, 1001, 1008, 1012, 3000, 4999]) {
    await using connection = await connect(server.url);
    connection.send(String(code));
    assertEquals(await connection.closed, { code, reason: "for a reason" });
  }
  await using connection = await connect(server.url);
  connection.close(4001, "our own");
  assertEquals(await connection.closed, { code: 4001, reason: "our own" });
  await using cut = await connect(server.url);
  await server.close();
  assertEquals((await cut.closed).code, 1006);
});

Deno.test("ClientConnection.measureRoundTrip() measures, and gives nothing when it is over", async () => {
  await using server = serve(echo);
  await using connection = await connect(server.url);
  const [first, second] = await Promise.all([
    connection.measureRoundTrip(),
    connection.measureRoundTrip(),
  ]);
  assert(first !== undefined && first >= 0 && first === second);
  connection.terminate();
  assertEquals(await connection.measureRoundTrip(), undefined);
});

Deno.test("ClientConnection sends and receives large messages as streams", async () => {
  const limits = { messageBytes: 2 ** 40, messageFragments: 2 ** 40 };
  await using server = serve({
    port: 0,
    limits,
    async open(connection) {
      for await (const { type, readable } of connection.messages({ stream: true })) {
        await connection.send(readable, { type });
      }
    },
  });
  await using connection = await connect(server.url, { limits });
  const piece = new Uint8Array(65_536).fill(3);
  const sent = connection.send(ReadableStream.from(Array.from({ length: 64 }, () => piece)));
  const { value: message } = await connection.messages({ stream: true }).next();
  let bytes = 0;
  for await (const chunk of message!.readable) {
    assert(chunk.every((byte: number) => byte === 3));
    bytes += chunk.length;
  }
  assertEquals([bytes, await sent], [64 * 65_536, "sent"]);
});

Deno.test("connect() talks to ws, which sees masked frames and the codes", async () => {
  const ws = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  const closes = new Events<[number, string]>();
  ws.on("connection", (socket: { on(event: string, listener: unknown): void; send: unknown }) => {
    socket.on("message", (data: Uint8Array, binary: boolean) => {
      (socket.send as (data: Uint8Array, options: object) => void)(data, { binary });
    });
    socket.on("close", (code: number, reason: Uint8Array) => {
      closes.push([code, new TextDecoder().decode(reason)]);
    });
  });
  await new Promise((resolve) => ws.on("listening", resolve));
  const { port } = ws.address() as { port: number };
  const connection = await connect(`ws://127.0.0.1:${port}/`);
  const messages = connection.messages();
  for (const message of ["text", "", "ü".repeat(40_000), new Uint8Array(200_000).fill(9)]) {
    connection.send(message);
    assertEquals((await messages.next()).value, message);
  }
  assert((await connection.measureRoundTrip())! >= 0);
  connection.close(4321, "done");
  assertEquals(await closes.next(), [4321, "done"]);
  assertEquals(await connection.closed, { code: 4321, reason: "done" });
  await new Promise((resolve) => ws.close(resolve));
});
