import { assert, assertEquals, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { FrameDecoderStream } from "../../protocol/frame_decoder_stream.ts";
import type { Fragment } from "../../protocol/frame_decoder.ts";
import { ProtocolError } from "../../protocol/errors.ts";
import type { Role } from "../../protocol/frame_check.ts";
import { chunkings } from "../helpers/chunks.ts";
import { concat, fromHex, toHex } from "../helpers/notation.ts";
import { KEY, peerFrame, rawFrame } from "../helpers/raw_frame.ts";
import { Random } from "../helpers/random.ts";

const ROLES: readonly Role[] = ["server", "client"];

/** Reads all fragments and keeps them, as only an owner of the payloads may. */
function decode(role: Role, chunks: Iterable<Uint8Array>): Promise<Fragment[]> {
  const stream = ReadableStream.from(chunks).pipeThrough(new FrameDecoderStream({ role }));
  return Array.fromAsync(stream);
}

for (const role of ROLES) {
  Deno.test(`FrameDecoderStream as ${role} reads frames however they are cut`, async () => {
    const payload = new Random(1).bytes(500);
    const bytes = concat([
      peerFrame(role, 0x02, payload.subarray(0, 300)),
      peerFrame(role, 0x8a, fromHex("68 69")),
      peerFrame(role, 0x80, payload.subarray(300)),
    ]);
    for (const { name, chunks } of chunkings(bytes)) {
      const fragments = await decode(role, chunks);
      const data = concat(fragments.filter((f) => f.opcode < 8).map((f) => f.payload));
      assertEquals(data, payload, name);
      const pongs = fragments.filter((f) => f.opcode === 10).map((f) => toHex(f.payload));
      assertEquals(pongs, ["68 69"], name);
    }
  });

  Deno.test(`FrameDecoderStream as ${role} never writes to the bytes it is given`, async () => {
    const bytes = concat([
      peerFrame(role, 0x82, new Random(2).bytes(200)),
      peerFrame(role, 0x89, new Random(3).bytes(20)),
    ]);
    for (const { name, chunks } of chunkings(bytes)) {
      await decode(role, chunks);
      assertEquals(concat(chunks), bytes, name);
    }
  });

  Deno.test(`FrameDecoderStream as ${role} hands out payloads that stay when the input changes`, async () => {
    const bytes = peerFrame(role, 0x82, fromHex("01 02 03"));
    const [fragment] = await decode(role, [bytes]);
    bytes.fill(0xee);
    assertEquals(toHex(fragment!.payload), "01 02 03");
    assert(fragment!.payload.buffer !== bytes.buffer);
  });

  Deno.test(`FrameDecoderStream as ${role} takes a Buffer, whose slice() would be no copy`, async () => {
    const bytes = peerFrame(role, 0x82, fromHex("01 02 03"));
    const buffer = Buffer.from(bytes);
    const [fragment] = await decode(role, [buffer]);
    assertEquals(Uint8Array.from(buffer), bytes, "The input is not written to");
    buffer.fill(0xee);
    assertEquals(toHex(fragment!.payload), "01 02 03");
  });

  Deno.test(`FrameDecoderStream as ${role} keeps to the limits it is given`, async () => {
    const limits = { messageBytes: 2, messageFragments: 9 };
    const stream = ReadableStream.from([peerFrame(role, 0x82, fromHex("01 02 03"))])
      .pipeThrough(new FrameDecoderStream({ role, limits }));
    const error: ProtocolError = await assertRejects(() => Array.fromAsync(stream), ProtocolError);
    assertEquals(error.code, "MESSAGE_TOO_BIG");
  });
}

Deno.test("FrameDecoderStream errors with the typed error, on both sides (7.1.7)", async () => {
  const stream = new FrameDecoderStream({ role: "server" });
  const writer = stream.writable.getWriter();
  const reader = stream.readable.getReader();
  // Looked at before anything fails, so that no rejection goes unhandled.
  const closed: Promise<ProtocolError> = assertRejects(() => reader.closed, ProtocolError);
  const writerClosed: Promise<ProtocolError> = assertRejects(() => writer.closed, ProtocolError);
  const read = assertRejects(() => reader.read(), ProtocolError);
  const written: ProtocolError = await assertRejects(
    () => writer.write(rawFrame(0x81, fromHex("61"))),
    ProtocolError,
  );
  await read;
  assertEquals([written.code, written.closeCode], ["MASK_MISSING", 1002]);
  assertEquals([(await closed).code, (await writerClosed).code], ["MASK_MISSING", "MASK_MISSING"]);
});

Deno.test("FrameDecoderStream ends with its input, in the middle of a frame too", async () => {
  const bytes = rawFrame(0x82, fromHex("01 02 03"), KEY);
  for (let length = 0; length <= bytes.length; length++) {
    const fragments = await decode("server", [bytes.subarray(0, length)]);
    assertEquals(concat(fragments.map((f) => f.payload)).length, Math.max(0, length - 6));
  }
});

Deno.test("FrameDecoderStream tells compressed messages where they were negotiated (RFC 7692 6)", async () => {
  const frame = peerFrame("client", 0xc1, fromHex("f2 48 cd c9 c9 07 00"));
  const open = (deflate: boolean) =>
    ReadableStream.from([frame]).pipeThrough(new FrameDecoderStream({ role: "client", deflate }));
  const [fragment] = await Array.fromAsync(open(true));
  assertEquals(fragment?.compressed, true);
  await assertRejects(() => Array.fromAsync(open(false)), ProtocolError, "reserved bit");
});
