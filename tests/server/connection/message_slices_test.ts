import { assert, assertEquals } from "@std/assert";
import { byteLengthOf, encodeSliced, slicesOf } from "../../../server/connection/message_slices.ts";
import { sameBytes } from "../../helpers/deflate_messages.ts";
import { concat } from "../../helpers/notation.ts";
import { Random } from "../../helpers/random.ts";

const ENCODER = new TextEncoder();

/** What is encoded in one, two, three and four bytes, and halves of pairs, good and lone. */
const UNITS = ["a", "é", "漢", "😀", "\uD83D", "\uDE00", "\uFFFD", "\uFEFF", "\uDBFF", "\uE000"];

function randomText(random: Random, length: number): string {
  return Array.from({ length }, () => random.pick(UNITS)).join("");
}

function sliced(message: string | Uint8Array, most: number): Uint8Array<ArrayBuffer>[] {
  return Array.from(slicesOf(message, most), (slice) => new Uint8Array(slice));
}

Deno.test("byteLengthOf() counts as TextEncoder does, lone surrogates too", () => {
  const random = new Random(1);
  for (let length = 0; length < 100; length++) {
    const text = randomText(random, length);
    assertEquals(byteLengthOf(text), ENCODER.encode(text).length, JSON.stringify(text));
  }
  assertEquals(byteLengthOf(new Uint8Array(7)), 7);
});

Deno.test("slicesOf() gives what TextEncoder makes of the whole text, wherever it is cut", () => {
  const random = new Random(2);
  for (let most = 4; most < 40; most++) {
    for (let round = 0; round < 20; round++) {
      const text = randomText(random, random.below(60));
      const slices = sliced(text, most);
      const name = `${JSON.stringify(text)} by ${most}`;
      assertEquals(concat(slices), ENCODER.encode(text), name);
      assert(slices.every(({ length }) => length > 0 && length <= most), name);
      // Four bytes less, and there was room for whatever comes next.
      assert(slices.slice(0, -1).every(({ length }) => length > most - 4), name);
    }
  }
});

Deno.test("slicesOf() encodes no more of a text than is asked for", () => {
  const original = TextEncoder.prototype.encodeInto;
  let units = 0;
  TextEncoder.prototype.encodeInto = function (text, target) {
    units += text.length;
    return original.call(this, text, target);
  };
  try {
    const slices = slicesOf("a".repeat(1_000), 100);
    slices.next();
    assertEquals(units, 100);
    slices.next();
    assertEquals(units, 200);
  } finally {
    TextEncoder.prototype.encodeInto = original;
  }
});

Deno.test("slicesOf() gives views of bytes, and nothing of an empty message", () => {
  const bytes = Uint8Array.of(1, 2, 3, 4, 5);
  const slices = [...slicesOf(bytes, 4)];
  assertEquals(slices, [Uint8Array.of(1, 2, 3, 4), Uint8Array.of(5)]);
  assert(slices.every(({ buffer }) => buffer === bytes.buffer));
  assertEquals([sliced("", 4), sliced(new Uint8Array(0), 4)], [[], []]);
});

Deno.test("encodeSliced() makes what TextEncoder makes, in more than one turn of the event loop", async () => {
  const text = randomText(new Random(3), 200_000);
  const expected = ENCODER.encode(text);
  let turned = false;
  const timer = setTimeout(() => turned = true);
  const bytes = await encodeSliced(text, expected.length);
  assert(turned);
  clearTimeout(timer);
  assert(sameBytes(bytes, expected));
  assertEquals(await encodeSliced("", 0), new Uint8Array(0));
});
