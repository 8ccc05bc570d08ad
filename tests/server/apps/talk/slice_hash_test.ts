import { assertEquals } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import { createHash } from "node:crypto";
import { SliceHash } from "../../../../server/apps/talk/slice_hash.js";

Deno.test("SliceHash gives the SHA-256 of the SHA-256s of the slices", async () => {
  const slices = [1, 2, 3].map((byte) => new Uint8Array(1000 * byte).fill(byte));
  const hash = new SliceHash();
  const whole = createHash("sha256");
  for (const slice of slices) {
    hash.add(slice);
    whole.update(createHash("sha256").update(slice).digest());
  }
  assertEquals(await hash.finish(), encodeHex(whole.digest()));
});

Deno.test("SliceHash tells slices in another order apart, and an empty file from one with a slice", async () => {
  const hashes = [];
  for (const order of [[], [1], [1, 2], [2, 1]]) {
    const hash = new SliceHash();
    for (const byte of order) hash.add(Uint8Array.of(byte));
    hashes.push(await hash.finish());
  }
  assertEquals(new Set(hashes).size, 4);
});

Deno.test("SliceHash gives undefined where the page may not compute it", async () => {
  const subtle = Object.getOwnPropertyDescriptor(Crypto.prototype, "subtle")!;
  Object.defineProperty(Crypto.prototype, "subtle", { value: undefined, configurable: true });
  try {
    const hash = new SliceHash();
    hash.add(Uint8Array.of(1));
    assertEquals([SliceHash.isAllowed, await hash.finish()], [false, undefined]);
  } finally {
    Object.defineProperty(Crypto.prototype, "subtle", subtle);
  }
});
