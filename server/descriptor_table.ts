/**
 * The descriptors of this process as the kernel has them, joined with the registry: which is which
 * connection, and what is in the one and not in the other.
 *
 * @module
 */

import { formatFourTuple } from "./four_tuple.ts";
import type { DescriptorPage, DescriptorQuery, DescriptorRow } from "./operations.ts";
import {
  endsOfRow,
  listDescriptors,
  parseHexAddress,
  parseSocketRow,
  socketInode,
  type SocketRow,
  targetOf,
  visitRows,
} from "./socket_table.ts";
import { walk } from "./walk.ts";

/** A connection as the registry has it. */
interface Connection {
  readonly key: string;
  readonly id: number;
}

/** What the descriptors are joined with: a `Registry`, or a test's double. */
export interface DescriptorRegistry {
  /** Looks a connection up by its 4-tuple. */
  get(key: string): { readonly id: number } | undefined;
  /** All connections; some may come and go while they are listed. */
  readonly connections: Iterable<{ readonly key: string; readonly id: number }>;
}

/** One descriptor, and its row in the kernel's table if it is a TCP socket. */
interface Found {
  readonly target: string;
  /** Read as a whole only where it is shown, as that is most of the work. */
  line?: string;
  /** The row's 4-tuple as text. */
  key?: string;
}

/**
 * Lists the descriptors of this process. It looks at all of them for each page, in slices between
 * which the event loop has its turn.
 *
 * Connections whose socket was not found come before the first descriptor, the newest first. As they
 * have no descriptor, a page that ends with one has its id, negative, as the place where it ended.
 *
 * @param registry The connections of this process.
 * @param port Our port: sockets that came to it should be in the registry.
 * @param query Which rows are wanted. The worker in it does not matter here.
 * @returns The rows, without a worker, and 0 as the worker where the next page begins; nothing at all
 * where descriptors cannot be listed. Nothing is flagged that the kernel would not tell about.
 */
export async function readDescriptors(
  registry: DescriptorRegistry,
  port: number,
  query: DescriptorQuery = {},
): Promise<DescriptorPage> {
  const found = new Map<number, Found>();
  let readable = await look(found);
  if (found.size === 0) return { rows: [], open: 0, connections: 0, flagged: 0 };
  let missing = await lacking(registry, found);
  if (missing.length > 0) {
    // A row can be missed while others come and go, and some connections have come since.
    readable = await look(found);
    missing = await lacking(registry, found);
  }
  const page = new Page(query);
  if (readable) {
    await walk(missing.sort((a, b) => b.id - a.id), ({ id, key }) => {
      if (registry.get(key)?.id !== id) return;
      page.offer(-id, { descriptor: -1, target: "", key, id, flag: "not_in_kernel" });
    });
  }
  let open = 0;
  let connections = 0;
  await walk(Int32Array.from(found.keys()).sort(), (descriptor) => {
    const { target, key, line } = found.get(descriptor)!;
    const id = key === undefined ? undefined : registry.get(key)?.id;
    const cameToUs = id === undefined && line !== undefined && isAccepted(line, port);
    // It may have been closed since, and its connection have left the registry with it.
    if (cameToUs && targetOf(descriptor) !== target) return;
    open++;
    if (id !== undefined) connections++;
    page.offer(descriptor, {
      descriptor,
      target,
      ...key !== undefined && { key },
      ...id !== undefined && { id },
      ...cameToUs && { flag: "not_in_registry" },
    }, line);
  });
  return { ...page.finish(), open, connections };
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
  await walk([...open], (descriptor) => {
    const target = targetOf(descriptor);
    let entry = found.get(descriptor);
    if (target === undefined) found.delete(descriptor);
    else if (entry?.target !== target) found.set(descriptor, entry = { target });
    const inode = socketInode(target);
    if (inode !== 0 && entry !== undefined && entry.line === undefined) sockets.set(inode, entry);
  });
  const addresses = new Map<string, string>();
  const visit = (line: string): boolean => {
    const socket = sockets.get(inodeOfRow(line));
    const key = socket && keyOfRow(line, addresses);
    if (key !== undefined) Object.assign(socket!, { line, key });
    return false;
  };
  const tables = ["/proc/net/tcp", "/proc/net/tcp6"].map((path) => visitRows(path, visit));
  return (await Promise.all(tables)).every((read) => read);
}

/** Lists the connections that have no socket among those that were found. */
async function lacking(
  registry: DescriptorRegistry,
  found: ReadonlyMap<number, Found>,
): Promise<Connection[]> {
  const keys = new Set<string | undefined>();
  await walk(found.values(), ({ key }) => void keys.add(key));
  const missing: Connection[] = [];
  await walk(registry.connections, ({ key, id }) => {
    if (!keys.has(key)) missing.push({ key, id });
  });
  return missing;
}

/** Whether a socket came to a port of ours. */
function isAccepted(line: string, port: number): boolean {
  const row = parseSocketRow(line);
  return row?.tuple.destinationPort === port && row.state !== "LISTEN";
}

/** Cuts one page out of all rows, which come in order. */
class Page {
  readonly #query: DescriptorQuery;
  readonly #rows: DescriptorRow[] = [];
  #flagged = 0;
  #end = 0;
  #more = false;

  constructor(query: DescriptorQuery) {
    this.#query = query;
  }

  /** Takes the next row, which stands at a place in the order, and its line in the kernel's table. */
  offer(place: number, row: DescriptorRow, line?: string): void {
    const { after, limit = 100, flagged = false } = this.#query;
    if (row.flag !== undefined) this.#flagged++;
    if (flagged && row.flag === undefined) return;
    if (after !== undefined && place <= after.descriptor) return;
    this.#more = this.#rows.length >= limit;
    if (this.#more) return;
    const kernel = line === undefined ? undefined : parseSocketRow(line);
    this.#rows.push(kernel === undefined ? row : { ...row, kernel: kernelOf(kernel) });
    this.#end = place;
  }

  finish(): Pick<DescriptorPage, "rows" | "flagged" | "next"> {
    return {
      rows: this.#rows,
      flagged: this.#flagged,
      ...this.#more && { next: { worker: 0, descriptor: this.#end } },
    };
  }
}

function kernelOf(row: SocketRow): NonNullable<DescriptorRow["kernel"]> {
  const { inode, state, receiveQueue, sendQueue } = row;
  return { inode, state, receiveQueue, sendQueue };
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

/** Returns the 4-tuple of a row as text. Few addresses have many connections, so they are kept. */
function keyOfRow(line: string, addresses: Map<string, string>): string | undefined {
  const [local, remote] = endsOfRow(line).split(" ").map((end) => {
    const [hex = "", port = ""] = end.split(":");
    const address = addresses.get(hex) ?? parseHexAddress(hex);
    if (address !== undefined) addresses.set(hex, address);
    return { address, port: parseInt(port, 16) };
  });
  if (local?.address === undefined || remote?.address === undefined) return undefined;
  return formatFourTuple({
    sourceAddress: remote.address,
    sourcePort: remote.port,
    destinationAddress: local.address,
    destinationPort: local.port,
  });
}
