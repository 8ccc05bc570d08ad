import { assertEquals, assertNotEquals } from "@std/assert";
import { folderName } from "../../../bench/throughput/npm_folder.ts";

Deno.test("folderName() differs from version to version", () => {
  assertEquals(folderName({ ws: "8.0.0", bufferutil: "4.0.0" }), "ws-8.0.0_bufferutil-4.0.0");
  assertNotEquals(folderName({ bun: "1.4.5" }), folderName({ bun: "1.4.6" }));
});
