import { assert, assertEquals } from "@std/assert";
import { readHostLimits } from "../../../server/host/host.ts";
import { HostFiles } from "../../../server/host/host_files.ts";
import { mayReadHost } from "../../../server/host/host_reader.ts";
import { type ConnectionCounts, Reporter } from "../../../server/host/report.ts";

const COUNTS: ConnectionCounts = {
  connections: 3,
  exchanges: 1,
  maxConnections: 50,
  sourceAddresses: 2,
  serverPorts: 1,
  fourTuples: 3,
  queuedBytes: 7,
};

/** Makes one report while the process seems to have this much memory resident. */
async function reportWith(
  residentAtStart: number,
  resident: number,
  connections: number,
  peak?: number,
): Promise<Awaited<ReturnType<Reporter["report"]>>> {
  const { memoryUsage } = Deno;
  let rss = residentAtStart;
  Deno.memoryUsage = () => ({ rss, heapTotal: 4, heapUsed: 3, external: 2 });
  try {
    const reporter = new Reporter(new HostFiles(undefined, undefined), {});
    rss = resident;
    return await reporter.report({ ...COUNTS, connections }, peak);
  } finally {
    Deno.memoryUsage = memoryUsage;
  }
}

Deno.test("Reporter.report() repeats the counts", async () => {
  const reporter = await Reporter.open();
  const report = await reporter.report(COUNTS);
  reporter.close();
  for (const [name, value] of Object.entries(COUNTS)) {
    assertEquals(report[name as keyof ConnectionCounts], value, name);
  }
});

Deno.test("Reporter.report() shares what the connections have added out among them", async () => {
  const { memory } = await reportWith(1_000_000, 2_300_050, 100);
  assertEquals(memory, {
    resident: 2_300_050,
    heapUsed: 3,
    heapTotal: 4,
    external: 2,
    perConnection: 13_001,
  });
});

Deno.test("Reporter.report() says nothing of one connection where there are too few to tell", async () => {
  assert(!("perConnection" in (await reportWith(1_000_000, 2_000_000, 99)).memory));
  assert(!("perConnection" in (await reportWith(1_000_000, 2_000_000, 0)).memory));
});

Deno.test("Reporter.report() says nothing of one connection after many have left", async () => {
  const known = async (connections: number, peak: number) =>
    "perConnection" in (await reportWith(1_000_000, 1_000_000_000, connections, peak)).memory;
  assertEquals(await known(100, 50_000), false);
  assertEquals(await known(37_499, 50_000), false);
  assertEquals(await known(37_500, 50_000), true);
});

Deno.test("Reporter.report() says nothing of one connection when memory has shrunk", async () => {
  assert(!("perConnection" in (await reportWith(2_000_000, 1_000_000, 100)).memory));
  assert(!("perConnection" in (await reportWith(2_000_000, 2_000_000, 100)).memory));
});

const noProc = Deno.build.os !== "linux";

Deno.test({
  name: `Reporter.report() reads what the host holds${noProc ? " (ignored: needs /proc)" : ""}`,
  ignore: noProc,
  async fn() {
    const reporter = await Reporter.open();
    const { descriptors, hostTcp, nextLimit } = await reporter.report(COUNTS);
    reporter.close();
    const { descriptors: limits, pageSize = 0 } = await readHostLimits();
    assertEquals([descriptors?.soft, descriptors?.hard], [limits?.soft, limits?.hard]);
    assert(descriptors?.open !== undefined && descriptors.open > 0);
    assert(hostTcp?.bytes !== undefined && hostTcp.bytes % pageSize === 0);
    assert(nextLimit !== undefined && nextLimit.connections > 0);
  },
});

Deno.test({
  name: "Reporter.report() leaves out what may not be read",
  permissions: { read: false },
  async fn() {
    assert(!mayReadHost());
    const reporter = await Reporter.open();
    const report = await reporter.report(COUNTS);
    reporter.close();
    assertEquals(Object.keys(report), [...Object.keys(COUNTS), "memory"]);
    assert(report.memory.resident > 0);
  },
});

Deno.test({
  name: "Reporter.report() knows the limits of the start when they cannot be read any more",
  permissions: { read: false },
  async fn() {
    const limits = { descriptors: { soft: 132, hard: 200 } };
    const reporter = new Reporter(new HostFiles(undefined, undefined), limits);
    const { nextLimit, descriptors } = await reporter.report(COUNTS);
    assertEquals(nextLimit?.value, 132);
    assertEquals(descriptors, undefined);
  },
});
