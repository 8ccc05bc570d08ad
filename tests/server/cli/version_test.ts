import { assertEquals } from "@std/assert";
import { VERSION } from "../../../server/cli/version.ts";

Deno.test("VERSION is that of the package", async () => {
  const config = JSON.parse(
    await Deno.readTextFile(new URL("../../../deno.json", import.meta.url)),
  );
  assertEquals(VERSION, config.version);
});
