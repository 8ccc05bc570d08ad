import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  canKeepWindow,
  deflateAlone,
  deflatedNothing,
  type DeflateSettings,
  deflateSliced,
} from "../../../../server/connection/deflate/deflate_alone.ts";
import { inflateOnce, randomMessage, sameBytes } from "../../../helpers/deflate_messages.ts";
import { concat, fromHex, toHex } from "../../../helpers/notation.ts";
import { noPythonZlib, pythonZlib } from "../../../helpers/python_zlib.ts";
import { Random } from "../../../helpers/random.ts";

const SETTINGS: DeflateSettings = { windowBits: 15, level: 6, memLevel: 8 };
const BITS = [8, 9, 10, 11, 12, 13, 14, 15];
const SIZES = [0, 1, 2, 255, 256, 257, 511, 512, 513, 5_000, 65_536, 100_000];

async function sliced(message: Uint8Array, settings: DeflateSettings): Promise<Uint8Array> {
  return concat(await Array.fromAsync(deflateSliced(message, settings)));
}

Deno.test("deflateAlone() writes the examples of RFC 7692 7.2.3", () => {
  assertEquals(toHex(deflateAlone(fromHex("48 65 6c 6c 6f"), SETTINGS)), "f2 48 cd c9 c9 07 00");
  const stored = deflateAlone(fromHex("48 65 6c 6c 6f"), { ...SETTINGS, level: 0 });
  assertEquals(toHex(stored), "00 05 00 fa ff 48 65 6c 6c 6f 00");
  assertEquals(toHex(deflateAlone(new Uint8Array(), SETTINGS)), "00");
  assertEquals(toHex(deflatedNothing()), "00");
});

Deno.test("deflateAlone() and deflateSliced() make what inflates to the message, with every window", async () => {
  const random = new Random(1);
  for (const windowBits of BITS) {
    for (const size of SIZES) {
      const message = randomMessage(random, size);
      const settings = { windowBits, level: random.below(10), memLevel: 1 + random.below(9) };
      const name = `${size} bytes, ${JSON.stringify(settings)}`;
      const alone = deflateAlone(message, settings);
      assert(alone.length > 0 && sameBytes(await inflateOnce(alone, windowBits), message), name);
      const joined = await sliced(message, settings);
      assert(joined.length > 0 && sameBytes(await inflateOnce(joined, windowBits), message), name);
    }
  }
});

Deno.test("deflateAlone() makes what repeats itself smaller, with every window", () => {
  const text = new TextEncoder().encode("fourtuple ".repeat(1_000));
  for (const windowBits of BITS) {
    const { length } = deflateAlone(text, { ...SETTINGS, windowBits });
    assert(length < text.length / (windowBits === 8 ? 8 : 40), `${windowBits}: ${length}`);
  }
});

Deno.test("deflateSliced() makes parts of 64 KiB, the last one shorter but not empty", async () => {
  const message = new Random(2).bytes(300_000);
  for (const windowBits of [8, 15]) {
    const parts = await Array.fromAsync(deflateSliced(message, { ...SETTINGS, windowBits }));
    const last = parts.pop()!;
    assert(last.length > 0 && last.length <= 65_536);
    assert(parts.length >= 4 && parts.every(({ length }) => length === 65_536));
  }
});

Deno.test("deflateSliced() takes a text for its bytes, with every window", async () => {
  const text = "aé漢😀\uD83D ".repeat(20_000);
  const bytes = new TextEncoder().encode(text);
  for (const windowBits of BITS) {
    const settings = { ...SETTINGS, windowBits };
    const joined = concat(await Array.fromAsync(deflateSliced(text, settings)));
    assert(sameBytes(await inflateOnce(joined, windowBits), bytes), String(windowBits));
  }
  const nothing = await Array.fromAsync(deflateSliced("", SETTINGS));
  assertEquals(nothing.map((part) => toHex(part)), ["00"]);
});

Deno.test("deflateSliced() frees what it holds when it is left early, and copes with nothing", async () => {
  for await (const part of deflateSliced(new Random(3).bytes(300_000), SETTINGS)) {
    assertEquals(part.length, 65_536);
    break; // the sanitizers see what would be left
  }
  const parts = await Array.fromAsync(deflateSliced(new Uint8Array(), SETTINGS));
  assertEquals(parts.map((part) => toHex(part)), ["00"]);
});

Deno.test("deflateAlone() and deflateSliced() leave the message alone", async () => {
  const message = randomMessage(new Random(4), 70_000);
  const before = message.slice();
  for (const windowBits of [8, 15]) {
    deflateAlone(message, { ...SETTINGS, windowBits });
    await sliced(message, { ...SETTINGS, windowBits });
  }
  assert(sameBytes(message, before));
});

Deno.test("canKeepWindow() is false for the window that zlib does not have", () => {
  assertEquals(BITS.filter((bits) => !canKeepWindow(bits)), [8]);
});

Deno.test({
  name:
    `deflateAlone() and deflateSliced() never refer to what is outside the window, as Python's zlib sees it${
      noPythonZlib === undefined ? "" : ` (ignored: ${noPythonZlib})`
    }`,
  ignore: noPythonZlib !== undefined,
  async fn() {
    const random = new Random(5);
    // Much of it is found again right behind the smallest windows.
    const block = random.bytes(260);
    const repeated = concat([block, block, random.bytes(240), block, block]);
    const messages = [repeated, randomMessage(random, 3_000), randomMessage(random, 30_000)];
    const orders = [];
    for (const bits of BITS) {
      const settings = { ...SETTINGS, windowBits: bits, level: 9 };
      const payloads = messages.map((message) => deflateAlone(message, settings));
      for (const message of messages) payloads.push(concat([await sliced(message, settings)]));
      // One byte at a time: zlib then has nothing but the window to look into.
      orders.push({ work: "inflate", bits, takeover: false, messages: payloads, step: 1 } as const);
    }
    const wide = deflateAlone(repeated, SETTINGS);
    const control = { work: "inflate", takeover: false, messages: [wide], step: 1 } as const;
    const answers = await pythonZlib([...orders, { ...control, bits: 8 }]);
    const refused = answers.pop();
    assert(typeof refused === "string" && refused.includes("too far back"), `${refused}`);
    for (const [at, inflated] of answers.entries()) {
      if (typeof inflated === "string") throw new Error(`${BITS[at]} bits: ${inflated}`);
      const expected = [...messages, ...messages];
      assert(inflated.every((message, index) => sameBytes(message, expected[index]!)));
    }
  },
});

Deno.test("inflateOnce() tells a wrong message", async () => {
  await assertRejects(() => inflateOnce(fromHex("ff")));
});
