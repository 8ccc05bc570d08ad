import { assert, assertEquals } from "@std/assert";
import { descriptorLimit } from "../../../server/host/host.ts";
import { HostFiles } from "../../../server/host/host_files.ts";
import { linuxTest, there } from "../../helpers/host_samples.ts";

linuxTest(
  "HostFiles.read() reads the present figures each time, also when called twice at once",
  async () => {
    const files = await HostFiles.open();
    const [first, second] = await Promise.all([files.read(), files.read()]);
    assert(there(first.descriptorsOpen) > 0);
    assertEquals(first.descriptors, second.descriptors);
    assertEquals(first.descriptors?.soft, descriptorLimit());
    const before = there((await files.read()).tcpSockets);
    const listeners = Array.from(
      { length: 20 },
      () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
    );
    const after = there((await files.read()).tcpSockets);
    for (const listener of listeners) listener.close();
    files.close();
    // The figure is the whole host's, so another process can move it too.
    assert(after.allocated !== before.allocated, "the file was not written anew");
  },
);

linuxTest("HostFiles.read() leaves out what it needs its files for after close()", async () => {
  const files = await HostFiles.open();
  files.close();
  files.close();
  assertEquals(Object.keys(await files.read()), ["descriptorsOpen"]);
});

linuxTest("HostFiles.read() works when descriptors have run out", async () => {
  const program = `
    import { HostFiles } from ${
    JSON.stringify(import.meta.resolve("../../../server/host/host_files.ts"))
  };
    const host = await HostFiles.open();
    try {
      for (;;) Deno.openSync("/dev/null");
    } catch { /* all are in use */ }
    let opened = true;
    try {
      Deno.readTextFileSync("/proc/net/sockstat");
    } catch {
      opened = false;
    }
    const use = await host.read();
    Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify({ opened, ...use })));
  `;
  const { stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", 'ulimit -n 120 && exec "$@"', "sh", Deno.execPath(), "eval", program],
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert(text !== "", new TextDecoder().decode(stderr));
  const { opened, descriptorsOpen, descriptors, tcpSockets } = JSON.parse(text);
  assertEquals(opened, false, "descriptors had not run out");
  assertEquals(descriptors, { soft: 120, hard: 120 });
  assert(tcpSockets.allocated >= 0);
  // Linux before 6.2 counts the open descriptors by listing them, which takes one.
  if (descriptorsOpen !== undefined) assert(descriptorsOpen >= 119, `${descriptorsOpen} are open`);
});

for (const read of [false, true]) {
  Deno.test({
    name: `HostFiles.read() leaves out the limits and throws nothing ${
      read ? "when reading alone is permitted" : "without permission to read"
    }`,
    permissions: { read },
    fn: async () => {
      const files = await HostFiles.open();
      const { descriptorsOpen, ...rest } = await files.read();
      assertEquals(rest, {});
      // Before 2.9 Deno let the count be read with "read" alone.
      if (!read) assertEquals(descriptorsOpen, undefined);
      files.close();
    },
  });
}
