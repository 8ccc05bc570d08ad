import { assert, assertEquals } from "@std/assert";
import { type Fragment, FrameDecoder, ProtocolError } from "../../../protocol/mod.ts";
import {
  type FrameBatch,
  FrameSource,
  MAX_FRAGMENTS,
} from "../../../server/connection/frame_source.ts";
import { MAX_BUFFER_BYTES, WAITING_BUFFER_BYTES } from "../../../server/net/buffer_pool.ts";
import { forEveryChunking } from "../../helpers/chunks.ts";
import { type Arrival, MemoryTransport, settled } from "../../helpers/memory_transport.ts";
import { concat, toHex } from "../../helpers/notation.ts";
import { peerFrame } from "../../helpers/raw_frame.ts";
import { StrictPool } from "../../helpers/strict_pool.ts";

const NOTHING = new Uint8Array(0);

function text(text: string): Uint8Array<ArrayBuffer> {
  return peerFrame("server", 0x81, new TextEncoder().encode(text));
}

interface Setup {
  transport: MemoryTransport;
  pool: StrictPool;
  source: FrameSource;
  reader: ReadableStreamDefaultReader<FrameBatch>;
}

function setup(first: Uint8Array, ...arrivals: Arrival[]): Setup {
  const transport = new MemoryTransport(...arrivals);
  const pool = new StrictPool();
  const decoder = new FrameDecoder({ role: "server" });
  const source = new FrameSource(transport, decoder, pool, first);
  const reader = new ReadableStream(source, { highWaterMark: 0 }).getReader();
  return { transport, pool, source, reader };
}

function described(fragments: readonly Fragment[]): string[] {
  return fragments.map(({ opcode, payload }) => `${opcode}: ${toHex(payload)}`.trim());
}

async function nextOf(reader: Setup["reader"]): Promise<string[] | "end"> {
  const { done, value } = await reader.read();
  return done ? "end" : described(value.fragments);
}

Deno.test("FrameSource hands out the bytes that were read already before it reads", async () => {
  const { transport, reader } = setup(concat([text("a"), text("b")]), text("c"), null);
  assertEquals(transport.reads, [], "nothing is read before somebody asks");
  assertEquals(await nextOf(reader), ["1: 61", "1: 62"]);
  assertEquals(transport.reads, []);
  assertEquals(await nextOf(reader), ["1: 63"]);
  assertEquals(await nextOf(reader), "end");
  assertEquals(transport.reads.length, 2);
});

Deno.test("FrameSource hands out an empty first batch when nothing was read yet", async () => {
  const { reader } = setup(NOTHING, null);
  const { value } = await reader.read();
  assertEquals([value?.fragments, value?.byteLength], [[], 0]);
  assertEquals(await nextOf(reader), "end");
});

Deno.test("FrameSource reads once for each batch that is asked for", async () => {
  const { transport, reader } = setup(text("a"), text("b"), text("c"));
  await reader.read();
  await reader.read();
  assertEquals(transport.reads.length, 1);
  const { value } = await reader.read();
  assertEquals(value?.byteLength, text("c").length);
  assertEquals(transport.reads.length, 2);
});

Deno.test("FrameSource finds the same frames however the bytes are cut", async () => {
  const wire = concat([text("Hello"), peerFrame("server", 0x89, NOTHING), text("é")]);
  const runs: Promise<void>[] = [];
  forEveryChunking(wire, (chunks) => {
    const [first = NOTHING, ...rest] = chunks;
    const { reader } = setup(first, ...rest, null);
    runs.push((async () => {
      const payloads: string[] = [];
      let bytes = 0;
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        bytes += value.byteLength;
        payloads.push(...value.fragments.map(({ payload }) => toHex(payload)));
      }
      assertEquals(payloads.filter((one) => one !== "").join(" "), "48 65 6c 6c 6f c3 a9");
      assertEquals(bytes, wire.length);
    })());
  });
  await Promise.all(runs);
});

Deno.test("FrameSource delivers the good frames before a broken rule, and then the error", async () => {
  const unmasked = Uint8Array.of(0x81, 0x01, 0x61);
  const { reader } = setup(concat([text("a"), text("b"), unmasked, text("c")]), text("d"));
  const { value } = await reader.read();
  assertEquals(value?.fragments.length, 2);
  assert(value?.failure instanceof ProtocolError);
  assertEquals((value?.failure as ProtocolError).code, "MASK_MISSING");
});

Deno.test("FrameSource ends when the transport breaks", async () => {
  const { reader } = setup(text("a"), new Deno.errors.ConnectionReset("Reset"));
  assertEquals(await nextOf(reader), ["1: 61"]);
  assertEquals(await nextOf(reader), "end");
});

Deno.test("FrameSource ends at FIN in the middle of a frame", async () => {
  const { reader } = setup(text("Hello").subarray(0, 8), null);
  assertEquals(await nextOf(reader), ["1: 48 65"]);
  assertEquals(await nextOf(reader), "end");
});

Deno.test("FrameSource grows its buffer fourfold while reads fill it, up to the largest", async () => {
  const most = MAX_BUFFER_BYTES;
  const wire = concat(Array.from({ length: 20 }, () => text("x".repeat(65_536))));
  const { transport, pool, source, reader } = setup(NOTHING, wire);
  for (let i = 0; i < 8; i++) await reader.read();
  assertEquals(transport.reads, [1_024, 4_096, 16_384, 65_536, most, most, most]);
  assertEquals(pool.lent.size, 1, "the smaller buffers went back");
  source.release();
  assertEquals(pool.lent.size, 0);
});

Deno.test("FrameSource gives a buffer that has grown back after eight small reads in a row", async () => {
  const large = text("x".repeat(65_536));
  const trickle = Array.from({ length: 9 }, () => text("x"));
  const { transport, reader, pool } = setup(NOTHING, large, ...trickle);
  await reader.read(); // the bytes that were there already
  while (transport.reads.length < 13) await reader.read();
  const grown = transport.reads.slice(transport.reads.indexOf(65_536));
  assertEquals(grown, [...Array(9).fill(65_536), 1_024]);
  assertEquals(pool.lent.size, 1);
});

Deno.test("FrameSource waits with 64 KiB at most, however large the reads before were", async () => {
  const { transport, reader, pool } = setup(NOTHING, text("x".repeat(500_000)), text("a"));
  await reader.read(); // the bytes that were there already
  while (transport.reads.length < 7) await reader.read();
  assertEquals(transport.reads.slice(4), [MAX_BUFFER_BYTES, MAX_BUFFER_BYTES, 65_536]);
  assertEquals(pool.lent.size, 1);
});

Deno.test("FrameSource says of a batch whether its read was full, so that more is to come", async () => {
  const full = text("x".repeat(1_016)); // with its header exactly 1,024 bytes
  const woken = text("x".repeat(WAITING_BUFFER_BYTES - 6));
  const { reader } = setup(woken, full, text("a"));
  assertEquals(woken.length, WAITING_BUFFER_BYTES);
  for (const more of [true, true, false]) assertEquals((await reader.read()).value?.more, more);
});

Deno.test("FrameSource keeps its buffer when a read does not fill it", async () => {
  const full = text("x".repeat(1_016)); // with its header exactly 1,024 bytes
  const { transport, reader } = setup(
    full.slice(0, 1),
    full.subarray(1),
    full,
    text("a"),
    text("b"),
  );
  for (let i = 0; i < 5; i++) await reader.read();
  assertEquals(full.length, 1_024);
  assertEquals(transport.reads, [1_024, 1_024, 4_096, 4_096]);
});

Deno.test("FrameSource hands very many fragments out in several batches, before it reads again", async () => {
  const frames = 2 * MAX_FRAGMENTS + 10;
  const empty = peerFrame("server", 0x8a, NOTHING);
  const wire = concat(Array.from({ length: frames }, () => empty));
  const { transport, reader } = setup(wire, text("b"), null);
  const batches: unknown[] = [];
  for (let i = 0; i < 4; i++) {
    const { value } = await reader.read();
    batches.push([value?.fragments.length, value?.byteLength, value?.more, transport.reads.length]);
  }
  assertEquals(batches, [
    [MAX_FRAGMENTS, MAX_FRAGMENTS * empty.length, true, 0],
    [MAX_FRAGMENTS, MAX_FRAGMENTS * empty.length, true, 0],
    [10, 10 * empty.length, false, 0],
    [1, text("b").length, false, 1],
  ]);
  assertEquals(await nextOf(reader), "end");
});

Deno.test("FrameSource delivers the error of a later batch with the good frames before it", async () => {
  const good = Array.from({ length: MAX_FRAGMENTS + 1 }, () => text("a"));
  const { reader } = setup(concat([...good, Uint8Array.of(0x81, 0x01, 0x61)]), null);
  const failures: unknown[] = [];
  for (const count of [MAX_FRAGMENTS, 1]) {
    const { value } = await reader.read();
    assertEquals(value?.fragments.length, count);
    failures.push((value?.failure as ProtocolError | undefined)?.code);
  }
  assertEquals(failures, [undefined, "MASK_MISSING"]);
});

Deno.test("FrameSource holds no fragments while it waits for more", async () => {
  const { reader } = setup(NOTHING, concat(Array.from({ length: 50 }, () => text("a"))));
  await reader.read(); // the bytes that were there already
  const { value: batch } = await reader.read();
  assertEquals(batch?.fragments.length, 50);
  const waiting = reader.read();
  await settled();
  assertEquals(batch?.fragments.length, 0);
  await reader.cancel();
  await waiting;
});

Deno.test("FrameSource keeps payloads as they are until the next batch is asked for", async () => {
  const { transport, reader } = setup(NOTHING, text("first"));
  await reader.read();
  const { value } = await reader.read();
  transport.arrive(text("other"));
  await Promise.resolve();
  assertEquals(described(value!.fragments), ["1: 66 69 72 73 74"]);
});

Deno.test("FrameSource goes on where another one stopped in the middle of a frame", async () => {
  const decoder = new FrameDecoder({ role: "server" });
  const pool = new StrictPool();
  const wire = text("Hello");
  const seen: string[] = [];
  for (const part of [wire.slice(0, 3), wire.slice(3, 8), wire.slice(8)]) {
    const source = new FrameSource(new MemoryTransport(), decoder, pool, part);
    const reader = new ReadableStream(source, { highWaterMark: 0 }).getReader();
    seen.push(...await nextOf(reader));
    source.release();
  }
  assertEquals(seen, ["1: 48 65", "1: 6c 6c 6f"]);
  assertEquals(pool.lent.size, 0);
});
