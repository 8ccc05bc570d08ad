/**
 * The figures of a step by subject. What a plot draws are columns of the table below it.
 *
 * @module
 */

import type { ScaleStep } from "../../server/scale/result.ts";

const MIB = 2 ** 20;
const KIB = 2 ** 10;

/** One figure of every step. */
export interface Column {
  /** What it is. */
  readonly name: string;
  /** What it is counted in, where the name does not say it. */
  readonly unit?: string;
  /** Digits after the point. */
  readonly digits: number;
  /** Whether the plot draws it. */
  readonly drawn?: boolean;
  /** Reads it; `undefined` where it could not be measured. */
  of(step: ScaleStep): number | undefined;
}

/** The figures of one subject. */
export interface Subject {
  /** What they are about. */
  readonly heading: string;
  /** What one should know to read them, as sentences. */
  readonly text: string;
  /** What is up the side of the plot, with its unit; absent where there is none. */
  readonly axis?: string;
  /** Whether that side is logarithmic. */
  readonly log?: boolean;
  /** The figures, without the connections, which are in every table. */
  readonly columns: readonly Column[];
}

/** Connections that were held: what every plot has along the bottom and every table at the left. */
export const CONNECTIONS: Column = {
  name: "Connections",
  digits: 0,
  of: (step) => step.connections,
};

const count = (name: string, of: Column["of"], drawn = false): Column => ({
  name,
  digits: 0,
  drawn,
  of,
});

const mebibytes = (name: string, of: Column["of"], drawn = false): Column => ({
  name,
  unit: "MiB",
  digits: 0,
  drawn,
  of: (step) => scaled(of(step), MIB),
});

const kibibytes = (name: string, of: Column["of"], drawn = false): Column => ({
  name,
  unit: "KiB",
  digits: 1,
  drawn,
  of: (step) => scaled(of(step), KIB),
});

const milliseconds = (name: string, of: Column["of"]): Column => ({
  name,
  unit: "ms",
  digits: 2,
  drawn: true,
  of,
});

const cores = (name: string, of: Column["of"]): Column => ({ name, unit: "cores", digits: 2, of });

/** The kernel's share of the server's ends. */
function kernelShare({ connections, perConnection }: ScaleStep): number | undefined {
  return perConnection.kernel === undefined ? undefined : perConnection.kernel * connections;
}

const fourTuples = count("4-tuples", (step) => step.kernelCount?.fourTuples);
const resident = mebibytes("Server", (step) => step.server?.resident, true);
const residentEach = kibibytes("Server", (step) => step.perConnection.server, true);
const withKernel = kibibytes(
  "With kernel",
  (step) => step.perConnection.serverWithKernel,
  true,
);
const descriptors = count("Server", (step) => step.server?.descriptors, true);
const clientDescriptors = count("Clients", (step) => step.clients.descriptors, true);
const perSecond = count("Handshakes a second", (step) => step.handshakes.perSecond, true);
const serverCores = cores("Server’s processors", (step) => step.handshakes.serverCores);
const p50 = milliseconds("p50", (step) => step.latency?.p50);
const p99 = milliseconds("p99", (step) => step.latency?.p99);
const p999 = milliseconds("p99.9", (step) => step.latency?.p999);

/** The memory of the server: what the picture for the README draws too. */
export const MEMORY: Subject = {
  heading: "Memory",
  text:
    "Resident memory of all processes of the server and of the clients; the server’s heap, which is " +
    "its JavaScript objects, is within it. The kernel’s share is the size of the objects that the " +
    "kernel has for one end of a connection, times the server’s ends: reckoned, since the kernel does " +
    "not count it, and only where root runs the bench. No figure of a process contains it.",
  axis: "Memory (MiB)",
  columns: [
    resident,
    mebibytes("Kernel’s share", kernelShare, true),
    mebibytes("Server’s heap", (step) => step.server?.heapUsed, true),
    mebibytes("Clients", (step) => step.clients.resident, true),
    mebibytes("Kernel’s objects of the host", (step) => step.kernelMemory.slab),
    mebibytes("Socket buffers of the host", (step) => step.kernelMemory.buffers),
  ],
};

/** All figures, in the order of the report. */
export const SUBJECTS: readonly Subject[] = [
  {
    heading: "Connections",
    text:
      "As the kernel’s tables have them, counted at the server’s end, and how many distinct 4-tuples " +
      "they are. The last column says how often the source port in use most was in use at the same " +
      "time: two connections may have the same source port as long as another part of the 4-tuple " +
      "differs.",
    columns: [
      count("Established", (step) => step.kernelCount?.connections),
      fourTuples,
      count("Server ports", (step) => step.kernelCount?.serverPorts),
      count("Source addresses", (step) => step.kernelCount?.sourceAddresses),
      count("Destination addresses", (step) => step.kernelCount?.destinationAddresses),
      count("Uses of one source port", (step) => step.kernelCount?.sharedPort.uses),
    ],
  },
  MEMORY,
  {
    heading: "Memory of one connection",
    text:
      "Growth since before the first connection, divided by the connections that are idle now. At the " +
      "first steps much of it is not the connections’ own but code, which is compiled at its first " +
      "use; the more connections there are, the less it weighs. The kernel’s part is reckoned from " +
      "the sizes of its objects.",
    axis: "Memory of one connection (KiB)",
    columns: [
      residentEach,
      withKernel,
      kibibytes("Server’s heap", (step) => step.perConnection.serverHeap, true),
      kibibytes("Client", (step) => step.perConnection.client, true),
      kibibytes("Kernel, one end", (step) => step.perConnection.kernel),
    ],
  },
  {
    heading: "Descriptors",
    text: "One file descriptor for each connection at each end, and a few for everything else. " +
      "The limit is that of one process.",
    axis: "Open file descriptors",
    columns: [
      descriptors,
      clientDescriptors,
      count("Most in one server process", (step) => step.server?.mostDescriptors, true),
      count("Limit of a server process", (step) => step.server?.descriptorLimit),
    ],
  },
  {
    heading: "Handshakes",
    text:
      "How fast the step’s new connections were opened, TCP and WebSocket, with client and server " +
      "on the same host; and of how many processors each side took the time meanwhile.",
    axis: "Handshakes a second",
    columns: [
      perSecond,
      count("Opened", (step) => step.handshakes.opened),
      { name: "Took", unit: "s", digits: 1, of: (step) => step.handshakes.seconds },
      count("Failed tries", (step) => sum(Object.values(step.handshakes.failures))),
      serverCores,
      cores("Clients’ processors", (step) => step.handshakes.clientCores),
    ],
  },
  {
    heading: "Delay of an echo",
    text:
      "Of small messages sent at a steady rate over a sample of the connections while all others " +
      "are idle, from the time at which each was to be sent, so that a message that had to wait " +
      "counts its wait.",
    axis: "Delay (ms, logarithmic)",
    log: true,
    columns: [
      p50,
      p99,
      p999,
      milliseconds("Longest", (step) => step.latency?.max),
      count("Sent", (step) => step.latency?.sent),
      count("Received", (step) => step.latency?.received),
    ],
  },
];

/** The figures that the terminal shows, in one table. */
export const OVERVIEW: readonly Column[] = [
  CONNECTIONS,
  fourTuples,
  { ...perSecond, name: "Opened", unit: "a second" },
  { ...serverCores, name: "Server", unit: "cores" },
  p50,
  p99,
  p999,
  { ...resident, name: "RSS", unit: "MiB" },
  { ...residentEach, name: "Each" },
  { ...withKernel, name: "+kernel" },
  { ...descriptors, name: "FDs", unit: "server" },
  { ...clientDescriptors, name: "FDs", unit: "clients" },
];

function scaled(value: number | undefined, unit: number): number | undefined {
  return value === undefined ? undefined : value / unit;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
