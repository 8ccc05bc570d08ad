import { type CapacityLimit, capacityLimits } from "./capacity.ts";
import { ballastBytes } from "./gc_ballast.ts";
import { type HostLimits, readHostLimits } from "./host.ts";
import { HostFiles } from "./host_files.ts";

/** Below this many connections a figure for each of them says nothing. */
const MIN_CONNECTIONS_FOR_SHARE = 100;

/** Below this share of the most connections there were, memory has not grown by theirs alone. */
const MIN_SHARE_OF_PEAK = 0.75;

/** The connections of a server, counted for a report. */
export interface ConnectionCounts {
  /** WebSocket connections, closing ones included. */
  readonly connections: number;
  /** Handshakes and plain requests that are not over. */
  readonly exchanges: number;
  /** The bound of both together; absent without a bound. */
  readonly maxConnections?: number;
  /** Different source addresses of the connections. */
  readonly sourceAddresses: number;
  /** Different ports of ours that the connections came to: one, however many there are. */
  readonly serverPorts: number;
  /** Different 4-tuples: one for each connection. */
  readonly fourTuples: number;
  /** Bytes that wait in send queues. */
  readonly queuedBytes: number;
}

/** The resources a server holds and the host's limits. A value that cannot be read is absent. */
export interface Report extends ConnectionCounts {
  /** File descriptors of the process. */
  readonly descriptors?: {
    /** The number of open ones. */
    readonly open?: number;
    /** The soft limit. */
    readonly soft?: number;
    /** The hard limit, as far as which the process may raise the soft one. */
    readonly hard?: number;
  };
  /** Memory of the process, in bytes. */
  readonly memory: {
    /** Resident set: the part of the host's memory that the process takes. */
    readonly resident: number;
    /** JavaScript objects. */
    readonly heapUsed: number;
    /** The bytes that the heap has reserved. */
    readonly heapTotal: number;
    /** Buffers outside the heap. */
    readonly external: number;
    /**
     * (resident now − resident without a connection) / connections; absent below 100 connections,
     * and when a quarter of the most there were have left: their memory is not all given back.
     */
    readonly perConnection?: number;
  };
  /**
   * TCP of the whole host, other processes included; buffers of the kernel are in no process's
   * figures.
   */
  readonly hostTcp?: {
    /** Sockets that are allocated. */
    readonly sockets: number;
    /** Bytes in the sockets' buffers. */
    readonly bytes?: number;
  };
  /** The limit that the host would meet first, and at how many connections. */
  readonly nextLimit?: CapacityLimit;
}

/**
 * The resources that several processes hold together. Where there are workers, nobody knows how
 * many different source addresses all of them have.
 */
export type SummedReport =
  & Omit<Report, "sourceAddresses">
  & Partial<Pick<Report, "sourceAddresses">>;

/** The host's limits, and the connections they allow. */
export interface HostDescription {
  /** The limits of the host and of a process; a value that cannot be read is absent. */
  readonly limits: HostLimits;
  /** The limits, each with the connections at which it is met, the first one first. */
  readonly capacity: readonly CapacityLimit[];
  /** The amounts the server holds now. */
  readonly report: SummedReport;
}

/**
 * Reads the files of a report; opened before the first accept, since later there may be no
 * descriptor.
 */
export class Reporter {
  readonly #files: HostFiles;
  readonly #limits: HostLimits;
  readonly #residentAtStart: number;

  /** Use {@linkcode Reporter.open}. */
  constructor(files: HostFiles, limits: HostLimits) {
    this.#files = files;
    this.#limits = limits;
    this.#residentAtStart = Deno.memoryUsage().rss;
  }

  /** Opens all files that can be opened, while there is no connection. The caller closes it. */
  static async open(): Promise<Reporter> {
    return new Reporter(await HostFiles.open(), await readHostLimits());
  }

  /**
   * Makes a report.
   *
   * @param counts The server's connections.
   * @param peak The most connections that there were.
   * @returns The resources they take now.
   */
  async report(counts: ConnectionCounts, peak?: number): Promise<Report> {
    return (await this.describeHost(counts, peak)).report;
  }

  /**
   * Makes a report, and tells all that it was made of.
   *
   * @param counts The server's connections.
   * @param peak The most connections that there were.
   * @returns The resources they take now, and the host's limits.
   */
  async describeHost(
    counts: ConnectionCounts,
    peak: number = counts.connections,
  ): Promise<HostDescription & { readonly report: Report }> {
    const [use, fresh] = await Promise.all([this.#files.read(), readHostLimits()]);
    const limits = { ...this.#limits, ...fresh };
    const { descriptorsOpen: open, tcpSockets } = use;
    const { connections } = counts;
    const held = { connections, ...open !== undefined && { descriptorsOpen: open } };
    const capacity = capacityLimits(limits, held);
    const [nextLimit] = capacity;
    const descriptors = { ...open !== undefined && { open }, ...use.descriptors };
    const report = {
      ...counts,
      ...Object.keys(descriptors).length > 0 && { descriptors },
      memory: this.#memory(connections, peak),
      ...tcpSockets && {
        hostTcp: {
          sockets: tcpSockets.allocated,
          ...limits.pageSize !== undefined && { bytes: tcpSockets.memoryPages * limits.pageSize },
        },
      },
      ...nextLimit && { nextLimit },
    };
    return { limits, capacity, report };
  }

  #memory(connections: number, peak: number): Report["memory"] {
    const { rss: resident, heapUsed, heapTotal, external: counted } = Deno.memoryUsage();
    const memory = { resident, heapUsed, heapTotal, external: counted - ballastBytes() };
    const least = Math.max(MIN_CONNECTIONS_FOR_SHARE, peak * MIN_SHARE_OF_PEAK);
    if (connections < least) return memory;
    const perConnection = Math.round((resident - this.#residentAtStart) / connections);
    return perConnection > 0 ? { ...memory, perConnection } : memory;
  }

  /** Closes the files. */
  close(): void {
    this.#files.close();
  }
}
