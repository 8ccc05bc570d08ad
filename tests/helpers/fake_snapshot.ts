import { Opcode } from "../../protocol/mod.ts";
import type { Report } from "../../server/host/report.ts";
import { type Measured, Measurements } from "../../server/metrics/measurements.ts";
import type { ProcessSnapshot, Snapshot } from "../../server/operations/operations.ts";
import type { Totals } from "../../server/registry.ts";

/** What a process holds that has 200 connections and that everything could be read of. */
export const FAKE_REPORT: Report = {
  connections: 200,
  exchanges: 3,
  maxConnections: 19_900,
  sourceAddresses: 7,
  serverPorts: 1,
  fourTuples: 200,
  queuedBytes: 4_096,
  descriptors: { open: 250, soft: 20_000, hard: 20_000 },
  memory: {
    resident: 90_000_000,
    heapUsed: 20_000_000,
    heapTotal: 30_000_000,
    external: 5_000_000,
    perConnection: 9_100,
  },
  hostTcp: { sockets: 260, bytes: 1_048_576 },
  nextLimit: {
    name: "descriptors",
    connections: 19_900,
    value: 20_000,
    used: 250,
    unit: "descriptors",
    reason: "one for each connection",
    raise: [],
  },
};

/** What its connections add up to. */
export const FAKE_TOTALS: Totals = {
  accepted: 340,
  opened: 300,
  closed: 100,
  requests: 20,
  spoofed: 8,
  forwardedMalformed: 7,
  refused: { ORIGIN_REFUSED: 9, CONNECTIONS_LIMIT: 2 },
  bytesIn: 50_000,
  bytesOut: 70_000,
  messagesIn: 1_000,
  messagesOut: 2_000,
  messagesDropped: 4,
};

/** What it has counted besides. */
export function fakeMeasured(): Measured {
  const measurements = new Measurements();
  measurements.received([{ opcode: Opcode.Text, payload: new Uint8Array(600), last: true }]);
  measurements.sent(Opcode.Binary, 5, 900);
  Object.assign(measurements, {
    textIn: 600,
    textOut: 500,
    slowClosed: 3,
    peersLost: 6,
    unfinishedLate: 7,
    unfinishedFull: 8,
  });
  measurements.closed("us", 1001);
  measurements.closed("peer", undefined);
  for (const milliseconds of [0.4, 3, 20_000]) measurements.handshakes.observe(milliseconds);
  measurements.roundTrips.observe(40);
  return measurements.read({ mean: 0.001, max: 0.012 });
}

/** What one process holds and has counted. */
export function fakeProcess(changes: Partial<ProcessSnapshot> = {}): ProcessSnapshot {
  return {
    pid: 4321,
    since: 1_760_000_000_000,
    report: FAKE_REPORT,
    totals: FAKE_TOTALS,
    measured: fakeMeasured(),
    ...changes,
  };
}

/** What a server of one process holds and has counted. */
export function fakeSnapshot(changes: Partial<Snapshot> = {}): Snapshot {
  const process = fakeProcess();
  return {
    at: 1_760_000_100_000,
    phase: "serving",
    sum: process,
    processes: [process],
    ...changes,
  };
}

/** What a server of two workers holds and has counted. */
export function fakeClusterSnapshot(): Snapshot {
  return fakeSnapshot({
    processes: [fakeProcess({ worker: 1 }), fakeProcess({ worker: 2 })],
    supervisor: {
      pid: 4320,
      resident: 60_000_000,
      relayDropped: 11,
      desired: 3,
      serving: 2,
      restarts: 5,
    },
  });
}
