import { assert, assertEquals } from "@std/assert";
import {
  descriptorLimit,
  HostFiles,
  type HostReader,
  mayReadHost,
  openDescriptors,
  parseDescriptorLimits,
  parsePageSize,
  parseSentResets,
  parseSockstat,
  readHostLimits,
  sentResets,
} from "../../server/host.ts";

const LIMITS = `\
Limit                     Soft Limit           Hard Limit           Units     
Max cpu time              unlimited            unlimited            seconds   
Max processes             96365                96365                processes 
Max open files            1024                 524288               files     
Max locked memory         8388608              8388608              bytes     
`;

const SOCKSTAT = `\
sockets: used 312
TCP: inuse 27 orphan 1 tw 4 alloc 95 mem 319
UDP: inuse 3 mem 0
FRAG: inuse 0 memory 0
`;

const MEMINFO = `\
MemTotal:       16000000 kB
MemFree:         1000000 kB
MemAvailable:    8000000 kB
Buffers:          200000 kB
`;

const KIB = 1024;
const GIB = 2 ** 30;

/** AT_SYSINFO_EHDR, AT_PAGESZ and AT_NULL, as a 64-bit kernel hands them to a program. */
function auxv(pageSize: number): Uint8Array {
  return new Uint8Array(
    new BigUint64Array([33n, 0x7fff0000n, 6n, BigInt(pageSize), 0n, 0n]).buffer,
  );
}

/** A host with these files and no others. */
function hostOf(files: Record<string, string>, bytes?: Uint8Array): HostReader {
  return {
    text: (path) => Promise.resolve(files[path]),
    bytes: () => Promise.resolve(bytes),
  };
}

/** Returns what this host must have. */
function there<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("Expected a value that could be read");
  return value;
}

/** A test that needs Linux's /proc. */
function linuxTest(name: string, fn: () => Promise<void> | void): void {
  const ignore = Deno.build.os !== "linux";
  Deno.test({ name: ignore ? `${name} (ignored: needs Linux's /proc)` : name, ignore, fn });
}

Deno.test("parseDescriptorLimits() reads the soft and the hard limit", () => {
  assertEquals(parseDescriptorLimits(LIMITS), { soft: 1024, hard: 524288 });
});

Deno.test("parseDescriptorLimits() leaves out an unlimited one", () => {
  assertEquals(
    parseDescriptorLimits(
      "Max open files            1024                 unlimited            files",
    ),
    { soft: 1024 },
  );
});

Deno.test("parseDescriptorLimits() returns undefined when the line is not there", () => {
  assertEquals(parseDescriptorLimits("Max cpu time   unlimited   unlimited   seconds"), undefined);
});

Deno.test("parseSockstat() reads the TCP line", () => {
  assertEquals(parseSockstat(SOCKSTAT), { inUse: 27, allocated: 95, memoryPages: 319 });
});

Deno.test("parseSockstat() returns undefined when the line or a figure is not there", () => {
  assertEquals(parseSockstat("sockets: used 312\n"), undefined);
  assertEquals(parseSockstat("TCP: inuse 27 orphan 1 tw 4 alloc 95 mem\n"), undefined);
});

Deno.test("parseSentResets() finds OutRsts by its name", () => {
  const ip = "Ip: Forwarding OutRsts\nIp: 1 2\n";
  const tcp = "Tcp: RtoAlgorithm RtoMin OutSegs OutRsts InCsumErrors\nTcp: 1 200 5 17 0\n";
  assertEquals(parseSentResets(ip + tcp), 17);
  assertEquals(parseSentResets(ip), undefined);
  assertEquals(parseSentResets("Tcp: RtoAlgorithm\nTcp: 1\n"), undefined);
});

Deno.test("parsePageSize() finds AT_PAGESZ among the auxiliary values", () => {
  assertEquals(parsePageSize(auxv(16384)), 16384);
  assertEquals(parsePageSize(auxv(4096).subarray(0, 16)), undefined);
});

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
    memoryTotal: 16000000 * KIB,
    memoryAvailable: 8000000 * KIB,
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

Deno.test("readHostLimits() takes the memory of the narrowest control group of version 2", async () => {
  const { memoryTotal, memoryAvailable } = await readHostLimits(hostOf({
    "/proc/meminfo": MEMINFO,
    "/proc/self/cgroup": "0::/system.slice/fourtuple.service\n",
    "/sys/fs/cgroup/system.slice/fourtuple.service/memory.max": "max\n",
    "/sys/fs/cgroup/system.slice/memory.max": `${4 * GIB}\n`,
    "/sys/fs/cgroup/system.slice/memory.current": `${3 * GIB}\n`,
    "/sys/fs/cgroup/system.slice/memory.stat": `anon 5\nfile 9\ninactive_file ${GIB}\n`,
  }));
  assertEquals(memoryTotal, 4 * GIB);
  assertEquals(memoryAvailable, 2 * GIB, "inactive file pages can be dropped");
});

Deno.test("readHostLimits() takes the memory of a control group of version 1", async () => {
  const folder = "/sys/fs/cgroup/memory";
  const { memoryTotal, memoryAvailable } = await readHostLimits(hostOf({
    "/proc/meminfo": MEMINFO,
    "/proc/self/cgroup": "5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n0::/\n",
    // In a container the group's own path is not there; its files stand at the root.
    [`${folder}/memory.limit_in_bytes`]: `${2 * GIB}\n`,
    [`${folder}/memory.usage_in_bytes`]: `${3 * GIB}\n`,
  }));
  assertEquals(memoryTotal, 2 * GIB);
  assertEquals(memoryAvailable, 0);
});

Deno.test("readHostLimits() keeps the host's memory when the control group allows more", async () => {
  const { memoryTotal, memoryAvailable } = await readHostLimits(hostOf({
    "/proc/meminfo": MEMINFO,
    "/proc/self/cgroup": "4:memory:/\n",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    "/sys/fs/cgroup/memory/memory.usage_in_bytes": "1000\n",
  }));
  assertEquals(memoryTotal, 16000000 * KIB);
  assertEquals(memoryAvailable, 8000000 * KIB);
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
    import { HostFiles } from ${JSON.stringify(import.meta.resolve("../../server/host.ts"))};
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
    name: `readHostLimits() and HostFiles.read() leave out the limits and throw nothing ${
      read ? "when reading alone is permitted" : "without permission to read"
    }`,
    permissions: { read },
    fn: async () => {
      // Deno takes /proc to need all permissions, so "read" alone is granted and then fails.
      assertEquals(mayReadHost(), read && Deno.build.os === "linux");
      assertEquals(await readHostLimits(), {});
      assertEquals(descriptorLimit(), undefined);
      const files = await HostFiles.open();
      const { descriptorsOpen, ...rest } = await files.read();
      assertEquals(rest, {});
      // Before 2.9 Deno let the count be read with "read" alone.
      if (!read) assertEquals([descriptorsOpen, await openDescriptors()], [undefined, undefined]);
      files.close();
    },
  });
}
