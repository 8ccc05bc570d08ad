/** A made-up run, with every field that a run on Linux has and with texts that need escaping. */
import type { ScaleStep } from "../../../server/scale/result.ts";
import type { ScalingReport } from "../../../bench/scaling/summary.ts";

const MIB = 2 ** 20;

/** A step whose figures grow with its connections. */
export function step(connections: number): ScaleStep {
  return {
    target: connections,
    connections,
    at: connections / 5_000,
    handshakes: {
      opened: 20_000,
      seconds: 2.5,
      perSecond: 8_000,
      failures: { "HTTP 503": 2, ECONNRESET: 1 },
      serverCores: 0.9,
      clientCores: 1.1,
    },
    kernelCount: {
      connections,
      fourTuples: connections,
      serverPorts: 1,
      sourceAddresses: 6,
      destinationAddresses: 1,
      sharedPort: { port: 40_123, uses: 6 },
    },
    server: {
      processes: 6,
      resident: 400 * MIB + connections * 12_288,
      heapUsed: 60 * MIB + connections * 2_048,
      descriptors: connections + 180,
      mostDescriptors: Math.round(connections / 5),
      descriptorLimit: 20_000,
      cpuSeconds: connections / 6_000,
    },
    clients: {
      processes: 6,
      resident: 500 * MIB + connections * 7_168,
      descriptors: connections + 240,
      cpuSeconds: connections / 5_000,
    },
    kernelMemory: {
      sockets: 2 * connections,
      buffers: 4 * MIB,
      slab: 300 * MIB + connections * 7_000,
      objects: { TCP: 2_521, sock_inode_cache: 862, filp: 201 },
    },
    memoryAvailable: 9_000 * MIB,
    perConnection: {
      server: 12_288,
      serverHeap: 2_048,
      client: 7_168,
      kernel: 3_584,
      serverWithKernel: 15_872,
    },
    latency: {
      sent: 3_000,
      received: 2_999,
      connections: 200,
      perSecond: 1_000,
      p50: 0.41,
      p99: 2.25,
      p999: 9.5,
      max: 21.75,
    },
  };
}

/** A run to 100,000 connections that reached them. */
export const WHOLE: ScalingReport = {
  command: "deno task bench --connections 100000 --out 'a & b'",
  date: "2026-11-20T12:00:00.000Z",
  host: {
    os: "linux 6.18.0",
    arch: "x86_64",
    cores: 2,
    processor: "Some <Processor> & Co",
    memory: 24 * 2 ** 30,
    deno: "2.9.6",
    v8: "14.1",
    fourtuple: "0.1.0",
  },
  limits: { descriptors: { soft: 20_000, hard: 20_000 } },
  plan: {
    asked: 100_000,
    connections: 100_000,
    steps: [1_000, 20_000, 65_600, 100_000],
    workers: 6,
    clients: 6,
    connectionsPerClient: 16_667,
    varied: "source",
    addresses: ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6", "127.0.0.7"],
    seconds: 95,
    memory: 2.1 * 2 ** 30,
    limits: [
      {
        name: "memory",
        connections: 400_000,
        reason: "9.1 GiB are free & a connection takes 24 KiB",
        raise: ["# more <memory>"],
      },
      {
        name: "fs.file-max",
        connections: 1_200_000,
        reason: "both ends have a descriptor",
        raise: ["sysctl -w fs.file-max=4000000"],
      },
    ],
    notes: ["The clients' ends are <here> too."],
  },
  url: "http://127.0.0.1:40000/",
  steps: [1_000, 20_000, 65_600, 100_000].map((connections) => step(connections)),
  seconds: 93.4,
};

/** The same, stopped by descriptors before 65,535. */
export const STOPPED: ScalingReport = {
  ...WHOLE,
  steps: WHOLE.steps.slice(0, 2),
  stop: {
    limit: "descriptors",
    connections: 20_000,
    message: "Cannot open more as the limit is <20,000>",
    raise: ["ulimit -n 200000 # in the shell & before"],
  },
};

/** What another server leaves: nothing from inside, no kernel tables, no delay. */
export const FOREIGN: ScalingReport = {
  ...WHOLE,
  plan: { ...WHOLE.plan, workers: 0, varied: "none", addresses: [], limits: [], notes: [] },
  steps: WHOLE.steps.map(({ target, connections, at, handshakes, clients }) => ({
    target,
    connections,
    at,
    handshakes: {
      opened: handshakes.opened,
      seconds: handshakes.seconds,
      perSecond: handshakes.perSecond,
      failures: {},
    },
    clients,
    kernelMemory: {},
    perConnection: {},
  })),
};
