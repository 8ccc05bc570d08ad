import { assert, assertEquals } from "@std/assert";
import {
  BYTES_PER_CONNECTION,
  type CapacityLimit,
  capacityLimits,
  connectionsPerSource,
  DESCRIPTOR_RESERVE,
} from "../../../server/host/capacity.ts";
import type { HostLimits } from "../../../server/host/host.ts";

const GIB = 2 ** 30;

const HOST: HostLimits = {
  descriptors: { soft: 1024, hard: 4096 },
  nrOpen: 1_048_576,
  fileMax: 200_000,
  filesOpen: 1_000,
  ephemeralPorts: { first: 32768, last: 60999 },
  tcpMemory: { low: 187_500, pressure: 250_000, high: 375_000 },
  pageSize: 4096,
  conntrackMax: 65_536,
  conntrackCount: 36,
  memoryTotal: 8 * GIB,
  memoryAvailable: 6 * GIB,
  tcpSockets: { inUse: 10, allocated: 12, memoryPages: 100 },
};

/** The limit of that name, which must be there. */
function named(limits: CapacityLimit[], name: string): CapacityLimit {
  const limit = limits.find((limit) => limit.name === name);
  if (limit === undefined) throw new Error(`Expected a limit "${name}"`);
  return limit;
}

Deno.test("capacityLimits() counts what each limit leaves, the one met first at the front", () => {
  const limits = capacityLimits(HOST, { connections: 0, descriptorsOpen: 24 });
  assertEquals(limits.map(({ name, connections }) => [name, connections]), [
    ["descriptors", 1024 - DESCRIPTOR_RESERVE - 24],
    ["net.netfilter.nf_conntrack_max", 65_500],
    ["fs.file-max", 199_000],
    ["memory", Math.floor(6 * GIB / BYTES_PER_CONNECTION)],
    ["net.ipv4.tcp_mem", 374_900],
  ]);
});

Deno.test("capacityLimits() allows the same in all when the connections held are among what is used", () => {
  const before = capacityLimits(HOST, { connections: 0, descriptorsOpen: 24 });
  const after = capacityLimits({
    ...HOST,
    filesOpen: 1_500,
    conntrackCount: 536,
    memoryAvailable: 6 * GIB - 500 * BYTES_PER_CONNECTION,
    tcpSockets: { inUse: 510, allocated: 512, memoryPages: 600 },
  }, { connections: 500, descriptorsOpen: 524 });
  assertEquals(
    after.map(({ name, connections }) => [name, connections]),
    before.map(({ name, connections }) => [name, connections]),
  );
});

Deno.test("capacityLimits() counts held connections when the kernel does not count them yet", () => {
  const limits = capacityLimits({
    conntrackMax: 1_000,
    conntrackCount: 0,
    tcpMemory: { low: 1, pressure: 2, high: 3_000 },
    tcpSockets: { inUse: 400, allocated: 400, memoryPages: 0 },
  }, { connections: 400 });
  assertEquals(named(limits, "net.netfilter.nf_conntrack_max").connections, 1_000);
  assertEquals(named(limits, "net.ipv4.tcp_mem").connections, 3_000);
});

Deno.test("capacityLimits() never allows fewer than are held", () => {
  const [limit] = capacityLimits({ descriptors: { soft: 100 } }, {
    connections: 80,
    descriptorsOpen: 100,
  });
  assertEquals(limit?.connections, 80);
});

Deno.test("capacityLimits() leaves out what could not be read, and what is set too high to be a limit", () => {
  assertEquals(capacityLimits({}), []);
  assertEquals(capacityLimits({ fileMax: 2 ** 63, filesOpen: 5, memoryTotal: 8 * GIB }), []);
});

Deno.test("capacityLimits() leaves `used` out when it is not known", () => {
  const [limit] = capacityLimits({ descriptors: { soft: 1024 } });
  assertEquals(limit?.connections, 1024 - DESCRIPTOR_RESERVE);
  assert(limit !== undefined && !("used" in limit));
});

Deno.test("capacityLimits() makes room for twice as many when no number is asked for", () => {
  const [limit] = capacityLimits({ descriptors: { soft: 232, hard: 4096 } });
  assertEquals(limit?.raise, [
    "ulimit -n 432 # in the shell that starts the server",
    "LimitNOFILE=432 # instead, in the [Service] section of its systemd unit",
  ]);
});

Deno.test("capacityLimits() gives commands that make room for the connections asked for", () => {
  const limits = capacityLimits(HOST, { connections: 0, descriptorsOpen: 24 }, 500_000);
  assertEquals(named(limits, "descriptors").raise, [
    "ulimit -n 500056 # in the shell that starts the server, as root: the hard limit is 4096",
    "LimitNOFILE=500056 # instead, in the [Service] section of its systemd unit",
  ]);
  assertEquals(named(limits, "fs.file-max").raise, ["sysctl -w fs.file-max=501000"]);
  assertEquals(named(limits, "net.netfilter.nf_conntrack_max").raise, [
    "sysctl -w net.netfilter.nf_conntrack_max=500036",
  ]);
  assertEquals(named(limits, "net.ipv4.tcp_mem").raise, [
    'sysctl -w net.ipv4.tcp_mem="250050 333400 500100"',
  ]);
  assert(named(limits, "memory").raise[0]?.includes("10.1 GiB"), "2 GiB in use and 8.1 more");
});

Deno.test("capacityLimits() raises fs.nr_open first when descriptors would pass it", () => {
  const limits = capacityLimits(HOST, { connections: 0, descriptorsOpen: 24 }, 2_000_000);
  assertEquals(named(limits, "descriptors").raise[0], "sysctl -w fs.nr_open=2000056");
});

Deno.test("capacityLimits() gives no command that lowers a limit", () => {
  const limits = capacityLimits(HOST, { connections: 0, descriptorsOpen: 24 }, 5);
  assertEquals(named(limits, "fs.file-max").raise, ["sysctl -w fs.file-max=399000"]);
});

Deno.test("what capacityLimits() says to raise is enough when it is done", () => {
  const use = { connections: 0, descriptorsOpen: 24 };
  const raised = capacityLimits({
    ...HOST,
    descriptors: { soft: 500_056, hard: 500_056 },
    fileMax: 501_000,
    conntrackMax: 500_036,
    tcpMemory: { low: 250_050, pressure: 333_400, high: 500_100 },
  }, use);
  for (const limit of raised) {
    if (limit.name !== "memory") assertEquals(limit.connections, 500_000, limit.name);
  }
});

Deno.test("connectionsPerSource() is the number of ephemeral ports", () => {
  assertEquals(connectionsPerSource(HOST), 28_232);
  assertEquals(connectionsPerSource({}), undefined);
});
