import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  parseFourTuple,
  type PeerInfo,
  serve,
  type ServeOptions,
  type Server,
} from "../../../mod.ts";
import { closeQuietly, writeAll } from "../../../server/net/transport.ts";
import { TEST_CERTIFICATE, TEST_KEY } from "../../helpers/certificate.ts";
import { Events, until } from "../../helpers/events.ts";
import { LogBook } from "../../helpers/log_book.ts";
import { concat } from "../../helpers/notation.ts";
import { block, LOCAL, PROXY } from "../../helpers/proxy_block.ts";
import {
  type ClientStream,
  connectFrom,
  RawClient,
  UPGRADE_LINES,
} from "../../helpers/raw_client.ts";

/** TLS of ours stands on what node:tls can do since Deno 2.9.6, and so does a chosen source address. */
const ignore = Deno.version.deno.localeCompare("2.9.6", "en", { numeric: true }) < 0;
const WITHOUT_SOURCES = ignore ? " (ignored: this version of Deno has no chosen sources)" : "";

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: name + WITHOUT_SOURCES, ignore, fn });
}

/** Where the trusted proxy is, and another one. */
const PROXY_ADDRESS = "127.0.0.2";
const TRUSTED = [PROXY_ADDRESS, "10.0.0.0/8"];
const LINE = "PROXY TCP4 192.0.2.7 192.0.2.8 4711 443\r\n";
const CLIENT = { address: "192.0.2.7", port: 4711 };

function start(options: ServeOptions<undefined>): Server<undefined> {
  return serve({ port: 0, log: () => {}, ...options });
}

async function connect(
  server: Server<undefined>,
  localAddress = PROXY_ADDRESS,
): Promise<RawClient> {
  const { hostname: host, port } = server.addr;
  return new RawClient(await connectFrom({ host, port, localAddress }));
}

/** Connects as the proxy does and asks for the upgrade; returns the status of the answer. */
async function ask(
  server: Server<undefined>,
  header: string,
  further: string[] = [],
  source?: string,
): Promise<{ client: RawClient; status: number }> {
  const client = await connect(server, source);
  await client.send(header);
  await client.sendUpgrade("/", ...further);
  return { client, status: (await client.head()).status };
}

async function empty(server: Server<undefined>): Promise<void> {
  await until("everybody is gone", async () => {
    const { connections, exchanges } = await server.report();
    return connections + exchanges === 0;
  });
}

test("HttpConnection cuts the oldest of the client that has the most behind a proxy, not of the proxy", async () => {
  await using server = start({
    limits: { handshakes: 4 },
    proxies: { trusted: TRUSTED, protocol: true },
  });
  const { registry } = server;
  using slow = await connect(server);
  await slow.send(LINE, "GET / HTTP/1.1\r\n");
  // Whoever came later has had an answer, so that header was read.
  (await ask(server, LINE)).client.close();
  await using flood = new AsyncDisposableStack();
  for (let count = 1; count <= 12; count++) {
    const silent = await connect(server);
    flood.defer(() => silent.close());
    await until("it is accepted", () => registry.totals().accepted === 2 + count);
    // Nobody tells when a header was read. Either way this one goes before the slow one.
    await silent.send(`PROXY TCP4 192.0.2.66 192.0.2.8 ${count} 443\r\n`);
  }
  assertEquals(registry.totals().refused, { HANDSHAKES_LIMIT: 9 });
  await slow.sendHead(UPGRADE_LINES);
  assertEquals((await slow.head()).status, 101);
});

// The PROXY protocol.

const HEADERS: [string, string | Uint8Array, typeof CLIENT | undefined][] = [
  ["a line", LINE, CLIENT],
  ["a block", block(PROXY, 0x11, [192, 0, 2, 7, 192, 0, 2, 8, 18, 103, 1, 187, 4, 0, 0]), CLIENT],
  ["a line that tells nothing", "PROXY UNKNOWN\r\n", undefined],
  ["a block about the proxy itself", block(LOCAL, 0, []), undefined],
];

for (const [what, header, expected] of HEADERS) {
  test(`HttpConnection takes the client's address from ${what} of a trusted proxy`, async () => {
    const infos: PeerInfo[] = [];
    const opened = new Events<unknown>();
    await using server = start({
      proxies: { trusted: TRUSTED, protocol: true },
      upgrade: (_, info) => void infos.push(info),
      open: (connection) => opened.push(connection.client),
      message: (connection, data) => void connection.send(data),
    });
    for (const chunked of [false, true]) {
      using client = await connect(server);
      const bytes = typeof header === "string" ? new TextEncoder().encode(header) : header;
      if (chunked) { for (const byte of bytes) await client.send(Uint8Array.of(byte)); }
      else await client.send(bytes);
      await client.upgrade();
      assertEquals(await opened.next(), expected);
      const [record] = server.registry.list();
      assertEquals(record?.client, expected);
      // The socket's own 4-tuple stays the key.
      assertEquals(parseFourTuple(record!.key).sourceAddress, PROXY_ADDRESS);
      assertEquals([infos.at(-1)?.client, infos.at(-1)?.key], [expected, record!.key]);
      await client.sendMessage("hello");
      assertEquals(await client.message(), "hello");
      client.close();
      await empty(server);
    }
    assertEquals(server.registry.totals().refused, {});
  });
}

test("HttpConnection says nothing of a proxy that leaves without a byte", async () => {
  const book = new LogBook();
  await using server = start({ proxies: { trusted: TRUSTED, protocol: true }, log: book.log });
  using client = await connect(server);
  await client.closeWrite();
  assertEquals((await client.rest()).length, 0);
  await empty(server);
  assertEquals([server.registry.totals().refused, book.entries("exchange_broken")], [{}, []]);
});

test("HttpConnection takes what comes in one read with the PROXY header for the request", async () => {
  await using server = start({ proxies: { trusted: TRUSTED, protocol: true } });
  using client = await connect(server);
  await client.send(`${LINE}GET / HTTP/1.1\r\nHost: a\r\n\r\n`);
  assertEquals((await client.response()).status, 426);
});

const WRONG: [string, string, string, string][] = [
  ["a request without a PROXY header", "GET / HTTP/1.1\r\n\r\n", "PROXY_HEADER_MISSING", ""],
  ["a malformed PROXY header", "PROXY TCP5 \r\n", "PROXY_HEADER_MALFORMED", ""],
  ["a long PROXY header", `PROXY UNKNOWN ${"x".repeat(99)}`, "PROXY_HEADER_TOO_LONG", ""],
  ["a second PROXY header", LINE + LINE, "PROXY_HEADER_UNEXPECTED", ""],
  ["a PROXY header of somebody else", LINE, "PROXY_HEADER_UNEXPECTED", "127.0.0.1"],
  ["a block of somebody else", "\r\n\r\n\0\r\nQUIT\n", "PROXY_HEADER_UNEXPECTED", "127.0.0.1"],
];

for (const [what, bytes, reason, source] of WRONG) {
  test(`HttpConnection refuses ${what} with 400`, async () => {
    await using server = start({ proxies: { trusted: TRUSTED, protocol: true } });
    using client = await connect(server, source || undefined);
    await client.send(bytes);
    assertEquals((await client.response()).status, 400);
    assertEquals(server.registry.totals().refused, { [reason]: 1 });
  });
}

test("HttpConnection refuses a PROXY header where the option does not ask for one", async () => {
  await using server = start({ proxies: { trusted: TRUSTED, header: "forwarded" } });
  using client = await connect(server);
  await client.send(LINE);
  assertEquals((await client.response()).status, 400);
  assertEquals(server.registry.totals().refused, { PROXY_HEADER_UNEXPECTED: 1 });
});

test("HttpConnection needs no PROXY header from others than trusted proxies", async () => {
  await using server = start({ proxies: { trusted: TRUSTED, protocol: true } });
  const { client, status } = await ask(server, "", [], "127.0.0.1");
  assertEquals([status, server.registry.list()[0]?.client], [101, undefined]);
  client.close();
});

test("HttpConnection refuses a proxy that leaves in its PROXY header, and none that only knocks", async () => {
  await using server = start({ proxies: { trusted: TRUSTED, protocol: true } });
  for (const bytes of ["", LINE, LINE.slice(0, 9)]) {
    using client = await connect(server);
    await client.send(bytes);
    await client.closeWrite();
    await client.gone();
  }
  await empty(server);
  assertEquals(server.registry.totals().refused, { PROXY_HEADER_INCOMPLETE: 1 });
});

test("HttpConnection cuts a trusted proxy whose PROXY header does not come in time", async () => {
  await using server = start({
    proxies: { trusted: TRUSTED, protocol: true },
    limits: { handshakeTimeout: 100 },
  });
  using client = await connect(server);
  await client.send(LINE.slice(0, -1));
  await client.gone();
  assertEquals(server.registry.totals().refused, { HANDSHAKE_TIMEOUT: 1 });
});

// With TLS.

const TLS = { cert: TEST_CERTIFICATE, key: TEST_KEY };

/** A proxy for one client: it sends a header, in one write with the first bytes of its client. */
async function relay(
  server: Server<undefined>,
  header: string,
): Promise<AsyncDisposable & { client: RawClient }> {
  const { hostname, port } = server.addr;
  using listener = Deno.listen({ hostname, port: 0 });
  const front = { hostname, port: (listener.addr as Deno.NetAddr).port };
  const connecting = Deno.connectTls({ ...front, caCerts: [TEST_CERTIFICATE] });
  const ours = await listener.accept();
  const back = await connectFrom({ host: hostname, port, localAddress: PROXY_ADDRESS });
  const there = pump(ours, back, new TextEncoder().encode(header));
  const andBack = pump(back, ours, new Uint8Array(0));
  const client = new RawClient(await connecting);
  return {
    client,
    async [Symbol.asyncDispose]() {
      client.close();
      await there;
      await back.closeWrite();
      await andBack;
      back.close();
      closeQuietly(ours);
    },
  };
}

async function pump(from: ClientStream, to: ClientStream, ahead: Uint8Array): Promise<void> {
  const buffer = new Uint8Array(16_384);
  for (let first = ahead;; first = new Uint8Array(0)) {
    const count = await from.read(buffer);
    if (count === null) return;
    await writeAll(to, concat([first, buffer.subarray(0, count)]));
  }
}

test("HttpConnection takes a PROXY header ahead of TLS, in one read with its first bytes", async () => {
  await using server = start({
    ...TLS,
    proxies: { trusted: TRUSTED, protocol: true },
    message: (connection, data) => void connection.send(data),
  });
  await using proxy = await relay(server, LINE);
  const { client } = proxy;
  await client.upgrade();
  assertEquals(server.registry.list()[0]?.client, CLIENT);
  await client.sendMessage("hello");
  assertEquals(await client.message(), "hello");
  await client.sendClose(1000);
  assertEquals((await client.closed()).code, 1000);
});

test("HttpConnection says nothing to a proxy without a PROXY header where TLS was to follow", async () => {
  await using server = start({ ...TLS, proxies: { trusted: TRUSTED, protocol: true } });
  using client = await connect(server);
  await client.send("GET / HTTP/1.1\r\n\r\n");
  assertEquals((await client.rest().catch(() => [])).length, 0);
  assertEquals(server.registry.totals().refused, { PROXY_HEADER_MISSING: 1 });
});

// Forwarded headers.

test("HttpConnection takes the client's address from a trusted proxy's header, and nobody else's", async () => {
  const infos: PeerInfo[] = [];
  await using server = start({
    proxies: { trusted: TRUSTED, header: "x-forwarded-for" },
    upgrade: (_, info) => void infos.push(info),
  });
  const lines = ["X-Forwarded-For: 198.51.100.9, 192.0.2.7", "X-Forwarded-For: 10.0.0.9"];
  const proxied = await ask(server, "", lines);
  assertEquals([proxied.status, infos[0]?.client], [101, { address: "192.0.2.7" }]);
  assertEquals(server.registry.totals().spoofed, 0);
  const direct = await ask(server, "", lines, "127.0.0.1");
  assertEquals([direct.status, infos[1]?.client], [101, undefined]);
  assertEquals(server.registry.totals().spoofed, 1);
  // The header that the option does not name is not looked at.
  const silent = await ask(server, "", ["Forwarded: for=192.0.2.7"]);
  assertEquals([silent.status, infos[2]?.client], [101, undefined]);
  assertEquals(server.registry.totals().spoofed, 1);
  assertEquals(server.registry.list().map(({ client }) => client), [
    { address: "192.0.2.7" },
    undefined,
    undefined,
  ]);
  for (const { client } of [proxied, direct, silent]) client.close();
});

test("HttpConnection tells the fetch hook the client's address too", async () => {
  await using server = start({
    proxies: { trusted: TRUSTED, header: "forwarded" },
    fetch: (_, { client }) => Response.json(client),
  });
  using client = await connect(server);
  await client.sendHead(["GET / HTTP/1.1", "Host: a", 'Forwarded: for="[2001:db8::7]:80"']);
  assertEquals((await client.response()).body, '{"address":"2001:db8::7","port":80}');
});

test("HttpConnection counts forwarded headers as spoofed where no proxy is trusted", async () => {
  await using server = start({});
  for (const line of ["Forwarded: for=192.0.2.7", "X-Forwarded-For: 192.0.2.7", "X: y"]) {
    (await ask(server, "", [line], "127.0.0.1")).client.close();
  }
  assertEquals(server.registry.totals().spoofed, 2);
});

test("HttpConnection takes whoever is behind a header that cannot be read for the proxy, counts and says so once", async () => {
  const book = new LogBook();
  const proxies = { trusted: TRUSTED, header: "forwarded" } as const;
  await using server = start({ proxies, log: book.log });
  for (const header of ["for=somebody", 'for="', "for=2001:db8::7", "for=192.0.2.7:1234"]) {
    const { client, status } = await ask(server, "", [`Forwarded: ${header}`]);
    assertEquals(status, 101);
    client.close();
  }
  const { refused, forwardedMalformed, opened } = server.registry.totals();
  assertEquals([refused, forwardedMalformed, opened], [{}, 2, 4]);
  assertEquals(book.entries("forwarded_malformed").length, 1);
  assert(!book.entries("forwarded_malformed")[0]!.message.includes("somebody"));
});

test("HttpConnection believes the header only behind a PROXY header that names a trusted proxy", async () => {
  await using server = start({
    proxies: { trusted: TRUSTED, protocol: true, header: "x-forwarded-for" },
  });
  const lines = ["X-Forwarded-For: 192.0.2.7"];
  const proxy = "PROXY TCP4 10.0.0.1 192.0.2.8 4711 443\r\n";
  const clients = await Promise.all([
    ask(server, proxy, lines),
    ask(server, proxy),
    ask(server, LINE, lines),
    ask(server, "PROXY UNKNOWN\r\n", lines),
  ]);
  assertEquals(clients.map(({ status }) => status), [101, 101, 101, 101]);
  const found = server.registry.list().map(({ client }) => JSON.stringify(client)).sort();
  assertEquals(found, [
    '{"address":"10.0.0.1","port":4711}',
    '{"address":"192.0.2.7","port":4711}',
    '{"address":"192.0.2.7"}',
    '{"address":"192.0.2.7"}',
  ]);
  assertEquals(server.registry.totals().spoofed, 1);
  for (const { client } of clients) client.close();
});

// The limit per address.

const WAYS: [string, ServeOptions["proxies"], (address: string) => [string, string[]]][] = [
  [
    "a PROXY header",
    { trusted: TRUSTED, protocol: true },
    (address) => [`PROXY TCP4 ${address} 192.0.2.8 4711 443\r\n`, []],
  ],
  [
    "a forwarded header",
    { trusted: TRUSTED, header: "x-forwarded-for" },
    (address) => ["", [`X-Forwarded-For: ${address}`]],
  ],
];

for (const [what, proxies, from] of WAYS) {
  test(`HttpConnection counts the client's address of ${what} against the limit`, async () => {
    await using server = start({ proxies: proxies!, limits: { connectionsPerAddress: 2 } });
    const open = async (address: string) => await ask(server, ...from(address));
    const first = await open("192.0.2.7");
    const others = [await open("192.0.2.7"), await open("192.0.2.9"), await open("192.0.2.9")];
    assertEquals([first, ...others].map(({ status }) => status), [101, 101, 101, 101]);
    const late = await connect(server);
    const [header, lines] = from("192.0.2.7");
    await late.send(header);
    await late.sendUpgrade("/", ...lines);
    const { status, headers } = await late.response();
    assertEquals([status, headers.get("retry-after")], [429, "5"]);
    assertEquals(server.registry.totals().refused, { ADDRESS_LIMIT: 1 });
    first.client.close();
    late.close();
    await until("there is room", () => server.registry.size === 3);
    const next = await open("192.0.2.7");
    assertEquals(next.status, 101);
    for (const { client } of [...others, next]) client.close();
    await empty(server);
  });
}

test("HttpConnection counts the proxy's own address where it tells none", async () => {
  await using server = start({
    proxies: { trusted: TRUSTED, header: "forwarded" },
    limits: { connectionsPerAddress: 1 },
  });
  const [first, second] = [await ask(server, ""), await ask(server, "")];
  assertEquals([first.status, second.status], [101, 429]);
  for (const { client } of [first, second]) client.close();
});

test("serve() counts clients behind proxies that are there when the limit is set", async () => {
  await using server = start({ proxies: { trusted: TRUSTED, protocol: true } });
  const [first, second] = [await ask(server, LINE), await ask(server, LINE)];
  await server.operations.reconfigure({ limits: { connectionsPerAddress: 2 } });
  const third = await ask(server, LINE);
  assertEquals([first.status, second.status, third.status], [101, 101, 429]);
  for (const { client } of [first, second, third]) client.close();
});

Deno.test("serve() does not listen with proxies that cannot be", () => {
  const proxies = { trusted: ["nobody"], protocol: true };
  assertThrows(() => serve({ port: 0, proxies }), TypeError, "proxies.trusted[0]");
});
