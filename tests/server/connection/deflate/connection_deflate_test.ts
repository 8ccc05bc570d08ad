import { assert, assertEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import WebSocket, { WebSocketServer } from "ws";
import { connect, ConnectError, type DeflateOptions, serve, type Server } from "../../../../mod.ts";
import { computeAccept, Opcode } from "../../../../protocol/mod.ts";
import { yieldToEventLoop } from "../../../../server/loop/yield_to_event_loop.ts";
import { connectionDeflate } from "../../../helpers/deflate_messages.ts";
import { Events, until } from "../../../helpers/events.ts";
import { LogBook } from "../../../helpers/log_book.ts";
import { Random } from "../../../helpers/random.ts";
import { RawClient } from "../../../helpers/raw_client.ts";
import { KEY, rawFrame } from "../../../helpers/raw_frame.ts";

/** Messages that compress well and badly, of all sizes that matter. */
function messages(seed: number): (string | Uint8Array)[] {
  const random = new Random(seed);
  const words = ["lorem ", "ipsum ", "dölor ", "sit ", "😀 "];
  const text = (length: number) =>
    Array.from({ length }, () => words[random.below(words.length)]).join("");
  return [
    "",
    "a",
    text(10),
    text(300),
    new Uint8Array(0),
    new Uint8Array(5_000).fill(7),
    random.bytes(5_000),
    text(40_000), // more than is deflated at once
    new Uint8Array(300_000).fill(9),
    text(300),
  ];
}

function echoing(deflate: DeflateOptions): Server {
  return serve({ port: 0, deflate, message: (connection, data) => connection.send(data) });
}

for (const contextTakeover of [false, true]) {
  for (const windowBits of [8, 9, 12, 15]) {
    const deflate = { contextTakeover, windowBits, threshold: 0 };
    const name = `${windowBits} bits${contextTakeover ? " and context takeover" : ""}`;

    Deno.test(`deflate with ${name} brings all messages back, both ends ours`, async () => {
      await using server = echoing(deflate);
      await using connection = await connect(server.url, { deflate });
      assert(connection.extensions.startsWith("permessage-deflate"), connection.extensions);
      const answers = connection.messages();
      for (const message of [...messages(1), ...messages(2)]) {
        connection.send(message);
        assertEquals((await answers.next()).value, message);
      }
    });

    Deno.test(`deflate with ${name} keeps many messages in order, both ends ours`, async () => {
      await using server = echoing(deflate);
      await using connection = await connect(server.url, { deflate });
      const all = Array.from({ length: 50 }, (_, seed) => messages(seed).slice(0, 7)).flat();
      for (const message of all) connection.send(message);
      const answers = connection.messages();
      for (const message of all) assertEquals((await answers.next()).value, message);
    });

    Deno.test(`deflate with ${name} talks to a client of ws`, async () => {
      await using server = echoing(deflate);
      const perMessageDeflate = { threshold: 0, clientMaxWindowBits: 15 };
      const socket = new WebSocket(server.url.replace("http", "ws"), { perMessageDeflate });
      const received = new Events<string | Uint8Array>();
      socket.on("message", (data: Uint8Array, binary: boolean) => {
        received.push(binary ? new Uint8Array(data) : new TextDecoder().decode(data));
      });
      await new Promise((resolve) => socket.on("open", resolve));
      assert(String(socket.extensions).startsWith("permessage-deflate"), socket.extensions);
      for (const message of [...messages(3), ...messages(4)]) {
        socket.send(message);
        assertEquals(await received.next(), message);
      }
      const closed = new Promise((resolve) => socket.on("close", resolve));
      socket.close(1000);
      assertEquals(await closed, 1000);
    });
  }
}

Deno.test("connect() with deflate talks to a server of ws", async () => {
  for (const contextTakeover of [false, true]) {
    const ws = new WebSocketServer({
      host: "127.0.0.1",
      port: 0,
      perMessageDeflate: { threshold: 0 },
    });
    ws.on("connection", (socket: WebSocket) => {
      socket.on("message", (data: Uint8Array, binary: boolean) => socket.send(data, { binary }));
    });
    await new Promise((resolve) => ws.on("listening", resolve));
    const { port } = ws.address() as { port: number };
    const deflate = { contextTakeover, threshold: 0 };
    const connection = await connect(`ws://127.0.0.1:${port}/`, { deflate });
    assert(connection.extensions.startsWith("permessage-deflate"), connection.extensions);
    const answers = connection.messages();
    for (const message of [...messages(5), ...messages(6)]) {
      connection.send(message);
      assertEquals((await answers.next()).value, message);
    }
    connection.close(1000);
    assertEquals((await connection.closed).code, 1000);
    await new Promise((resolve) => ws.close(resolve));
  }
});

Deno.test("serve() compresses nothing unless told to, and nothing for clients that cannot", async () => {
  await using plain = serve({ port: 0, message: (connection, data) => connection.send(data) });
  await using connection = await connect(plain.url, { deflate: true });
  assertEquals(connection.extensions, "");
  await using server = echoing({ threshold: 0 });
  using client = await RawClient.open(server.addr);
  await client.sendMessage("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
  assertEquals(await client.message(), "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
});

/** A client that has agreed on compression, and does none by itself. */
async function rawDeflating(server: Server): Promise<RawClient> {
  const client = await RawClient.connect(server.addr);
  await client.upgrade("/", "Sec-WebSocket-Extensions: permessage-deflate");
  return client;
}

const BOMB = new Uint8Array(
  await new Response(
    new Blob([new Uint8Array(64 * 1_048_576)]).stream()
      .pipeThrough(new CompressionStream("deflate-raw")),
  ).arrayBuffer(),
);

for (
  const [what, frames, code] of [
    ["a bomb", [rawFrame(0xc2, BOMB, KEY)], 1009],
    ["a bomb in fragments", [
      rawFrame(0x42, BOMB.subarray(0, 40_000), KEY),
      rawFrame(0x80, BOMB.subarray(40_000), KEY),
    ], 1009],
    ["corrupt data", [rawFrame(0xc1, Uint8Array.of(0xff, 0xff, 0xff), KEY)], 1007],
    ["text that is not UTF-8", [rawFrame(0xc1, Uint8Array.of(0xfa, 0x0f, 0x00), KEY)], 1007],
    ["RSV1 on a continuation", [
      rawFrame(0x42, Uint8Array.of(0x00), KEY),
      rawFrame(0xc0, Uint8Array.of(0x00), KEY),
    ], 1002],
    ["RSV1 on a ping", [rawFrame(0xc9, new Uint8Array(0), KEY)], 1002],
    ["RSV2", [rawFrame(0xa1, new Uint8Array(0), KEY)], 1002],
  ] as const
) {
  Deno.test(`serve() with deflate ends ${what} with ${code}`, async () => {
    await using server = echoing({});
    using client = await rawDeflating(server);
    await client.send(...frames);
    assertEquals((await client.closed()).code, code);
    client.close();
    await until("it is gone", () => Promise.resolve(server.registry.size === 0));
  });
}

Deno.test("serve() with deflate answers pings between the fragments of a compressed message", async () => {
  await using server = echoing({ threshold: 1_000_000 });
  using client = await rawDeflating(server);
  // "Hello" in two fragments, RFC 7692 7.2.3.1.
  await client.send(rawFrame(0x41, Uint8Array.of(0xf2, 0x48, 0xcd), KEY));
  await client.sendFrame(Opcode.Ping);
  assertEquals((await client.frame())?.opcode, Opcode.Pong);
  await client.send(rawFrame(0x80, Uint8Array.of(0xc9, 0xc9, 0x07, 0x00), KEY));
  assertEquals(await client.message(), "Hello");
});

Deno.test("broadcast() compresses once for all with the same window, and for the others not", async () => {
  await using server = serve({ port: 0, deflate: { threshold: 0 } });
  const text = "once for all ".repeat(100);
  await using a = await connect(server.url, { deflate: true });
  await using b = await connect(server.url, { deflate: { windowBits: 9 } });
  await using c = await connect(server.url);
  server.broadcast(text);
  server.broadcast("x");
  for (const connection of [a, b, c]) {
    const got = connection.messages();
    assertEquals([(await got.next()).value, (await got.next()).value], [text, "x"]);
  }
  const [first, second, third] = server.registry.list().map(({ bytesOut }) => bytesOut);
  assert(first! < text.length / 4 && second! < text.length / 4 && third! > text.length);
});

Deno.test("messages({ stream: true }) gives compressed messages inflated, as they come", async () => {
  const done = new Events<number>();
  await using server = serve({
    port: 0,
    deflate: true,
    limits: { messageBytes: 100_000_000 },
    async open(connection) {
      for await (const { readable } of connection.messages({ stream: true })) {
        let bytes = 0;
        for await (const chunk of readable) bytes += chunk.length;
        done.push(bytes);
      }
    },
  });
  using client = await rawDeflating(server);
  await client.send(rawFrame(0xc2, BOMB, KEY));
  assertEquals(await done.next(), 64 * 1_048_576);
});

Deno.test("Registry tells what compression keeps for a connection", async () => {
  await using server = serve({ port: 0, deflate: { contextTakeover: true } });
  await using _takeover = await connect(server.url, { deflate: { contextTakeover: true } });
  await using _alone = await connect(server.url, { deflate: true });
  await using _plain = await connect(server.url);
  const [takeover, alone, plain] = server.registry.list().map(({ deflateBytes }) => deflateBytes);
  assert(takeover! > 100_000, String(takeover));
  assertEquals([alone, plain], [0, undefined]);
});

Deno.test("connect() refuses an answer to compression that grants what was not offered", async () => {
  const answers = [
    "permessage-deflate; server_max_window_bits=16",
    "permessage-deflate; unknown",
    "permessage-deflate; client_max_window_bits",
    "permessage-bzip2",
  ];
  for (const extensions of answers) {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    const connecting = connect(`ws://127.0.0.1:${port}/`, { deflate: true });
    const conn = await listener.accept();
    const request = new Uint8Array(4_096);
    const text = new TextDecoder().decode(request.subarray(0, await conn.read(request) ?? 0));
    const key = /Sec-WebSocket-Key: (\S+)/.exec(text)![1]!;
    await conn.write(new TextEncoder().encode(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        `Sec-WebSocket-Accept: ${
          computeAccept(key, (text) => createHash("sha1").update(text).digest("base64"))
        }\r\n` +
        `Sec-WebSocket-Extensions: ${extensions}\r\n\r\n`,
    ));
    await assertRejects(() => connecting, ConnectError);
    assertEquals(await conn.read(request), null, "The client has left");
    conn.close();
  }
});

Deno.test("Connection.close() comes behind a large message that is compressed", async () => {
  await using server = serve({
    port: 0,
    deflate: { threshold: 0 },
    open(connection) {
      connection.send("x".repeat(400_000));
      connection.send("small");
      connection.close(4000);
    },
  });
  const sizes: number[] = [];
  const connection = await connect(server.url, {
    deflate: true,
    message: (_, data) => void sizes.push(data.length),
  });
  assertEquals([(await connection.closed).code, sizes], [4000, [400_000, 5]]);
});

Deno.test("serve() takes no fault of its own for what was being inflated when a peer resets", async () => {
  const log = new LogBook();
  await using server = serve({
    port: 0,
    deflate: true,
    log: log.log,
    message: (connection, data) => connection.send(data),
  });
  const text = new Blob([
    Array.from(new Random(5).bytes(300_000), (byte) => byte.toString(16)).join(""),
  ]);
  const deflating = text.stream().pipeThrough(new CompressionStream("deflate-raw"));
  const message = new Uint8Array(await new Response(deflating).arrayBuffer());
  const wire = rawFrame(0xc1, message, KEY);
  for (let attempt = 0; attempt < 15; attempt++) {
    using client = await rawDeflating(server);
    await client.send(wire, wire, wire);
    // Some turns later the server is in the middle of it; what it has answered makes this a reset.
    for (let turn = 0; turn < attempt; turn++) await new Promise((resolve) => setTimeout(resolve));
  }
  await until("all are gone", () => Promise.resolve(server.registry.size === 0));
  // What was under way finds out in its next turn.
  for (let turn = 0; turn < 3; turn++) await yieldToEventLoop();
  assertEquals(log.entries("fault"), []);
});

Deno.test("ConnectionDeflate.sharedBits are those of few windows, none larger than the peer's", () => {
  const shared = [8, 9, 10, 11, 12, 13, 14, 15].map((bits) =>
    connectionDeflate(false, { windowBits: bits }).sharedBits
  );
  assertEquals(shared, [8, 9, 9, 9, 12, 12, 12, 15]);
});

Deno.test("ConnectionDeflate.takesTime() tells what would hold the event loop, at any effort", () => {
  const takes = (length: number, options: DeflateOptions) =>
    connectionDeflate(false, options).takesTime(length);
  assertEquals([takes(65_536, {}), takes(65_537, {})], [false, true]);
  assertEquals([takes(8_192, { level: 7 }), takes(8_193, { level: 9 })], [false, true]);
  assertEquals([takes(4_096, { windowBits: 8 }), takes(4_097, { windowBits: 8 })], [false, true]);
  assertEquals(connectionDeflate(true).takesTime(1), true);
});
