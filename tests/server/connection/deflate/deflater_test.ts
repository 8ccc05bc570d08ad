import { assert, assertEquals, assertRejects } from "@std/assert";
import { Deflater } from "../../../../server/connection/deflate/deflater.ts";
import { Inflater } from "../../../../server/connection/deflate/inflater.ts";
import { ZlibFailure } from "../../../../server/connection/deflate/zlib_stream.ts";
import {
  inflateAll,
  inflateOnce,
  randomMessage,
  sameBytes,
} from "../../../helpers/deflate_messages.ts";
import { concat, fromHex, toHex } from "../../../helpers/notation.ts";
import { noPythonZlib, pythonZlib } from "../../../helpers/python_zlib.ts";
import { Random } from "../../../helpers/random.ts";

const SETTINGS = { windowBits: 15, level: 6, memLevel: 8 };
const HELLO = fromHex("48 65 6c 6c 6f");

Deno.test("Deflater writes the examples of RFC 7692 7.2.3.2", async () => {
  const deflater = new Deflater(SETTINGS);
  const payloads = [await deflater.deflate(HELLO), await deflater.deflate(HELLO)];
  deflater.close();
  const hex = payloads.map((parts) => toHex(concat(parts)));
  assertEquals(hex, ["f2 48 cd c9 c9 07 00", "f2 00 11 00 00"]);
});

Deno.test("Deflater writes empty messages, several in a row and between others (7.2.3.6)", async () => {
  const deflater = new Deflater(SETTINGS);
  const hex: string[] = [];
  for (const message of ["", "", "48 65 6c 6c 6f", "", "48 65 6c 6c 6f", ""]) {
    hex.push(toHex(concat(await deflater.deflate(fromHex(message)))));
  }
  deflater.close();
  assertEquals(hex, ["00", "00", "f2 48 cd c9 c9 07 00", "00", "f2 00 11 00 00", "00"]);
});

Deno.test("Deflater deflates in order what is given to it at once", async () => {
  const random = new Random(1);
  const messages = Array.from({ length: 40 }, (_, at) => randomMessage(random, at % 8 * 9_000));
  const deflater = new Deflater(SETTINGS);
  const payloads = await Promise.all(messages.map((message) => deflater.deflate(message)));
  const inflater = new Inflater({ windowBits: 15, contextTakeover: true, limit: () => 100_000 });
  for (const [at, payload] of payloads.entries()) {
    assert(sameBytes(concat(await inflateAll(inflater, [concat(payload)])), messages[at]!));
  }
  deflater.close();
  inflater.close();
});

Deno.test("Deflater makes parts of 64 KiB of a large message", async () => {
  const deflater = new Deflater(SETTINGS);
  const message = new Random(2).bytes(300_000);
  const parts = await deflater.deflate(message);
  deflater.close();
  assert(sameBytes(await inflateOnce(concat(parts)), message));
  const last = parts.pop()!;
  assert(last.length > 0 && last.length <= 65_536);
  assert(parts.length >= 4 && parts.every(({ length }) => length === 65_536));
});

Deno.test("Deflater takes a text for its bytes, in order with others", async () => {
  const deflater = new Deflater(SETTINGS);
  const inflater = new Inflater({ windowBits: 15, contextTakeover: true, limit: () => Infinity });
  for (const message of ["aé漢😀\uD83D ".repeat(20_000), "", HELLO, "Hello"]) {
    const payload = concat(await deflater.deflate(message));
    const bytes = typeof message === "string" ? new TextEncoder().encode(message) : message;
    assert(sameBytes(concat(await inflateAll(inflater, [payload])), bytes));
  }
  deflater.close();
  inflater.close();
});

Deno.test("Deflater gives parts that later messages do not change", async () => {
  const deflater = new Deflater(SETTINGS);
  const first = await deflater.deflate(randomMessage(new Random(3), 2_000));
  const before = toHex(concat(first));
  for (let round = 0; round < 10; round++) {
    await deflater.deflate(randomMessage(new Random(round), 2_000));
  }
  deflater.close();
  assertEquals(toHex(concat(first)), before);
});

Deno.test("close() gives up what waits, and whatever comes after it", async () => {
  const deflater = new Deflater(SETTINGS);
  const waiting = [deflater.deflate(new Uint8Array(1_000_000)), deflater.deflate(HELLO)];
  deflater.close();
  for (const message of [...waiting, deflater.deflate(HELLO)]) {
    await assertRejects(() => message, ZlibFailure);
  }
  const busy = new Deflater(SETTINGS);
  const first = await busy.deflate(HELLO);
  const second = busy.deflate(new Uint8Array(1_000_000));
  await Promise.resolve();
  busy.close();
  assertEquals(first.length, 1);
  await assertRejects(() => second, ZlibFailure);
});

Deno.test({
  name: `Python's zlib reads what Deflater makes of a thousand messages, with every window${
    noPythonZlib === undefined ? "" : ` (ignored: ${noPythonZlib})`
  }`,
  ignore: noPythonZlib !== undefined,
  async fn() {
    const random = new Random(4);
    const bits = [8, 9, 10, 11, 12, 13, 14, 15];
    const messages = Array.from(
      { length: 125 },
      () => randomMessage(random, random.below(random.pick([20, 1_000, 9_000]))),
    );
    const orders = [];
    for (const windowBits of bits) {
      const level = random.below(10);
      const deflater = new Deflater({ windowBits, level, memLevel: 1 + random.below(9) });
      const payloads = [];
      for (const message of messages) payloads.push(concat(await deflater.deflate(message)));
      deflater.close();
      const order = { work: "inflate", takeover: true, messages: payloads } as const;
      orders.push({ ...order, bits: windowBits, step: windowBits < 12 ? 1 : 0 });
    }
    for (const [at, inflated] of (await pythonZlib(orders)).entries()) {
      if (typeof inflated === "string") throw new Error(`${bits[at]} bits: ${inflated}`);
      assert(inflated.every((message, index) => sameBytes(message, messages[index]!)));
    }
  },
});
