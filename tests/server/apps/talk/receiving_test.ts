import { assertEquals } from "@std/assert";
import { Receiving } from "../../../../server/apps/talk/receiving.js";
import { SliceHash } from "../../../../server/apps/talk/slice_hash.js";

const SLICES = [Uint8Array.of(1, 2), Uint8Array.of(3, 4), Uint8Array.of(5)];

async function hashOf(slices: Uint8Array<ArrayBuffer>[]): Promise<string | undefined> {
  const hash = new SliceHash();
  for (const slice of slices) hash.add(slice);
  return await hash.finish();
}

function received(slices = SLICES): Receiving {
  const receiving = new Receiving({ size: 5, sliceBytes: 2 });
  for (const [index, slice] of slices.entries()) assertEquals(receiving.add(index, slice), true);
  return receiving;
}

Deno.test("Receiving puts the slices together, as nothing that a browser would open", async () => {
  const whole = await received().finish(await hashOf(SLICES));
  assertEquals(whole?.checked, true);
  assertEquals(await whole?.blob.bytes(), Uint8Array.of(1, 2, 3, 4, 5));
  assertEquals(whole?.blob.type, "application/octet-stream");
});

Deno.test("Receiving says that nothing was checked when there is no hash", async () => {
  assertEquals((await received().finish(undefined))?.checked, false);
});

Deno.test("Receiving gives undefined when the hash is another, or slices are missing", async () => {
  assertEquals(await received().finish(await hashOf(SLICES.slice(1))), undefined);
  const some = received(SLICES.slice(0, 2));
  assertEquals(await some.finish(await hashOf(SLICES.slice(0, 2))), undefined);
});

Deno.test("Receiving takes an empty file", async () => {
  const empty = new Receiving({ size: 0, sliceBytes: 2 });
  assertEquals(empty.add(0, new Uint8Array(0)), false);
  assertEquals((await empty.finish(await hashOf([])))?.blob.size, 0);
});

Deno.test("Receiving refuses a slice that is not the next one, or not as long as it must be", () => {
  const wrong = [[1, 2], [2 ** 32 - 1, 2], [-1, 2], [0, 0], [0, 1], [0, 3]] as const;
  for (const [index, length] of wrong) {
    const receiving = new Receiving({ size: 5, sliceBytes: 2 });
    assertEquals(receiving.add(index, new Uint8Array(length)), false, `${index}: ${length}`);
    assertEquals(receiving.bytes, 0);
  }
});
