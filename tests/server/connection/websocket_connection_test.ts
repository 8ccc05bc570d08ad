import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { setImmediate } from "node:timers";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import WebSocketOfWs from "ws";
import { connect, type Connection, serve, type ServeOptions, type Server } from "../../../mod.ts";
import { Opcode } from "../../../protocol/mod.ts";
import { TEST_CERTIFICATE, TEST_KEY } from "../../helpers/certificate.ts";
import { Events, until } from "../../helpers/events.ts";
import { LogBook } from "../../helpers/log_book.ts";
import { LoneConnection } from "../../helpers/lone_connection.ts";
import { settled } from "../../helpers/memory_transport.ts";
import { concat, fromHex } from "../../helpers/notation.ts";
import { Random } from "../../helpers/random.ts";
import { RawClient } from "../../helpers/raw_client.ts";
import { KEY, rawFrame } from "../../helpers/raw_frame.ts";

/** What a close handler was told. */
interface Ended {
  readonly code: number;
  readonly reason: string;
  readonly connection: Connection<unknown>;
}

/** A server whose connections, closes and log a test can wait for. */
interface Watched extends AsyncDisposable {
  readonly server: Server<unknown>;
  readonly opened: Events<Connection<unknown>>;
  readonly ended: Events<Ended>;
  readonly book: LogBook;
}

function watch(options: ServeOptions<unknown> = {}): Watched {
  const opened = new Events<Connection<unknown>>();
  const ended = new Events<Ended>();
  const book = new LogBook();
  const server = serve<unknown>({
    port: 0,
    log: book.log,
    ...options,
    open(connection, server) {
      opened.push(connection);
      return options.open?.(connection, server);
    },
    close(connection, code, reason, server) {
      ended.push({ code, reason, connection });
      return options.close?.(connection, code, reason, server);
    },
  });
  return {
    server,
    opened,
    ended,
    book,
    [Symbol.asyncDispose]: () => server.close(),
  };
}

const ECHO: ServeOptions<unknown> = {
  message: (connection, data) => void connection.send(data),
};

// Handlers.

Deno.test("WebSocketConnection calls open, message and close in this order, with its own data", async () => {
  const events = new Events<string>();
  await using server = serve<{ name: string }>({
    port: 0,
    upgrade: (request) => ({ data: { name: new URL(request.url).pathname } }),
    open: ({ data }) => events.push(`open ${data.name}`),
    message: ({ data }, message) => events.push(`message ${data.name} ${message}`),
    close: ({ data }, code, reason) => events.push(`close ${data.name} ${code} ${reason}`),
  });
  using first = await RawClient.open(server.addr, "/first");
  using second = await RawClient.open(server.addr, "/second");
  await second.sendMessage("a");
  assertEquals(await events.find((e) => e.startsWith("message")), "message /second a");
  await first.sendMessage("b");
  await first.sendClose(1000, "bye");
  await events.find((e) => e.startsWith("close"));
  assertEquals(events.all, [
    "open /first",
    "open /second",
    "message /second a",
    "message /first b",
    "close /first 1000 bye",
  ]);
});

Deno.test("WebSocketConnection receives frames that came in one write with the handshake", async () => {
  await using watched = watch(ECHO);
  using client = await RawClient.connect(watched.server.addr);
  const head = [
    "GET / HTTP/1.1",
    "Host: a",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
  ].join("\r\n");
  await client.send(`${head}\r\n\r\n`, rawFrame(0x81, new TextEncoder().encode("early"), KEY));
  assertEquals((await client.head()).status, 101);
  assertEquals(await client.message(), "early");
});

Deno.test("WebSocketConnection tells a message's sender, target, subprotocol and tuple", async () => {
  await using watched = watch({ subprotocols: ["chat"] });
  using client = await RawClient.connect(watched.server.addr);
  await client.upgrade("/room?n=1", "Sec-WebSocket-Protocol: chat");
  const connection = await watched.opened.next();
  const { port } = watched.server.addr;
  assertEquals(connection.target, "/room?n=1");
  assertEquals(connection.subprotocol, "chat");
  assertEquals(connection.tuple.destinationPort, port);
  const { sourcePort } = connection.tuple;
  assertEquals(connection.key, `127.0.0.1:${sourcePort}-127.0.0.1:${port}`);
});

Deno.test("WebSocketConnection lets the next message wait for an async handler, and keeps the order", async () => {
  const begun = new Events<string>();
  const gates = new Map<string, () => void>();
  await using watched = watch({
    async message(connection, data) {
      begun.push(String(data));
      await new Promise<void>((resolve) => gates.set(String(data), resolve));
      connection.send(`done ${data}`);
    },
  });
  using client = await RawClient.open(watched.server.addr);
  using other = await RawClient.open(watched.server.addr);
  await client.send(...["1", "2", "3"].map((text) => rawFrame(0x81, ascii(text), KEY)));
  await begun.next();
  // Another connection does not wait: when its message was handled, the second would have been too.
  await other.sendMessage("other");
  assertEquals(await begun.next(), "other");
  assertEquals(begun.all, ["1", "other"]);
  for (const text of ["1", "2", "3"]) {
    await until(`handler has ${text}`, () => gates.has(text));
    gates.get(text)!();
    assertEquals(await client.message(), `done ${text}`);
  }
  assertEquals(begun.all, ["1", "other", "2", "3"]);
  gates.get("other")!();
});

Deno.test("WebSocketConnection calls drain when a backlog has left", async () => {
  const drained = new Events<Connection<unknown>>();
  await using watched = watch({ drain: drained.push, limits: { sendQueueBytes: 2 ** 30 } });
  using client = await RawClient.open(watched.server.addr);
  const connection = await watched.opened.next();
  const results = [connection.send("first")];
  const block = new Uint8Array(2 ** 20);
  while (results.length < 40) results.push(connection.send(block));
  assertEquals(results[0], "sent");
  assertEquals(results.at(-1), "queued");
  assert(connection.bufferedAmount > 2 ** 20);
  for (let count = 0; count < 40; count++) await client.message();
  assertEquals(await drained.next(), connection);
  assertEquals(connection.bufferedAmount, 0);
});

Deno.test("ServerConnection does not call drain once it is closing", async () => {
  const drained = new Events<unknown>();
  await using watched = watch({ drain: drained.push, limits: { sendQueueBytes: 2 ** 30 } });
  using client = await RawClient.open(watched.server.addr);
  const connection = await watched.opened.next();
  for (let count = 0; count < 40; count++) connection.send(new Uint8Array(2 ** 20));
  connection.close();
  for (let count = 0; count < 40; count++) await client.message();
  await client.closeFrame();
  await client.sendClose(1000);
  await watched.ended.next();
  assertEquals(drained.all, []);
});

// Streams.

Deno.test("Connection.messages() yields the messages and ends with the connection", async () => {
  const seen = new Events<string>();
  await using watched = watch({
    async open(connection) {
      for await (const message of connection.messages()) seen.push(String(message));
      seen.push("end");
    },
    message: () => seen.push("handler"),
  });
  using client = await RawClient.open(watched.server.addr);
  await client.sendMessage("a");
  await client.sendMessage("b");
  await client.sendClose(1000);
  await seen.find((event) => event === "end");
  assertEquals(seen.all, ["a", "b", "end"]);
});

Deno.test("Connection.messages() stops the reading of the socket when its reader is slow", async () => {
  await using watched = watch();
  using client = await RawClient.open(watched.server.addr);
  const connection = await watched.opened.next();
  const messages = connection.messages();
  const flood = new Flood(client, 65_536);
  await flood.stuck();
  const record = watched.server.registry.get(connection.key)!;
  assert(record.messagesIn <= 2, `${record.messagesIn} messages were taken from the socket`);
  const total = flood.end();
  let taken = 0;
  for await (const message of messages) {
    assertEquals(message.length, 65_536);
    if (++taken === total) break;
  }
  await flood.ended;
});

Deno.test("Connection.messages() closes the connection with 1000 when its loop is left", async () => {
  const loops = new Events<string>();
  await using watched = watch({
    async open(connection) {
      for await (const message of connection.messages()) {
        loops.push(`first ${message}`);
        break;
      }
      for await (const message of connection.messages()) loops.push(`late ${message}`);
      loops.push("over");
    },
  });
  using client = await RawClient.open(watched.server.addr);
  await client.sendMessage("a");
  assertEquals((await client.frame())?.payload, Uint8Array.of(0x03, 0xe8));
  await client.sendClose(1000);
  assertEquals(await loops.next(), "first a");
  assertEquals(await loops.next(), "over");
});

Deno.test("Connection.messages() waits for an open that asks late, where nobody else takes messages", async () => {
  const seen = new Events<unknown>();
  const ready = Promise.withResolvers<void>();
  await using watched = watch({
    async open(connection) {
      await ready.promise;
      for await (const message of connection.messages()) seen.push(message);
    },
  });
  using client = await RawClient.open(watched.server.addr);
  await client.sendMessage("early");
  await client.sendFrame(Opcode.Ping, ascii("p"));
  await until("it came", () => watched.server.registry.totals().messagesIn === 1);
  ready.resolve();
  assertEquals(await seen.next(), "early");
  assertEquals((await client.frame())?.opcode, Opcode.Pong);
});

Deno.test("Connection.messages() closes with 1011 when an exception leaves its loop", async () => {
  await using watched = watch({
    async open(connection) {
      for await (const _ of connection.messages()) throw new Error("Fault of the application");
    },
  });
  using client = await RawClient.open(watched.server.addr);
  await client.sendMessage("a");
  assertEquals((await client.frame())?.payload, fromHex("03 f3"));
});

Deno.test("Connection.close() lets a peer that is slow but steady have what was sent before", async () => {
  const lone = new LoneConnection();
  lone.transport.blocked = true;
  lone.connection.send(new Uint8Array(100_000));
  lone.connection.close(4_000, "all of it");
  await settled();
  for (let taken = 0; taken < 100; taken++) {
    lone.transport.letThrough(1_000);
    await settled();
    lone.pass(4_900); // the timeout is 5 s
    assertEquals(lone.transport.ends, [], `after ${taken} KB`);
  }
  lone.pass(5_000);
  lone.pass(5_000);
  assertEquals(lone.transport.ends, ["close"], "The peer takes nothing any more");
  await lone.over;
});

Deno.test("WebSocketConnection takes the peer's Close for an answer while a handler is pending", async () => {
  const hung = Promise.withResolvers<void>();
  await using watched = watch({
    message: (connection) => {
      connection.close(4_000, "enough");
      return hung.promise;
    },
  });
  using client = await RawClient.open(watched.server.addr);
  await client.sendMessage("a");
  assertEquals((await client.frame())?.opcode, Opcode.Close);
  await client.sendClose(4_000);
  assertEquals((await watched.ended.next()).code, 4_000);
  hung.resolve();
});

Deno.test("Connection.messages() ends at once when the connection is over", async () => {
  const late = new Events<number>();
  await using watched = watch({
    async close(connection) {
      let count = 0;
      for await (const _ of connection.messages()) count++;
      late.push(count);
    },
  });
  using client = await RawClient.open(watched.server.addr);
  client.close();
  assertEquals(await late.next(), 0);
});

Deno.test("Connection.readable closes the connection with 1000 when it is cancelled", async () => {
  await using watched = watch({ open: (connection) => connection.readable.cancel() });
  using client = await RawClient.open(watched.server.addr);
  await client.sendClose(1000);
  assertEquals(await client.closed(), { code: 1000, reason: "" });
  const { connection } = await watched.ended.next();
  assertEquals(connection.closing?.by, "us");
});

Deno.test("Connection.readable can be piped into Connection.writable", async () => {
  await using watched = watch({
    open: async (connection) => {
      await connection.readable.pipeTo(connection.writable, { preventClose: true });
    },
  });
  using client = await RawClient.open(watched.server.addr);
  await client.sendMessage("text");
  await client.sendMessage(Uint8Array.of(1, 2, 3));
  assertEquals([await client.message(), await client.message()], ["text", Uint8Array.of(1, 2, 3)]);
  await client.sendClose(1000);
  assertEquals((await client.closed()).code, 1000);
});

Deno.test("Connection.writable waits for a slow peer, and closes with 1000", async () => {
  await using watched = watch();
  using client = await RawClient.open(watched.server.addr);
  const connection = await watched.opened.next();
  const writer = connection.writable.getWriter();
  let written = 0;
  const writing = (async () => {
    for (; written < 64; written++) await writer.write(new Uint8Array(2 ** 20));
    await writer.close();
  })();
  await until("the kernel takes no more", () => connection.bufferedAmount > 0 && written > 0);
  assert(connection.bufferedAmount <= 2 ** 20 + 10, "One message waits, no more");
  for (let count = 0; count < 64; count++) assertEquals((await client.message()).length, 2 ** 20);
  await writing;
  assertEquals((await client.frame())?.payload, fromHex("03 e8"));
  await client.sendClose(1000);
});

Deno.test("Connection.writable sends 1001 when it is aborted, and fails once the connection is closed", async () => {
  await using watched = watch();
  using client = await RawClient.open(watched.server.addr);
  const connection = await watched.opened.next();
  const writer = connection.writable.getWriter();
  await writer.abort("no more");
  assertEquals((await client.frame())?.payload, fromHex("03 e9"));
  await client.sendClose(1001);
  using _deaf = await RawClient.open(watched.server.addr);
  const other = await watched.opened.next();
  const block = new Uint8Array(2 ** 20);
  const late = other.writable.getWriter();
  late.closed.catch(() => {}); // it fails as the writes do
  const writes = Array.from({ length: 40 }, () => late.write(block));
  await until("the kernel takes no more", () => other.bufferedAmount > 0);
  other.terminate();
  const last = (await Promise.allSettled(writes)).at(-1) as PromiseRejectedResult;
  assertEquals(last.reason.message, "Connection is closed");
});

Deno.test("Connection.writable rejects what cannot be sent", async () => {
  await using watched = watch();
  using client = await RawClient.open(watched.server.addr);
  const connection = await watched.opened.next();
  const writer = connection.writable.getWriter();
  assertEquals(connection.writable.locked, true, "There is one stream");
  await writer.write("first");
  assertEquals(await client.message(), "first");
  connection.terminate();
  await assertRejects(() => writer.write("lost"), TypeError, "Message was dropped");
});

// Faults of the application.

const FAULTS: Record<string, ServeOptions<unknown>> = {
  "a throw in open": { open: () => fault() },
  "a rejection in open": { open: () => Promise.resolve().then(fault) },
  "a throw in message": { message: () => fault() },
  "a rejection in message": { message: () => Promise.resolve().then(fault) },
  "a throw in drain": { message: fill, drain: () => fault() },
  "a rejection in drain": { message: fill, drain: () => Promise.resolve().then(fault) },
};

function fault(): never {
  throw new Error("the application's secret");
}

/** Sends so much at once that there is a backlog. */
function fill(connection: Connection<unknown>): void {
  while (connection.send(new Uint8Array(100_000)) !== "queued");
}

for (const [what, options] of Object.entries(FAULTS)) {
  Deno.test(`WebSocketConnection closes only its own connection with 1011 after ${what}`, async () => {
    let faulty = true;
    await using watched = watch({
      ...options,
      open: (connection, server) => faulty ? options.open?.(connection, server) : undefined,
      message: (connection, data, server) => {
        if (faulty) return options.message?.(connection, data, server);
        connection.send(data);
      },
      limits: { sendQueueBytes: 2 ** 24 },
    });
    using client = await RawClient.open(watched.server.addr);
    await client.sendMessage("go");
    assertEquals(await client.closeFrame(), { code: 1011, reason: "" });
    const answers = what.startsWith("a throw");
    if (answers) await client.sendClose(1011);
    else await client.closeWrite();
    assertEquals(await client.frame(), undefined);
    const entry = await watched.book.next("handler_fault");
    assertStringIncludes(String(entry.error), "the application's secret");
    const { code, connection } = await watched.ended.next();
    assertEquals(code, 1011);
    const status = { code: 1011, reason: "" };
    assertEquals(connection.closing, {
      by: "us",
      sent: status,
      ...answers && { received: status },
    });
    faulty = false;
    using other = await RawClient.open(watched.server.addr);
    await other.sendMessage("still served");
    assertEquals(await other.message(), "still served");
  });
}

for (
  const [what, close] of [
    ["a throw", () => fault()],
    ["a rejection", () => Promise.resolve().then(fault)],
  ] as const
) {
  Deno.test(`WebSocketConnection survives ${what} in close`, async () => {
    await using watched = watch({ ...ECHO, close });
    using client = await RawClient.open(watched.server.addr);
    await client.sendClose(1000);
    assertEquals((await client.closed()).code, 1000);
    await watched.book.next("handler_fault");
    using other = await RawClient.open(watched.server.addr);
    await other.sendMessage("still served");
    assertEquals(await other.message(), "still served");
  });
}

Deno.test("WebSocketConnection takes whatever a handler in JavaScript returns", async () => {
  const message = ((connection: Connection, data: string) => connection.send(data)) as unknown;
  await using watched = watch({ message } as ServeOptions<unknown>);
  using client = await RawClient.open(watched.server.addr);
  await client.sendMessage("a");
  await client.sendMessage("b");
  assertEquals([await client.message(), await client.message()], ["a", "b"]);
});

// Rules of frames: what Deno.upgradeWebSocket lets pass, and the limits.

const BROKEN: Record<string, { bytes: Uint8Array; code: number }> = {
  "an unmasked frame": { bytes: rawFrame(0x81, ascii("hi")), code: 1002 },
  "a Pong of 126 bytes": { bytes: rawFrame(0x8a, new Uint8Array(126), KEY), code: 1002 },
  "a Close of 126 bytes": {
    bytes: rawFrame(0x88, concat([fromHex("03 e8"), new Uint8Array(124).fill(0x61)]), KEY),
    code: 1002,
  },
  "a Ping of 126 bytes": { bytes: rawFrame(0x89, new Uint8Array(126), KEY), code: 1002 },
  "a reserved bit": { bytes: rawFrame(0xc1, ascii("hi"), KEY), code: 1002 },
  "a reserved opcode": { bytes: rawFrame(0x83, ascii("hi"), KEY), code: 1002 },
  "a Close code that may not be sent": { bytes: rawFrame(0x88, fromHex("03 ed"), KEY), code: 1002 },
  "text that is not UTF-8": { bytes: rawFrame(0x81, fromHex("c3 28"), KEY), code: 1007 },
  "a message of one byte too many": {
    bytes: rawFrame(0x82, new Uint8Array(1_001), KEY),
    code: 1009,
  },
  "fragments that are too large together": {
    bytes: concat([
      rawFrame(0x02, new Uint8Array(600), KEY),
      rawFrame(0x80, new Uint8Array(600), KEY),
    ]),
    code: 1009,
  },
  "too many fragments, empty ones counted": {
    bytes: concat([
      rawFrame(0x01, ascii(""), KEY),
      ...Array.from({ length: 8 }, () => rawFrame(0x00, ascii(""), KEY)),
    ]),
    code: 1008,
  },
};

for (const [what, { bytes, code }] of Object.entries(BROKEN)) {
  Deno.test(`WebSocketConnection answers ${what} with ${code}, and with FIN instead of a bare end`, async () => {
    const messages = new Events<unknown>();
    await using watched = watch({
      message: (_, data) => messages.push(data),
      limits: { messageBytes: 1_000, messageFragments: 8 },
    });
    using client = await RawClient.open(watched.server.addr);
    await client.send(bytes);
    const closed = await client.closed();
    assertEquals(closed.code, code);
    assert(closed.reason !== "", "The reason says what was wrong");
    const { connection } = await watched.ended.next();
    assertEquals(connection.closing, { by: "us", sent: closed });
    assertEquals(messages.all, []);
  });
}

Deno.test("WebSocketConnection lets a slow sender of a message that is too big read 1009, not a reset", async () => {
  await using watched = watch({ limits: { messageBytes: 2 ** 20 } });
  using client = await RawClient.open(watched.server.addr);
  // The header announces 10 MiB; with the key 0 the payload is as it is.
  await client.send(fromHex("82 ff 0000000000a00000 00000000"));
  const block = new Uint8Array(65_536);
  for (let sent = 0; sent < 10 * 2 ** 20; sent += block.length) {
    await client.send(block);
    await new Promise((resolve) => setTimeout(resolve));
  }
  await client.closeWrite();
  assertEquals((await client.closed()).code, 1009);
  await until("the descriptor is back", () => watched.server.registry.size === 0);
});

Deno.test("WebSocketConnection cuts a peer that sends more than lingerBytes after the last word", async () => {
  await using watched = watch({ limits: { messageBytes: 10, lingerBytes: 100_000 } });
  using client = await RawClient.open(watched.server.addr);
  await client.send(fromHex("82 ff 0000000010000000 00000000"));
  const flood = (async () => {
    for (;;) await client.send(new Uint8Array(65_536));
  })();
  await flood.catch(() => {});
  await until("the descriptor is back", () => watched.server.registry.size === 0);
});

// Ping and Pong.

Deno.test("WebSocketConnection answers a Ping with its payload", async () => {
  await using watched = watch();
  using client = await RawClient.open(watched.server.addr);
  await client.sendFrame(Opcode.Ping, ascii("abc"));
  assertEquals(await client.frame(), { opcode: Opcode.Pong, fin: true, payload: ascii("abc") });
});

Deno.test("WebSocketConnection sends no Pong into the middle of a large message", async () => {
  await using watched = watch({ limits: { sendQueueBytes: 2 ** 26 } });
  using client = await RawClient.open(watched.server.addr);
  const connection = await watched.opened.next();
  // The last header waits behind what the kernel does not take, and its payload behind it.
  const blocks = 40;
  for (let count = 0; count < blocks; count++) connection.send(new Uint8Array(2 ** 20).fill(count));
  await client.sendFrame(Opcode.Ping, ascii("ping"));
  await until("the Ping was read", () => {
    return watched.server.registry.get(connection.key)!.bytesIn > 0;
  });
  const opcodes: Opcode[] = [];
  for (let next = 0; next < blocks;) {
    const frame = await client.frame();
    opcodes.push(frame!.opcode);
    if (frame!.opcode !== Opcode.Binary) continue;
    assertEquals(frame!.payload.length, 2 ** 20);
    assert(frame!.payload.every((byte) => byte === next), `Message ${next} is whole`);
    next++;
  }
  if (!opcodes.includes(Opcode.Pong)) opcodes.push((await client.frame())!.opcode);
  assertEquals(opcodes.filter((opcode) => opcode === Opcode.Pong).length, 1);
});

Deno.test("Connection.ping() sends a Ping, refuses a payload of 126 bytes, and drops it once closed", async () => {
  await using watched = watch();
  using client = await RawClient.open(watched.server.addr);
  const connection = await watched.opened.next();
  assertEquals(connection.ping(ascii("you")), "sent");
  assertEquals(await client.frame(), { opcode: Opcode.Ping, fin: true, payload: ascii("you") });
  const failure = (() => {
    try {
      return connection.ping(new Uint8Array(126));
    } catch (error) {
      return error;
    }
  })();
  assert(failure instanceof RangeError);
  connection.close(1000);
  assertEquals(connection.ping(), "dropped");
  await client.sendClose(1000);
});

Deno.test("WebSocketConnection cuts a peer that answers no pings, with 1006", async () => {
  await using watched = watch({ limits: { pingInterval: 20, missedPings: 2 } });
  using client = await RawClient.open(watched.server.addr);
  const { code, connection } = await watched.ended.next();
  assertEquals(code, 1006);
  assertEquals(connection.closing, { by: "peer" });
  await watched.book.next("peer_lost");
  const opcodes: unknown[] = [];
  for (let frame = await client.frame(); frame; frame = await client.frame()) {
    opcodes.push(frame.opcode);
  }
  assertEquals(opcodes, [Opcode.Ping, Opcode.Ping]);
  assertEquals(watched.server.registry.size, 0);
});

Deno.test("WebSocketConnection lets a peer that answers pings live, and measures the round trip", async () => {
  await using watched = watch({ limits: { pingInterval: 50, missedPings: 2 } });
  using client = await RawClient.open(watched.server.addr);
  const connection = await watched.opened.next();
  assertEquals(connection.roundTrip, undefined);
  for (let count = 0; count < 5; count++) {
    const ping = await client.frame();
    assertEquals(ping?.opcode, Opcode.Ping);
    await client.sendFrame(Opcode.Pong, ping!.payload);
  }
  await until("the round trip is known", () => connection.roundTrip !== undefined);
  assert(connection.roundTrip! >= 0);
  assert(connection.open);
  assertEquals(watched.server.registry.get(connection.key)?.roundTrip, connection.roundTrip);
});

Deno.test("WebSocketConnection does not blame a peer while its own handler is busy", async () => {
  const gate = Promise.withResolvers<void>();
  await using watched = watch({
    async message(connection) {
      await gate.promise;
      connection.send("at last");
    },
    limits: { pingInterval: 20, missedPings: 1 },
  });
  using client = await RawClient.open(watched.server.addr);
  await client.sendMessage("go");
  for (let count = 0; count < 4; count++) {
    const ping = await client.frame();
    assertEquals(ping?.opcode, Opcode.Ping);
    await client.sendFrame(Opcode.Pong, ping!.payload);
  }
  gate.resolve();
  let frame = await client.frame();
  while (frame?.opcode === Opcode.Ping) frame = await client.frame();
  assertEquals(frame?.payload, ascii("at last"));
});

// A full send queue.

Deno.test("WebSocketConnection closes a peer that does not read with 1013, policy close", async () => {
  await using watched = watch({ limits: { sendQueueBytes: 100_000, closeTimeout: 50 } });
  using client = await RawClient.open(watched.server.addr);
  const connection = await watched.opened.next();
  const results = sendUntil(connection, () => !connection.open);
  assertEquals(results.at(-1), "dropped");
  await watched.book.next("send_queue_full");
  const { code } = await watched.ended.next();
  assertEquals(code, 1006, "The peer does not answer, and is cut after closeTimeout");
  assertEquals(connection.closing, {
    by: "us",
    sent: { code: 1013, reason: "Send queue is full" },
  });
  const { sum } = await watched.server.operations.snapshot();
  assertEquals(sum.measured.slowClosed, 1);
  await client.gone();
});

Deno.test("WebSocketConnection drops messages for a peer that does not read, policy drop", async () => {
  await using watched = watch({ limits: { sendQueueBytes: 100_000, whenFull: "drop" } });
  using client = await RawClient.open(watched.server.addr);
  const connection = await watched.opened.next();
  const results = sendUntil(connection, (result) => result === "dropped");
  const delivered = results.length - 1;
  assert(connection.open);
  for (let count = 0; count < delivered; count++) await client.message();
  connection.send("after it");
  assertEquals(await client.message(), "after it");
  const record = watched.server.registry.get(connection.key)!;
  assertEquals([record.messagesDropped, record.messagesOut], [1, delivered + 1]);
});

Deno.test("WebSocketConnection lets messages wait for a peer that does not read, policy wait, up to four times", async () => {
  await using watched = watch({
    limits: { sendQueueBytes: 100_000, whenFull: "wait", closeTimeout: 50 },
  });
  using client = await RawClient.open(watched.server.addr);
  const connection = await watched.opened.next();
  let most = 0;
  while (connection.open) {
    connection.send(new Uint8Array(40_000));
    most = Math.max(most, connection.bufferedAmount);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert(most > 300_000 && most <= 500_000, `${most} bytes waited`);
  assertEquals(connection.closing?.sent?.code, 1013);
  await watched.ended.next();
  await client.gone();
});

for (const how of ["plain", "deflate", "TLS"]) {
  Deno.test(`WebSocketConnection closes no healthy client for a burst beyond sendQueueBytes, ${how}`, async () => {
    const tls = how === "TLS" ? { cert: TEST_CERTIFICATE, key: TEST_KEY } : {};
    const deflate = how === "deflate";
    const page = new Random(1).bytes(20_480);
    const history = Array.from({ length: 200 }, () => page);
    const all = new Events<number>();
    await using server = serve({
      port: 0,
      deflate,
      ...tls,
      open: (connection) => history.forEach((data) => connection.send(data)),
      message: (_, data) => all.push(data.length),
    });
    const url = `${server.url.replace("http", "ws").replace("127.0.0.1", "localhost")}`;
    const options = { deflate, ...how === "TLS" && { caCerts: [TEST_CERTIFICATE] } };
    const clients = await Promise.all(Array.from({ length: 4 }, () => connect(url, options)));
    await until("all are there", () => server.registry.size === clients.length);
    for (let count = 0; count < 100; count++) server.broadcast(page);
    await Promise.all(clients.map(async (client) => {
      let left = 300;
      for await (const message of client.messages()) {
        assertEquals(message.length, page.length);
        if (--left === 0) break;
      }
      assertEquals(left, 0, `closed: ${JSON.stringify(client.closing)}`);
    }));
    // The other role.
    await using client = await connect(url, { ...options, message: () => {} });
    for (const data of history) client.send(data);
    for (const { length } of history) assertEquals(await all.next(), length);
    assert(client.open);
    await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
  });
}

/** Sends blocks in one turn of the loop until something happens. */
function sendUntil(connection: Connection<unknown>, over: (result: string) => boolean): string[] {
  const results: string[] = [];
  do results.push(connection.send(new Uint8Array(40_000))); while (!over(results.at(-1)!));
  return results;
}

Deno.test("WebSocketConnection reads no more from a peer that does not take its echoes", async () => {
  await using watched = watch({ ...ECHO, limits: { sendQueueBytes: 300_000 } });
  using client = await RawClient.open(watched.server.addr);
  const connection = await watched.opened.next();
  const flood = new Flood(client, 10_000);
  await flood.stuck();
  assert(connection.bufferedAmount > 0);
  assert(connection.open, "Backpressure and not the full queue has stopped it");
  for (let left = flood.end(); left > 0; left--) {
    assertEquals((await client.message()).length, 10_000);
  }
  await flood.ended;
});

/** A client that sends messages as fast as it can. */
class Flood {
  readonly ended: Promise<void>;
  #sent = 0;
  #over = false;

  constructor(client: RawClient, messageBytes: number) {
    const frame = rawFrame(0x82, new Uint8Array(messageBytes), KEY);
    this.ended = (async () => {
      for (; !this.#over; this.#sent++) await client.send(frame);
    })();
  }

  /** Waits until the kernel's buffers are full, so that the write in flight does not end. */
  async stuck(): Promise<void> {
    let before = -1;
    await until("the sender is stuck", async () => {
      if (this.#sent > 0 && this.#sent === before) return true;
      before = this.#sent;
      await new Promise((resolve) => setTimeout(resolve, 50));
      return false;
    });
  }

  /** Stops after the message in flight; returns how many there are with it. */
  end(): number {
    this.#over = true;
    return this.#sent + 1;
  }
}

Deno.test("Connection.send() and Server.broadcast() keep their order, and both come before close()", async () => {
  await using watched = watch();
  using client = await RawClient.open(watched.server.addr);
  const connection = await watched.opened.next();
  watched.server.broadcast("1");
  connection.send("2");
  watched.server.broadcast("3");
  watched.server.broadcast("4");
  connection.send("5");
  watched.server.broadcast("6");
  connection.close(4_000);
  for (const expected of "123456") assertEquals(await client.message(), expected);
  assertEquals((await client.frame())?.opcode, Opcode.Close);
  assertEquals(watched.server.registry.totals().messagesOut, 6);
});

// Closing.

Deno.test("Connection.close() begins the closing handshake; nothing is sent after the Close", async () => {
  await using watched = watch();
  using client = await RawClient.open(watched.server.addr);
  const connection = await watched.opened.next();
  connection.send("last words");
  connection.close(4_000, "enough");
  assertEquals(connection.send("too late"), "dropped");
  watched.server.broadcast("too late");
  connection.close(4_001, "again");
  assertEquals(await client.message(), "last words");
  await client.sendFrame(Opcode.Ping, ascii("hello?"));
  assertEquals((await client.frame())?.payload, concat([fromHex("0f a0"), ascii("enough")]));
  await client.sendClose(4_000, "me too");
  assertEquals(await client.frame(), undefined, "Neither Pong nor message comes after the Close");
  const { code, reason } = await watched.ended.next();
  assertEquals([code, reason], [4_000, "me too"]);
  assertEquals(connection.closing, {
    by: "us",
    sent: { code: 4_000, reason: "enough" },
    received: { code: 4_000, reason: "me too" },
  });
});

Deno.test("WebSocketConnection answers the peer's Close with its code and reason", async () => {
  await using watched = watch();
  using client = await RawClient.open(watched.server.addr);
  await client.sendClose(3_000, "bye");
  assertEquals(await client.closed(), { code: 3_000, reason: "bye" });
  const { code, reason, connection } = await watched.ended.next();
  assertEquals([code, reason], [3_000, "bye"]);
  assertEquals(connection.closing, {
    by: "peer",
    sent: { code: 3_000, reason: "bye" },
    received: { code: 3_000, reason: "bye" },
  });
});

Deno.test("WebSocketConnection answers an empty Close with an empty one, and tells 1005", async () => {
  await using watched = watch();
  using client = await RawClient.open(watched.server.addr);
  await client.sendClose();
  assertEquals(await client.closed(), { code: 1005, reason: "" });
  assertEquals((await watched.ended.next()).code, 1005);
});

Deno.test("WebSocketConnection closes once when both sides close at the same time", async () => {
  const gate = Promise.withResolvers<void>();
  await using watched = watch({
    async message(connection) {
      await gate.promise; // the peer's Close comes meanwhile, and is not read yet
      connection.close(4_001, "ours");
    },
  });
  using client = await RawClient.open(watched.server.addr);
  await client.sendMessage("go");
  await client.sendClose(4_002, "theirs");
  gate.resolve();
  assertEquals(await client.closed(), { code: 4_001, reason: "ours" });
  const { code, connection } = await watched.ended.next();
  assertEquals(code, 4_002);
  assertEquals(connection.closing, {
    by: "us",
    sent: { code: 4_001, reason: "ours" },
    received: { code: 4_002, reason: "theirs" },
  });
});

Deno.test("WebSocketConnection ignores everything after the peer's Close", async () => {
  const messages = new Events<unknown>();
  await using watched = watch({ message: (_, data) => messages.push(data) });
  using client = await RawClient.open(watched.server.addr);
  await client.send(
    rawFrame(0x88, fromHex("03 e8"), KEY),
    rawFrame(0x81, ascii("ghost"), KEY),
    rawFrame(0x81, ascii("not even masked")),
  );
  assertEquals(await client.closed(), { code: 1000, reason: "" });
  assertEquals((await watched.ended.next()).code, 1000);
  assertEquals(messages.all, []);
});

Deno.test("WebSocketConnection tells 1006 when the peer leaves without a Close", async () => {
  await using watched = watch();
  using client = await RawClient.open(watched.server.addr);
  client.close();
  const { code, connection } = await watched.ended.next();
  assertEquals(code, 1006);
  assertEquals(connection.closing, { by: "peer" });
});

Deno.test("WebSocketConnection still sends what waits to a peer that has only ended its own side", async () => {
  await using watched = watch(ECHO);
  using client = await RawClient.open(watched.server.addr);
  await client.sendMessage("question");
  await client.closeWrite();
  assertEquals(await client.message(), "question");
  assertEquals((await watched.ended.next()).code, 1006);
});

Deno.test("WebSocketConnection cuts a peer that does not answer its Close, after closeTimeout", async () => {
  await using watched = watch({ limits: { closeTimeout: 20 } });
  using client = await RawClient.open(watched.server.addr);
  const connection = await watched.opened.next();
  connection.close(1000);
  const { code } = await watched.ended.next();
  assertEquals(code, 1006);
  await watched.book.next("close_timeout");
  assertEquals(await client.closed(), { code: 1000, reason: "" });
  assertEquals(watched.server.registry.size, 0);
});

Deno.test("WebSocketConnection gives the descriptor of a peer back that closes but never leaves", async () => {
  await using watched = watch({ limits: { closeTimeout: 20 } });
  using client = await RawClient.open(watched.server.addr);
  await client.sendClose(1000);
  assertEquals((await client.closed()).code, 1000);
  await until("the descriptor is back", () => watched.server.registry.size === 0);
});

Deno.test("Connection.terminate() cuts at once: 1006, by us, and the entry is gone", async () => {
  await using watched = watch();
  using client = await RawClient.open(watched.server.addr);
  const connection = await watched.opened.next();
  connection.terminate();
  assertEquals(watched.server.registry.size, 0);
  assertEquals(watched.ended.all.map(({ code }) => code), [1006]);
  assertEquals(connection.closing, { by: "us" });
  connection.terminate();
  assertEquals(connection.send("x"), "dropped");
  assertEquals(watched.ended.all.length, 1);
  assertEquals(await client.closed(), { code: 1006, reason: "" });
});

for (const end of ["close", "terminate"] as const) {
  Deno.test(`Connection.${end}() lets no message through that has waited for the send queue`, async () => {
    const messages = new Events<unknown>();
    await using watched = watch({
      message: (_, data) => messages.push(data),
      limits: { sendQueueBytes: 2 ** 26 },
    });
    using client = await RawClient.open(watched.server.addr);
    const connection = await watched.opened.next();
    for (let count = 0; count < 20; count++) connection.send(new Uint8Array(2 ** 20));
    await client.sendMessage("late");
    await until("the message was read", () => {
      return watched.server.registry.get(connection.key)!.bytesIn > 0;
    });
    connection[end]();
    if (end === "close") await client.closeFrame(); // by now the queue is empty
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve));
    assertEquals(messages.all, []);
  });
}

Deno.test("WebSocketConnection ends when the peer is gone, though a handler hangs", async () => {
  const hung = Promise.withResolvers<void>();
  const drained = new Events<unknown>();
  await using watched = watch({
    message: () => hung.promise,
    drain: drained.push,
    limits: { pingInterval: 20 },
  });
  using client = await RawClient.open(watched.server.addr);
  await client.sendMessage("go");
  const connection = await watched.opened.next();
  await until("the handler hangs", () => {
    return watched.server.registry.get(connection.key)?.messagesIn === 1;
  });
  client.close();
  assertEquals((await watched.ended.next()).code, 1006);
  await until("it is gone", () => watched.server.registry.size === 0);
  assertEquals(drained.all, [], "What was lost was not sent");
  hung.resolve();
});

for (const how of ["message", "open", "messages()", "messages({ stream: true })"]) {
  Deno.test(`WebSocketConnection answers pings and sees a Close while its side is busy: ${how}`, async () => {
    const hung = Promise.withResolvers<void>();
    const busy = new Events<void>();
    const hang = () => (busy.push(), hung.promise);
    await using watched = watch({
      ...how === "message" && { message: hang },
      ...how === "open" && { open: hang },
      ...how.startsWith("messages(") && {
        async open(connection) {
          const messages: AsyncIterable<unknown> = how === "messages()"
            ? connection.messages()
            : connection.messages({ stream: true });
          for await (const _ of messages) await hang();
        },
      },
    });
    using client = await RawClient.open(watched.server.addr);
    const { signal } = await watched.opened.next();
    const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
    await client.sendMessage("go");
    await busy.next();
    await client.sendMessage("later");
    await client.sendMessage("later still");
    for (const payload of ["1", "2"]) {
      await client.sendFrame(Opcode.Ping, ascii(payload));
      const pong = await client.frame();
      assertEquals([pong?.opcode, pong?.payload], [Opcode.Pong, ascii(payload)]);
    }
    assertEquals(signal.aborted, false);
    await client.sendClose(1001);
    await aborted;
    hung.resolve(); // messages are waiting, and may still be answered
    assertEquals((await client.closeFrame()).code, 1001);
    assertEquals((await watched.ended.next()).code, 1001);
  });
}

Deno.test("WebSocketConnection answers a Close at once while a handler hangs and no message waits", async () => {
  const hung = Promise.withResolvers<void>();
  const handled = new Events<unknown>();
  await using watched = watch({ message: (_, data) => (handled.push(data), hung.promise) });
  using client = await RawClient.open(watched.server.addr);
  await client.sendMessage("a");
  await handled.next();
  await client.sendClose(1000);
  assertEquals((await client.closeFrame()).code, 1000);
  assertEquals((await watched.ended.next()).code, 1000);
  await client.gone();
  hung.resolve();
});

Deno.test("WebSocketConnection hands over what came before a Close, and sends the answers before its own", async () => {
  const gate = Promise.withResolvers<void>();
  const handled = new Events<unknown>();
  await using watched = watch({
    async message(connection, data) {
      handled.push(data);
      if (data === "a") await gate.promise;
      else await new Promise((resolve) => setTimeout(resolve, 1));
      connection.send(`answer to ${data}`);
    },
  });
  using client = await RawClient.open(watched.server.addr);
  const { signal } = await watched.opened.next();
  await client.sendMessage("a");
  await handled.next();
  await client.sendFrame(Opcode.Ping);
  assertEquals((await client.frame())?.opcode, Opcode.Pong);
  const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
  for (const data of ["b", "c"]) await client.sendMessage(data);
  await client.sendClose(1000);
  await aborted;
  gate.resolve();
  for (const data of ["a", "b", "c"]) assertEquals(await client.message(), `answer to ${data}`);
  assertEquals((await client.closeFrame()).code, 1000);
  assertEquals((await watched.ended.next()).code, 1000);
});

for (const how of ["plain", "TLS"]) {
  Deno.test(`WebSocketConnection reads no more than 64 KiB ahead of a handler that is busy, ${how}`, async () => {
    const hung = Promise.withResolvers<void>();
    let left = 500;
    const done = Promise.withResolvers<void>();
    await using server = serve({
      port: 0,
      ...how === "TLS" && { cert: TEST_CERTIFICATE, key: TEST_KEY },
      async message() {
        await hung.promise;
        if (--left === 0) done.resolve();
      },
    });
    const url = server.url.replace("http", "ws").replace("127.0.0.1", "localhost");
    await using client = await connect(url, {
      ...how === "TLS" && { caCerts: [TEST_CERTIFICATE] },
      limits: { sendQueueBytes: 2 ** 30 },
    });
    for (let count = 0; count < 500; count++) client.send(new Uint8Array(20_000));
    let before = -1;
    await until("no more is read", async () => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      const { bytesIn } = server.registry.totals();
      if (bytesIn === before && bytesIn >= 60_000) return true;
      before = bytesIn;
      return false;
    });
    assert(before <= 400_000, `${before} bytes`);
    hung.resolve();
    await done.promise;
  });
}

Deno.test("WebSocketConnection ends within closeTimeout though messages wait for a handler that hangs", async () => {
  const hung = Promise.withResolvers<void>();
  const handled = new Events<unknown>();
  await using watched = watch({
    message: (_, data) => (handled.push(data), hung.promise),
    limits: { closeTimeout: 100 },
  });
  using client = await RawClient.open(watched.server.addr);
  await client.sendMessage("a");
  await handled.next();
  await client.sendMessage("b");
  await client.sendFrame(Opcode.Ping);
  assertEquals((await client.frame())?.opcode, Opcode.Pong);
  await client.sendClose(1000);
  assertEquals((await client.closeFrame()).code, 1000);
  assertEquals((await watched.ended.next()).code, 1000);
  hung.resolve();
  await settled();
  assertEquals(handled.all, ["a"]);
});

Deno.test("Connection.signal aborts when either side leaves, and is no fault of a handler that leaves off", async () => {
  const left = new Events<unknown>();
  await using watched = watch({
    async message(connection, data) {
      const { signal } = connection;
      if (data === "close") connection.close(4_000);
      if (data === "terminate") connection.terminate();
      if (!signal.aborted) {
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
      }
      left.push(connection.open);
      throw signal.reason;
    },
  });
  for (const end of ["close", "terminate", "peer"]) {
    using client = await RawClient.open(watched.server.addr);
    await client.sendMessage(end);
    if (end === "peer") client.close();
    assertEquals(await left.next(), false);
    const { connection } = await watched.ended.next();
    const { reason } = connection.signal;
    assertEquals([connection.signal.aborted, reason.name], [true, "AbortError"]);
    if (end === "close") assertEquals((await client.closeFrame()).code, 4_000);
  }
  assertEquals(watched.book.entries("handler_fault"), []);
});

Deno.test("Connection.signal is aborted for who asks for it only once the connection closes", async () => {
  await using watched = watch();
  using _client = await RawClient.open(watched.server.addr);
  const connection = await watched.opened.next();
  connection.close();
  assertEquals(connection.signal.aborted, true);
});

Deno.test("Connection.drained resolves as the peer reads, so that a loop goes no faster", async () => {
  const opened = new Events<Connection<unknown>>();
  const pieces = 200;
  let most = 0;
  await using watched = watch({
    async open(connection) {
      opened.push(connection);
      for (let count = 0; count < pieces; count++) {
        assertEquals(connection.send(new Uint8Array(100_000)) !== "dropped", true);
        most = Math.max(most, connection.bufferedAmount);
        await connection.drained;
      }
      connection.close(1000);
    },
  });
  using client = await RawClient.open(watched.server.addr);
  const connection = await opened.next();
  await until("the kernel takes no more", async () => {
    const { bytesOut } = watched.server.registry.get(connection.key)!;
    await new Promise((resolve) => setTimeout(resolve, 50));
    return connection.bufferedAmount > 0 &&
      bytesOut === watched.server.registry.get(connection.key)!.bytesOut;
  });
  for (let count = 0; count < pieces; count++) {
    assertEquals((await client.message()).length, 100_000);
  }
  assertEquals((await client.closeFrame()).code, 1000);
  assert(most <= 100_010, `${most} bytes waited`);
});

Deno.test("Connection.drained resolves when nothing waits, and when the connection is over", async () => {
  await using watched = watch();
  using _client = await RawClient.open(watched.server.addr);
  const connection = await watched.opened.next();
  await connection.drained;
  while (connection.bufferedAmount === 0) {
    for (let count = 0; count < 100; count++) connection.send(new Uint8Array(100_000));
    await new Promise((resolve) => setTimeout(resolve));
  }
  let over = false;
  const drained = connection.drained.then(() => over = true);
  await settled();
  assertEquals(over, false);
  connection.terminate();
  await drained;
  await connection.drained;
});

Deno.test("Connection.drained keeps nothing of a wait that is over, however long the connection lasts", async () => {
  const lone = new LoneConnection();
  const { connection } = lone;
  const waits: WeakRef<Promise<void>>[] = [];
  const wait = (): Promise<void> => {
    connection.send("a");
    const { drained } = connection;
    waits.push(new WeakRef(drained));
    return drained;
  };
  for (let count = 0; count < 100; count++) await wait();
  await settled();
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  const kept = waits.filter((wait) => wait.deref() !== undefined).length;
  assert(kept < 10, `${kept} of ${waits.length}`);
  await lone.end();
});

/** Random text, which hardly becomes smaller. */
function noise(length: number): string {
  const bytes = new Random(length).bytes(length);
  return Array.from(bytes, (byte) => String.fromCharCode(33 + byte % 90)).join("");
}

for (const deflate of [false, true]) {
  const how = deflate ? "compressed" : "plain";
  for (const length of [10, 5_000, 2_000_000]) {
    Deno.test(`WebSocketConnection sends what it was given before the peer's Close, ${how}, ${length} bytes`, async () => {
      const answer = noise(length);
      const ended = new Events<Connection<unknown>>();
      await using server = serve({
        port: 0,
        deflate,
        message: (connection) => void connection.send(answer),
        close: ended.push,
      });
      const url = server.url.replace("http", "ws");
      const received = new Events<unknown>();
      const socket = new WebSocketOfWs(url, { perMessageDeflate: deflate });
      socket.on("message", (data: unknown) => received.push(String(data) === answer));
      socket.on("close", (code: number, reason: unknown) => received.push(`${code} ${reason}`));
      socket.on("open", () => {
        for (let count = 0; count < 3; count++) socket.send("please");
        socket.close(4_001, "thanks");
      });
      const expected = [true, true, true, "4001 thanks"];
      for (const one of expected) assertEquals(await received.next(), one);
      const status = { code: 4_001, reason: "thanks" };
      assertEquals((await ended.next()).closing, { by: "peer", sent: status, received: status });
      // The other role.
      await using asking = serve({
        port: 0,
        deflate,
        async open(connection) {
          connection.send("please");
          await connection.drained;
          connection.close(4_002, "thanks");
        },
      });
      await using client = await connect(asking.url, {
        deflate,
        message: (connection) => void connection.send(answer),
      });
      assertEquals(await client.closed, { code: 4_002, reason: "thanks" });
      assertEquals(client.closing?.sent, { code: 4_002, reason: "thanks" });
    });
  }
}

Deno.test("WebSocketConnection does not wait for a stream when the peer closes, but for what was sent before it", async () => {
  const text = noise(2_000_000);
  const streamed = Promise.withResolvers<string>();
  await using watched = watch({
    open(connection) {
      connection.send(text);
      const never = new ReadableStream<string>({ pull: () => new Promise(() => {}) });
      connection.send(never).then(streamed.resolve);
    },
  });
  using client = await RawClient.open(watched.server.addr);
  await client.sendClose(1000);
  assertEquals(await client.message(), text);
  assertEquals((await client.closeFrame()).code, 1000);
  assertEquals(await streamed.promise, "dropped");
});

Deno.test("WebSocketConnection waits no longer than closeTimeout with its answer to a Close", async () => {
  await using watched = watch({
    open: (connection) => {
      for (let count = 0; count < 6; count++) connection.send(noise(2_000_000));
    },
    limits: { closeTimeout: 50, sendQueueBytes: 2 ** 24 },
  });
  using client = await RawClient.open(watched.server.addr);
  await client.sendClose(1000);
  const { connection } = await watched.ended.next();
  assertEquals(connection.closing?.received?.code, 1000);
  await until("it is gone", () => watched.server.registry.size === 0);
});

function ascii(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

Deno.test("WebSocketConnection costs nobody else anything when its end fails", async () => {
  const lone = new LoneConnection();
  lone.onReleased = () => {
    throw new Error("Nobody knows of this");
  };
  await lone.end();
  await settled();
  assertEquals(lone.log.entries("fault").map(({ key }) => key), ["a"]);
});
