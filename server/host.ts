/**
 * The host's limits, read from Linux's /proc. What cannot be read, on another system or under a
 * narrower permission than `--allow-all`, is absent and never zero; nothing here throws.
 *
 * @module
 */

/** The TCP sockets of the whole host (its network namespace), from /proc/net/sockstat. */
export interface TcpSockets {
  /** Sockets in use, IPv4 only. */
  readonly inUse: number;
  /** Sockets allocated, IPv4 and IPv6. */
  readonly allocated: number;
  /** Memory of the data that waits in their buffers, in pages (see {@linkcode HostLimits.pageSize}). */
  readonly memoryPages: number;
}

/** How many descriptors a process may have open. */
export interface DescriptorLimits {
  /** What holds now; the process itself can raise it as far as `hard`. */
  readonly soft?: number;
  /** What only root can raise. */
  readonly hard?: number;
}

/** What the host allows. An absent field could not be read. */
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
  /** `net.ipv4.tcp_migrate_req`: 1 where a listening socket that closes hands what waits to another. */
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

/** Reads the host's files, which are small; undefined for what cannot be read. */
export interface HostReader {
  /** Reads a whole file as text. */
  text(path: string): Promise<string | undefined>;
  /** Reads a whole file as bytes. */
  bytes(path: string): Promise<Uint8Array | undefined>;
}

/**
 * Returns whether host files may be read. Deno lets only `--allow-all` read /proc; this asks before
 * the first read, since without permission Deno would stop and ask whoever sits at the terminal.
 */
export function mayReadHost(): boolean {
  return Deno.build.os === "linux" &&
    Deno.permissions.querySync({ name: "read" }).state === "granted";
}

/** Reads the files of this host. */
const hostReader: HostReader = {
  text: (path) => absentOnFailure(() => Deno.readTextFile(path)),
  bytes: (path) => absentOnFailure(() => Deno.readFile(path)),
};

/**
 * Reads every limit of the host. Since absent fields are left out, `{ ...earlier, ...now }` keeps
 * what can no longer be read once descriptors have run out.
 *
 * @param reader Where files are read; by default this host.
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

/** Returns the soft descriptor limit of this process, or undefined if it cannot be read. For start-up. */
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

/** What {@linkcode HostFiles.read} returns. An absent field could not be read. */
export interface HostUse {
  /** Descriptors that this process has open. */
  readonly descriptorsOpen?: number;
  /** The limits of this process, which prlimit(1) can change while it runs. */
  readonly descriptors?: DescriptorLimits;
  /** The TCP sockets of the whole host. */
  readonly tcpSockets?: TcpSockets;
}

/**
 * The host files that a running report reads, held open from start-up: when descriptors have run
 * out, nothing can be opened any more. Costs two descriptors.
 */
export class HostFiles {
  readonly #limits: ProcFile | undefined;
  readonly #sockstat: ProcFile | undefined;

  /** Use {@linkcode HostFiles.open}. */
  constructor(limits: ProcFile | undefined, sockstat: ProcFile | undefined) {
    this.#limits = limits;
    this.#sockstat = sockstat;
  }

  /** Opens what can be opened. Never fails. The caller owns the result and closes it. */
  static async open(): Promise<HostFiles> {
    const [limits, sockstat] = await Promise.all([
      ProcFile.open("/proc/self/limits"),
      ProcFile.open("/proc/net/sockstat"),
    ]);
    return new HostFiles(limits, sockstat);
  }

  /** Reads the present figures. Concurrent calls are safe. */
  async read(): Promise<HostUse> {
    const [descriptorsOpen, limits, sockstat] = await Promise.all([
      openDescriptors(),
      this.#limits?.read(),
      this.#sockstat?.read(),
    ]);
    return present<HostUse>({
      descriptorsOpen,
      descriptors: limits === undefined ? undefined : parseDescriptorLimits(limits),
      tcpSockets: sockstat === undefined ? undefined : parseSockstat(sockstat),
    });
  }

  /** Closes the files; reading afterwards returns what needs none of them. */
  close(): void {
    this.#limits?.close();
    this.#sockstat?.close();
  }
}

/** One /proc file held open; the kernel writes it anew each time it is read from the start. */
class ProcFile {
  readonly #file: Deno.FsFile;
  #closed = false;
  #reading: Promise<string | undefined> | undefined;

  constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  static async open(path: string): Promise<ProcFile | undefined> {
    const file = await absentOnFailure(() => Deno.open(path));
    return file && new ProcFile(file);
  }

  /** The file has one position, so calls at the same time share one read. */
  read(): Promise<string | undefined> {
    this.#reading ??= absentOnFailure(() => this.#readOnce())
      .finally(() => this.#reading = undefined);
    return this.#reading;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#file.close();
  }

  async #readOnce(): Promise<string> {
    const buffer = new Uint8Array(4096);
    let length = 0;
    await this.#file.seek(0, Deno.SeekMode.Start);
    for (;;) {
      const read = await this.#file.read(buffer.subarray(length));
      if (!read) break;
      length += read;
    }
    return new TextDecoder().decode(buffer.subarray(0, length));
  }
}

/** Reads the "Max open files" line of a /proc/PID/limits. An "unlimited" one is absent. */
export function parseDescriptorLimits(text: string): DescriptorLimits | undefined {
  const label = "Max open files";
  const line = text.split("\n").find((line) => line.startsWith(label));
  if (line === undefined) return undefined;
  const [soft, hard] = words(line.slice(label.length)).map(wholeNumber);
  return present<DescriptorLimits>({ soft, hard });
}

/** Reads the "TCP:" line of /proc/net/sockstat. */
export function parseSockstat(text: string): TcpSockets | undefined {
  const line = text.split("\n").find((line) => line.startsWith("TCP:"));
  if (line === undefined) return undefined;
  const fields = words(line);
  const field = (name: string): number | undefined => {
    const index = fields.indexOf(name);
    return index === -1 ? undefined : wholeNumber(fields[index + 1]);
  };
  const inUse = field("inuse");
  const allocated = field("alloc");
  const memoryPages = field("mem");
  if (inUse === undefined || allocated === undefined || memoryPages === undefined) return undefined;
  return { inUse, allocated, memoryPages };
}

/** Reads `OutRsts` from /proc/net/snmp, where a line of names comes before the line of its figures. */
export function parseSentResets(text: string): number | undefined {
  const [names, figures] = text.split("\n").filter((line) => line.startsWith("Tcp:")).map(words);
  return wholeNumber(figures?.[names!.indexOf("OutRsts")]);
}

/** Reads the page size from /proc/self/auxv: pairs of 64-bit words, AT_PAGESZ is type 6 (getauxval(3)). */
export function parsePageSize(auxv: Uint8Array): number | undefined {
  const view = new DataView(auxv.buffer, auxv.byteOffset, auxv.byteLength);
  for (let offset = 0; offset + 16 <= auxv.byteLength; offset += 16) {
    if (view.getBigUint64(offset, true) === 6n) return Number(view.getBigUint64(offset + 8, true));
  }
  return undefined;
}

/** Returns the memory of the host, or of the control group that allows least. */
async function readMemory(reader: HostReader): Promise<{ total?: number; available?: number }> {
  const [meminfo, cgroups] = await Promise.all([
    reader.text("/proc/meminfo"),
    reader.text("/proc/self/cgroup"),
  ]);
  const bytes = (name: string): number | undefined => {
    const line = meminfo?.split("\n").find((line) => line.startsWith(`${name}:`));
    const kib = wholeNumber(words(line ?? "")[1]);
    return kib === undefined ? undefined : kib * 1024;
  };
  const hostTotal = bytes("MemTotal");
  let total = hostTotal;
  let available = bytes("MemAvailable");
  for (const group of memoryGroups(cgroups ?? "")) {
    const limit = wholeNumber((await reader.text(`${group.folder}/${group.limit}`))?.trim());
    // No limit reads "max" in version 2 and a number above all memory in version 1.
    if (limit === undefined || limit >= (hostTotal ?? Infinity)) continue;
    total = Math.min(total ?? limit, limit);
    const used = wholeNumber((await reader.text(`${group.folder}/${group.used}`))?.trim());
    if (used === undefined) continue;
    const stat = await reader.text(`${group.folder}/memory.stat`);
    const line = stat?.split("\n").find((line) => line.startsWith(`${group.cache} `));
    // File pages count as used, but the kernel drops the inactive ones when memory is wanted.
    const cache = wholeNumber(words(line ?? "")[1]) ?? 0;
    available = Math.min(available ?? limit, Math.max(0, limit - used + cache));
  }
  return present<{ total?: number; available?: number }>({ total, available });
}

/** A control group's folder and the names of its files, which differ between versions 1 and 2. */
interface MemoryGroup {
  folder: string;
  limit: string;
  used: string;
  cache: string;
}

/** Lists the memory control groups from /proc/self/cgroup, each with its ancestors, whose limits hold too. */
function memoryGroups(text: string): MemoryGroup[] {
  const groups: MemoryGroup[] = [];
  for (const line of text.split("\n")) {
    const [hierarchy = "", controllers = "", ...rest] = line.split(":");
    const unified = hierarchy === "0" && controllers === "";
    if (!unified && !controllers.split(",").includes("memory")) continue;
    const root = unified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
    const parts = rest.join(":").split("/").filter((part) => part !== "");
    for (let depth = parts.length; depth >= 0; depth--) {
      const folder = [root, ...parts.slice(0, depth)].join("/");
      groups.push(
        unified
          ? { folder, limit: "memory.max", used: "memory.current", cache: "inactive_file" }
          : {
            folder,
            limit: "memory.limit_in_bytes",
            used: "memory.usage_in_bytes",
            cache: "total_inactive_file",
          },
      );
    }
  }
  return groups;
}

/** Runs one read of the host; undefined if it may not or does not succeed. */
async function absentOnFailure<T>(read: () => Promise<T>): Promise<T | undefined> {
  if (!mayReadHost()) return undefined;
  try {
    return await read();
  } catch {
    return undefined;
  }
}

/** Returns the object without the fields that are undefined. */
function present<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  const kept = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as T;
}

function numbersOf(text: string | undefined): (number | undefined)[] {
  return words(text ?? "").map(wholeNumber);
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
