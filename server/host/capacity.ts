/**
 * The connections that the host's limits allow to one process, and the limit met first. The
 * figures come from host.ts.
 *
 * @module
 */

import { descriptorLimit, type HostLimits, openDescriptors } from "./host.ts";

/**
 * Descriptors that are kept for everything but connections: an accepted socket to refuse, a file to
 * serve, a report to read.
 */
export const DESCRIPTOR_RESERVE = 32;

/**
 * Bytes of memory that one idle connection is counted with: 13 KiB in this process, which is the
 * bound that our own measurements are held to, and 4 KiB in the kernel, which is in no process's
 * figures.
 */
export const BYTES_PER_CONNECTION: number = (13 + 4) * 1024;

/** The amounts in use now. */
export interface CapacityUse {
  /** Connections that the server holds. */
  readonly connections: number;
  /** Descriptors that the process has open, those of the connections included. */
  readonly descriptorsOpen?: number;
}

/** One limit of the host, in connections. */
export interface CapacityLimit {
  /** The kernel's name where it has one. */
  readonly name: string;
  /** Connections it allows to this process in all, those it holds included. */
  readonly connections: number;
  /** The limit's present value. */
  readonly value: number;
  /**
   * The part in use, by the host or, where it is a process's limit, the process; absent if unknown.
   */
  readonly used?: number;
  /** The unit of `value` and `used`. */
  readonly unit: string;
  /** The amount one connection is counted with, and the reason. */
  readonly reason: string;
  /** The commands that raise it, in the order to run; the text after a `#` explains. */
  readonly raise: readonly string[];
}

/** A limit before connections are computed. */
interface Resource {
  name: string;
  value: number | undefined;
  used: number | undefined;
  unit: string;
  reason: string;
  /** Units that one connection takes. */
  each: number;
  /** Units that connections may not take. */
  reserve: number;
  raise(value: number): string[];
}

/**
 * Computes how many connections each limit allows. A limit that could not be read is left out, as
 * is one that is set too high to ever be met.
 *
 * @param limits The host's limits.
 * @param use The amounts the process holds now; by default nothing.
 * @param target Connections that the commands are to make room for; where the limit allows that
 * many already, and by default, the commands make room for twice those allowed.
 * @returns The limits, the one that is met first at the front.
 */
export function capacityLimits(
  limits: HostLimits,
  use: CapacityUse = { connections: 0 },
  target?: number,
): CapacityLimit[] {
  return resourcesOf(limits, use)
    .map((resource) => toCapacityLimit(resource, use.connections, target))
    .filter((limit) => limit !== undefined)
    .sort((a, b) => a.connections - b.connections);
}

/**
 * Returns how many connections one client address with this host's port range can open to one
 * address and port, or undefined if the range could not be read. This bounds a client, never the
 * server: another source address has as many again.
 *
 * @param limits The host's limits.
 */
export function connectionsPerSource(limits: HostLimits): number | undefined {
  const range = limits.ephemeralPorts;
  return range && range.last - range.first + 1;
}

function toCapacityLimit(
  resource: Resource,
  held: number,
  target: number | undefined,
): CapacityLimit | undefined {
  const { name, value, unit, reason, each, reserve } = resource;
  // Systemd sets fs.file-max to 2^63 - 1: more than any count here, so no limit.
  if (value === undefined || value > Number.MAX_SAFE_INTEGER) return undefined;
  // Held connections can be uncounted by the kernel (untracked, or with empty queues) and still
  // count later.
  const used = Math.max(resource.used ?? 0, held * each);
  const others = used - held * each;
  const connections = Math.max(held, Math.floor((value - reserve - others) / each));
  const wanted = target !== undefined && target > connections
    ? target
    : Math.max(1, 2 * connections);
  return {
    name,
    connections,
    value,
    ...(resource.used !== undefined && { used: resource.used }),
    unit,
    reason,
    raise: resource.raise(Math.ceil(reserve + others + wanted * each)),
  };
}

function resourcesOf(limits: HostLimits, use: CapacityUse): Resource[] {
  const { descriptors, tcpMemory, memoryTotal, memoryAvailable } = limits;
  return [
    {
      name: "descriptors",
      value: descriptors?.soft,
      used: use.descriptorsOpen,
      unit: "descriptors of this process",
      reason: `one per connection; ${DESCRIPTOR_RESERVE} are kept in reserve`,
      each: 1,
      reserve: DESCRIPTOR_RESERVE,
      raise: (value) => raiseDescriptors(value, limits),
    },
    {
      name: "fs.file-max",
      value: limits.fileMax,
      used: limits.filesOpen,
      unit: "open files of the host",
      reason: "one per connection",
      each: 1,
      reserve: 0,
      raise: (value) => [`sysctl -w fs.file-max=${value}`],
    },
    {
      name: "net.netfilter.nf_conntrack_max",
      value: limits.conntrackMax,
      used: limits.conntrackCount,
      unit: "tracked connections of the host",
      reason: "one per connection, where the firewall tracks them",
      each: 1,
      reserve: 0,
      raise: (value) => [`sysctl -w net.netfilter.nf_conntrack_max=${value}`],
    },
    {
      name: "net.ipv4.tcp_mem",
      value: tcpMemory?.high,
      used: limits.tcpSockets?.memoryPages,
      unit: "pages of the host",
      reason: "one page per connection with data in a kernel queue; an idle one takes none",
      each: 1,
      reserve: 0,
      raise: (value) => {
        const { low = value, pressure = value, high = value } = tcpMemory ?? {};
        const scale = (pages: number) => Math.ceil(pages * Math.max(1, value / high));
        return [
          `sysctl -w net.ipv4.tcp_mem="${scale(low)} ${scale(pressure)} ${scale(high)}"`,
        ];
      },
    },
    {
      name: "memory",
      value: memoryAvailable === undefined ? undefined : memoryTotal,
      used: memoryTotal === undefined || memoryAvailable === undefined
        ? undefined
        : memoryTotal - memoryAvailable,
      unit: "bytes",
      reason:
        `${BYTES_PER_CONNECTION} B per idle connection: 13 KiB in the process, 4 KiB in the kernel`,
      each: BYTES_PER_CONNECTION,
      reserve: 0,
      raise: (value) => [
        `# no command: ${
          gibibytes(value)
        } GiB wanted; add memory, or raise MemoryMax= or the container's limit`,
      ],
    },
  ];
}

/**
 * Descriptors have three lids: the soft limit, the hard one that only root lifts, and fs.nr_open
 * over both.
 */
function raiseDescriptors(value: number, limits: HostLimits): string[] {
  const hard = limits.descriptors?.hard;
  const commands: string[] = [];
  if (limits.nrOpen !== undefined && value > limits.nrOpen) {
    commands.push(`sysctl -w fs.nr_open=${value}`);
  }
  const root = hard !== undefined && value > hard ? ", as root: the hard limit is " + hard : "";
  commands.push(
    `ulimit -n ${value} # in the shell that starts the server${root}`,
    `LimitNOFILE=${value} # instead, in the [Service] section of its systemd unit`,
  );
  return commands;
}

function gibibytes(bytes: number): string {
  return (bytes / 2 ** 30).toFixed(1);
}

/** The connections that the descriptors allow: those that are left, less a reserve. */
export async function connectionsByDescriptors(): Promise<number> {
  const [limit, open] = [descriptorLimit(), await openDescriptors()];
  if (limit === undefined) return Infinity;
  return Math.max(1, limit - (open ?? 0) - DESCRIPTOR_RESERVE);
}
