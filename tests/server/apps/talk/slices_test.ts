import { assertEquals } from "@std/assert";
import { decodeImage, encodeImage } from "../../../../server/apps/talk/frames.js";
import { decodeSlice, encodeSlice } from "../../../../server/apps/talk/slices.js";
import { frameSlice, parseSlice } from "../../../../server/apps/talk_slices.ts";

const BYTES = Uint8Array.of(1, 2, 3);

Deno.test("encodeSlice() writes what parseSlice() on the server reads", () => {
  const message = encodeImage("Zoë", encodeSlice(0xffffffff, 5, BYTES));
  assertEquals(parseSlice(message), { id: 0, file: 0xffffffff, index: 5, bytes: BYTES });
});

Deno.test("decodeSlice() reads what frameSlice() on the server writes", () => {
  const slice = { id: 2 ** 52, file: 7, index: 0xffffffff, bytes: BYTES };
  const decoded = decodeImage(frameSlice("Zoë", slice));
  assertEquals(decoded?.name, "Zoë");
  assertEquals(decoded && decodeSlice(decoded.image), slice);
});

Deno.test("decodeSlice() gives undefined when it is no slice", () => {
  const slice = encodeSlice(1, 2, new Uint8Array(0));
  for (let length = 0; length < slice.length; length++) {
    assertEquals(decodeSlice(slice.subarray(0, length)), undefined);
  }
  assertEquals(decodeSlice(new Uint8Array(40)), undefined);
});
