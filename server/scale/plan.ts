/**
 * What a run will do on a host with given limits: how many processes, addresses and steps, and which
 * limit stops it where. Pure: the figures come from outside.
 *
 * @module
 */

import { BYTES_PER_CONNECTION, capacityLimits, DESCRIPTOR_RESERVE } from "../host/capacity.ts";
import type { HostLimits } from "../host/host.ts";
import { loopbackAddresses, sourcePorts } from "./addresses.ts";
import type { LatencyOptions, ScaleLimit, ScaleOptions, ScalePlan, Varied } from "./result.ts";
import { stepsTo } from "./steps.ts";

/** What a plan depends on besides what is asked. */
export interface PlanSurroundings {
  /** The host's limits. */
  readonly limits: HostLimits;
  /** Logical processors. */
  readonly cores: number;
  /** Whether processes can share a port. */
  readonly reusePort: boolean;
  /** Which end's address can vary. */
  readonly varied: Varied;
  /** The addresses of that end; where it is left out, all of 127.0.0.0/8 but 127.0.0.1. */
  readonly addresses?: readonly string[];
}

/** How an echo's delay is measured unless told otherwise. */
export const DEFAULT_LATENCY: LatencyOptions = { connections: 200, perSecond: 1_000, seconds: 3 };

/** What a process has open besides connections, before {@linkcode DESCRIPTOR_RESERVE}. */
const OWN_DESCRIPTORS = 32;

/** V8 bounds a heap near 4 GiB; a connection takes some 3 KiB of it, and collections stay short. */
const MAX_PER_PROCESS = 100_000;

/** Processes of one side: more of them than this help nobody on a host with so few cores. */
const PROCESSES_PER_CORE = 4;
const MIN_PROCESSES = 8;

/** The kernel's share of one end of a connection, which {@linkcode BYTES_PER_CONNECTION} holds too. */
const KERNEL_BYTES = 4 * 1024;

/** Resident memory of a client's connection: what the bench is held to, and measured without it. */
const CLIENT_BYTES: Record<Varied, number> = {
  source: 8 * 1024,
  none: 8 * 1024,
  // Only a Deno whose `node:net` takes 67 KiB per connection cannot choose the source address.
  destination: 68 * 1024,
};

/** Resident memory of a process without connections. */
const PROCESS_BYTES = 80 * 2 ** 20;

/** Of the memory that is available, what a run may plan with. */
const USABLE_MEMORY = 0.9;

/** Handshakes in a second per core, both ends on it; only for an estimate. */
const HANDSHAKES_PER_CORE = 2_000;

/** Seconds that a process takes to start, and a step to measure besides the echo's delay. */
const START_SECONDS = 0.5;
const MEASURE_SECONDS = 2.5;

/**
 * Plans a run.
 *
 * @param options What is asked.
 * @param around What it depends on.
 * @returns The plan; where a limit stops it before the target, it goes as far as that allows.
 */
export function planScale(options: ScaleOptions, around: PlanSurroundings): ScalePlan {
  const asked = options.connections;
  const { varied } = around;
  const limits = limitsOf(options, around).sort((a, b) => a.connections - b.connections);
  const [first] = limits;
  const connections = Math.max(0, Math.min(asked, first?.connections ?? asked));
  const steps = stepsTo(connections, options.steps);
  const { workers, clients } = processesFor(connections, options, around);
  const connectionsPerClient = Math.ceil(connections / clients);
  const latency = options.latency ?? DEFAULT_LATENCY;
  const measuring = MEASURE_SECONDS + (latency === false ? 0 : latency.seconds);
  const rate = HANDSHAKES_PER_CORE * Math.min(around.cores, workers + clients);
  return {
    asked,
    connections,
    steps,
    workers,
    clients,
    connectionsPerClient,
    varied,
    addresses: varied === "none"
      ? []
      : around.addresses ?? loopbackAddresses(clients, connectionsPerClient, around.limits),
    seconds: Math.ceil(
      connections / rate + steps.length * measuring + (workers + clients) * START_SECONDS,
    ),
    memory: memoryFor(connections, workers + clients, options, around),
    limits,
    ...first !== undefined && first.connections < asked && {
      stop: {
        limit: first.name,
        connections,
        message: first.reason,
        raise: first.raise,
      },
    },
    notes: notesOf(options, around),
  };
}

/** What gives clients more source ports. */
export const MORE_PORTS: readonly string[] = [
  'sysctl -w net.ipv4.ip_local_port_range="1024 65535"',
  "# or connect from further source addresses, or other hosts: each has as many again",
];

/** Connections that the descriptors of one client process allow. */
function perClient({ limits }: PlanSurroundings): number {
  const { soft } = limits.descriptors ?? {};
  if (soft === undefined) return MAX_PER_PROCESS;
  return Math.max(0, Math.min(MAX_PER_PROCESS, soft - DESCRIPTOR_RESERVE - OWN_DESCRIPTORS));
}

/**
 * Connections that one of several workers can be counted with. The kernel spreads connections by a
 * hash of their 4-tuples, so a worker gets its share give or take some of its square root.
 */
function perWorker(around: PlanSurroundings, workers: number): number {
  const most = perClient(around);
  return workers === 1 ? most : Math.max(0, Math.floor(most - 6 * Math.sqrt(most)));
}

function mostProcesses({ cores }: PlanSurroundings): number {
  return Math.max(MIN_PROCESSES, PROCESSES_PER_CORE * cores);
}

function mostWorkers({ workers }: ScaleOptions, around: PlanSurroundings): number {
  return workers ?? (around.reusePort ? mostProcesses(around) : 1);
}

function processesFor(
  connections: number,
  options: ScaleOptions,
  around: PlanSurroundings,
): { workers: number; clients: number } {
  const needed = (each: number): number => Math.max(1, Math.ceil(connections / Math.max(1, each)));
  const own = options.url === undefined;
  const workers = connections <= perWorker(around, 1) ? 1 : needed(perWorker(around, 2));
  return {
    workers: own ? options.workers ?? Math.min(workers, mostWorkers(options, around)) : 0,
    clients: options.clients ?? Math.min(needed(perClient(around)), mostProcesses(around)),
  };
}

/** Which limits there are, those that could not be read left out. */
function limitsOf(options: ScaleOptions, around: PlanSurroundings): ScaleLimit[] {
  const { limits } = around;
  const asked = options.connections;
  const own = options.url === undefined;
  const found: ScaleLimit[] = [];
  const { soft } = limits.descriptors ?? {};
  const clients = options.clients ?? mostProcesses(around);
  const workers = mostWorkers(options, around);
  const sides = [
    { side: "client" as const, processes: clients, each: perClient(around) },
    ...own
      ? [{ side: "server" as const, processes: workers, each: perWorker(around, workers) }]
      : [],
  ];
  for (const { side, processes, each } of sides) {
    const named = `${count(processes)} ${side} ${processes === 1 ? "process" : "processes"}`;
    const most = processes * each;
    // What each process would need to hold its share.
    const share = Math.ceil(asked / processes * 1.1) + OWN_DESCRIPTORS;
    found.push(
      soft === undefined || soft > MAX_PER_PROCESS + DESCRIPTOR_RESERVE + OWN_DESCRIPTORS
        ? {
          name: "heap",
          side,
          connections: most,
          reason: `${named} hold ${count(each)} connections each in their heaps`,
          raise: [`# a host with more cores than ${around.cores}`],
        }
        : {
          name: "descriptors",
          side,
          connections: most,
          reason: `${count(soft)} for each of at most ${named} allow ${count(most)} connections`,
          raise: raiseOf("descriptors", limits, share),
        },
    );
  }
  const ends = own ? 2 : 1;
  if (limits.fileMax !== undefined && limits.fileMax <= Number.MAX_SAFE_INTEGER) {
    const free = limits.fileMax - (limits.filesOpen ?? 0);
    found.push({
      name: "fs.file-max",
      connections: Math.floor(free / ends),
      reason: `${count(free)} files can still be opened on this host, ${ends} for each connection`,
      raise: raiseOf("fs.file-max", limits, asked * ends),
    });
  }
  if (limits.conntrackMax !== undefined) {
    const free = limits.conntrackMax - (limits.conntrackCount ?? 0);
    found.push({
      name: "net.netfilter.nf_conntrack_max",
      connections: Math.max(0, free),
      reason: `the firewall can track ${count(free)} more connections`,
      raise: raiseOf("net.netfilter.nf_conntrack_max", limits, asked),
    });
  }
  if (limits.memoryAvailable !== undefined) found.push(memoryLimit(options, around));
  const ports = portLimit(around);
  return ports === undefined ? found : [...found, ports];
}

function memoryLimit(options: ScaleOptions, around: PlanSurroundings): ScaleLimit {
  const { memoryAvailable = 0 } = around.limits;
  const { workers, clients } = processesFor(options.connections, options, around);
  const each = bytesEach(options, around);
  const usable = memoryAvailable * USABLE_MEMORY - (workers + clients) * PROCESS_BYTES;
  const wanted = memoryFor(options.connections, workers + clients, options, around) / USABLE_MEMORY;
  return {
    name: "memory",
    connections: Math.max(0, Math.floor(usable / each)),
    reason: `${gibibytes(memoryAvailable)} GiB are available, and each connection is counted ` +
      `with ${Math.round(each / 1024)} KiB`,
    raise: [`# no command: ${gibibytes(wanted)} GiB wanted; end other programs or add memory`],
  };
}

/** One pair of addresses has as many connections to a port as there are source ports. */
function portLimit({ limits, varied, addresses }: PlanSurroundings): ScaleLimit | undefined {
  if (varied !== "none" && addresses === undefined) return undefined;
  const { first, last } = sourcePorts(limits);
  const each = last - first + 1;
  const from = varied === "none" ? 1 : addresses?.length ?? 1;
  const named = from === 1 ? "one source address" : `${count(from)} source addresses`;
  return {
    name: "source ports",
    connections: from * each,
    reason: `${named} with ports ${first}-${last} can have ${count(from * each)} connections to ` +
      "one address and port; a limit of this client, not of the server",
    raise: MORE_PORTS,
  };
}

function bytesEach({ url }: ScaleOptions, { varied }: PlanSurroundings): number {
  return CLIENT_BYTES[varied] + KERNEL_BYTES + (url === undefined ? BYTES_PER_CONNECTION : 0);
}

function memoryFor(
  connections: number,
  processes: number,
  options: ScaleOptions,
  around: PlanSurroundings,
): number {
  return connections * bytesEach(options, around) + processes * PROCESS_BYTES;
}

function notesOf({ url }: ScaleOptions, { varied }: PlanSurroundings): string[] {
  const notes: string[] = [];
  if (varied === "destination") {
    notes.push(
      "This Deno cannot choose a source address, so the server is reached at several destination " +
        "addresses instead, and its clients take 67 KiB for each connection",
    );
  }
  if (varied === "none") {
    notes.push("All connections come from one source address");
  }
  if (url !== undefined) notes.push("The server is another one: its limits are not known here");
  return notes;
}

function raiseOf(name: string, limits: HostLimits, target: number): readonly string[] {
  const found = capacityLimits(limits, { connections: 0 }, target);
  return found.find((limit) => limit.name === name)?.raise ?? [];
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

function gibibytes(bytes: number): string {
  return (bytes / 2 ** 30).toFixed(1);
}
