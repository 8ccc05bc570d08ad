import { assertEquals } from "@std/assert";
import { writeTo } from "../../../server/cli/write_to.ts";

Deno.test("writeTo() writes all of a text, however little is taken at a time", () => {
  const taken: number[] = [];
  const write = writeTo({
    writeSync(bytes) {
      taken.push(...bytes.subarray(0, 2));
      return Math.min(2, bytes.length);
    },
  });
  assertEquals(write("größer"), true);
  assertEquals(new TextDecoder().decode(Uint8Array.from(taken)), "größer");
});

Deno.test("writeTo() goes on when the reader has gone, and says so", () => {
  const write = writeTo({
    writeSync() {
      throw new Deno.errors.BrokenPipe("Broken pipe");
    },
  });
  assertEquals([write("a"), write("b")], [false, false]);
});
