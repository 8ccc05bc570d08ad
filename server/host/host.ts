/**
 * `server/host/` is for the limits of the host and of this process, and their use. It knows no
 * connection.
 *
 * The host's limits, read from Linux's /proc. Values that cannot be read, on another system or
 * under a narrower permission than `--allow-all`, are absent and never zero; nothing here throws.
 *
 * @module
 */

import { readMemory } from "./host_memory.ts";
import { absentOnFailure, type HostReader, hostReader, mayReadHost } from "./host_reader.ts";
import {
  type DescriptorLimits,
  parseDescriptorLimits,
  parsePageSize,
  parseSentResets,
  parseSockstat,
  present,
  type TcpSockets,
  wholeNumber,
  words,
} from "./proc_text.ts";

/** The host's limits. An absent field could not be read. */
export interface HostLimits {
  /** The limits of this process. Deno raises its own soft limit to the hard one at start. */
  readonly descriptors?: DescriptorLimits;
  /** The limits of the parent process: of the shell, or of the service manager. */
  readonly parentDescriptors?: DescriptorLimits;
  /** `fs.nr_open`: the most that a process's hard limit can be raised to. */
  readonly nrOpen?: number;
  /** `fs.file-max`: open files of the whole host. */
  readonly fileMax?: number;
  /** Open files of the whole host now. */
  readonly filesOpen?: number;
  /** `net.ipv4.ip_local_port_range`, both ends included. */
  readonly ephemeralPorts?: { readonly first: number; readonly last: number };
  /** `net.core.somaxconn`: the longest queue of connections that wait for accept. */
  readonly somaxconn?: number;
  /**
   * `net.ipv4.tcp_migrate_req`: 1 where a listening socket that closes hands its waiting
   * connections to another.
   */
  readonly tcpMigrateReq?: number;
  /** `net.ipv4.tcp_mem`, in pages. */
  readonly tcpMemory?: { readonly low: number; readonly pressure: number; readonly high: number };
  /** Bytes of one page. */
  readonly pageSize?: number;
  /** `net.netfilter.nf_conntrack_max`; absent where no connection tracking is loaded. */
  readonly conntrackMax?: number;
  /** Connections tracked now. */
  readonly conntrackCount?: number;
  /** Bytes of memory: the host's, or the control group's where that is lower. */
  readonly memoryTotal?: number;
  /** Bytes of memory that can still be used, with the same choice. */
  readonly memoryAvailable?: number;
  /** The TCP sockets of the whole host. */
  readonly tcpSockets?: TcpSockets;
}

/**
 * Reads every limit of the host. Since absent fields are left out, `{ ...earlier, ...now }` keeps
 * values that can no longer be read once descriptors have run out.
 *
 * @param reader Reads the files; by default those of this host.
 */
export async function readHostLimits(reader: HostReader = hostReader): Promise<HostLimits> {
  const sysctl = async (name: string): Promise<(number | undefined)[]> =>
    numbersOf(await reader.text(`/proc/sys/${name}`));
  const [own, parent, nrOpen, files, ports, somaxconn, migrate, tcpMemory, auxv, sockstat, memory] =
    await Promise.all([
      reader.text("/proc/self/limits"),
      reader.text(`/proc/${Deno.ppid}/limits`),
      sysctl("fs/nr_open"),
      sysctl("fs/file-nr"),
      sysctl("net/ipv4/ip_local_port_range"),
      sysctl("net/core/somaxconn"),
      sysctl("net/ipv4/tcp_migrate_req"),
      sysctl("net/ipv4/tcp_mem"),
      reader.bytes("/proc/self/auxv"),
      reader.text("/proc/net/sockstat"),
      readMemory(reader),
    ]);
  const [conntrackMax, conntrackCount] = await Promise.all([
    sysctl("net/netfilter/nf_conntrack_max"),
    sysctl("net/netfilter/nf_conntrack_count"),
  ]);
  const [firstPort, lastPort] = ports;
  const [low, pressure, high] = tcpMemory;
  return present<HostLimits>({
    descriptors: own === undefined ? undefined : parseDescriptorLimits(own),
    parentDescriptors: parent === undefined ? undefined : parseDescriptorLimits(parent),
    nrOpen: nrOpen[0],
    // fs/file-nr holds: in use, free (always 0), fs.file-max.
    fileMax: files[2],
    filesOpen: files[0],
    ephemeralPorts: firstPort === undefined || lastPort === undefined
      ? undefined
      : { first: firstPort, last: lastPort },
    somaxconn: somaxconn[0],
    tcpMigrateReq: migrate[0],
    tcpMemory: low === undefined || pressure === undefined || high === undefined
      ? undefined
      : { low, pressure, high },
    pageSize: auxv === undefined ? undefined : parsePageSize(auxv),
    conntrackMax: conntrackMax[0],
    conntrackCount: conntrackCount[0],
    memoryTotal: memory.total,
    memoryAvailable: memory.available,
    tcpSockets: sockstat === undefined ? undefined : parseSockstat(sockstat),
  });
}

/**
 * Returns the soft descriptor limit of this process, or undefined if it cannot be read. For
 * start-up.
 */
export function descriptorLimit(): number | undefined {
  if (!mayReadHost()) return undefined;
  try {
    return parseDescriptorLimits(Deno.readTextFileSync("/proc/self/limits"))?.soft;
  } catch {
    return undefined;
  }
}

/**
 * Returns how many descriptors this process has open, or undefined if that cannot be known. On
 * Linux 6.2 and later it needs no free descriptor.
 */
export function openDescriptors(): Promise<number | undefined> {
  return absentOnFailure(async () => {
    // Since Linux 6.2 the size of the directory is the number of open descriptors; before, it is 0.
    const { size } = await Deno.stat("/proc/self/fd");
    if (size > 0) return size;
    let count = 0;
    for await (const _ of Deno.readDir("/proc/self/fd")) count++;
    return count - 1; // the directory's own descriptor
  });
}

/**
 * Returns how many resets the host (its network namespace) has sent, or undefined if that cannot be
 * read.
 */
export async function sentResets(): Promise<number | undefined> {
  const text = await hostReader.text("/proc/net/snmp");
  return text === undefined ? undefined : parseSentResets(text);
}

function numbersOf(text: string | undefined): (number | undefined)[] {
  return words(text ?? "").map(wholeNumber);
}
