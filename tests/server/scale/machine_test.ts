import { assert, assertEquals, assertRejects } from "@std/assert";
import { readHostLimits } from "../../../server/host/host.ts";
import { describeHost, readSurroundings } from "../../../server/scale/machine.ts";

Deno.test("readSurroundings() finds out which end's address can vary", async () => {
  const { varied, cores, reusePort } = await readSurroundings({ connections: 1 });
  const linux = Deno.build.os === "linux";
  assert(cores >= 1);
  assertEquals(reusePort, linux);
  // Deno 2.9.6 can choose the source address; older ones are why it is tried at all.
  assertEquals(varied, linux ? "source" : "none");
});

Deno.test("readSurroundings() knows a server elsewhere from one of this host", async () => {
  const { varied } = await readSurroundings({ connections: 1, url: "ws://127.0.0.1:8080/" });
  assertEquals(varied, Deno.build.os === "linux" ? "source" : "none");
  const named = await readSurroundings({ connections: 1, url: "ws://a.example/" });
  assertEquals(named.varied, "none", "a name may be an IPv6 address");
  await assertRejects(() => readSurroundings({ connections: 1, url: "nonsense" }), TypeError);
});

Deno.test("describeHost() names the machine and the versions", async () => {
  const host = await describeHost(await readHostLimits());
  assertEquals([host.deno, host.v8, host.arch], [
    Deno.version.deno,
    Deno.version.v8,
    Deno.build.arch,
  ]);
  assert(host.os.startsWith(`${Deno.build.os} `) && host.cores >= 1);
  assert(/^\d+\.\d+\.\d+/.test(host.fourtuple));
});
