import { assertEquals } from "@std/assert";
import { encodeFrame, type Fragment, FrameDecoder, Opcode } from "../../../protocol/mod.ts";
import { deflateFault } from "../../../server/connection/deflate/deflate_fault.ts";
import { FrameTap } from "../../../server/operations/frame_tap.ts";
import type { TapEvent, TappedFrame } from "../../../server/operations/operations.ts";
import { concat, fromHex } from "../../helpers/notation.ts";
import { KEY, rawFrame } from "../../helpers/raw_frame.ts";

/** Feeds bytes from a peer to a tap, in chunks of that size. */
function receive(tap: FrameTap, bytes: Uint8Array, size = bytes.length): void {
  const decoder = new FrameDecoder({ role: "server", deflate: true });
  for (let at = 0; at < bytes.length; at += size) {
    decoder.transform(bytes.slice(at, at + size), {
      enqueue: (fragment: Fragment) => tap.received(fragment),
    });
  }
}

/** All events of a stream, without their times. */
async function eventsOf(stream: ReadableStream<TapEvent>): Promise<Omit<TapEvent, "at">[]> {
  const events = [];
  for await (const { at: _, ...event } of stream) events.push(event);
  return events;
}

const HELLO = new TextEncoder().encode("hällo");

Deno.test("FrameTap shows frames in both directions, and no payload unless asked", async () => {
  const tap = new FrameTap(() => {});
  const stream = tap.open({});
  receive(tap, rawFrame(0x80 | Opcode.Text, HELLO, KEY));
  tap.sent(Opcode.Binary, HELLO);
  tap.sent(Opcode.Text, "é");
  receive(tap, rawFrame(0x80 | Opcode.Close, Uint8Array.of(0x0f, 0xa0, 0x61), KEY));
  tap.ended({ code: 4000, reason: "a" }, "SOME_RULE");
  const frame = { type: "frame", fin: true };
  assertEquals(await eventsOf(stream), [
    { ...frame, direction: "in", opcode: 1, name: "text", masked: true, length: 6 },
    { ...frame, direction: "out", opcode: 2, name: "binary", masked: false, length: 6 },
    { ...frame, direction: "out", opcode: 1, name: "text", masked: false, length: 2 },
    {
      ...frame,
      direction: "in",
      opcode: 8,
      name: "close",
      masked: true,
      length: 3,
      closeCode: 4000,
    },
    { type: "end", code: 4000, reason: "a", rule: "SOME_RULE" },
  ]);
});

for (const size of [1, 3, 4, 100]) {
  Deno.test(`FrameTap shows the first bytes of a payload that comes ${size} at a time`, async () => {
    const tap = new FrameTap(() => {});
    const stream = tap.open({ payloadBytes: 2 });
    receive(tap, rawFrame(0x80 | Opcode.Text, HELLO, KEY), size);
    receive(tap, rawFrame(Opcode.Binary, Uint8Array.of(1, 2, 3), KEY), size);
    receive(tap, rawFrame(0x80 | Opcode.Ping, new Uint8Array(0), KEY), size);
    tap.close();
    const frames = await eventsOf(stream) as Extract<TapEvent, { type: "frame" }>[];
    assertEquals(frames.map(({ name, length, hex, text }) => [name, length, hex, text]), [
      // The second byte begins a character that is cut.
      ["text", 6, "68c3", "h"],
      ["binary", 3, "0102", undefined],
      ["ping", 0, "", undefined],
    ]);
  });
}

Deno.test({
  name: "FrameTap shows what compressed payloads stand for, and never their bytes as text" +
    (deflateFault() === undefined ? "" : ` (ignored: ${deflateFault()})`),
  ignore: deflateFault() !== undefined,
  async fn() {
    const tap = new FrameTap(() => {});
    const [shown, plain] = [tap.open({ payloadBytes: 64 }), tap.open({})];
    // RFC 7692 7.2.3.1 and 7.2.3.2: alone, with the context of the first, and in two frames.
    const hello = fromHex("f248cdc9c90700");
    receive(tap, rawFrame(0xc1, hello, KEY));
    receive(tap, rawFrame(0xc1, fromHex("f200110000"), KEY));
    receive(
      tap,
      concat([rawFrame(0x41, hello.slice(0, 4), KEY), rawFrame(0x80, hello.slice(4), KEY)]),
    );
    tap.ended({ code: 1000, reason: "" }, undefined);
    const compressed = { type: "frame", direction: "in", masked: true, compressed: true };
    const text = { ...compressed, opcode: 1, name: "text" };
    const frames = [
      { ...text, fin: true, length: 7 },
      { ...text, fin: true, length: 5 },
      { ...text, fin: false, length: 4 },
      { ...compressed, opcode: 0, name: "continuation", fin: true, length: 3 },
    ];
    const end = { type: "end", code: 1000, reason: "" };
    assertEquals(await eventsOf(plain), [...frames, end]);
    const seen = await eventsOf(shown) as TappedFrame[];
    assertEquals(seen.map(({ text, hex, inflatedHex }) => [hex, inflatedHex, text]), [
      ["f248cdc9c90700", "48656c6c6f", "Hello"],
      ["f200110000", undefined, undefined],
      ["f248cdc9", "48656c", "Hel"],
      ["c90700", undefined, undefined],
      [undefined, undefined, undefined],
    ]);
  },
});

Deno.test("FrameTap shows a long frame when its wanted bytes are there, not at its end", async () => {
  const tap = new FrameTap(() => {});
  const reader = tap.open({ payloadBytes: 4 }).getReader();
  const fragment = { opcode: Opcode.Binary, fin: true, frameLength: 1_000, compressed: false };
  tap.received({ ...fragment, first: true, last: false, payload: HELLO });
  const { value } = await reader.read();
  assertEquals(value?.type === "frame" && value.length, 1_000);
  tap.received({ ...fragment, first: false, last: true, payload: new Uint8Array(994) });
  tap.close();
  assertEquals((await reader.read()).done, true);
});

Deno.test("FrameTap begins with the next frame when it is opened in the middle of one", async () => {
  const tap = new FrameTap(() => {});
  const stream = tap.open({});
  const rest = { compressed: false, payload: HELLO };
  const fragment = { opcode: Opcode.Binary, fin: true, frameLength: 10, ...rest };
  tap.received({ ...fragment, first: false, last: true });
  tap.received({ ...fragment, frameLength: 6, first: true, last: true });
  tap.close();
  const frames = await eventsOf(stream) as Extract<TapEvent, { type: "frame" }>[];
  assertEquals(frames.map(({ length }) => length), [6]);
});

Deno.test("FrameTap takes messages for many apart", async () => {
  const tap = new FrameTap(() => {});
  const stream = tap.open({ payloadBytes: 9 });
  const bytes = new Uint8Array([
    ...encodeFrame(Opcode.Text, "a"),
    ...encodeFrame(Opcode.Binary, HELLO),
  ]);
  tap.sentShared({ bytes, messages: 2, texts: 1, textBytes: 1, binaryBytes: 6 });
  tap.close();
  const frames = await eventsOf(stream) as Extract<TapEvent, { type: "frame" }>[];
  assertEquals(frames.map(({ name, hex }) => [name, hex]), [
    ["text", "61"],
    ["binary", "68c3a46c6c6f"],
  ]);
});

Deno.test("FrameTap drops what a slow reader has no room for, and counts it", async () => {
  const tap = new FrameTap(() => {});
  const reader = tap.open({}).getReader();
  for (let frame = 0; frame < 1_500; frame++) tap.sent(Opcode.Binary, Uint8Array.of(frame));
  const seen: TapEvent[] = [];
  while (seen.at(-1)?.type !== "dropped") seen.push((await reader.read()).value!);
  assertEquals(seen.length, 1_001);
  assertEquals({ ...seen.at(-1)!, at: 0 }, { type: "dropped", at: 0, frames: 500 });
  tap.sent(Opcode.Ping, new Uint8Array(0));
  assertEquals((await reader.read()).value?.type, "frame");
  await reader.cancel();
});

Deno.test("FrameTap says when nobody reads any more", async () => {
  let unused = 0;
  const tap = new FrameTap(() => unused++);
  const [a, b] = [tap.open({}), tap.open({})];
  assertEquals(tap.readers, 2);
  await a.cancel();
  assertEquals(unused, 0);
  await b.cancel();
  assertEquals([unused, tap.readers], [1, 0]);
});
