import { assert, assertEquals } from "@std/assert";
import {
  descriptorLimit,
  openDescriptors,
  readHostLimits,
  sentResets,
} from "../../../server/host/host.ts";
import {
  auxv,
  hostOf,
  LIMITS,
  linuxTest,
  MEMINFO,
  SOCKSTAT,
  there,
} from "../../helpers/host_samples.ts";

Deno.test("readHostLimits() reads every limit of a host that has them all", async () => {
  const limits = await readHostLimits(hostOf({
    "/proc/self/limits": LIMITS,
    [`/proc/${Deno.ppid}/limits`]: LIMITS.replace("1024 ", "256  "),
    "/proc/sys/fs/nr_open": "1048576\n",
    "/proc/sys/fs/file-nr": "1504\t0\t9223372036854775807\n",
    "/proc/sys/net/ipv4/ip_local_port_range": "32768\t60999\n",
    "/proc/sys/net/core/somaxconn": "4096\n",
    "/proc/sys/net/ipv4/tcp_migrate_req": "1\n",
    "/proc/sys/net/ipv4/tcp_mem": "187641\t250190\t375282\n",
    "/proc/sys/net/netfilter/nf_conntrack_max": "262144\n",
    "/proc/sys/net/netfilter/nf_conntrack_count": "17\n",
    "/proc/net/sockstat": SOCKSTAT,
    "/proc/meminfo": MEMINFO,
  }, auxv(4096)));
  assertEquals(limits, {
    descriptors: { soft: 1024, hard: 524288 },
    parentDescriptors: { soft: 256, hard: 524288 },
    nrOpen: 1048576,
    fileMax: 2 ** 63,
    filesOpen: 1504,
    ephemeralPorts: { first: 32768, last: 60999 },
    somaxconn: 4096,
    tcpMigrateReq: 1,
    tcpMemory: { low: 187641, pressure: 250190, high: 375282 },
    pageSize: 4096,
    conntrackMax: 262144,
    conntrackCount: 17,
    memoryTotal: 16000000 * 1024,
    memoryAvailable: 8000000 * 1024,
    tcpSockets: { inUse: 27, allocated: 95, memoryPages: 319 },
  });
});

Deno.test("readHostLimits() leaves out what cannot be read or has another shape", async () => {
  assertEquals(await readHostLimits(hostOf({})), {});
  assertEquals(
    await readHostLimits(hostOf({
      "/proc/self/limits": "no such line",
      "/proc/sys/fs/nr_open": "",
      "/proc/sys/net/ipv4/ip_local_port_range": "32768",
      "/proc/sys/net/ipv4/tcp_mem": "many",
      "/proc/sys/net/core/somaxconn": "-1",
      "/proc/net/sockstat": "",
      "/proc/meminfo": "MemTotal:",
    }, new Uint8Array(3))),
    {},
  );
});

linuxTest("readHostLimits() reads this host", async () => {
  const limits = await readHostLimits();
  assertEquals(there(limits.descriptors?.soft), descriptorLimit());
  assert(there(limits.parentDescriptors?.soft) > 0);
  assert(there(limits.fileMax) > there(limits.filesOpen));
  assertEquals(there(limits.pageSize) % 4096, 0);
  assert(there(limits.memoryTotal) >= there(limits.memoryAvailable));
});

linuxTest("sentResets() counts a connection that is reset", async () => {
  const before = there(await sentResets());
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [conn, other] = await Promise.all([
    Deno.connect({ port: listener.addr.port }),
    listener.accept(),
  ]);
  await conn.write(new Uint8Array(1));
  other.close(); // what nobody has read makes a reset of it
  await conn.read(new Uint8Array(1)).catch(() => {});
  conn.close();
  assert(there(await sentResets()) > before);
});

linuxTest("openDescriptors() counts what is opened", async () => {
  const before = there(await openDescriptors());
  const files = await Promise.all(Array.from({ length: 100 }, () => Deno.open("/dev/null")));
  const after = there(await openDescriptors());
  for (const file of files) file.close();
  // The runtime opens and closes a few of its own meanwhile.
  assert(Math.abs(after - before - 100) < 50, `${before} before, ${after} after opening 100`);
});

for (const read of [false, true]) {
  Deno.test({
    name: `readHostLimits() leaves out everything and throws nothing ${
      read ? "when reading alone is permitted" : "without permission to read"
    }`,
    permissions: { read },
    fn: async () => {
      assertEquals(await readHostLimits(), {});
      assertEquals(descriptorLimit(), undefined);
      // Before 2.9 Deno let the count be read with "read" alone.
      if (!read) assertEquals(await openDescriptors(), undefined);
    },
  });
}
