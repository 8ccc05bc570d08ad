/**
 * One reading of the descriptors of this process as the kernel has them, and of the registry's
 * connections that the kernel has not.
 *
 * @module
 */

import { forEachYielding } from "../loop/for_each_yielding.ts";
import { formatFourTuple } from "../net/four_tuple.ts";
import {
  type KernelSocket,
  listDescriptors,
  parseHexAddress,
  parseSocketRow,
  socketInode,
  targetOf,
  visitRows,
} from "./socket_table.ts";

/** A connection as the registry has it. */
export interface KnownConnection {
  /** The 4-tuple as text. */
  readonly key: string;
  /** Counts up from 1. */
  readonly id: number;
}

/** A TCP socket as the kernel had it. */
export interface ReadSocket {
  /** The 4-tuple as text. */
  readonly key: string;
  /** The port at our end. */
  readonly port: number;
  /** Its row in the kernel's table. */
  readonly kernel: Omit<KernelSocket, "descriptor">;
}

/** A descriptor that was open. */
export interface ReadDescriptor {
  /** The process's number for it. */
  readonly descriptor: number;
  /** Its target: a file's path, `socket:[1234]`, `anon_inode:[eventpoll]`. */
  readonly target: string;
  /** Of a TCP socket, its row. */
  readonly socket?: ReadSocket;
}

/** The descriptors and connections of a process at one moment. */
export interface DescriptorReading {
  /** The time it was begun, in ms since the epoch. */
  readonly at: number;
  /** The descriptors, by number; none where they cannot be listed. */
  readonly descriptors: readonly ReadDescriptor[];
  /**
   * Connections that the registry had and whose socket the kernel did not show, although it was
   * asked twice; the newest first. None where it would not tell about all of them.
   */
  readonly missing: readonly KnownConnection[];
}

/** A descriptor while it is looked at. */
interface Found {
  target: string;
  socket?: ReadSocket;
}

/**
 * Reads the kernel's tables, in slices between which the event loop has its turn. It takes a tenth
 * of a second and more with very many connections, since the tables hold those of the whole host.
 *
 * @param connections Lists the connections of this process; some may come and go meanwhile.
 * @returns The reading: some 250 bytes for each TCP socket of this process.
 */
export async function readDescriptors(
  connections: () => Iterable<KnownConnection>,
): Promise<DescriptorReading> {
  const at = Date.now();
  const found = new Map<number, Found>();
  let readable = await look(found);
  if (found.size === 0) return { at, descriptors: [], missing: [] };
  let missing = await lacking(connections(), found);
  if (missing.length > 0) {
    // A row can be missed while others come and go, and some connections have come since. Those
    // that come from now on are not looked for.
    readable = await look(found);
    missing = await lacking(missing, found);
  }
  const descriptors: ReadDescriptor[] = [];
  await forEachYielding(Int32Array.from(found.keys()).sort(), (descriptor) => {
    descriptors.push({ descriptor, ...found.get(descriptor)! });
  });
  return { at, descriptors, missing: readable ? missing.sort((a, b) => b.id - a.id) : [] };
}

/**
 * Lists the descriptors, and finds the rows of those that have none yet.
 *
 * @param found Is brought up to date.
 * @returns Whether the kernel could be asked for all of it.
 */
async function look(found: Map<number, Found>): Promise<boolean> {
  const open = new Set(await listDescriptors());
  if (open.size === 0) return false;
  for (const descriptor of found.keys()) {
    if (!open.has(descriptor)) found.delete(descriptor);
  }
  const sockets = new Map<number, Found>();
  await forEachYielding(open, (descriptor) => {
    const target = targetOf(descriptor);
    let entry = found.get(descriptor);
    if (target === undefined) found.delete(descriptor);
    else if (entry?.target !== target) found.set(descriptor, entry = { target });
    const inode = socketInode(target);
    if (inode !== 0 && entry !== undefined && entry.socket === undefined) sockets.set(inode, entry);
  });
  const addressOf = rememberingAddresses();
  const visit = (line: string): boolean => {
    const entry = sockets.get(inodeOfRow(line));
    const socket = entry && readSocket(line, addressOf);
    if (socket !== undefined) entry!.socket = socket;
    return false;
  };
  const tables = ["/proc/net/tcp", "/proc/net/tcp6"].map((path) => visitRows(path, visit));
  return (await Promise.all(tables)).every((read) => read);
}

/** Lists the connections that have no socket among those that were found. */
async function lacking(
  connections: Iterable<KnownConnection>,
  found: ReadonlyMap<number, Found>,
): Promise<KnownConnection[]> {
  const keys = new Set<string | undefined>();
  await forEachYielding(found.values(), ({ socket }) => void keys.add(socket?.key));
  const missing: KnownConnection[] = [];
  await forEachYielding(connections, ({ key, id }) => {
    if (!keys.has(key)) missing.push({ key, id });
  });
  return missing;
}

/** Reads a row at once: the line would keep the piece of the table that it is cut from. */
function readSocket(line: string, addressOf: typeof parseHexAddress): ReadSocket | undefined {
  const row = parseSocketRow(line, addressOf);
  if (row === undefined) return undefined;
  const { tuple, inode, state, receiveQueue, sendQueue } = row;
  return {
    key: formatFourTuple(tuple),
    port: tuple.destinationPort,
    kernel: { inode, state, receiveQueue, sendQueue },
  };
}

/** Few addresses have many connections, so each that was read is kept. */
function rememberingAddresses(): typeof parseHexAddress {
  const addresses = new Map<string, string>();
  return (hex) => {
    const address = addresses.get(hex) ?? parseHexAddress(hex);
    if (address !== undefined) addresses.set(hex, address);
    return address;
  };
}

/** Returns the inode of a row, its tenth column, without reading the rest; NaN for the heading. */
function inodeOfRow(line: string): number {
  let at = 0;
  for (let column = 0;; column++) {
    while (line[at] === " ") at++;
    const end = line.indexOf(" ", at);
    if (column === 9 || end < 0) return Number(line.slice(at, end < 0 ? undefined : end));
    at = end;
  }
}
