/**
 * What the kernel says of the connections to one port, and what memory it takes for them.
 *
 * @module
 */

import { mayReadHost } from "../host/host_reader.ts";
import { parseSockstat } from "../host/proc_text.ts";
import { hexAddress } from "../host/socket_table.ts";
import type { KernelCount, KernelMemory } from "./result.ts";

/** How /proc/net/tcp6 writes the start of an IPv4 address. */
const MAPPED = "0000000000000000FFFF0000";

/** `ESTABLISHED` in the kernel's tables (include/net/tcp_states.h). */
const ESTABLISHED = "01";

/** Pages of a table that are read before the event loop gets its turn: some 5 ms of work. */
const PAGES_PER_SLICE = 100;

/** The kernel's caches that each end of an IPv4 connection has one object of, waiting in an epoll. */
const CACHES = [
  "TCP",
  "sock_inode_cache",
  "lsm_inode_cache",
  "dentry",
  "filp",
  "lsm_file_cache",
  "eventpoll_epi",
  "eventpoll_pwq",
  "ep_head",
];

/**
 * Counts the server's ends of connections in the rows of /proc/net/tcp and tcp6. A client elsewhere on
 * this host may have the server's number as its source port, so the address counts too: on the
 * server's own nobody else can have that port.
 */
export class TupleCounter {
  readonly #addresses: ReadonlySet<string>;
  readonly #port: string;
  readonly #sources = new Map<string, number>();
  readonly #destinations = new Map<string, number>();
  readonly #ports = new Set<string>();
  /** Each 4-tuple as a number: very many of them are to fit. */
  readonly #tuples = new Set<number>();
  /** Each socket that a process has accepted. */
  readonly #inodes = new Set<number>();
  /** Connections by source port. */
  readonly #uses = new Uint32Array(65_536);

  /**
   * @param addresses The server's addresses.
   * @param port Its port.
   */
  constructor(addresses: readonly string[], port: number) {
    this.#addresses = new Set(addresses.map(hexAddress));
    this.#port = port.toString(16).toUpperCase().padStart(4, "0");
  }

  /**
   * Takes a row of the table; those of other addresses, ports and states count nothing.
   *
   * @param line The row without its line feed.
   */
  add(line: string): void {
    const start = line.indexOf(": ") + 2;
    const width = line[start + 8] === ":" ? 8 : 32;
    const localEnd = start + width;
    const remote = localEnd + 6;
    const remoteEnd = remote + width;
    const localPort = line.slice(localEnd + 1, localEnd + 5);
    if (localPort !== this.#port || line.slice(remoteEnd + 6, remoteEnd + 8) !== ESTABLISHED) {
      return;
    }
    const address = canonical(line.slice(start, localEnd));
    if (!this.#addresses.has(address)) return;
    // The column after state, queues, timer, retransmits, user and timeout; 0 while it waits for accept.
    const inode = Number(line.slice(remoteEnd).trim().split(/ +/, 8)[7]);
    if (inode > 0) this.#inodes.add(inode);
    const sourcePort = parseInt(line.slice(remoteEnd + 1, remoteEnd + 5), 16);
    const source = indexOf(this.#sources, canonical(line.slice(remote, remoteEnd)));
    const destination = indexOf(this.#destinations, address);
    // 16 bits for each part and more for the source: exact up to 2^21 source addresses.
    const tuple = (source * 65_536 + sourcePort) * 65_536 + destination;
    // The kernel shows a row twice when the table changes while it is read.
    if (this.#tuples.has(tuple)) return;
    this.#tuples.add(tuple);
    this.#ports.add(localPort);
    this.#uses[sourcePort]!++;
  }

  /** What was counted. */
  get count(): KernelCount {
    let port = 0;
    for (const [candidate, uses] of this.#uses.entries()) {
      if (uses > this.#uses[port]!) port = candidate;
    }
    return {
      connections: this.#inodes.size,
      fourTuples: this.#tuples.size,
      serverPorts: this.#ports.size,
      sourceAddresses: this.#sources.size,
      destinationAddresses: this.#destinations.size,
      sharedPort: { port, uses: this.#uses[port]! },
    };
  }
}

/** An address has its number from when it is first seen. */
function indexOf(addresses: Map<string, number>, address: string): number {
  let index = addresses.get(address);
  if (index === undefined) addresses.set(address, index = addresses.size);
  return index;
}

/** The same IPv4 address is the same in both tables. */
function canonical(address: string): string {
  return address.startsWith(MAPPED) ? address.slice(MAPPED.length) : address;
}

/**
 * Counts the connections to a port of this host.
 *
 * @param addresses The server's addresses.
 * @param port Its port.
 * @returns The count, or `undefined` where the tables cannot be read. Never rejects.
 */
export async function countConnections(
  addresses: readonly string[],
  port: number,
): Promise<KernelCount | undefined> {
  if (!mayReadHost()) return undefined;
  const counter = new TupleCounter(addresses, port);
  await addTable("/proc/net/tcp", counter);
  await addTable("/proc/net/tcp6", counter);
  return counter.count;
}

/**
 * Reads a table a few pages at a time. Reading page by page asynchronously, as a server must, takes
 * three times as long, and the longer it takes, the more rows move meanwhile and are missed.
 */
async function addTable(path: string, counter: TupleCounter): Promise<void> {
  try {
    using file = await Deno.open(path);
    const reader = new RowReader(file, counter);
    while (reader.readSlice()) await new Promise((resolve) => setTimeout(resolve, 0));
  } catch {
    // Not there: a kernel without IPv6.
  }
}

class RowReader {
  readonly #file: Deno.FsFile;
  readonly #counter: TupleCounter;
  readonly #decoder = new TextDecoder();
  readonly #buffer = new Uint8Array(16_384);
  #rest = "";

  constructor(file: Deno.FsFile, counter: TupleCounter) {
    this.#file = file;
    this.#counter = counter;
  }

  /** Returns whether there is more. */
  readSlice(): boolean {
    for (let page = 0; page < PAGES_PER_SLICE; page++) {
      const length = this.#file.readSync(this.#buffer);
      if (length === null) return false;
      const text = this.#rest + this.#decoder.decode(this.#buffer.subarray(0, length));
      const lines = text.split("\n");
      this.#rest = lines.pop() ?? "";
      for (const line of lines) this.#counter.add(line);
    }
    return true;
  }
}

/**
 * Reads what memory the kernel takes.
 *
 * @param pageSize Bytes of a page, where it is known.
 * @returns What can be read. Never rejects.
 */
export async function readKernelMemory(pageSize: number | undefined): Promise<KernelMemory> {
  const [sockstat, meminfo, slabinfo] = await Promise.all(
    ["/proc/net/sockstat", "/proc/meminfo", "/proc/slabinfo"].map(readText),
  );
  const tcp = parseSockstat(sockstat ?? "");
  const slab = /^Slab:\s+(\d+) kB$/m.exec(meminfo ?? "")?.[1];
  const objects = pageSize === undefined ? {} : parseSlabinfo(slabinfo ?? "", pageSize);
  return {
    ...tcp !== undefined && { sockets: tcp.allocated },
    ...tcp !== undefined && pageSize !== undefined && { buffers: tcp.memoryPages * pageSize },
    ...slab !== undefined && { slab: Number(slab) * 1024 },
    ...objects.TCP !== undefined && { objects },
  };
}

/**
 * Reads from /proc/slabinfo what the objects of one end of a connection take.
 *
 * @param text The file.
 * @param pageSize Bytes of a page.
 * @returns Bytes of an object by cache, with its share of what its pages have left over; a cache that
 * the kernel has merged with another is absent.
 */
export function parseSlabinfo(text: string, pageSize: number): Record<string, number> {
  const sizes: Record<string, number> = {};
  for (const line of text.split("\n")) {
    const [name = "", , , , objectsPerSlab, pagesPerSlab] = line.split(/\s+/);
    if (!CACHES.includes(name)) continue;
    sizes[name] = Math.round(Number(pagesPerSlab) * pageSize / Number(objectsPerSlab));
  }
  return sizes;
}

async function readText(path: string): Promise<string | undefined> {
  if (!mayReadHost()) return undefined;
  try {
    return await Deno.readTextFile(path);
  } catch {
    return undefined; // not there, or root's alone
  }
}
