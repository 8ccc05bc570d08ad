import { assert, assertEquals } from "@std/assert";
import { Opcode } from "../../protocol/mod.ts";
import { serve } from "../../mod.ts";
import { concat, fromHex } from "../helpers/notation.ts";
import { RawClient } from "../helpers/raw_client.ts";
import { KEY, rawFrame } from "../helpers/raw_frame.ts";
import { readFrames } from "./read_frames.ts";

// What a server does on the wire, seen from a raw socket: rules that the tests of a single module
// cannot show.

/** A server that sends everything back, and takes what a test wants to see. */
function echo(seen: (data: string | Uint8Array) => void = () => {}) {
  return serve({
    port: 0,
    message(connection, data) {
      seen(data);
      void connection.send(data);
    },
  });
}

Deno.test("a server answers an unmasked frame of each opcode with 1002 (5.1)", async () => {
  await using server = echo();
  for (const opcode of [Opcode.Text, Opcode.Binary, Opcode.Ping, Opcode.Pong, Opcode.Close]) {
    using client = await RawClient.open(server.addr);
    await client.send(rawFrame(0x80 | opcode, fromHex("03 e8")));
    assertEquals((await client.closed()).code, 1002, `opcode ${opcode}`);
  }
});

Deno.test("a server masks no frame and sets no reserved bit (5.1, 5.2)", async () => {
  await using server = serve({
    port: 0,
    message(connection, data) {
      connection.ping(fromHex("01 02"));
      void connection.send(data);
      void connection.send(new Uint8Array(data.length));
      server.broadcast(`all: ${data}`);
      if (data.length > 70_000) connection.close(4000, "enough");
    },
  });
  using client = await RawClient.open(server.addr);
  for (const size of [0, 5, 125, 126, 40_000, 65_536, 80_000]) {
    await client.send(rawFrame(0x89, fromHex("61"), KEY));
    await client.sendMessage("x".repeat(size));
  }
  await client.sendClose(1000);
  const frames = readFrames(await client.rest());
  assert(frames.every(({ reserved, key }) => reserved === 0 && key === undefined));
  const opcodes = new Set(frames.map(({ opcode }) => opcode));
  assertEquals([...opcodes].sort(), [1, 10, 2, 8, 9], "frames of every kind were seen");
});

Deno.test("a server answers pings between the fragments of a message (5.4)", async () => {
  await using server = echo();
  using client = await RawClient.open(server.addr);
  await client.send(rawFrame(0x01, fromHex("61"), KEY), rawFrame(0x89, fromHex("01"), KEY));
  assertEquals(await client.frame(), { opcode: Opcode.Pong, fin: true, payload: fromHex("01") });
  await client.send(rawFrame(0x00, fromHex("62"), KEY), rawFrame(0x8a, fromHex("02"), KEY));
  await client.send(rawFrame(0x80, fromHex("63"), KEY));
  assertEquals(await client.message(), "abc");
});

Deno.test("a server sends FIN right behind the Close that answers one (5.5.1, 7.1.1)", async () => {
  await using server = echo();
  using client = await RawClient.open(server.addr);
  // The client sends no FIN of its own: what ends the reading is the server's.
  await client.sendClose(4001, "bye");
  assertEquals((await client.closed()).code, 4001);
});

Deno.test("a server handles nothing that comes behind a broken rule (7.1.7)", async () => {
  const seen: unknown[] = [];
  await using server = echo((data) => seen.push(data));
  using client = await RawClient.open(server.addr);
  await client.send(concat([
    rawFrame(0x81, fromHex("61"), KEY),
    rawFrame(0x83, fromHex("62"), KEY), // a reserved opcode
    rawFrame(0x81, fromHex("63"), KEY),
    rawFrame(0x89, fromHex("64"), KEY),
    rawFrame(0x88, fromHex("03 e8"), KEY),
  ]));
  assertEquals(await client.message(), "a");
  assertEquals((await client.closed()).code, 1002);
  assertEquals(seen, ["a"]);
  assert(server.registry.totals().messagesIn === 1);
});

for (const code of [1005, 1006, 1015]) {
  Deno.test(`a server answers a Close with ${code} with 1002 (7.4.1)`, async () => {
    await using server = echo();
    using client = await RawClient.open(server.addr);
    await client.sendClose(code);
    assertEquals((await client.closed()).code, 1002);
  });
}
