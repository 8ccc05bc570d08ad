import type { HostLimits } from "../host/host.ts";

/**
 * What is asked of a run. Everything here and in what a run returns is JSON as it stands; sizes are in
 * bytes, and a figure that cannot be read on this host is absent, never zero.
 */
export interface ScaleOptions {
  /** Connections to reach in the end. */
  readonly connections: number;
  /**
   * Connections to stop and measure at, in any order; those above `connections` are left out, and
   * `connections` is always the last one.
   *
   * @default a growing series, with one step just above 65,535 where the target is beyond it
   */
  readonly steps?: readonly number[];
  /**
   * The server to measure, `ws://` or `http://`, that echoes messages.
   *
   * @default one of our own, in as many processes as `workers`
   */
  readonly url?: string;
  /**
   * Processes of our own server, all on the same port.
   *
   * @default as many as the limits make necessary
   */
  readonly workers?: number;
  /**
   * Processes that open connections.
   *
   * @default as many as the limits make necessary
   */
  readonly clients?: number;
  /**
   * How the delay of an echo is measured at each step, while all other connections are idle; `false`
   * for not at all.
   *
   * @default { connections: 200, perSecond: 1000, seconds: 3 }
   */
  readonly latency?: LatencyOptions | false;
}

/** How the delay of an echo is measured. */
export interface LatencyOptions {
  /** How many connections take part, in turn. */
  readonly connections: number;
  /** Messages sent in a second, over all of them; each has its time, whatever became of those before. */
  readonly perSecond: number;
  /** For how long. */
  readonly seconds: number;
}

/**
 * Which end of the 4-tuple varies when one pair of addresses has no more source ports: the source
 * address, or, on a Deno that cannot choose it, the destination address; `none` where neither can.
 */
export type Varied = "source" | "destination" | "none";

/** What a run will do. */
export interface ScalePlan {
  /** Connections that were asked for. */
  readonly asked: number;
  /** Connections that it will go to: fewer than `asked` where a limit stops it before. */
  readonly connections: number;
  /** Connections to stop and measure at, growing; the last one is `connections`. */
  readonly steps: readonly number[];
  /** Processes of our own server; 0 where the server is another one. */
  readonly workers: number;
  /** Processes that open connections. */
  readonly clients: number;
  /** Connections that each client process opens at most. */
  readonly connectionsPerClient: number;
  /** Which end's address varies. */
  readonly varied: Varied;
  /**
   * The addresses of that end, those of each client process together; empty where none varies.
   * With `source` the kernel would not reuse a source port without them, with `destination` the
   * server listens on all of them.
   */
  readonly addresses: readonly string[];
  /** About how long it takes. */
  readonly seconds: number;
  /** About how much memory the host needs for it, all processes and the kernel together. */
  readonly memory: number;
  /** How many connections each limit allows to such a run, the one met first at the front. */
  readonly limits: readonly ScaleLimit[];
  /** The limit that keeps `connections` below `asked`. */
  readonly stop?: ScaleStop;
  /** What a reader should know, each a sentence: such as what this Deno cannot do. */
  readonly notes: readonly string[];
}

/** One limit, in connections of a run that has both ends on this host (with `url` only one). */
export interface ScaleLimit {
  /** The kernel's name where it has one; else `descriptors`, `source ports`, `memory`, `heap`. */
  readonly name: string;
  /** Whose processes it is about, where it is one of either side. */
  readonly side?: "server" | "client";
  /** Connections that it allows. */
  readonly connections: number;
  /** How it comes to that: a sentence without its full stop. */
  readonly reason: string;
  /** The commands that raise it, in the order to run; what follows a `#` explains. */
  readonly raise: readonly string[];
}

/** Why a run stopped, or will stop, short of what was asked. */
export interface ScaleStop {
  /**
   * The limit's name as in {@linkcode ScaleLimit}, where it is one of them. Else `server` (it
   * refused, reset or did not answer), `client` or `worker` (a process ended), `interrupted`, or
   * `time` (the signal was one of `AbortSignal.timeout()`).
   */
  readonly limit: string;
  /** Connections that were open, or that the limit allows. */
  readonly connections: number;
  /** What happened: a sentence without its full stop. */
  readonly message: string;
  /** The commands that raise it; empty where there are none. */
  readonly raise: readonly string[];
}

/** What the kernel's tables (/proc/net/tcp and tcp6) say of the server's port. */
export interface KernelCount {
  /** Sockets at the server's end that are established and that a process has accepted. */
  readonly connections: number;
  /** Different 4-tuples among them. */
  readonly fourTuples: number;
  /** Different ports at the server's end: one. */
  readonly serverPorts: number;
  /** Different source addresses. */
  readonly sourceAddresses: number;
  /** Different destination addresses. */
  readonly destinationAddresses: number;
  /** The source port that is in use most often at the same time. */
  readonly sharedPort: {
    /** The port; 0 where there is no connection. */
    readonly port: number;
    /** Connections that have it as their source port: each from another address, or to another one. */
    readonly uses: number;
  };
}

/** What the processes of one side take, all together. */
export interface ProcessFigures {
  /** How many processes. */
  readonly processes: number;
  /** Resident memory. */
  readonly resident?: number;
  /** JavaScript objects; only of our own processes. */
  readonly heapUsed?: number;
  /** Open descriptors. */
  readonly descriptors?: number;
  /** Open descriptors of the process that has most. */
  readonly mostDescriptors?: number;
  /** Descriptors that one process may have: its soft limit. */
  readonly descriptorLimit?: number;
  /** Seconds of processor time since the run began. */
  readonly cpuSeconds?: number;
}

/** Memory of the kernel. The sums are over the whole host, whatever other programs do meanwhile. */
export interface KernelMemory {
  /** TCP sockets that are allocated (/proc/net/sockstat). */
  readonly sockets?: number;
  /** What waits in their buffers (`mem` of /proc/net/sockstat). */
  readonly buffers?: number;
  /** All objects of the kernel (`Slab` of /proc/meminfo): sockets, files, inodes, and others. */
  readonly slab?: number;
  /**
   * What one end of an idle IPv4 connection consists of, by the name of its cache, such as `TCP`:
   * bytes of one object. Only where /proc/slabinfo may be read, which root alone may; an object is
   * missing where the kernel has merged its cache with another's.
   */
  readonly objects?: Readonly<Record<string, number>>;
}

/**
 * What one connection takes. In the processes it is growth since before the first connection,
 * divided: with few connections most of it is code that the programs compile at first use.
 */
export interface PerConnection {
  /** Resident memory of the server's processes. */
  readonly server?: number;
  /** JavaScript objects of the server's processes. */
  readonly serverHeap?: number;
  /** Resident memory of the client processes. */
  readonly client?: number;
  /**
   * The kernel's memory for one end: the sum of {@linkcode KernelMemory.objects}. It is reckoned, since
   * the kernel has no count of its own for one program; buffers are empty while a connection is idle.
   */
  readonly kernel?: number;
  /** The server's end with the kernel's share: `server` + `kernel`. */
  readonly serverWithKernel?: number;
}

/** How connections were opened in a step. */
export interface Handshakes {
  /** How many came about. */
  readonly opened: number;
  /** How long that took. */
  readonly seconds: number;
  /** `opened` / `seconds`. */
  readonly perSecond: number;
  /** Tries that failed and were repeated, or given up, by what went wrong: `EMFILE`, `HTTP 503` … */
  readonly failures: Readonly<Record<string, number>>;
  /** Of processor time, in cores: seconds of it per second of opening. */
  readonly serverCores?: number;
  /** The same of the clients. */
  readonly clientCores?: number;
}

/** How long an echo took, in milliseconds, from the time at which it was to be sent. */
export interface Latency {
  /** Messages that were sent. */
  readonly sent: number;
  /** Messages that came back; the percentiles are of these. */
  readonly received: number;
  /** Connections that took part. */
  readonly connections: number;
  /** Messages in a second, as was asked for. */
  readonly perSecond: number;
  /** Half of the messages took at most this long. */
  readonly p50: number;
  /** 99 of 100. */
  readonly p99: number;
  /** 999 of 1,000. */
  readonly p999: number;
  /** All. */
  readonly max: number;
}

/** What was measured at one step, when its connections were open and idle. */
export interface ScaleStep {
  /** Connections that the step was to reach. */
  readonly target: number;
  /** Connections that the clients held: handshake done, not closed. */
  readonly connections: number;
  /** Seconds since the run began. */
  readonly at: number;
  readonly handshakes: Handshakes;
  /** Absent where the tables cannot be read. */
  readonly kernelCount?: KernelCount;
  /** Absent where the server is another one whose processes cannot be found. */
  readonly server?: ProcessFigures;
  readonly clients: ProcessFigures;
  readonly kernelMemory: KernelMemory;
  /** Bytes of the host that can still be used. */
  readonly memoryAvailable?: number;
  readonly perConnection: PerConnection;
  /** Absent where it was not asked for or nothing came back. */
  readonly latency?: Latency;
}

/** The machine and the programs of a run. */
export interface ScaleHost {
  /** `linux`, `darwin` … and the kernel's release. */
  readonly os: string;
  /** `x86_64` … */
  readonly arch: string;
  /** Logical processors that this process may use. */
  readonly cores: number;
  /** The processor's name. */
  readonly processor?: string;
  /** Bytes of memory: the host's, or the control group's where that is lower. */
  readonly memory?: number;
  /** Deno's version. */
  readonly deno: string;
  /** V8's version. */
  readonly v8: string;
  /** Our own. */
  readonly fourtuple: string;
}

/** All of a run. */
export interface ScaleResult {
  /** When it began, in ISO 8601. */
  readonly date: string;
  readonly host: ScaleHost;
  /** The limits as read before. */
  readonly limits: HostLimits;
  readonly plan: ScalePlan;
  /** Where the server was: as `http://127.0.0.1:8080/`. */
  readonly url: string;
  /** One for each step that was begun; where a limit or Ctrl-C cut one, the last has fewer connections. */
  readonly steps: readonly ScaleStep[];
  /** Why it went no further than it did; absent where all that was asked for was reached. */
  readonly stop?: ScaleStop;
  /** How long it took. */
  readonly seconds: number;
}

/** What the live display of a run shows; the figures are as young as their reading permits. */
export interface ScaleProgress {
  /** What is being done. */
  readonly phase: "starting" | "opening" | "measuring" | "closing";
  /** Which step, from 1; 0 before the first. */
  readonly step: number;
  /** Of how many. */
  readonly steps: number;
  /** Connections that the clients hold now. */
  readonly connections: number;
  /** Connections that this step is to reach. */
  readonly target: number;
  /** Handshakes in a second, lately. */
  readonly perSecond: number;
  /** Seconds since the run began. */
  readonly elapsed: number;
  /** About how many seconds are left. */
  readonly left: number;
  /** The newest count of the kernel's tables. */
  readonly kernelCount?: KernelCount;
  /** The newest figures of the server's processes. */
  readonly server?: ProcessFigures;
  /** The newest figures of the client processes. */
  readonly clients?: ProcessFigures;
  /** The step that has just been measured: once for each of them. */
  readonly measured?: ScaleStep;
}
