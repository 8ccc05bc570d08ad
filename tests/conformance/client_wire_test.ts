import { assert, assertEquals, assertRejects } from "@std/assert";
import { decodeBase64 } from "@std/encoding/base64";
import { connect, ConnectError, type ConnectOptions } from "../../mod.ts";
import { Opcode } from "../../protocol/mod.ts";
import { fromHex } from "../helpers/notation.ts";
import { KEY, rawFrame } from "../helpers/raw_frame.ts";
import { LIMITS, listen, pair, RawServer, urlOf } from "../helpers/raw_server.ts";
import { readFrames } from "./read_frames.ts";

// What our client does on the wire, seen by a raw socket at the other end.

/** The code of the only Close among the frames of a client. */
function closeCode(bytes: Uint8Array): number | undefined {
  const closes = readFrames(bytes).filter(({ opcode }) => opcode === Opcode.Close);
  assertEquals(closes.length, 1);
  const [first = 0, second = 0] = closes[0]?.payload ?? [];
  return first << 8 | second;
}

Deno.test("a client sends its handshake, and nothing behind it before the answer (4.1)", async () => {
  using listener = listen();
  const connecting = connect(urlOf(listener, "/chat?room=1"), { limits: LIMITS });
  using server = await RawServer.accept(listener);
  const { method, target, minorVersion, headers } = server.request;
  assertEquals([method, target, minorVersion], ["GET", "/chat?room=1", 1]);
  assertEquals(headers.get("host"), `127.0.0.1:${listener.addr.port}`);
  assertEquals(headers.get("upgrade")?.toLowerCase(), "websocket");
  assertEquals(headers.get("connection")?.toLowerCase(), "upgrade");
  assertEquals(headers.getAll("sec-websocket-version"), ["13"]);
  assertEquals(headers.getAll("sec-websocket-key").length, 1);
  assertEquals(headers.has("origin"), false);
  assertEquals(server.rest.length, 0);
  await server.answer();
  await server.send(rawFrame(0x88, fromHex("03 e8")));
  const client = await connecting;
  assertEquals((await client.closed).code, 1000);
  // The only frame that came is the answer to the Close.
  assertEquals(readFrames(await server.read()).map(({ opcode }) => opcode), [Opcode.Close]);
});

Deno.test("a client draws a key of 16 bytes for each connection (4.1)", async () => {
  const keys = new Set<string>();
  using listener = listen();
  for (let count = 0; count < 20; count++) {
    const connecting = connect(urlOf(listener));
    using server = await RawServer.accept(listener);
    const key = server.request.headers.get("sec-websocket-key") ?? "";
    assertEquals((decodeBase64 as (text: string) => Uint8Array)(key).length, 16);
    keys.add(key);
    await server.answer();
    (await connecting).terminate();
  }
  assertEquals(keys.size, 20);
});

Deno.test("a client masks every frame, each with a key that does not follow from the last (5.1, 5.3, 10.3)", async () => {
  const { client, server } = await pair({ message: () => {} });
  using _ = server;
  for (let count = 0; count < 600; count++) {
    client.send("text");
    client.send(Uint8Array.of(count));
    client.ping(Uint8Array.of(count));
  }
  await server.send(rawFrame(0x89, fromHex("61"))); // makes it send a Pong
  await server.send(rawFrame(0x88, fromHex("03 e8"))); // and a Close
  const frames = readFrames(await server.read());
  assertEquals([...new Set(frames.map(({ opcode }) => opcode))].sort(), [1, 10, 2, 8, 9]);
  const keys = frames.map(({ key }) => key ?? NaN);
  assert(keys.every((key) => key >= 0), "every frame is masked");
  assert(keys.length >= 1_000);
  // Drawn at random, 1,800 of 2^32 are all different but once in 2,600 runs, and two pairs never.
  assert(new Set(keys).size >= keys.length - 1);
  const steps = keys.slice(1).map((key, at) => (key - keys[at]!) >>> 0);
  assert(new Set(steps).size >= steps.length - 2, "no two steps are alike");
  for (let bit = 0; bit < 32; bit++) {
    const set = keys.filter((key) => (key >>> bit & 1) === 1).length;
    // Half of 1,800 within nine standard deviations.
    assert(Math.abs(set - keys.length / 2) < keys.length / 9, `bit ${bit} is set ${set} times`);
  }
});

for (
  const [what, frame] of [
    ["a masked frame (5.1)", rawFrame(0x81, fromHex("61"), KEY)],
    ["a masked empty Ping (5.1)", rawFrame(0x89, new Uint8Array(0), KEY)],
    ["a reserved bit (5.2)", rawFrame(0xc1, fromHex("61"))],
    ["a reserved opcode (5.2)", rawFrame(0x83, fromHex("61"))],
    ["a Ping of 126 bytes (5.5)", rawFrame(0x89, new Uint8Array(126))],
    ["a continuation of nothing (5.4)", rawFrame(0x80, fromHex("61"))],
    ["a Close with 1005 (7.4.1)", rawFrame(0x88, fromHex("03 ed"))],
  ] as const
) {
  Deno.test(`a client closes with 1002 after ${what}, and handles nothing behind it`, async () => {
    const seen: unknown[] = [];
    const { client, server } = await pair({ message: (_, data) => void seen.push(data) });
    using _ = server;
    await server.send(frame, rawFrame(0x81, fromHex("62")));
    const bytes = await server.read(); // ends with the client's FIN
    assertEquals(closeCode(bytes), 1002);
    assertEquals((await client.closed).code, 1006);
    assertEquals(seen, []);
  });
}

Deno.test("a client closes with 1007 after text that is not UTF-8 (8.1)", async () => {
  const { client, server } = await pair({ message: () => {} });
  using _ = server;
  await server.send(rawFrame(0x81, fromHex("61 ff")));
  assertEquals(closeCode(await server.read()), 1007);
  await client.closed;
});

Deno.test("a client closes with 1009 at a frame that announces more than it takes (10.4)", async () => {
  const { client, server } = await pair({ message: () => {}, limits: { messageBytes: 1_000 } });
  using _ = server;
  await server.send(fromHex("82 7f 7f ff ff ff ff ff ff ff"));
  assertEquals(closeCode(await server.read()), 1009);
  await client.closed;
});

Deno.test("a client closes the TCP connection when a Close has gone both ways (5.5.1)", async () => {
  const { client, server } = await pair({ message: () => {} });
  using _ = server;
  client.close(4000, "bye");
  await server.send(rawFrame(0x88, fromHex("0f a0")));
  // The server never leaves by itself: that the reading ends is the client's doing.
  assertEquals(closeCode(await server.read()), 4000);
  assertEquals((await client.closed).code, 4000);
});

Deno.test("a client sends no data behind its Close (5.5.1)", async () => {
  const { client, server } = await pair({ message: () => {} });
  using _ = server;
  client.send("before");
  client.close(1000);
  client.send("behind");
  await server.send(rawFrame(0x88, fromHex("03 e8")));
  const opcodes = readFrames(await server.read()).map(({ opcode }) => opcode);
  assertEquals(opcodes, [Opcode.Text, Opcode.Close]);
  await client.closed;
});

Deno.test("a client begins with TLS for wss, and names the host in it (4.1)", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connecting = connect(`wss://localhost:${listener.addr.port}/`);
  const failing = assertRejects(() => connecting, ConnectError);
  const conn = await listener.accept();
  const buffer = new Uint8Array(4_096);
  const hello = buffer.subarray(0, await conn.read(buffer) ?? 0);
  assertEquals([hello[0], hello[1]], [0x16, 0x03]); // a record of TLS with a handshake message
  const text = new TextDecoder("latin1").decode(hello);
  assert(text.includes("localhost"), "Server Name Indication");
  assert(!text.includes("GET ") && !text.includes("Upgrade"));
  // What is no TLS makes the handshake fail, and with it the connecting.
  await conn.write(new TextEncoder().encode("HTTP/1.1 101 Switching Protocols\r\n\r\n"));
  await failing;
  conn.close();
});

for (
  const [what, url, host, target] of [
    ["a host", "ws://bücher.example/", "xn--bcher-kva.example", "/"],
    ["a path", "ws://example.com/größe", "example.com", "/gr%C3%B6%C3%9Fe"],
    ["a query", "ws://example.com/?ü=日", "example.com", "/?%C3%BC=%E6%97%A5"],
    ["a number sign that was escaped", "ws://example.com/a%23b", "example.com", "/a%23b"],
    ["the default port", "ws://example.com:80/", "example.com", "/"],
  ] as const
) {
  Deno.test(`a client writes ${what} in ASCII as an address has it (3, 4.1, 11.1)`, async () => {
    const controller = new AbortController();
    let request = "";
    const options: ConnectOptions = {
      signal: controller.signal,
      head(_, head) {
        request = head;
        controller.abort(new Error("seen")); // nothing is looked up
      },
    };
    await assertRejects(() => connect(url, options), Error, "seen");
    const [line, hostLine] = request.split("\r\n");
    assertEquals([line, hostLine], [`GET ${target} HTTP/1.1`, `Host: ${host}`]);
  });
}

Deno.test("a client sends a payload as it was when it was handed over (10.3)", async () => {
  const { client, server } = await pair({ message: () => {} });
  using _ = server;
  const payloads = [100, 30_000, 70_000].map((size) => new Uint8Array(size).fill(1));
  for (const payload of payloads) {
    client.send(payload);
    payload.fill(2);
  }
  client.close(1000);
  await server.send(rawFrame(0x88, fromHex("03 e8")));
  const sent = readFrames(await server.read()).slice(0, -1);
  assertEquals(sent.map(({ payload }) => payload.length), [100, 30_000, 70_000]);
  assert(sent.every(({ payload }) => payload.every((byte) => byte === 1)));
  await client.closed;
});
