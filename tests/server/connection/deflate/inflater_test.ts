import { assert, assertEquals, assertRejects } from "@std/assert";
import { constants, deflateRawSync } from "node:zlib";
import { ProtocolError, type ProtocolErrorCode } from "../../../../protocol/mod.ts";
import { deflateAlone } from "../../../../server/connection/deflate/deflate_alone.ts";
import { Deflater } from "../../../../server/connection/deflate/deflater.ts";
import { Inflater } from "../../../../server/connection/deflate/inflater.ts";
import { ZlibFailure } from "../../../../server/connection/deflate/zlib_stream.ts";
import { chunkings } from "../../../helpers/chunks.ts";
import { inflateAll, randomMessage, sameBytes } from "../../../helpers/deflate_messages.ts";
import { concat, fromHex, toHex } from "../../../helpers/notation.ts";
import { noPythonZlib, pythonZlib } from "../../../helpers/python_zlib.ts";
import { Random } from "../../../helpers/random.ts";

const MIB = 1_048_576;
const SETTINGS = { windowBits: 15, level: 6, memLevel: 8 };
const HELLO = "48 65 6c 6c 6f";
/** "Hello" in a final block that ends at a byte. */
const FINAL_HELLO = "f3 48 cd c9 c9 07 00";

function inflaterOf(contextTakeover: boolean, limit = MIB, windowBits = 15): Inflater {
  return new Inflater({ windowBits, contextTakeover, limit: () => limit });
}

/** The messages of one connection in hex, as they come out, for one way of cutting each. */
async function inflateHex(takeover: boolean, messages: Uint8Array[][]): Promise<string[]> {
  const inflater = inflaterOf(takeover);
  try {
    const inflated: string[] = [];
    for (const chunks of messages) inflated.push(toHex(concat(await inflateAll(inflater, chunks))));
    return inflated;
  } finally {
    inflater.close();
  }
}

/** The code with which a message is refused, or "none"; nothing but protocol errors may come out. */
async function outcome(
  inflater: Inflater,
  chunks: Uint8Array[],
): Promise<ProtocolErrorCode | "none"> {
  try {
    await inflateAll(inflater, chunks);
    return "none";
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return error.code;
  } finally {
    inflater.close();
  }
}

for (
  const [section, payload, expected] of [
    ["7.2.3.1, one block", "f2 48 cd c9 c9 07 00", HELLO],
    ["7.2.3.3, a block without compression", "00 05 00 fa ff 48 65 6c 6c 6f 00", HELLO],
    ["7.2.3.4, a final block", `${FINAL_HELLO} 00`, HELLO],
    ["7.2.3.5, two blocks", "f2 48 05 00 00 00 ff ff ca c9 c9 07 00", HELLO],
    ["7.2.3.6, an empty message", "00", ""],
    ["a final block alone, as some senders end", FINAL_HELLO, HELLO],
    ["a final block and another", `${FINAL_HELLO} f2 48 cd c9 c9 07 00`, `${HELLO} ${HELLO}`],
    ["an empty final block", "03 00 00", ""],
    ["no bytes at all, as some senders mean an empty message", "", ""],
  ] as const
) {
  for (const takeover of [false, true]) {
    const name = takeover ? "context takeover" : "no context takeover";
    Deno.test(`Inflater with ${name} inflates ${section}, however it is cut`, async () => {
      for (const { name, chunks } of chunkings(fromHex(payload))) {
        const message = chunks.length === 0 ? [new Uint8Array()] : chunks;
        // Twice, as nothing of the first may be left.
        const inflated = await inflateHex(takeover, [message, message]);
        assertEquals(inflated, [expected, expected], name);
        // An empty last fragment changes nothing.
        const ended = [...message, new Uint8Array()];
        assertEquals(await inflateHex(takeover, [ended, ended]), [expected, expected], name);
      }
    });
  }
}

Deno.test("Inflater keeps the window from message to message (7.2.3.2)", async () => {
  const first = fromHex("f2 48 cd c9 c9 07 00");
  const second = fromHex("f2 00 11 00 00");
  for (const { chunks } of chunkings(second)) {
    assertEquals(await inflateHex(true, [[first], chunks]), [HELLO, HELLO]);
    // Neither an empty message nor none at all comes between.
    const empty = [new Uint8Array()];
    const inflated = await inflateHex(true, [[first], empty, [fromHex("00")], chunks, empty]);
    assertEquals(inflated, [HELLO, "", "", HELLO, ""]);
  }
  assertEquals(await outcome(inflaterOf(false), [second]), "INFLATE_FAILED");
});

Deno.test("Inflater returns a small whole message at once, and others as they come", async () => {
  const alone = inflaterOf(false);
  const small = alone.inflate(fromHex("f2 48 cd c9 c9 07 00"), true);
  if (!(small instanceof Array)) throw new Error("A small message came as a stream");
  assertEquals(small.map((piece) => piece.constructor), [Uint8Array]);
  const large = deflateAlone(new Uint8Array(100_000), SETTINGS);
  const pieces = alone.inflate(large, true);
  if (pieces instanceof Array) throw new Error("A large message came at once");
  assertEquals(concat(await Array.fromAsync(pieces)).length, 100_000);
  const kept = inflaterOf(true);
  assert(!(kept.inflate(fromHex("00"), true) instanceof Array));
  kept.close();
});

Deno.test("Inflater gives pieces of at most 64 KiB, none of them empty", async () => {
  const message = randomMessage(new Random(1), 700_000);
  for (const payload of [message, new Uint8Array(MIB)]) {
    for (const takeover of [true, false]) {
      const inflater = inflaterOf(takeover);
      const pieces = await inflateAll(inflater, [deflateAlone(payload, SETTINGS)]);
      inflater.close();
      for (const { length } of pieces) assert(length > 0 && length <= 65_536, `${length}`);
      assert(sameBytes(concat(pieces), payload));
    }
  }
});

Deno.test("Inflater keeps none of the bytes that it was given", async () => {
  const message = randomMessage(new Random(2), 3_000);
  for (const takeover of [true, false]) {
    const inflater = inflaterOf(takeover);
    const pieces: Uint8Array[] = [];
    for (let round = 0; round < 2; round++) {
      const payload = deflateAlone(message, SETTINGS);
      for (let at = 0; at < payload.length; at += 100) {
        const chunk = payload.slice(at, at + 100);
        for await (const piece of inflater.inflate(chunk, at + 100 >= payload.length)) {
          pieces.push(piece);
        }
        chunk.fill(0xff);
      }
    }
    inflater.close();
    assertEquals(toHex(concat(pieces)), toHex(concat([message, message])));
  }
});

Deno.test("Inflater inflates a message that comes byte by byte", async () => {
  const message = randomMessage(new Random(3), 20_000);
  const chunks = Array.from(deflateAlone(message, SETTINGS), (byte) => Uint8Array.of(byte));
  for (const takeover of [true, false]) {
    assertEquals(await inflateHex(takeover, [chunks]), [toHex(message)]);
  }
});

Deno.test("Inflater counts what comes out: exactly the limit is good, one byte more is not", async () => {
  for (const size of [1, 100, 65_535, 65_536, 65_537, 200_000, MIB]) {
    const payload = deflateAlone(new Uint8Array(size), SETTINGS);
    for (const takeover of [true, false]) {
      for (const { name, chunks } of chunkings(payload, [1])) {
        assertEquals(await outcome(inflaterOf(takeover, size), chunks), "none", name);
        const code = await outcome(inflaterOf(takeover, size - 1), chunks);
        assertEquals(code, "MESSAGE_TOO_BIG", `${size}, ${name}`);
      }
    }
  }
});

Deno.test("Inflater counts each message on its own, over its final block", async () => {
  const twice = fromHex(`${FINAL_HELLO} f2 48 cd c9 c9 07 00`);
  for (const takeover of [true, false]) {
    const inflater = inflaterOf(takeover, 10);
    for (let round = 0; round < 20; round++) await inflateAll(inflater, [twice]);
    inflater.close();
    assertEquals(await outcome(inflaterOf(takeover, 9), [twice]), "MESSAGE_TOO_BIG");
  }
});

Deno.test("Inflater goes by the limit that holds now", async () => {
  let limit = 4;
  const inflater = new Inflater({ windowBits: 15, contextTakeover: false, limit: () => limit });
  const payload = fromHex("f2 48 cd c9 c9 07 00");
  await assertRejects(() => inflateAll(inflater, [payload]), ProtocolError, "more than 4 bytes");
  limit = 5;
  assertEquals(concat(await inflateAll(inflater, [payload])).length, 5);
});

Deno.test("Inflater gives up a bomb when it has become more than the limit, and not later", async () => {
  const once = deflateAlone(new Uint8Array(64 * MIB), { ...SETTINGS, level: 9 });
  assert(once.length < 64 * MIB / 900, `${once.length}`);
  // A bomb in a bomb is a message like others.
  const twice = deflateAlone(once, { ...SETTINGS, level: 9 });
  for (const takeover of [true, false]) {
    for (
      const { name, chunks } of chunkings(once, [1]).filter(({ name }) =>
        name !== "one byte at a time"
      )
    ) {
      const inflater = inflaterOf(takeover, 100_000);
      let total = 0;
      const inflating = async () => {
        for (const [at, chunk] of chunks.entries()) {
          for await (const { length } of inflater.inflate(chunk, at === chunks.length - 1)) {
            total += length;
          }
        }
      };
      const error = await assertRejects(inflating, ProtocolError);
      assertEquals([error.code, error.closeCode], ["MESSAGE_TOO_BIG", 1009], name);
      assert(total <= 100_000, `${total}`);
      inflater.close();
    }
    assertEquals(await inflateHex(takeover, [[twice]]), [toHex(once)]);
  }
});

Deno.test("Inflater refuses a message that is cut off, where nothing is kept between messages", async () => {
  const random = new Random(4);
  let cuts = 0;
  let unseen = 0;
  for (const message of [fromHex(HELLO), randomMessage(random, 700), random.bytes(300)]) {
    const payload = deflateAlone(message, SETTINGS);
    for (let length = 1; length < payload.length; length++) {
      const cut = payload.subarray(0, length);
      const code = await outcome(inflaterOf(false), [cut]);
      // In pieces it is the same.
      const chunks = [cut.subarray(0, 1), cut.subarray(1)];
      assertEquals(await outcome(inflaterOf(false), chunks), code, `${length}`);
      cuts++;
      // The tail may happen to complete what the cut has left.
      if (code === "none") unseen++;
      else assertEquals(code, "INFLATE_FAILED");
    }
  }
  assert(cuts > 500 && unseen < cuts / 100, `${unseen} of ${cuts}`);
});

Deno.test("Inflater refuses what follows the blocks (7.2.2)", async () => {
  for (const takeover of [true, false]) {
    for (const garbage of ["ff", "ff ff ff", "00 00 ff fe", "07"]) {
      const chunks = [fromHex(`${FINAL_HELLO} ${garbage}`)];
      assertEquals(await outcome(inflaterOf(takeover), chunks), "INFLATE_FAILED", garbage);
    }
  }
});

Deno.test("Inflater lets nothing but protocol errors out, whichever byte is corrupt", async () => {
  const random = new Random(5);
  const payload = deflateAlone(randomMessage(random, 600), SETTINGS);
  const codes = new Set<string>();
  for (const takeover of [true, false]) {
    for (let at = 0; at < payload.length; at++) {
      for (const bits of [0x01, 0x80, 0xff, 1 + random.below(255)]) {
        const corrupt = payload.slice();
        corrupt[at]! ^= bits;
        codes.add(await outcome(inflaterOf(takeover, 10_000), [corrupt]));
        const split = random.below(corrupt.length);
        const chunks = [corrupt.subarray(0, split), corrupt.subarray(split)];
        codes.add(await outcome(inflaterOf(takeover, 10_000), chunks));
      }
    }
  }
  assert(codes.has("INFLATE_FAILED"));
  for (const code of codes) {
    assert(["none", "INFLATE_FAILED", "MESSAGE_TOO_BIG"].includes(code), code);
  }
});

Deno.test("Inflater lets nothing but protocol errors out, whatever it is given", async () => {
  const random = new Random(6);
  for (let round = 0; round < 1_000; round++) {
    const chunks = Array.from(
      { length: 1 + random.below(3) },
      () => random.bytes(random.below(60)),
    );
    const code = await outcome(inflaterOf(random.oneIn(2), 10_000), chunks);
    assert(["none", "INFLATE_FAILED", "MESSAGE_TOO_BIG"].includes(code), code);
  }
});

Deno.test("Inflater says nothing of zlib, and closes with 1007", async () => {
  for (const takeover of [true, false]) {
    const inflater = inflaterOf(takeover);
    const error = await assertRejects(() => inflateAll(inflater, [fromHex("ff")]), ProtocolError);
    assertEquals([error.closeCode, error.message], [1007, "Compressed message is corrupt"]);
    assertEquals(error.cause, undefined);
    inflater.close();
  }
});

Deno.test("Inflater takes one final block in a message, as each costs more than its bytes (7.2.3.4)", async () => {
  const blocks = (count: number) => fromHex(`${"03 00 ".repeat(count)}00`);
  for (const takeover of [true, false]) {
    for (const count of [2, 63, 10_000]) {
      assertEquals(await outcome(inflaterOf(takeover), [blocks(count)]), "INFLATE_FAILED");
    }
    // It is counted for each message anew, and over all of its fragments.
    const inflater = inflaterOf(takeover);
    for (let round = 0; round < 5; round++) await inflateAll(inflater, [blocks(1)]);
    inflater.close();
    const chunks = [blocks(1).subarray(0, 2), blocks(1)];
    assertEquals(await outcome(inflaterOf(takeover), chunks), "INFLATE_FAILED");
  }
});

Deno.test("Inflater reads what Deflater makes of a thousand messages", async () => {
  const random = new Random(7);
  const deflater = new Deflater(SETTINGS);
  const inflater = inflaterOf(true);
  for (let round = 0; round < 1_000; round++) {
    const message = randomMessage(random, random.below(random.pick([10, 500, 20_000])));
    const payload = concat(await deflater.deflate(message));
    const cut = random.below(payload.length + 1);
    const chunks = random.oneIn(3) ? [payload.subarray(0, cut), payload.subarray(cut)] : [payload];
    const inflated = concat(await inflateAll(inflater, chunks));
    assert(sameBytes(inflated, message), `message ${round}`);
  }
  deflater.close();
  inflater.close();
});

Deno.test({
  name: `Inflater reads what Python's zlib makes, with every window${
    noPythonZlib === undefined ? "" : ` (ignored: ${noPythonZlib})`
  }`,
  ignore: noPythonZlib !== undefined,
  async fn() {
    const random = new Random(8);
    const orders = [9, 10, 11, 12, 13, 14, 15].flatMap((bits) =>
      [true, false].map((takeover) => ({
        work: "deflate" as const,
        bits,
        takeover,
        level: random.below(10),
        memLevel: 1 + random.below(9),
        messages: Array.from({ length: 60 }, (_, at) =>
          randomMessage(random, at === 30 ? 300_000 : random.below(4_000))),
      }))
    );
    for (const [at, payloads] of (await pythonZlib(orders)).entries()) {
      const { bits, takeover, messages } = orders[at]!;
      if (typeof payloads === "string") throw new Error(payloads);
      const inflater = inflaterOf(takeover, MIB, bits);
      for (const [index, payload] of payloads.entries()) {
        const inflated = concat(await inflateAll(inflater, [payload]));
        assert(sameBytes(inflated, messages[index]!), `${bits} bits, message ${index}`);
      }
      inflater.close();
    }
  },
});

Deno.test("Inflater refuses references that leave the window", async () => {
  const message = new Random(9).bytes(2_000);
  const finishFlush = constants.Z_SYNC_FLUSH;
  const payload = deflateRawSync(concat([message, message]), { finishFlush }).subarray(0, -4);
  const chunks = Array.from(payload, (byte) => Uint8Array.of(byte));
  assertEquals(await outcome(inflaterOf(false, MIB, 8), chunks), "INFLATE_FAILED");
  assertEquals(await outcome(inflaterOf(false, MIB, 11), chunks), "none");
});

Deno.test("close() ends an iteration that goes on, and there is none after it", async () => {
  for (const takeover of [true, false]) {
    const inflater = inflaterOf(takeover);
    const pieces = inflater.inflate(deflateAlone(new Uint8Array(MIB), SETTINGS), true);
    if (pieces instanceof Array) throw new Error("A large message came at once");
    const iterator = pieces[Symbol.asyncIterator]();
    assertEquals((await iterator.next()).done, false);
    inflater.close();
    await assertRejects(async () => {
      while (!(await iterator.next()).done);
    }, ZlibFailure);
    await assertRejects(() => inflateAll(inflater, [fromHex("00"), fromHex("")]), ZlibFailure);
    inflater.close();
  }
});
