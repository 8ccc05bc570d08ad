import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { encodeFrame, Opcode } from "../../protocol/mod.ts";
import {
  type Connection,
  parseFourTuple,
  serve,
  type ServeOptions,
  type Server,
} from "../../mod.ts";
import { Events, until } from "../helpers/events.ts";
import { LogBook } from "../helpers/log_book.ts";
import { openSockets } from "../helpers/open_sockets.ts";
import { Random } from "../helpers/random.ts";
import { randomWire } from "../helpers/random_wire.ts";
import { connectFrom, RawClient, UPGRADE_LINES } from "../helpers/raw_client.ts";

/** Whether node:net of this Deno connects from the source it is told; 2.4.2 does not, without a word. */
const CHOOSES_SOURCE = Deno.version.deno.localeCompare("2.9.6", "en", { numeric: true }) >= 0;
const WITHOUT_SOURCE = CHOOSES_SOURCE
  ? ""
  : " (ignored: this version of Deno cannot choose a source address)";

/** Waits until no exchange and no connection is left. */
async function empty(server: Server<unknown>): Promise<void> {
  await until("everybody is gone", async () => {
    const { connections, exchanges } = await server.report();
    return connections + exchanges === 0;
  });
}

// Starting.

Deno.test("serve() returns the members of Server and nothing of the server's inside", async () => {
  await using server = serve({ port: 0 });
  assertEquals(Reflect.ownKeys(server), [
    "addr",
    "url",
    "registry",
    "connections",
    "worker",
    "operations",
    "finished",
    "report",
    "broadcast",
    "broadcastInTurn",
    "publish",
    "subscriberCount",
    "get",
    "stopListening",
    "drain",
    "close",
    Symbol.asyncDispose,
  ]);
  const { registry, operations } = server;
  assertEquals(Reflect.ownKeys(registry), ["size", "get", "describe", "list", "totals"]);
  assertEquals(Reflect.ownKeys(operations).includes("stop"), false);
  for (const given of [server, registry, operations]) {
    assertEquals(Object.getPrototypeOf(given), Object.prototype);
  }
  assert(Object.isFrozen(server));
});

Deno.test("serve() names all limits that cannot be, and needs cert and key together", () => {
  const error = assertThrows(
    () => serve({ port: 0, limits: { messageBytes: 0, closeTimeout: -1 } }),
    RangeError,
  );
  assert(error.message.includes("messageBytes") && error.message.includes("closeTimeout"));
  assertThrows(() => serve({ port: 0, cert: "x" }), TypeError, "cert and key");
});

Deno.test("serve() tells the console what is bad where it was given no log", async () => {
  const told: string[] = [];
  const { error } = console;
  Object.assign(console, { error: (text: string) => void told.push(text) });
  try {
    await using server = serve({
      port: 0,
      fetch: () => {
        throw new Error("Fault of the application");
      },
    });
    assertEquals(await (await fetch(server.url)).text(), "Internal server error\n");
  } finally {
    Object.assign(console, { error });
  }
  assertEquals(told.length, 1);
  assert(told[0]?.startsWith('fourtuple: Hook "fetch" failed (127.0.0.1:'));
});

Deno.test("serve() throws when the port is taken", async () => {
  await using server = serve({ port: 0 });
  assertThrows(() => serve({ port: server.addr.port }), Deno.errors.AddrInUse);
});

Deno.test("Server.url is an address for browsers, in brackets for IPv6", async () => {
  await using v4 = serve({ port: 0 });
  await using v6 = serve({ port: 0, hostname: "::1" });
  assertEquals(v4.url, `http://127.0.0.1:${v4.addr.port}/`);
  assertEquals(v6.url, `http://[::1]:${v6.addr.port}/`);
});

Deno.test("serve() turns Nagle's algorithm off, so that small replies do not wait", async () => {
  await using server = serve({ port: 0 });
  using probe = await Deno.connect({ port: server.addr.port });
  const prototype = Object.getPrototypeOf(probe) as Deno.TcpConn;
  const original = prototype.setNoDelay;
  const set: unknown[] = [];
  prototype.setNoDelay = (noDelay) => void set.push(noDelay);
  try {
    using _client = await RawClient.open(server.addr);
    assertEquals(set.at(-1), true);
  } finally {
    prototype.setNoDelay = original;
  }
});

// The registry and the report.

Deno.test({
  name: "Server keeps two connections from the same source port and two addresses side by side" +
    WITHOUT_SOURCE,
  ignore: !CHOOSES_SOURCE,
  async fn() {
    await using server = serve<string>({
      port: 0,
      hostname: "0.0.0.0",
      upgrade: (_, info) => ({ data: info.tuple.sourceAddress }),
      message: (connection, data) => void connection.send(`${connection.data}: ${data}`),
    });
    const { port } = server.addr;
    const at = { host: "127.0.0.1", port };
    const first = await connectFrom({ ...at, localAddress: "127.0.0.2" });
    const localPort = first.port;
    const second = await connectFrom({ ...at, localAddress: "127.0.0.3", localPort });
    assertEquals(second.port, localPort);
    using one = new RawClient(first);
    using two = new RawClient(second);
    await one.upgrade();
    await two.upgrade();

    const keys = [2, 3].map((last) => `127.0.0.${last}:${localPort}-127.0.0.1:${port}`);
    assertEquals(server.registry.list().map(({ key }) => key), keys);
    assertEquals(server.registry.size, 2);
    for (const key of keys) assertEquals(server.registry.get(key)?.state, "open");
    const described = await Promise.all(keys.map((key) => server.registry.describe(key)));
    const descriptors = described.map((description) => description?.kernel?.descriptor);
    assert(descriptors.every((descriptor) => typeof descriptor === "number"), `${descriptors}`);
    assertNotEquals(descriptors[0], descriptors[1]);
    const { connections, serverPorts, sourceAddresses, fourTuples } = await server.report();
    assertEquals(
      { connections, serverPorts, sourceAddresses, fourTuples },
      { connections: 2, serverPorts: 1, sourceAddresses: 2, fourTuples: 2 },
    );
    await one.sendMessage("hello");
    await two.sendMessage("hello");
    assertEquals(await one.message(), "127.0.0.2: hello");
    assertEquals(await two.message(), "127.0.0.3: hello");
    one.close();
    two.close();
    await Promise.all([first.gone, second.gone]);
  },
});

Deno.test("Server on :: names IPv6 peers as such, and v4-mapped ones as IPv4", async () => {
  await using server = serve({ port: 0, hostname: "::" });
  const { port } = server.addr;
  using _six = await RawClient.open({ transport: "tcp", hostname: "::1", port });
  using _four = await RawClient.open({ transport: "tcp", hostname: "127.0.0.1", port });
  const [six, four] = server.registry.list();
  const { sourcePort } = parseFourTuple(six!.key);
  assertEquals(six!.key, `[::1]:${sourcePort}-[::1]:${port}`);
  assertEquals(parseFourTuple(four!.key).sourceAddress, "127.0.0.1");
  assertEquals(parseFourTuple(four!.key).destinationAddress, "127.0.0.1");
  // An operator may type any spelling.
  const spelt = `[0:0::0:1]:${sourcePort}-[::1]:${port}`;
  assertEquals(server.registry.get(spelt)?.id, six!.id);
  assertEquals(typeof (await server.registry.describe(six!.key))?.kernel?.descriptor, "number");
  assertEquals(typeof (await server.registry.describe(four!.key))?.kernel?.descriptor, "number");
});

Deno.test("Server counts bytes and messages, and keeps them when the connection is over", async () => {
  await using server = serve({
    port: 0,
    message: (connection, data) => void connection.send(data),
  });
  using client = await RawClient.open(server.addr, "/here");
  await client.sendMessage("four");
  assertEquals(await client.message(), "four");
  const [record] = server.registry.list();
  assertEquals(record!.target, "/here");
  // A masked frame has four bytes more.
  const counted = { bytesIn: 10, messagesIn: 1, messagesOut: 1, messagesDropped: 0 };
  const { bytesIn, messagesIn, messagesOut, messagesDropped } = record!;
  assertEquals({ bytesIn, messagesIn, messagesOut, messagesDropped }, counted);
  client.close();
  await empty(server);
  const totals = server.registry.totals();
  assertEquals([totals.accepted, totals.opened, totals.closed], [1, 1, 1]);
  assertEquals([totals.bytesIn, totals.messagesIn, totals.messagesOut], [10, 1, 1]);
  assert(totals.bytesOut >= 6);
});

// Admission.

Deno.test("Server refuses connections beyond the limit with 503, says so once, and recovers", async () => {
  const book = new LogBook();
  await using server = serve({ port: 0, log: book.log, limits: { connections: 2 } });
  using first = await RawClient.open(server.addr);
  using _second = await RawClient.open(server.addr);
  for (let count = 0; count < 3; count++) {
    using refused = await RawClient.connect(server.addr);
    const response = await refused.response();
    assertEquals([response.status, response.body], [503, "Too many connections\n"]);
    assertEquals(response.headers.get("retry-after"), "5");
  }
  assertEquals(server.registry.totals().refused, { CONNECTIONS_LIMIT: 3 });
  assertEquals(book.entries("connections_limit").length, 1);
  first.close();
  await until("one is gone", () => server.registry.size === 1);
  using _third = await RawClient.open(server.addr);
});

Deno.test("Server says once that it is full, though handshakes end meanwhile", async () => {
  const book = new LogBook();
  await using server = serve({ port: 0, log: book.log, limits: { connections: 2 } });
  using first = await RawClient.connect(server.addr);
  using second = await RawClient.connect(server.addr);
  for (const client of [first, second]) {
    using refused = await RawClient.connect(server.addr);
    assertEquals((await refused.response()).status, 503);
    await client.upgrade();
  }
  assertEquals(book.entries("connections_limit").length, 1);
});

Deno.test("Server refuses connections beyond the limit of one address with 429, and recovers", async () => {
  await using server = serve({ port: 0, limits: { connectionsPerAddress: 2 } });
  using first = await RawClient.open(server.addr);
  using _second = await RawClient.connect(server.addr);
  using refused = await RawClient.connect(server.addr);
  const response = await refused.response();
  assertEquals([response.status, response.headers.get("retry-after")], [429, "5"]);
  assertEquals(server.registry.totals().refused, { ADDRESS_LIMIT: 1 });
  first.close();
  await until("one is gone", () => server.registry.size === 0);
  using _third = await RawClient.open(server.addr);
});

// Broadcast.

Deno.test("Server.broadcast() sends to every open connection", async () => {
  await using server = serve({ port: 0 });
  using first = await RawClient.open(server.addr);
  using second = await RawClient.open(server.addr);
  const large = new Uint8Array(100_000).fill(7);
  server.broadcast("all");
  server.broadcast(large);
  for (const client of [first, second]) {
    assertEquals(await client.message(), "all");
    assertEquals(await client.message(), large);
  }
});

// Stopping.

Deno.test("Server.stopListening() closes the port, and leaves everybody who is there", async () => {
  await using server = serve({ port: 0, message: (connection, data) => connection.send(data) });
  const { hostname, port } = server.addr;
  using early = await RawClient.connect(server.addr);
  using client = await RawClient.open(server.addr);
  await server.stopListening();
  using _listener = Deno.listen({ hostname, port });
  await early.upgrade();
  for (const it of [early, client]) {
    await it.sendMessage("still here");
    assertEquals(await it.message(), "still here");
  }
});

Deno.test("Server.close() cuts everybody, in every state, and can be called again", async () => {
  const codes = new Events<number>();
  const hook = Promise.withResolvers<void>();
  const server = serve({
    port: 0,
    upgrade: ({ url }) => url.endsWith("/slow") ? hook.promise : undefined,
    close: (_, code) => codes.push(code),
  });
  using open = await RawClient.open(server.addr);
  using silent = await RawClient.connect(server.addr);
  using slow = await RawClient.connect(server.addr);
  await slow.sendUpgrade("/slow");
  await until("all are there", () => server.registry.totals().accepted === 3);
  await server.close();
  await server.close();
  await server.finished;
  hook.resolve();
  assertEquals(codes.all, [1006]);
  assertEquals(server.registry.size, 0);
  assertEquals((await open.closed()).code, 1006);
  for (const client of [silent, slow]) await client.gone();
  server.broadcast("nobody");
});

Deno.test("Server.close() ends a server at once that has just begun", async () => {
  const server = serve({ port: 0 });
  await server.close();
  await assertRejects(() => RawClient.connect(server.addr), Deno.errors.ConnectionRefused);
});

Deno.test("Server is closed by await using", async () => {
  let finished: Promise<void>;
  {
    await using server = serve({ port: 0 });
    ({ finished } = server);
  }
  await finished;
});

// Hostile peers.

/** What a hostile peer does before it leaves. */
const HOSTILE: ((client: RawClient, random: Random) => Promise<unknown>)[] = [
  (client, random) => client.send(random.bytes(random.below(3_000))),
  (client, random) => client.send(`GET / HTTP/1.1\r\n${"X: y\r\n".repeat(random.below(80))}`),
  (client, random) => client.send(`GET /${"a".repeat(random.below(20_000))}`),
  (client) => client.sendHead(["GET / HTTP/1.1", ...UPGRADE_LINES, ...UPGRADE_LINES]),
  async (client, random) => {
    await client.upgrade();
    for (let count = random.below(6); count > 0; count--) {
      await client.send(randomWire("server", random));
    }
  },
  async (client, random) => {
    await client.upgrade();
    // The echoes stay unread, so the kernel sends a reset when the client leaves.
    for (let count = random.below(20); count > 0; count--) await client.sendMessage("echo");
  },
  async (client, random) => {
    await client.upgrade();
    await client.send(Uint8Array.of(0x82, 0xff, 0, 0, 0, 0, 0, random.below(15), 0, 0, 1, 2, 3, 4));
    await client.send(random.bytes(random.below(3_000)));
  },
];

Deno.test("Server outlives 200 hostile peers and forgets them all", async () => {
  const book = new LogBook();
  const echo: ServeOptions<undefined> = {
    message: (connection, data) => void connection.send(data),
  };
  await using server = serve({ port: 0, log: book.log, ...echo, limits: { closeTimeout: 200 } });
  using good = await RawClient.open(server.addr);
  const at = { host: server.addr.hostname, port: server.addr.port };
  await Promise.all(Array.from({ length: 200 }, async (_, seed) => {
    const random = new Random(seed);
    // One of node:net can leave with a reset, whatever was read.
    const resetting = CHOOSES_SOURCE && random.oneIn(4) ? await connectFrom(at) : undefined;
    using client = resetting ? new RawClient(resetting) : await RawClient.connect(server.addr);
    try {
      await random.pick(HOSTILE)(client, random);
      if (random.oneIn(2)) return; // leaves at once
      await client.closeWrite();
      if (random.oneIn(2)) await client.gone();
    } catch {
      // The server has cut it, as it may.
    } finally {
      resetting?.reset();
      await resetting?.gone;
    }
  }));
  await good.sendMessage("still served");
  assertEquals(await good.message(), "still served");
  await until("only one is left", async () => {
    const { connections, exchanges } = await server.report();
    return connections === 1 && exchanges === 0;
  });
  await until("the descriptors are back", async () => await openSockets(at.port) === 1);
  assertEquals(book.entries("handler_fault"), []);
  const totals = server.registry.totals();
  assertEquals(totals.opened - totals.closed, 1);
  good.close();
  await empty(server);
});

Deno.test({
  name: `Server ends a connection whose 4-tuple the kernel has given to a new one${WITHOUT_SOURCE}`,
  ignore: !CHOOSES_SOURCE,
  async fn() {
    const opened = new Events<Connection<undefined>>();
    const closed = new Events<number>();
    const hung = Promise.withResolvers<void>();
    await using server = serve<undefined>({
      port: 0,
      open: opened.push,
      message: () => hung.promise,
      close: (connection) => closed.push(opened.all.indexOf(connection)),
    });
    const { hostname: host, port } = server.addr;
    const first = await connectFrom({ host, port, localAddress: host });
    const localPort = first.port;
    const one = new RawClient(first);
    await one.upgrade();
    await one.sendMessage("hang"); // from here on nobody reads, so the reset is not seen
    await until("the handler hangs", () => server.registry.totals().messagesIn === 1);
    first.reset();
    await first.gone;
    const localAddress = host; // an unbound port would have to be free at every address
    const second = await connectFrom({ host, port, localAddress, localPort });
    using two = new RawClient(second);
    await two.upgrade();
    assertEquals([server.registry.size, (await server.report()).connections], [1, 1]);
    assertEquals(await closed.next(), 0);
    two.close();
    await second.gone;
    await closed.next();
    await server.close();
    assertEquals(await openSockets(port), 0);
    hung.resolve();
  },
});

Deno.test("Server gives timers a turn when a peer sends many small messages that take long to handle", async () => {
  const flood = 8_192;
  let handled = 0;
  const handledAtTimer = Promise.withResolvers<number>();
  await using server = serve({
    port: 0,
    message() {
      if (handled++ === 0) setTimeout(() => handledAtTimer.resolve(handled));
      // 256 of these take longer than a turn may.
      const end = performance.now() + 0.1;
      while (performance.now() < end);
    },
  });
  using client = await RawClient.open(server.addr);
  await client.send(
    ...Array<Uint8Array>(flood).fill(encodeFrame(Opcode.Binary, "", { maskKey: 1 })),
  );
  const before = await handledAtTimer.promise;
  assert(
    before <= 1_024,
    `${before} messages were handled before a timer that was due at the first`,
  );
});
