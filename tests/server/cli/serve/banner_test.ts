import { assert, assertEquals } from "@std/assert";
import {
  capacityLine,
  clusterBanner,
  compressionLine,
} from "../../../../server/cli/serve/banner.ts";
import { completeSettings } from "../../../../server/cli/serve/settings.ts";
import { VERSION } from "../../../../server/cli/version.ts";
import type { Cluster } from "../../../../server/cluster/cluster.ts";
import type { Report } from "../../../../server/host/report.ts";

/** The report of a server without connections. */
const REPORT: Report = {
  connections: 0,
  exchanges: 0,
  sourceAddresses: 0,
  serverPorts: 0,
  fourTuples: 0,
  queuedBytes: 0,
  memory: { resident: 0, heapUsed: 0, heapTotal: 0, external: 0 },
};

Deno.test("clusterBanner() says no capacity when no worker answers", async () => {
  const silent = {
    addr: { transport: "tcp", hostname: "127.0.0.1", port: 8080 },
    url: "http://127.0.0.1:8080/",
    workers: [{ worker: 1, pid: 1, since: 0 }],
    report: () => Promise.resolve({ workers: [] }),
  } as unknown as Cluster;
  assertEquals(
    await clusterBanner(silent, completeSettings({})),
    `Fourtuple ${VERSION} serves talk on ${silent.url} by 1 worker (pid ${Deno.pid})\n`,
  );
  assertEquals(
    await clusterBanner(silent, completeSettings({}), "http://127.0.0.1:6455"),
    `Fourtuple ${VERSION} serves talk on ${silent.url} by 1 worker (pid ${Deno.pid})\n` +
      "Ops port: dashboard, metrics and API on http://127.0.0.1:6455\n",
  );
});

Deno.test("capacityLine() says when descriptors allow fewer connections than were set", () => {
  const report = { ...REPORT, maxConnections: 1_000, descriptors: { soft: 1_000, open: 20 } };
  const line = "Connections: at most 1000, as was set; but 1000 file descriptors allow only 948";
  assertEquals(capacityLine(report, 1_000), line);
  assertEquals(capacityLine(report, 949), line.replace("most 1000", "most 949"));
  assertEquals(capacityLine(report, 948), "Connections: at most 948, as was set");
  assertEquals(capacityLine(REPORT, 948), "Connections: at most 948, as was set");
});

Deno.test("capacityLine() says what the descriptors allow, one connection too", () => {
  const report = { ...REPORT, maxConnections: 1, descriptors: { soft: 60, open: 40 } };
  const line = "File descriptors: 60 allowed, so at most 1 connection";
  assertEquals(capacityLine(report, undefined), line);
  assertEquals(
    capacityLine({ ...report, maxConnections: 2 }, undefined),
    line.replace("1 c", "2 c") + "s",
  );
});

Deno.test({
  name: "capacityLine() says that it takes a permission to read the limit",
  permissions: { read: false },
  fn: () => {
    const reason = Deno.build.os === "linux"
      ? "can be read only with --allow-all"
      : "cannot be read on this system";
    assertEquals(
      capacityLine(REPORT, undefined),
      `File descriptors: their limit ${reason}, so nothing bounds the connections but --connections`,
    );
  },
});

Deno.test("compressionLine() says what a connection that compresses costs while it is idle", () => {
  const settings = { deflate: true, deflateThreshold: 100, deflateWindowBits: 10 };
  assertEquals(
    compressionLine(completeSettings(settings)),
    "Compression: messages of 100 bytes and more; no memory for a connection that is idle",
  );
  const line = compressionLine(completeSettings({ ...settings, deflateContextTakeover: true }));
  assert(/; up to \d+ bytes for each connection, also while it is idle$/.test(line), line);
});
