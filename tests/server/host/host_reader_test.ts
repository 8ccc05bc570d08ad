import { assertEquals } from "@std/assert";
import { absentOnFailure, hostReader, mayReadHost } from "../../../server/host/host_reader.ts";
import { linuxTest } from "../../helpers/host_samples.ts";

linuxTest("absentOnFailure() gives what was read, and nothing where that fails", async () => {
  assertEquals(await absentOnFailure(() => Promise.resolve(7)), 7);
  assertEquals(await absentOnFailure(() => Promise.reject(new Error("gone"))), undefined);
});

linuxTest(
  "hostReader reads a file as text and as bytes, and nothing of one that is not there",
  async () => {
    const path = "/proc/self/comm";
    const text = await hostReader.text(path);
    assertEquals(new TextDecoder().decode(await hostReader.bytes(path)), text);
    const missing = "/proc/self/no_such_file";
    assertEquals([await hostReader.text(missing), await hostReader.bytes(missing)], [
      undefined,
      undefined,
    ]);
  },
);

for (const read of [false, true]) {
  Deno.test({
    name: `mayReadHost() is ${
      read ? "true on Linux where reading is permitted" : "false without permission to read"
    }`,
    permissions: { read },
    fn: async () => {
      assertEquals(mayReadHost(), read && Deno.build.os === "linux");
      // Deno takes /proc to need all permissions, so "read" alone is granted and then fails.
      assertEquals(await hostReader.text("/proc/self/limits"), undefined);
    },
  });
}
