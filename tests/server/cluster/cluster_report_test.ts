import { assertEquals } from "@std/assert";
import {
  joinReports,
  joinTotals,
  type WorkerReport,
} from "../../../server/cluster/cluster_report.ts";
import type { Totals } from "../../../server/registry.ts";

const REPORT: WorkerReport = {
  worker: 1,
  pid: 10,
  since: 1_000,
  connections: 300,
  exchanges: 1,
  maxConnections: 900,
  sourceAddresses: 2,
  serverPorts: 1,
  fourTuples: 300,
  queuedBytes: 7,
  descriptors: { open: 320, soft: 1_000, hard: 1_000 },
  memory: { resident: 100, heapUsed: 10, heapTotal: 20, external: 5, perConnection: 4_000 },
  hostTcp: { sockets: 1_000, bytes: 4_096 },
  nextLimit: {
    name: "descriptors",
    connections: 900,
    value: 1_000,
    unit: "descriptors",
    reason: "one per connection",
    raise: [],
  },
  backplaneDropped: 2,
};

Deno.test("joinReports() adds up the workers, and keeps each worker's own", () => {
  const other = {
    ...REPORT,
    worker: 2,
    pid: 11,
    connections: 100,
    fourTuples: 100,
    memory: { ...REPORT.memory, perConnection: 8_000 },
  };
  const { supervisor, ...joined } = joinReports([REPORT, other], 3);
  assertEquals(joined, {
    connections: 400,
    exchanges: 2,
    maxConnections: 1_800,
    serverPorts: 1,
    fourTuples: 400,
    queuedBytes: 14,
    descriptors: { open: 640, soft: 2_000 },
    memory: { resident: 200, heapUsed: 20, heapTotal: 40, external: 10, perConnection: 5_000 },
    hostTcp: { sockets: 1_000, bytes: 4_096 },
    relayDropped: 7,
    workers: [REPORT, other],
  });
  assertEquals([supervisor.pid, supervisor.resident > 0], [Deno.pid, true]);
});

Deno.test("joinReports() leaves out what one of the workers cannot know", () => {
  const { maxConnections: _, descriptors: __, hostTcp: ___, ...bare } = REPORT;
  const { perConnection: ____, ...memory } = REPORT.memory;
  const joined = joinReports([REPORT, { ...bare, memory }], 0);
  assertEquals(
    [joined.maxConnections, joined.descriptors, joined.hostTcp?.sockets],
    [undefined, undefined, 1_000],
  );
  assertEquals(joined.memory.perConnection, 4_000);
  assertEquals("descriptors" in joined, false);
});

Deno.test("joinReports() of no worker is zero", () => {
  const { connections, serverPorts, memory, workers, relayDropped } = joinReports([], 5);
  assertEquals([connections, serverPorts, memory.resident, workers, relayDropped], [
    0,
    0,
    0,
    [],
    5,
  ]);
});

Deno.test("joinTotals() adds up every count, and refusals by reason", () => {
  const totals: Totals = {
    accepted: 1,
    opened: 2,
    closed: 3,
    requests: 4,
    spoofed: 3,
    forwardedMalformed: 2,
    refused: { DRAINING: 1, ORIGIN_REFUSED: 2 },
    bytesIn: 5,
    bytesOut: 6,
    messagesIn: 7,
    messagesOut: 8,
    messagesDropped: 9,
  };
  assertEquals(joinTotals([totals, { ...totals, refused: { DRAINING: 5 } }]), {
    accepted: 2,
    opened: 4,
    closed: 6,
    requests: 8,
    spoofed: 6,
    forwardedMalformed: 4,
    refused: { DRAINING: 6, ORIGIN_REFUSED: 2 },
    bytesIn: 10,
    bytesOut: 12,
    messagesIn: 14,
    messagesOut: 16,
    messagesDropped: 18,
  });
  assertEquals(joinTotals([]).opened, 0);
});
