import { assertEquals } from "@std/assert";
import { applyMask } from "../../protocol/mask.ts";
import { fromHex } from "../helpers/notation.ts";
import { Random } from "../helpers/random.ts";
import { naiveMask } from "../helpers/raw_frame.ts";

const GUARD = 0xa5;

/** A copy of the payload at a byte offset of a larger buffer, with guard bytes on both sides. */
function place(payload: Uint8Array, byteOffset: number): Uint8Array<ArrayBuffer> {
  const buffer = new Uint8Array(byteOffset + payload.length + 8).fill(GUARD);
  buffer.set(payload, byteOffset);
  return buffer.subarray(byteOffset, byteOffset + payload.length);
}

function assertGuarded(view: Uint8Array, message: string): void {
  const before = new Uint8Array(view.buffer, 0, view.byteOffset);
  const after = new Uint8Array(view.buffer, view.byteOffset + view.length);
  for (const byte of [...before, ...after]) assertEquals(byte, GUARD, message);
}

/** assertEquals() is slow on long arrays, and its report of no use there. */
function assertSameBytes(actual: Uint8Array, expected: Uint8Array, message: string): void {
  const at = expected.findIndex((byte, i) => byte !== actual[i]);
  assertEquals([actual.length, at], [expected.length, -1], `${message}: index ${at} differs`);
}

Deno.test("applyMask() unmasks the example of 5.7", () => {
  const payload = fromHex("7f 9f 4d 51 58");
  applyMask(payload, 0x37fa213d);
  assertEquals(new TextDecoder().decode(payload), "Hello");
});

Deno.test("applyMask() agrees with 5.3 for every length to 300, offset and alignment", () => {
  const random = new Random(53);
  const data = random.bytes(300);
  for (const key of [0x37fa213d, 0xff00807f]) {
    for (let offset = 0; offset < 4; offset++) {
      const masked = naiveMask(data, key, offset);
      for (let byteOffset = 0; byteOffset < 8; byteOffset++) {
        for (let length = 0; length <= 300; length++) {
          const name = `length ${length}, offset ${offset}, byteOffset ${byteOffset}`;
          const view = place(data.subarray(0, length), byteOffset);
          applyMask(view, key, offset);
          assertSameBytes(view, masked.subarray(0, length), name);
          if (length % 50 < 2) assertGuarded(view, name);
        }
      }
    }
  }
});

Deno.test("applyMask() agrees with 5.3 on large payloads", () => {
  const random = new Random(54);
  for (const length of [4_095, 65_536, 300_003]) {
    const key = random.below(2 ** 32);
    const data = random.bytes(length);
    for (const [offset, byteOffset] of [[0, 0], [1, 3], [2, 5], [3, 2]] as const) {
      const view = place(data, byteOffset);
      applyMask(view, key, offset);
      assertSameBytes(view, naiveMask(data, key, offset), `length ${length}, key ${key}`);
      assertGuarded(view, `length ${length}`);
    }
  }
});

Deno.test("applyMask() takes the key as a signed or an unsigned number", () => {
  for (const length of [5, 200]) {
    const signed = new Uint8Array(length);
    const unsigned = new Uint8Array(length);
    applyMask(signed, 0x8040_20ff | 0, 1);
    applyMask(unsigned, 0x8040_20ff, 1);
    assertEquals(signed, unsigned);
    assertEquals(signed, naiveMask(new Uint8Array(length), 0x804020ff, 1));
  }
});

Deno.test("applyMask() is its own inverse, and nothing with the key 0", () => {
  const random = new Random(55);
  for (const length of [0, 1, 95, 96, 97, 1_000]) {
    const data = random.bytes(length);
    const view = place(data, 1);
    applyMask(view, 0, 3);
    assertEquals(view, data);
    applyMask(view, 0xdeadbeef, 3);
    applyMask(view, 0xdeadbeef, 3);
    assertEquals(view, data);
  }
});

Deno.test("applyMask() gives the same for a payload in parts, at any offset a frame can have", () => {
  const data = new Random(56).bytes(1_000);
  const whole = naiveMask(data, 0x01020304);
  for (const size of [1, 2, 3, 5, 97, 250, 999]) {
    const parts = data.slice();
    for (let at = 0; at < parts.length; at += size) {
      applyMask(parts.subarray(at, at + size), 0x01020304, at);
    }
    assertSameBytes(parts, whole, `parts of ${size}`);
  }
  for (const offset of [2 ** 31 + 1, 2 ** 32 + 2, 2 ** 40 + 3, Number.MAX_SAFE_INTEGER]) {
    for (const length of [7, 130]) {
      const part = new Uint8Array(length);
      applyMask(part, 0x01020304, offset);
      assertEquals(part, naiveMask(new Uint8Array(length), 0x01020304, offset % 4), `${offset}`);
    }
  }
});
