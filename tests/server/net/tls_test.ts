import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type Connection, parseFourTuple, serve, type ServeOptions } from "../../../mod.ts";
import { secureContext, TlsTransport } from "../../../server/net/tls.ts";
import type { Transport } from "../../../server/net/transport.ts";
import { TEST_CERTIFICATE, TEST_KEY } from "../../helpers/certificate.ts";
import { Events, until } from "../../helpers/events.ts";
import { LogBook } from "../../helpers/log_book.ts";
import { concat } from "../../helpers/notation.ts";
import { openSockets } from "../../helpers/open_sockets.ts";
import { Random } from "../../helpers/random.ts";
import { RawClient } from "../../helpers/raw_client.ts";

/** TLS of ours stands on what node:tls can do since Deno 2.9.6. */
const ignore = Deno.version.deno.localeCompare("2.9.6", "en", { numeric: true }) < 0;
const WITHOUT_TLS = ignore
  ? " (ignored: this version of Deno has no TLS over accepted sockets)"
  : "";

const TLS = { port: 0, cert: TEST_CERTIFICATE, key: TEST_KEY };

const ECHO: ServeOptions<undefined> = {
  message: (connection, data) => void connection.send(data),
};

function test(name: string, fn: () => Promise<void> | void): void {
  Deno.test({ name: name + WITHOUT_TLS, ignore, fn });
}

function ascii(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Connects with TLS; the handshake of TLS is over when it returns. */
async function connect({ hostname, port }: Deno.NetAddr): Promise<RawClient> {
  const conn = await Deno.connectTls({ hostname, port, caCerts: [TEST_CERTIFICATE] });
  await conn.handshake();
  return new RawClient(conn);
}

async function open(addr: Deno.NetAddr): Promise<RawClient> {
  const client = await connect(addr);
  await client.upgrade();
  return client;
}

if (ignore) {
  Deno.test("secureContext() says that this version of Deno is too old", () => {
    assertThrows(() => serve(TLS), Error, "needs Deno 2.9.6 or later");
  });
}

test("TlsTransport carries messages of every size, and both closes", async () => {
  const ended = new Events<number>();
  await using server = serve({
    ...TLS,
    ...ECHO,
    close: (_, code) => ended.push(code),
    limits: { messageBytes: 2 ** 24 },
  });
  assertEquals(server.url, `https://127.0.0.1:${server.addr.port}/`);
  using client = await open(server.addr);
  await client.sendMessage("hello");
  assertEquals(await client.message(), "hello");
  for (const size of [0, 1, 16_384, 100_000, 3_000_000]) {
    const data = new Uint8Array(size).fill(size);
    const sent = client.sendMessage(data);
    assertEquals(await client.message(), data);
    await sent;
  }
  await client.sendClose(1000);
  assertEquals(await client.closed(), { code: 1000, reason: "" });
  assertEquals(await ended.next(), 1000);
  client.close();
  await until("the descriptor is back", () => server.registry.size === 0);
});

test("TlsTransport.write() takes a part of much, so that progress is seen", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connecting = connect(listener.addr as Deno.NetAddr);
  const context = secureContext(TEST_CERTIFICATE, TEST_KEY);
  const transport = new TlsTransport(await listener.accept(), context);
  const reading = transport.read(new Uint8Array(10));
  using client = await connecting;
  assertEquals(await transport.write(new Uint8Array(1_000_000)), 65_536);
  assertEquals(await transport.write(new Uint8Array(10)), 10);
  client.close();
  await reading.catch(() => {});
  transport.close();
  listener.close();
});

test("TlsTransport serves plain requests, which see https", async () => {
  await using server = serve({ ...TLS, fetch: ({ url }) => new Response(url) });
  using client = await connect(server.addr);
  await client.sendHead(["GET /x HTTP/1.1", "Host: localhost"]);
  assertEquals((await client.response()).body, "https://localhost/x");
});

test("TlsTransport keeps the 4-tuple of the TCP connection", async () => {
  await using server = serve(TLS);
  using _client = await open(server.addr);
  const [record] = server.registry.list();
  const { sourceAddress, destinationPort } = parseFourTuple(record!.key);
  assertEquals([sourceAddress, destinationPort], ["127.0.0.1", server.addr.port]);
  const description = await server.registry.describe(record!.key);
  assertEquals(typeof description?.kernel?.descriptor, "number");
});

test("TlsTransport gives the descriptors of 50 silent clients back at the deadline", async () => {
  await using server = serve({ ...TLS, limits: { handshakeTimeout: 300 } });
  const { port } = server.addr;
  const clients = await Promise.all(
    Array.from({ length: 50 }, () => RawClient.connect(server.addr)),
  );
  await until("all are accepted", () => server.registry.totals().accepted === 50);
  assertEquals(await openSockets(port), 50);
  await until("all are cut", () => server.registry.totals().refused["HANDSHAKE_TIMEOUT"] === 50);
  await until("the descriptors are back", async () => await openSockets(port) === 0);
  for (const client of clients) {
    assertEquals((await client.rest()).length, 0);
    client.close();
  }
});

test("TlsTransport gives the descriptors of clients back that handshake and then say nothing", async () => {
  await using server = serve({ ...TLS, limits: { handshakeTimeout: 300 } });
  const { port } = server.addr;
  const clients = await Promise.all(Array.from({ length: 10 }, () => connect(server.addr)));
  assertEquals(await openSockets(port), 10);
  await until("all are cut", () => server.registry.totals().refused["HANDSHAKE_TIMEOUT"] === 10);
  await until("the descriptors are back", async () => await openSockets(port) === 0);
  for (const client of clients) client.close();
});

test("TlsTransport gives the descriptors of 20 clients back that never read, at the deadline", async () => {
  const opened = new Events<Connection<undefined>>();
  const ended = new Events<number>();
  await using server = serve({
    ...TLS,
    open: opened.push,
    close: (_, code) => ended.push(code),
    limits: { sendQueueBytes: 2 ** 26, closeTimeout: 100 },
  });
  const { port } = server.addr;
  const clients = await Promise.all(Array.from({ length: 20 }, () => open(server.addr)));
  for (let count = 0; count < 20; count++) {
    const connection = await opened.next();
    for (let block = 0; block < 12; block++) connection.send(new Uint8Array(2 ** 20));
    connection.close(1001);
  }
  assertEquals(await openSockets(port), 20);
  for (let count = 0; count < 20; count++) assertEquals(await ended.next(), 1006);
  await until("the descriptors are back", async () => await openSockets(port) === 0);
  assertEquals(server.registry.size, 0);
  for (const client of clients) client.close();
});

test("TlsTransport lets a slow sender read 1009, not a reset", async () => {
  await using server = serve({ ...TLS, limits: { messageBytes: 100_000 } });
  using client = await open(server.addr);
  const block = new Uint8Array(16_384);
  await client.send(Uint8Array.of(0x82, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0));
  for (let sent = 0; sent < 2 ** 20; sent += block.length) await client.send(block);
  assertEquals((await client.closeFrame()).code, 1009);
});

test("TlsTransport survives what is no TLS, and other errors of TLS", async () => {
  const book = new LogBook();
  await using server = serve({ ...TLS, ...ECHO, log: book.log });
  using good = await open(server.addr);
  await Promise.all(Array.from({ length: 50 }, async (_, seed) => {
    const random = new Random(seed);
    using client = await RawClient.connect(server.addr);
    try {
      if (random.oneIn(4)) await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      // The beginning of a handshake record, and then noise.
      else if (random.oneIn(2)) await client.send(Uint8Array.of(22, 3, 1, 2, 0, 1, 0, 1, 252));
      await client.send(random.bytes(random.below(2_000)));
      if (random.oneIn(2)) return;
      await client.closeWrite();
      await client.gone();
    } catch {
      // The server has cut it, as it may.
    }
  }));
  // A client that does not trust the certificate says so with an alert.
  const { hostname, port } = server.addr;
  const distrusting = await Deno.connectTls({ hostname, port });
  const failure = await distrusting.handshake().catch((error) => error);
  assert(failure instanceof Error);
  distrusting.close();
  // One that wants a protocol which is not spoken.
  const alpn = await Deno.connectTls({
    hostname,
    port,
    caCerts: [TEST_CERTIFICATE],
    alpnProtocols: ["h2"],
  });
  await alpn.handshake().catch(() => {});
  alpn.close();
  await good.sendMessage("still served");
  assertEquals(await good.message(), "still served");
  await until("only one is left", async () => (await server.report()).exchanges === 0);
  await until("the descriptors are back", async () => await openSockets(port) === 1);
  assertEquals(book.entries("handler_fault"), []);
});

/** What a trusted proxy sends first. */
const PROXIED = ascii("PROXY TCP4 192.0.2.1 192.0.2.2 0 443\r\n");

test("TlsTransport outlives what is no TLS in one segment with a PROXY header, or split anywhere", async () => {
  const book = new LogBook();
  const proxies = { trusted: ["127.0.0.1"], protocol: true };
  await using server = serve({ ...TLS, ...ECHO, proxies, log: book.log });
  const oldHello = [22, 3, 2, 0, 47, 1, 0, 0, 43, 3, 2, ...Array(32).fill(7), 0, 0, 2, 0, 47, 1, 0];
  const junk = [
    ascii("GET / HTTP/1.1\r\n\r\n"),
    ascii("x"),
    Uint8Array.from(oldHello), // of TLS 1.1
    Uint8Array.of(21, 3, 2, 0, 2, 2, 70), // an alert
    ...Array.from({ length: 30 }, (_, seed) => {
      const random = new Random(seed);
      return random.bytes(1 + random.below(300));
    }),
  ].map((it) => concat([PROXIED, it]));
  const attempt = async (...segments: Uint8Array[]) => {
    using client = await RawClient.connect(server.addr);
    try {
      for (const segment of segments) await client.send(segment);
      await client.closeWrite();
      await client.gone();
    } catch {
      // The server has cut it, as it may.
    }
  };
  for (const bytes of junk) await attempt(bytes);
  const [request] = junk;
  for (let at = 1; at < request!.length; at++) {
    await attempt(request!.subarray(0, at), request!.subarray(at));
  }
  const { hostname, port } = server.addr;
  const conn = await Deno.connect({ hostname, port });
  await conn.write(PROXIED);
  using good = new RawClient(
    await Deno.startTls(conn, { hostname: "localhost", caCerts: [TEST_CERTIFICATE] }),
  );
  await good.upgrade();
  await good.sendMessage("still served");
  assertEquals(await good.message(), "still served");
  await until("the descriptors are back", async () => await openSockets(port) === 1);
  assertEquals([...book.entries("fault"), ...book.entries("handler_fault")], []);
});

test("TlsTransport leaves who speaks plain HTTP to an answer in plain HTTP, which says so", async () => {
  const book = new LogBook();
  const proxies = { trusted: ["127.0.0.1"], protocol: true };
  for (const first of [[], [PROXIED]]) {
    await using server = serve({ ...TLS, ...first.length > 0 && { proxies }, log: book.log });
    using client = await RawClient.connect(server.addr);
    await client.send(concat([...first, ascii("GET / HTTP/1.1\r\nHost: a\r\n\r\n")]));
    const { status, body } = await client.response();
    assertEquals([status, body], [
      400,
      "Client does not speak TLS, as this port does: expected wss: or https:\n",
    ]);
    client.close();
    assertEquals(server.registry.totals().refused, { MALFORMED_HEAD: 1 });
    await until("the descriptor is back", async () => await openSockets(server.addr.port) === 0);
  }
  assertEquals(book.entries("refused").length, 2);
});

/** An accepted connection that a test looks into. */
class WatchedConn implements Transport {
  readonly remoteAddr: Deno.NetAddr;
  readonly localAddr: Deno.NetAddr;
  /** Bytes that were read of it. */
  taken = 0;
  /** Writes that the kernel has not taken. */
  writing = 0;
  /** Whether noise comes from now on. */
  noisy = false;
  readonly #conn: Deno.TcpConn;

  constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
    this.remoteAddr = conn.remoteAddr;
    this.localAddr = conn.localAddr;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    const count = await this.#conn.read(buffer);
    this.taken += count ?? 0;
    if (this.noisy) buffer.fill(7);
    return count;
  }

  async write(bytes: Uint8Array): Promise<number> {
    this.writing++;
    const count = await this.#conn.write(bytes);
    this.writing--;
    return count;
  }

  closeWrite(): Promise<void> {
    return this.#conn.closeWrite();
  }

  close(): void {
    this.#conn.close();
  }
}

/** A connection with TLS, both ends of it, behind the handshake. */
async function securePair(): Promise<
  { conn: WatchedConn; transport: TlsTransport; client: RawClient }
> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connecting = connect(listener.addr as Deno.NetAddr);
  const conn = new WatchedConn(await listener.accept());
  const transport = new TlsTransport(conn, secureContext(TEST_CERTIFICATE, TEST_KEY));
  return { conn, transport, client: await connecting };
}

test("TlsTransport.read() is all that has the connection read behind the handshake", async () => {
  const { conn, transport, client } = await securePair();
  const sending = client.send(new Uint8Array(1_000_000)).catch(() => {});
  const buffer = new Uint8Array(1_000);
  let bytes = 0;
  while (bytes < 50_000) bytes += (await transport.read(buffer))!;
  const { taken } = conn;
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve));
  assertEquals(conn.taken, taken);
  // A record of TLS, one that is not whole, and the handshake.
  assert(taken < bytes + 2 * 16_640 + 4_096, `${taken} bytes were read for ${bytes}`);
  transport.close();
  await sending;
  client.close();
});

test("TlsTransport.write() is over when the kernel has all of it, and not before", async () => {
  const { conn, transport, client } = await securePair();
  let written = 0;
  const writing = (async () => {
    for (;;) {
      written += await transport.write(new Uint8Array(100_000));
      assertEquals(conn.writing, 0);
    }
  })();
  const ended = writing.catch((error) => error);
  await until("the kernel takes no more", async () => {
    const before = written;
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve));
    return written > 0 && written === before && conn.writing > 0;
  });
  transport.close();
  assert(await ended instanceof Deno.errors.Interrupted);
  client.close();
});

test("TlsTransport.read() rejects at once when what comes behind the handshake is no TLS", async () => {
  const { conn, transport, client } = await securePair();
  conn.noisy = true;
  const reading = transport.read(new Uint8Array(10));
  await client.send("hello");
  await assertRejects(() => reading, Error, "corrupt message");
  transport.close();
  client.close();
});

test("TlsTransport ends when the client vanishes in the middle of everything", async () => {
  await using server = serve({ ...TLS, ...ECHO });
  await Promise.all(Array.from({ length: 20 }, async (_, seed) => {
    using client = await open(server.addr);
    for (let count = seed; count > 0; count--) await client.sendMessage(new Uint8Array(10_000));
  }));
  await until("all are gone", () => server.registry.size === 0);
  await until("the descriptors are back", async () => await openSockets(server.addr.port) === 0);
});

test("Server.drain() says 1001 over TLS, and Server.close() cuts in the middle of a write", async () => {
  const opened = new Events<Connection<undefined>>();
  const draining = serve({ ...TLS, open: opened.push });
  using polite = await open(draining.addr);
  const drained = draining.drain();
  assertEquals((await polite.closeFrame()).code, 1001);
  await polite.sendClose(1001);
  assertEquals(await polite.frame(), undefined);
  polite.close();
  assertEquals(await drained, { closed: 1, cut: 0 });

  const closing = serve({ ...TLS, open: opened.push, limits: { sendQueueBytes: 2 ** 26 } });
  using deaf = await open(closing.addr);
  await opened.next();
  const connection = await opened.next();
  for (let block = 0; block < 12; block++) connection.send(new Uint8Array(2 ** 20));
  await until("the kernel takes no more", () => connection.bufferedAmount > 0);
  await closing.close();
  await deaf.gone();
});
