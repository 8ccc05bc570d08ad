import { type CapacityLimit, capacityLimits } from "./capacity.ts";
import { ballastBytes } from "./gc_ballast.ts";
import { type HostLimits, readHostLimits } from "./host.ts";
import { HostFiles } from "./host_files.ts";

/** Below this many connections a figure for each of them says nothing. */
const MIN_CONNECTIONS_FOR_SHARE = 100;

/** With a smaller share of the most connections there were, theirs is not all that memory has grown by. */
const MIN_SHARE_OF_PEAK = 0.75;

/** What the connections of a server are, counted for a report. */
export interface ConnectionCounts {
  /** WebSocket connections, closing ones included. */
  readonly connections: number;
  /** Handshakes and plain requests that are not over. */
  readonly exchanges: number;
  /** How many of both there may be; absent without a bound. */
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

/** What a server holds and how far the host's limits are. What cannot be read is absent. */
export interface Report extends ConnectionCounts {
  /** File descriptors of the process. */
  readonly descriptors?: {
    /** How many are open. */
    readonly open?: number;
    /** How many may be. */
    readonly soft?: number;
    /** How far the process may raise that. */
    readonly hard?: number;
  };
  /** Memory of the process, in bytes. */
  readonly memory: {
    /** Resident set: what the process takes of the host's memory. */
    readonly resident: number;
    /** JavaScript objects. */
    readonly heapUsed: number;
    /** What the heap has reserved. */
    readonly heapTotal: number;
    /** Buffers outside the heap. */
    readonly external: number;
    /**
     * (resident now − resident without a connection) / connections; absent below 100 connections, and
     * when a quarter of the most there were have left: what they took is not all given back.
     */
    readonly perConnection?: number;
  };
  /** TCP of the whole host, other processes included; buffers of the kernel are in no process's figures. */
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
 * What several processes hold together. Where there are workers, nobody knows how many different
 * source addresses all of them have.
 */
export type SummedReport =
  & Omit<Report, "sourceAddresses">
  & Partial<Pick<Report, "sourceAddresses">>;

/** What the host allows. */
export interface HostDescription {
  /** The limits of the host and of a process; what cannot be read is absent. */
  readonly limits: HostLimits;
  /** What would be met, and at how many connections, the first limit first. */
  readonly capacity: readonly CapacityLimit[];
  /** What the server holds now. */
  readonly report: SummedReport;
}

/** Reads what a report needs; opened before the first accept, since later there may be no descriptor. */
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

  /** Opens what can be opened, while there is no connection. The caller closes it. */
  static async open(): Promise<Reporter> {
    return new Reporter(await HostFiles.open(), await readHostLimits());
  }

  /**
   * Makes a report.
   *
   * @param counts The server's connections.
   * @param peak The most connections that there were.
   * @returns What they cost, now.
   */
  async report(counts: ConnectionCounts, peak?: number): Promise<Report> {
    return (await this.describeHost(counts, peak)).report;
  }

  /**
   * Makes a report, and tells all that it was made of.
   *
   * @param counts The server's connections.
   * @param peak The most connections that there were.
   * @returns What they cost and what the host allows, now.
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

  /** Closes what was opened. */
  close(): void {
    this.#files.close();
  }
}
