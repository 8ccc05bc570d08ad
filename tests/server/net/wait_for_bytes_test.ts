import { assert, assertEquals } from "@std/assert";
import { CloseCode, encodeFrame, Opcode } from "../../../protocol/mod.ts";
import { WAITING_BUFFER_BYTES } from "../../../server/net/buffer_pool.ts";
import { LoneConnection } from "../../helpers/lone_connection.ts";
import { settled } from "../../helpers/memory_transport.ts";
import { concat } from "../../helpers/notation.ts";

const masked = { maskKey: 0x01020304 };

Deno.test("WebSocketConnection is parked from the start, and after what came out of a long silence", async () => {
  const setup = new LoneConnection();
  await settled();
  assertEquals(setup.transport.reads, [WAITING_BUFFER_BYTES]);
  setup.pass(2_000);
  await setup.arrive(encodeFrame(Opcode.Text, "a", masked));
  assertEquals(setup.transport.reads.slice(1), [WAITING_BUFFER_BYTES]);
  await setup.arrive(encodeFrame(Opcode.Text, "bc", masked));
  assertEquals(setup.transport.reads.slice(2), [1_024]);
  setup.pass(2_000);
  await setup.arrive(encodeFrame(Opcode.Pong, "", masked));
  assertEquals(setup.transport.reads.slice(3), [WAITING_BUFFER_BYTES]);
  assertEquals(setup.messages, [1, 2]);
  await setup.end();
});

Deno.test("WebSocketConnection is not parked while a read fills its buffer, as more will be there", async () => {
  const setup = new LoneConnection();
  setup.pass(2_000);
  await setup.arrive(encodeFrame(Opcode.Binary, new Uint8Array(1_500), masked));
  const parked = setup.transport.reads.lastIndexOf(WAITING_BUFFER_BYTES);
  assertEquals(setup.transport.reads.slice(0, parked), [WAITING_BUFFER_BYTES, 1_024, 4_096]);
  assertEquals(setup.messages, [1_500]);
  await setup.end();
});

Deno.test("WebSocketConnection answers a broken rule with its close code after a long silence", async () => {
  const setup = new LoneConnection();
  setup.pass(29_000);
  await setup.arrive(Uint8Array.of(0x81, 0x01, 0x61)); // not masked
  const close = setup.transport.written;
  assertEquals([close[0], close[2]! << 8 | close[3]!], [0x88, CloseCode.ProtocolError]);
  await setup.end();
});

Deno.test("WebSocketConnection puts a message together that comes slowly, parked in between", async () => {
  const setup = new LoneConnection();
  const frame = encodeFrame(Opcode.Binary, new Uint8Array(20_000), masked);
  for (let at = 0; at < frame.length; at += 1_000) {
    setup.pass(4_000);
    await setup.arrive(frame.subarray(at, at + 1_000));
  }
  assertEquals(setup.messages, [20_000]);
  assertEquals(setup.transport.reads.at(-1), WAITING_BUFFER_BYTES);
  await setup.end();
});

Deno.test("WebSocketConnection reads a message across parking", async () => {
  const setup = new LoneConnection();
  const frame = encodeFrame(Opcode.Binary, new Uint8Array(300), masked);
  await setup.arrive(frame.subarray(0, 100));
  setup.pass(10_000);
  await setup.arrive(frame.subarray(100, 101));
  setup.pass(10_000);
  await setup.arrive(concat([frame.subarray(101), encodeFrame(Opcode.Text, "next", masked)]));
  assertEquals(setup.messages, [300, 4]);
  assert(setup.connection.open);
  await setup.end();
});
