import { assertEquals, assertStrictEquals } from "@std/assert";
import { frameSlice, parseSlice, SLICE_OVERHEAD } from "../../../server/apps/talk_slices.ts";

Deno.test("frameSlice() writes the nickname, the header and the bytes", () => {
  const slice = { id: 2 ** 52 + 1, file: 0xfffffffe, index: 7, bytes: Uint8Array.of(1, 2) };
  const message = frameSlice("ök", slice);
  // deno-fmt-ignore
  assertEquals(message, Uint8Array.of(
    3, 0xc3, 0xb6, 0x6b, // the nickname
    0, 0x53, 0x4c, 0x43, // the magic
    0, 0x10, 0, 0, 0, 0, 0, 1, // the person
    0xff, 0xff, 0xff, 0xfe, // the file
    0, 0, 0, 7, // the slice
    1, 2,
  ));
  assertEquals(parseSlice(message), slice);
});

Deno.test("frameSlice() adds no more than the overhead to a slice", () => {
  const slice = { id: 1, file: 1, index: 0, bytes: new Uint8Array(10) };
  assertEquals(frameSlice("a".repeat(255), slice).length, 10 + SLICE_OVERHEAD);
});

Deno.test("parseSlice() gives a view of the bytes", () => {
  const whole = new Uint8Array(100);
  whole.set(frameSlice("ada", { id: 1, file: 2, index: 3, bytes: Uint8Array.of(4) }), 50);
  const slice = parseSlice(whole.subarray(50, 75));
  assertEquals(slice, { id: 1, file: 2, index: 3, bytes: Uint8Array.of(4) });
  assertStrictEquals(slice?.bytes.buffer, whole.buffer);
});

Deno.test("parseSlice() gives undefined when the message is no slice", () => {
  const good = frameSlice("ada", { id: 1, file: 2, index: 3, bytes: new Uint8Array(0) });
  for (let length = 0; length < good.length; length++) {
    assertEquals(parseSlice(good.subarray(0, length)), undefined);
  }
  for (let at = 4; at < 8; at++) {
    const other = good.slice();
    other[at]! ^= 1;
    assertEquals(parseSlice(other), undefined);
  }
  assertEquals(parseSlice(Uint8Array.of(3, 97, 98, 99, 0x89, 0x50, 0x4e, 0x47)), undefined);
});
