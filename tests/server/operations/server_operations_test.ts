import { assert, assertEquals, assertRejects } from "@std/assert";
import { serve, type ServeOptions, type Server } from "../../../mod.ts";
import { Opcode } from "../../../protocol/mod.ts";
import type { TapEvent } from "../../../server/operations/operations.ts";
import {
  type OperatedServer,
  ServerOperations,
} from "../../../server/operations/server_operations.ts";
import { Registry } from "../../../server/registry.ts";
import {
  OTHER_CERTIFICATE,
  OTHER_KEY,
  TEST_CERTIFICATE,
  TEST_KEY,
} from "../../helpers/certificate.ts";
import { madeUpEntry } from "../../helpers/entries.ts";
import { until } from "../../helpers/events.ts";
import { RawClient } from "../../helpers/raw_client.ts";

const echo: ServeOptions = {
  port: 0,
  message: (connection, data) => connection.send(data),
};

/** Opens connections one after the other. */
async function open(server: Server, ...targets: string[]): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  for (const target of targets) clients.push(await RawClient.open(server.addr, target));
  await until("all are there", () => Promise.resolve(server.registry.size === targets.length));
  return clients;
}

/** The 4-tuple of the oldest connection. */
function keyOf(server: Server): string {
  return server.registry.list({ limit: 1 })[0]!.key;
}

function closeAll(clients: readonly RawClient[]): void {
  for (const client of clients) client.close();
}

Deno.test("ServerOperations.snapshot() has what the server holds and has counted", async () => {
  await using server = serve(echo);
  const clients = await open(server, "/", "/");
  await clients[0]!.sendMessage("hello");
  await clients[0]!.message();
  await clients[0]!.sendMessage(new Uint8Array(300));
  await clients[0]!.message();
  await clients[1]!.sendClose(4001);
  await clients[1]!.closed();
  await until("one is gone", () => Promise.resolve(server.registry.size === 1));
  const { phase, sum, processes, supervisor } = await server.operations.snapshot();
  assertEquals([phase, processes.length, supervisor], ["serving", 1, undefined]);
  assertEquals(processes[0]!.pid, Deno.pid);
  assertEquals(processes[0]!.totals, sum.totals);
  assertEquals([sum.report.connections, sum.totals.opened, sum.totals.messagesIn], [1, 2, 2]);
  const { framesIn, framesOut, textIn, textOut, closes, handshakes } = sum.measured;
  assertEquals(framesIn.text, { frames: 1, bytes: 5 });
  assertEquals(framesOut.text, { frames: 1, bytes: 5 });
  assertEquals(framesIn.binary, { frames: 1, bytes: 300 });
  assertEquals(framesOut.binary, { frames: 1, bytes: 300 });
  assertEquals([framesIn.close.frames, framesOut.close.frames], [1, 1]);
  assertEquals([textIn, textOut], [1, 1]);
  assertEquals(closes, { us: {}, peer: { "4xxx": 1 } });
  assertEquals(handshakes.counts.reduce((a, b) => a + b), 2);
  closeAll(clients);
});

Deno.test("ServerOperations.snapshot() counts what is broadcast for each connection", async () => {
  await using server = serve(echo);
  const clients = await open(server, "/", "/", "/");
  server.broadcast("text");
  server.broadcast(new Uint8Array(200));
  for (const client of clients) {
    assertEquals(await client.message(), "text");
    assertEquals((await client.message()).length, 200);
  }
  const { measured, totals } = (await server.operations.snapshot()).sum;
  assertEquals(measured.framesOut.text, { frames: 3, bytes: 12 });
  assertEquals(measured.framesOut.binary, { frames: 3, bytes: 600 });
  assertEquals([measured.textOut, totals.messagesOut], [3, 6]);
  closeAll(clients);
});

Deno.test("ServerOperations.query() and describe() show connections by filter and order", async () => {
  await using server = serve(echo);
  const clients = await open(server, "/a", "/b?x=1", "/b");
  await clients[1]!.sendMessage(new Uint8Array(1_000));
  await clients[1]!.message();
  const { connections, matched, total } = await server.operations.query({
    path: "/b",
    sort: "bytes",
  });
  assertEquals(connections.map(({ target }) => target), ["/b?x=1", "/b"]);
  assertEquals([matched, total], [2, 3]);
  const { key } = connections[0]!;
  assertEquals((await server.operations.describe(key))?.key, key);
  assertEquals(await server.operations.describe("127.0.0.1:1-127.0.0.1:2"), undefined);
  await assertRejects(() => server.operations.describe("x"), SyntaxError);
  const byRate = await server.operations.query({ sort: "rate", limit: 1 });
  assertEquals(byRate.connections[0]!.bytesPerSecond, 0);
  closeAll(clients);
});

Deno.test("ServerOperations.close() closes what matches, or only says what would be closed", async () => {
  await using server = serve(echo);
  const clients = await open(server, "/a", "/b", "/b");
  const { operations } = server;
  const dry = await operations.close({ path: "/b" }, { dryRun: true });
  assertEquals([dry.closed, dry.examples.length], [2, 2]);
  assertEquals(server.registry.totals().closed, 0);
  const done = await operations.close({ path: "/b" }, { code: 4000, reason: "enough" });
  assertEquals(done, dry);
  for (const client of clients.slice(1)) {
    assertEquals(await client.closeFrame(), { code: 4000, reason: "enough" });
  }
  const key = keyOf(server);
  assertEquals((await operations.close({ key }, {})).examples, [key]);
  assertEquals(await clients[0]!.closeFrame(), { code: 1001, reason: "" });
  assertEquals((await operations.close({ key }, {})).closed, 0);
  assertEquals((await operations.close({ key: "127.0.0.1:1-127.0.0.1:2" }, {})).closed, 0);
  await assertRejects(() => operations.close({}, { code: 1005 }), RangeError);
  await assertRejects(() => operations.close({}, { reason: "x".repeat(124) }), RangeError);
  closeAll(clients);
});

Deno.test("ServerOperations.close() closes those that are named, and nobody by a name that is none", async () => {
  await using server = serve(echo);
  const clients = await open(server, "/a", "/b", "/c");
  const { operations } = server;
  const [first, second] = server.registry.list().map(({ key }) => key);
  const spelled = first!.replaceAll("127.0.0.1", "[::ffff:127.0.0.1]");
  const keys = [first!, spelled, "127.0.0.1:1-127.0.0.1:2", second!];
  await assertRejects(() => operations.close({ keys: [...keys, "nonsense"] }, {}), SyntaxError);
  assertEquals(await operations.close({ keys: [] }, {}), { closed: 0, examples: [] });
  assertEquals((await operations.close({ keys, path: "/a" }, { dryRun: true })).closed, 1);
  const expected = { closed: 2, examples: [first, second] };
  assertEquals(await operations.close({ keys }, { dryRun: true }), expected);
  assertEquals(server.registry.totals().closed, 0);
  assertEquals(await operations.close({ keys }, { code: 4000 }), expected);
  for (const client of clients.slice(0, 2)) assertEquals((await client.closeFrame())?.code, 4000);
  const left = await operations.query({ state: "open" });
  assertEquals(left.connections.map(({ target }) => target), ["/c"]);
  closeAll(clients);
});

Deno.test("ServerOperations.ping() measures the round trip", async () => {
  await using server = serve(echo);
  const [client] = await open(server, "/") as [RawClient];
  const { operations } = server;
  const key = keyOf(server);
  const asked = Promise.all([operations.ping(key), operations.ping(key)]);
  const ping = await client.frame();
  assertEquals(ping?.opcode, Opcode.Ping);
  await client.sendFrame(Opcode.Pong, ping!.payload);
  const [first, second] = await asked;
  assertEquals(second, first); // who asks meanwhile gets the same answer
  assertEquals({ roundTrip: server.registry.get(key)?.roundTrip }, first);
  const { roundTrips } = (await operations.snapshot()).sum.measured;
  assertEquals(roundTrips.counts.reduce((a, b) => a + b), 1);
  assertEquals(await operations.ping("127.0.0.1:1-127.0.0.1:2"), undefined);
  // A peer that goes away answers no more.
  const unanswered = operations.ping(key);
  client.close();
  assertEquals(await unanswered, { failure: "unanswered" });
});

Deno.test("ServerOperations.ping() says so when a connection cannot be pinged", async () => {
  await using server = serve(echo);
  const [client] = await open(server, "/") as [RawClient];
  const key = keyOf(server);
  await server.operations.close({ key }, {});
  assertEquals(await server.operations.ping(key), { failure: "not_sent" });
  client.close();
});

Deno.test("ServerOperations.tap() shows the first frame after a long silence, and the end", async () => {
  await using server = serve(echo);
  const [client] = await open(server, "/") as [RawClient];
  const key = keyOf(server);
  const stream = await server.operations.tap(key, { payloadBytes: 5 });
  await client.sendMessage("hello world");
  await client.message();
  server.broadcast("all");
  await client.message();
  await client.sendClose(1000, "bye");
  await client.closed();
  client.close();
  const events: string[] = [];
  for await (const event of stream!) {
    events.push(
      event.type === "frame"
        ? `${event.direction} ${event.name} ${event.length} ${event.text ?? ""}`
        : `${event.type} ${"code" in event ? event.code : ""}`,
    );
  }
  assertEquals(events, [
    "in text 11 hello",
    "out text 11 hello",
    "out text 3 all",
    "in close 5 bye",
    "out close 5 bye",
    "end 1000",
  ]);
});

Deno.test("ServerOperations.tap() names the rule that ended a connection", async () => {
  await using server = serve(echo);
  const [client] = await open(server, "/") as [RawClient];
  const key = keyOf(server);
  const stream = await server.operations.tap(key);
  await client.send(Uint8Array.of(0x81, 0x01, 0x61)); // not masked
  await client.closed();
  const events: TapEvent[] = [];
  for await (const event of stream!) events.push(event);
  const end = events.at(-1)!;
  assert(end.type === "end" && end.rule !== undefined, JSON.stringify(end));
  client.close();
});

Deno.test("ServerOperations.tap() has a bound, and gives places back", async () => {
  await using server = serve(echo);
  const [client] = await open(server, "/") as [RawClient];
  const key = keyOf(server);
  const taps: (ReadableStream<TapEvent> | undefined)[] = [];
  for (let tap = 0; tap < 16; tap++) taps.push(await server.operations.tap(key));
  await assertRejects(() => server.operations.tap(key), Deno.errors.Busy);
  for (const tap of taps) await tap!.cancel();
  await (await server.operations.tap(key))!.cancel();
  assertEquals(await server.operations.tap("127.0.0.1:1-127.0.0.1:2"), undefined);
  client.close();
});

Deno.test("ServerOperations.reconfigure() changes limits for connections that are open", async () => {
  await using server = serve(echo);
  const [client] = await open(server, "/") as [RawClient];
  const { operations } = server;
  await client.sendMessage(new Uint8Array(200));
  await client.message();
  const limits = await operations.reconfigure({ limits: { messageBytes: 100, connections: 1 } });
  assertEquals([limits.messageBytes, limits.connections], [100, 1]);
  assertEquals(await operations.limits(), limits);
  using refused = await RawClient.connect(server.addr);
  assertEquals((await refused.response()).status, 503);
  await client.sendMessage(new Uint8Array(101));
  assertEquals((await client.closed()).code, 1009);
  client.close();
  await operations.reconfigure({ limits: { connections: null, messageBytes: null } });
  const [again] = await open(server, "/") as [RawClient];
  await again.sendMessage(new Uint8Array(200));
  await again.message();
  again.close();
});

Deno.test("ServerOperations.reconfigure() takes null for what held at the start", async () => {
  await using server = serve({ ...echo, limits: { messageBytes: 100, connections: 7 } });
  const { operations } = server;
  const before = await operations.limits();
  await operations.reconfigure({ limits: { messageBytes: 5, connections: 9, missedPings: 7 } });
  const limits = { messageBytes: null, connections: null, missedPings: null };
  assertEquals(await operations.reconfigure({ limits }), before);
  assertEquals([before.messageBytes, before.connections], [100, 7]);
  // Settings that were read again take the place of those at the start.
  const { connections: _, ...initial } = before;
  assertEquals(await operations.reconfigure({ limits, initial }), initial);
  assertEquals((await operations.reconfigure({ limits: { connections: 3 } })).connections, 3);
  assertEquals(await operations.reconfigure({ limits }), initial);
});

Deno.test("ServerOperations.reconfigure() counts those of an address who were there before", async () => {
  await using server = serve(echo);
  const clients = await open(server, "/", "/");
  await server.operations.reconfigure({ limits: { connectionsPerAddress: 2 } });
  using refused = await RawClient.connect(server.addr);
  assertEquals((await refused.response()).status, 429);
  clients[0]!.close();
  await until("one is gone", () => Promise.resolve(server.registry.size === 1));
  using third = await RawClient.open(server.addr);
  closeAll([...clients, third]);
});

Deno.test("ServerOperations.reconfigure() changes nothing when something is wrong", async () => {
  await using server = serve(echo);
  const { operations } = server;
  const before = await operations.limits();
  const error = await assertRejects(
    () => operations.reconfigure({ limits: { messageBytes: 5, pingInterval: -1, handshakes: 0 } }),
    RangeError,
  );
  assert(error.message.includes("pingInterval") && error.message.includes("handshakes"));
  await assertRejects(
    () =>
      operations.reconfigure({ limits: { messageBytes: 5 }, certificate: { cert: "", key: "" } }),
    TypeError,
    "does not serve TLS",
  );
  assertEquals(await operations.limits(), before);
});

Deno.test("ServerOperations.drain() drains, and tells how far it is", async () => {
  await using server = serve(echo);
  const [client] = await open(server, "/") as [RawClient];
  const { operations } = server;
  assertEquals(await operations.drainProgress(), { phase: "serving", left: 1 });
  const begun = await operations.drain({ deadline: 60_000 });
  assertEquals([begun.phase, begun.connections, begun.left], ["draining", 1, 1]);
  assertEquals(begun.deadline! - begun.began!, 60_000);
  assertEquals((await operations.drain({ deadline: 1 })).deadline, begun.deadline);
  assertEquals((await client.closeFrame()).code, 1001);
  await client.sendClose(1001);
  await client.gone();
  client.close();
  await server.finished;
  const { phase, left, result } = await operations.drainProgress();
  assertEquals([phase, left, result], ["stopped", 0, { closed: 1, cut: 0 }]);
});

Deno.test("ServerOperations.descriptors() joins the kernel's table with the registry", async () => {
  await using server = serve(echo);
  const clients = await open(server, "/", "/");
  const page = await server.operations.descriptors({ limit: 1_000 });
  if (page.open > 0) { // 0 where /proc cannot be read
    assertEquals(page.connections, 2);
    assertEquals(page.rows.filter(({ id }) => id !== undefined).length, 2);
  }
  closeAll(clients);
});

Deno.test("ServerOperations.descriptors() flags what the registry has and the kernel has not", async () => {
  const registry = new Registry(() => Promise.resolve(undefined));
  registry.add(madeUpEntry(7));
  const addr: Deno.NetAddr = { transport: "tcp", hostname: "127.0.0.1", port: 8080 };
  const operations = new ServerOperations({ registry, addr } as unknown as OperatedServer);
  const page = await operations.descriptors({ flagged: true });
  if (page.open > 0) { // 0 where /proc cannot be read
    assertEquals(page.rows.map(({ id, flag }) => [id, flag]), [[7, "not_in_kernel"]]);
  }
  operations.stop();
});

Deno.test("ServerOperations has nothing of a worker, as it has none", async () => {
  await using server = serve(echo);
  const clients = await open(server, "/", "/");
  const { operations } = server;
  const none = await operations.query({ worker: 99 });
  assertEquals([none.connections, none.matched, none.total], [[], 0, 2]);
  assertEquals((await operations.query({ worker: 0 })).matched, 2);
  assertEquals(await operations.close({ worker: 99 }, {}), { closed: 0, examples: [] });
  const key = keyOf(server);
  assertEquals((await operations.close({ key, worker: 1 }, { dryRun: true })).closed, 0);
  assertEquals((await operations.close({ worker: 0 }, { dryRun: true })).closed, 2);
  assertEquals(
    await operations.descriptors({ worker: 99 }),
    { rows: [], open: 0, connections: 0, flagged: 0 },
  );
  const { open: all } = await operations.descriptors();
  assertEquals((await operations.descriptors({ worker: 0 })).open > 0, all > 0);
  closeAll(clients);
});

Deno.test("ServerOperations.host() tells the limits and what is met first", async () => {
  await using server = serve(echo);
  const { report, capacity } = await server.operations.host();
  assertEquals(report.nextLimit?.name, capacity[0]?.name);
});

const onTls = Deno.version.deno.localeCompare("2.9.6", "en", { numeric: true }) >= 0;

Deno.test({
  name: "ServerOperations.reconfigure() gives new connections a new certificate",
  ignore: !onTls,
  async fn() {
    const before = { cert: TEST_CERTIFICATE, key: TEST_KEY };
    const after = { cert: OTHER_CERTIFICATE, key: OTHER_KEY };
    await using server = serve({ ...echo, ...before });
    const greet = async (cert: string) => {
      const { port } = server.addr;
      using conn = await Deno.connectTls({ hostname: "localhost", port, caCerts: [cert] });
      await conn.handshake();
    };
    await greet(before.cert);
    await server.operations.reconfigure({ certificate: after });
    await greet(after.cert);
    await assertRejects(() => greet(before.cert));
    await assertRejects(
      () => server.operations.reconfigure({ certificate: { ...after, key: before.key } }),
      TypeError,
    );
    await greet(after.cert);
  },
});
