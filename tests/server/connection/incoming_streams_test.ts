import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type Fragment, FrameDecoder, Opcode, ProtocolError } from "../../../protocol/mod.ts";
import {
  type IncomingStream,
  IncomingStreams,
  isIncoming,
} from "../../../server/connection/incoming_streams.ts";
import { concat } from "../../helpers/notation.ts";
import { KEY, rawFrame } from "../../helpers/raw_frame.ts";

/** The fragments of bytes from a peer that come `size` at a time. */
function fragmentsOf(bytes: Uint8Array, size = bytes.length): Fragment[] {
  const decoder = new FrameDecoder({ role: "server" });
  const fragments: Fragment[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    decoder.transform(bytes.slice(at, at + size), {
      enqueue: (fragment: Fragment) => void fragments.push(fragment),
    });
  }
  return fragments;
}

/** Pushes fragments as a connection does: no further one before the promise of the last. */
async function push(streams: IncomingStreams, fragments: readonly Fragment[]): Promise<void> {
  for (const fragment of fragments) {
    if (streams.takes(fragment)) await streams.push(fragment);
  }
}

async function bytesOf({ readable }: IncomingStream): Promise<Uint8Array> {
  return new Uint8Array(await new Response(readable).arrayBuffer());
}

const TEXT = new TextEncoder().encode("hällo wörld");

for (const size of [1, 2, 7, 1_000]) {
  Deno.test(`IncomingStreams hands messages over that come ${size} bytes at a time`, async () => {
    const wire = concat([
      rawFrame(Opcode.Text, TEXT.subarray(0, 2), KEY),
      rawFrame(0x80 | Opcode.Ping, new Uint8Array(0), KEY),
      rawFrame(Opcode.Continuation, new Uint8Array(0), KEY),
      rawFrame(0x80 | Opcode.Continuation, TEXT.subarray(2), KEY),
      rawFrame(0x80 | Opcode.Binary, new Uint8Array(0), KEY),
      rawFrame(0x80 | Opcode.Binary, Uint8Array.of(1, 2, 3), KEY),
    ]);
    const streams = new IncomingStreams(() => {});
    const pushing = push(streams, fragmentsOf(wire, size)).then(() => streams.close());
    const seen: [string, Uint8Array][] = [];
    for await (const message of streams.readable) seen.push([message.type, await bytesOf(message)]);
    await pushing;
    assertEquals(seen, [
      ["text", TEXT],
      ["binary", new Uint8Array(0)],
      ["binary", Uint8Array.of(1, 2, 3)],
    ]);
  });
}

Deno.test("isIncoming() knows the streams of messages that come from all others", async () => {
  const streams = new IncomingStreams(() => {});
  const pushing = push(streams, fragmentsOf(rawFrame(0x80 | Opcode.Text, TEXT, KEY)));
  const { value: message } = await streams.readable.getReader().read();
  await pushing;
  assertEquals(isIncoming(message!.readable), true);
  assertEquals(message!.readable.tee().map(isIncoming), [false, false]);
  streams.close();
});

Deno.test("IncomingStreams hands the first bytes over before the rest has come", async () => {
  const streams = new IncomingStreams(() => {});
  const [first, ...rest] = fragmentsOf(
    rawFrame(0x80 | Opcode.Binary, new Uint8Array(100), KEY),
    50,
  );
  streams.push(first!);
  const { value: message } = await streams.readable.getReader().read();
  const reader = message!.readable.getReader();
  assertEquals((await reader.read()).value?.length, first!.payload.length);
  await push(streams, rest);
  streams.close();
});

Deno.test("IncomingStreams makes the peer wait for a slow reader", async () => {
  const streams = new IncomingStreams(() => {});
  const messages = streams.readable.getReader();
  const fragment = { opcode: Opcode.Binary, fin: true, frameLength: 1e6, compressed: false };
  const piece = (first: boolean): Fragment => ({
    ...fragment,
    first,
    last: false,
    payload: new Uint8Array(50_000),
  });
  assertEquals(streams.push(piece(true)), undefined);
  const behind = streams.push(piece(false));
  let room = false;
  behind!.then(() => room = true);
  const { value: message } = await messages.read();
  await Promise.resolve();
  assertEquals(room, false);
  await message!.readable.getReader().read();
  await behind;
  streams.close();
});

Deno.test("IncomingStreams throws the rest of a cancelled message away, and goes on with the next", async () => {
  const streams = new IncomingStreams(() => {});
  const wire = concat([
    rawFrame(0x80 | Opcode.Binary, new Uint8Array(500_000), KEY),
    rawFrame(0x80 | Opcode.Text, TEXT, KEY),
  ]);
  const pushing = push(streams, fragmentsOf(wire, 10_000));
  const messages = streams.readable.getReader();
  await (await messages.read()).value!.readable.cancel();
  assertEquals(await bytesOf((await messages.read()).value!), TEXT);
  await pushing;
  streams.close();
});

Deno.test("IncomingStreams fails a message that the connection does not end", async () => {
  const streams = new IncomingStreams(() => {});
  const [first] = fragmentsOf(rawFrame(0x80 | Opcode.Binary, new Uint8Array(10), KEY), 10);
  streams.push(first!);
  const messages = streams.readable.getReader();
  const { value: message } = await messages.read();
  streams.close();
  await assertRejects(() => bytesOf(message!), Error, "in the middle of the message");
  assertEquals((await messages.read()).done, true);
});

Deno.test("IncomingStreams.takes() refuses text at its first byte that is not UTF-8, and text that is cut", () => {
  for (const payload of [Uint8Array.of(0x61, 0xff), Uint8Array.of(0x61, 0xc3)]) {
    const streams = new IncomingStreams(() => {});
    const [fragment] = fragmentsOf(rawFrame(0x80 | Opcode.Text, payload, KEY));
    assertThrows(() => streams.takes(fragment!), ProtocolError, "not UTF-8");
    streams.close();
  }
});

Deno.test("IncomingStreams does not take a message that began before", () => {
  const streams = new IncomingStreams(() => {});
  const [rest] = fragmentsOf(concat([
    rawFrame(Opcode.Text, TEXT, KEY),
    rawFrame(0x80 | Opcode.Continuation, TEXT, KEY),
  ])).slice(1);
  assertEquals(streams.takes(rest!), false);
  const [ping] = fragmentsOf(rawFrame(0x80 | Opcode.Ping, TEXT, KEY));
  assertEquals(streams.takes(ping!), false);
  streams.close();
});

Deno.test("IncomingStreams holds nothing up when no more messages are wanted", async () => {
  let cancelled = 0;
  const streams = new IncomingStreams(() => cancelled++);
  await streams.readable.cancel();
  await push(streams, fragmentsOf(rawFrame(0x80 | Opcode.Binary, new Uint8Array(200_000), KEY)));
  assertEquals(cancelled, 1);
});

Deno.test("IncomingStreams goes on with a message when the one before it is cancelled late", async () => {
  const streams = new IncomingStreams(() => {});
  const messages = streams.readable.getReader();
  const wire = concat([
    rawFrame(0x80 | Opcode.Binary, new Uint8Array(10), KEY),
    rawFrame(Opcode.Text, TEXT, KEY),
    rawFrame(0x80 | Opcode.Continuation, TEXT, KEY),
  ]);
  const [first, second, third] = fragmentsOf(wire);
  const early = messages.read();
  await push(streams, [first!, second!]);
  await (await early).value!.readable.cancel();
  const late = await messages.read();
  await push(streams, [third!]);
  assertEquals(await bytesOf(late.value!), concat([TEXT, TEXT]));
  streams.close();
});

Deno.test("IncomingStreams makes the peer wait after few fragments, however small they are", async () => {
  const streams = new IncomingStreams(() => {});
  const pieces = Array.from(
    { length: 1_000 },
    (_, at) => rawFrame(at === 0 ? Opcode.Binary : Opcode.Continuation, Uint8Array.of(1), KEY),
  );
  const messages = streams.readable.getReader();
  let pushed = 0;
  const pushing = (async () => {
    for (const fragment of fragmentsOf(concat(pieces))) {
      await streams.push(fragment);
      pushed++;
    }
  })();
  const { value: message } = await messages.read();
  for (let turn = 0; turn < 10_000; turn++) await Promise.resolve();
  assert(pushed < 500, `${pushed} fragments`);
  await message!.readable.cancel();
  await pushing;
  streams.close();
});

Deno.test("IncomingStreams fails a message that has not ended although no more are wanted", async () => {
  const streams = new IncomingStreams(() => {});
  const messages = streams.readable.getReader();
  const [first] = fragmentsOf(rawFrame(0x80 | Opcode.Binary, new Uint8Array(10), KEY), 10);
  streams.push(first!);
  const { value: message } = await messages.read();
  await messages.cancel();
  streams.close();
  await assertRejects(() => bytesOf(message!), Error, "in the middle of the message");
});
