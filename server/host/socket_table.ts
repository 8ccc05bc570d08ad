/**
 * The kernel's view of our connections: /proc/net/tcp and /proc/net/tcp6 say a socket's state,
 * queues and inode; the links in /proc/self/fd say which descriptor has that inode.
 *
 * @module
 */

import { formatFourTuple, formatIPv6, type FourTuple, parseIPv6 } from "../net/four_tuple.ts";
import { mayReadHost } from "./host_reader.ts";

/** The state of a TCP socket (RFC 9293 3.3.2), as the kernel names it. */
export type TcpState =
  | "ESTABLISHED"
  | "SYN_SENT"
  | "SYN_RECV"
  | "FIN_WAIT1"
  | "FIN_WAIT2"
  | "TIME_WAIT"
  | "CLOSE"
  | "CLOSE_WAIT"
  | "LAST_ACK"
  | "LISTEN"
  | "CLOSING"
  | "NEW_SYN_RECV";

/** One connection as the kernel has it. */
export interface KernelSocket {
  /** This process's descriptor of the socket; absent if it has none or it cannot be read. */
  readonly descriptor?: number;
  /** Names the socket in /proc/PID/fd; 0 when no process holds it any more. */
  readonly inode: number;
  /** State of the TCP state machine. */
  readonly state: TcpState;
  /** Bytes received that the process has not read. */
  readonly receiveQueue: number;
  /** Bytes written that the peer has not acknowledged. */
  readonly sendQueue: number;
}

/** One row of the kernel's table. */
export interface SocketRow extends Omit<KernelSocket, "descriptor"> {
  /** The two ends; the local one is the destination. */
  readonly tuple: FourTuple;
}

/** In the order of the kernel's numbers (include/net/tcp_states.h), which start at 1. */
const TCP_STATES: readonly TcpState[] = [
  "ESTABLISHED",
  "SYN_SENT",
  "SYN_RECV",
  "FIN_WAIT1",
  "FIN_WAIT2",
  "TIME_WAIT",
  "CLOSE",
  "CLOSE_WAIT",
  "LAST_ACK",
  "LISTEN",
  "CLOSING",
  "NEW_SYN_RECV",
];

/**
 * Number, both ends, state, queues, timer, retransmits, user, timeout, inode, and more after them.
 */
const ROW =
  /^ *\d+: ([\dA-F]+):([\dA-F]{4}) ([\dA-F]+):([\dA-F]{4}) ([\dA-F]{2}) ([\dA-F]{8}):([\dA-F]{8})(?: +[\dA-F:]+){4} +(\d{1,15}) /;

/** Digits of a number in hex. */
const HEX = /^[\dA-F]+$/;

/** Links read before the event loop gets its turn: under 1 ms of work. */
const LINKS_PER_SLICE = 128;

/**
 * After a scan the next one waits this many times as long, so that scans leave most of the event
 * loop to connections, but no longer than a person would wait.
 */
const REST = 4;
const MAX_REST_MS = 1000;

/** One question, asked by one or more callers. */
interface Question {
  /** The address columns that the socket's row may have. */
  ends: string[];
  answer: PromiseWithResolvers<KernelSocket | undefined>;
  row?: SocketRow;
}

/**
 * Looks up sockets of this process. A lookup reads the whole of the kernel's table, so all that is
 * asked while a scan runs waits for the next one and shares it, however many ask.
 */
export class SocketTable {
  #questions = new Map<string, Question>();
  #answering = false;
  #restUntil = 0;
  /**
   * The results of before, both ways; one entry per descriptor number. Always checked before use.
   */
  readonly #descriptors = new Map<number, number>();
  readonly #inodes = new Map<number, number>();

  /**
   * Returns the kernel's view of one of our connections, or undefined if it is not in the
   * kernel's table or that cannot be read. Never rejects.
   *
   * @param tuple The connection's 4-tuple, canonical, our end as destination.
   * @throws {SyntaxError} If an address holds a colon and is no IPv6 address.
   */
  describe(tuple: FourTuple): Promise<KernelSocket | undefined> {
    if (!mayReadHost()) return Promise.resolve(undefined);
    const key = formatFourTuple(tuple);
    let question = this.#questions.get(key);
    if (question === undefined) {
      question = { ends: endsInTable(tuple), answer: Promise.withResolvers() };
      this.#questions.set(key, question);
    }
    if (!this.#answering) this.#answerAll();
    return question.answer.promise;
  }

  async #answerAll(): Promise<void> {
    this.#answering = true;
    while (this.#questions.size > 0) {
      // Even without a rest this gathers all that is asked in the same turn of the event loop.
      await sleep(Math.max(0, this.#restUntil - performance.now()));
      const batch = [...this.#questions.values()];
      this.#questions = new Map();
      const began = performance.now();
      await findRows(batch);
      await this.#findDescriptors(
        new Set(batch.map((question) => question.row?.inode ?? 0).filter((inode) => inode !== 0)),
      );
      for (const { row, answer } of batch) answer.resolve(row && this.#join(row));
      const now = performance.now();
      this.#restUntil = now + Math.min(MAX_REST_MS, REST * (now - began));
    }
    this.#answering = false;
  }

  #join({ state, receiveQueue, sendQueue, inode }: SocketRow): KernelSocket {
    const descriptor = this.#descriptors.get(inode);
    const socket = { inode, state, receiveQueue, sendQueue };
    return descriptor === undefined ? socket : { descriptor, ...socket };
  }

  /** Brings `#descriptors` up to date for these inodes. */
  async #findDescriptors(missing: Set<number>): Promise<void> {
    await inSlices([...missing], (inode) => {
      const descriptor = this.#descriptors.get(inode);
      if (descriptor !== undefined && this.#readLink(descriptor) === inode) missing.delete(inode);
      return false;
    });
    if (missing.size === 0) return;
    // A new socket mostly has a number not seen before, so those are tried first.
    const known: number[] = [];
    const unknown: number[] = [];
    for (const descriptor of await listDescriptors()) {
      (this.#inodes.has(descriptor) ? known : unknown).push(descriptor);
    }
    await inSlices([...unknown, ...known], (descriptor) => {
      missing.delete(this.#readLink(descriptor));
      return missing.size === 0;
    });
  }

  /**
   * Reads one link in /proc/self/fd, remembers it and returns the socket's inode, 0 if it is no
   * socket.
   */
  #readLink(descriptor: number): number {
    const inode = socketInode(targetOf(descriptor));
    const before = this.#inodes.get(descriptor);
    if (before !== undefined && this.#descriptors.get(before) === descriptor) {
      this.#descriptors.delete(before);
    }
    this.#inodes.set(descriptor, inode);
    if (inode !== 0) this.#descriptors.set(inode, descriptor);
    return inode;
  }
}

/** Finds the row of each question in one pass over the tables, which ends when all are found. */
async function findRows(questions: Question[]): Promise<void> {
  const wanted = new Map<string, Question>();
  for (const question of questions) {
    for (const ends of question.ends) wanted.set(ends, question);
  }
  let missing = questions.length;
  const visit = (line: string): boolean => {
    const question = wanted.get(endsOfRow(line));
    if (question !== undefined && question.row === undefined) {
      const row = parseSocketRow(line);
      if (row !== undefined) {
        question.row = row;
        missing--;
      }
    }
    return missing === 0;
  };
  await visitRows("/proc/net/tcp", visit);
  if (missing > 0) await visitRows("/proc/net/tcp6", visit);
}

/**
 * Hands each row of a socket table to `visit` until that returns true. The kernel gives a page of
 * rows per read, so the event loop has its turn after every few dozen rows. A row can be missed
 * while others come and go.
 *
 * @param path `/proc/net/tcp` or `/proc/net/tcp6`.
 * @param visit Gets one line; returns whether to stop.
 * @returns Whether the table was read; one that is not there, as without IPv6, has no rows.
 */
export async function visitRows(path: string, visit: (line: string) => boolean): Promise<boolean> {
  if (!mayReadHost()) return false;
  try {
    using file = await Deno.open(path);
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(16384);
    let rest = "";
    for (;;) {
      const length = await file.read(buffer);
      if (length === null) return true;
      const lines = (rest + decoder.decode(buffer.subarray(0, length))).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (visit(line)) return true;
      }
    }
  } catch (error) {
    // Not there, not permitted, or no free descriptor to open it with.
    return error instanceof Deno.errors.NotFound;
  }
}

/**
 * Reads one row of /proc/net/tcp or /proc/net/tcp6; undefined for the heading or another shape.
 *
 * @param line The row without its line feed.
 * @param addressOf Reads an address as {@linkcode parseHexAddress} does: one that remembers saves
 * most of the work where many rows have the same.
 */
export function parseSocketRow(
  line: string,
  addressOf: (hex: string) => string | undefined = parseHexAddress,
): SocketRow | undefined {
  const fields = ROW.exec(line);
  if (fields === null) return undefined;
  const [, local = "", ourPort = "", remote = "", port = "", state = ""] = fields;
  const [sendQueue = "", receiveQueue = "", inode = ""] = fields.slice(6);
  const destinationAddress = addressOf(local);
  const sourceAddress = addressOf(remote);
  const stateName = TCP_STATES[parseInt(state, 16) - 1];
  if (
    destinationAddress === undefined || sourceAddress === undefined || stateName === undefined
  ) return undefined;
  return {
    tuple: {
      sourceAddress,
      sourcePort: parseInt(port, 16),
      destinationAddress,
      destinationPort: parseInt(ourPort, 16),
    },
    state: stateName,
    receiveQueue: parseInt(receiveQueue, 16),
    sendQueue: parseInt(sendQueue, 16),
    inode: Number(inode),
  };
}

/** Returns the two address columns of a row, which name its 4-tuple, without reading the rest. */
export function endsOfRow(line: string): string {
  const start = line.indexOf(": ") + 2;
  const middle = line.indexOf(" ", start);
  return line.slice(start, line.indexOf(" ", middle + 1));
}

/**
 * Returns the address columns that the row of a 4-tuple has: an IPv4 one can be in either table.
 */
function endsInTable(tuple: FourTuple): string[] {
  const local = hexAddress(tuple.destinationAddress);
  const remote = hexAddress(tuple.sourceAddress);
  const ports = [tuple.destinationPort, tuple.sourcePort]
    .map((port) => port.toString(16).toUpperCase().padStart(4, "0"));
  const ends = `${local}:${ports[0]} ${remote}:${ports[1]}`;
  if (tuple.sourceAddress.includes(":")) return [ends];
  const mapped = "0000000000000000FFFF0000";
  return [ends, `${mapped}${local}:${ports[0]} ${mapped}${remote}:${ports[1]}`];
}

/**
 * Writes an address as the tables do: 32-bit words in hex, each in the byte order of the processor,
 * which is little-endian wherever Deno runs.
 *
 * @param address A canonical address.
 */
export function hexAddress(address: string): string {
  const bytes = address.includes(":")
    ? parseIPv6(address).flatMap((group) => [group >> 8, group & 0xff])
    : address.split(".").map(Number);
  let text = "";
  for (let word = 0; word < bytes.length; word += 4) {
    for (let i = word + 3; i >= word; i--) text += (bytes[i] ?? 0).toString(16).padStart(2, "0");
  }
  return text.toUpperCase();
}

/**
 * Reads an address as the tables have it.
 *
 * @param hex The text of {@linkcode hexAddress}.
 * @returns The canonical address; `undefined` if the text is not valid.
 */
export function parseHexAddress(hex: string): string | undefined {
  if (hex.length !== 8 && hex.length !== 32 || !HEX.test(hex)) return undefined;
  const bytes: number[] = [];
  for (let word = 0; word < hex.length; word += 8) {
    for (let i = word + 6; i >= word; i -= 2) bytes.push(parseInt(hex.slice(i, i + 2), 16));
  }
  if (bytes.length === 4) return bytes.join(".");
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push((bytes[i] ?? 0) << 8 | (bytes[i + 1] ?? 0));
  return formatIPv6(groups);
}

/** Lists the descriptors of this process; none if they cannot be listed. */
export async function listDescriptors(): Promise<number[]> {
  const descriptors: number[] = [];
  try {
    for await (const entry of Deno.readDir("/proc/self/fd")) descriptors.push(Number(entry.name));
  } catch {
    // No free descriptor to list them with.
  }
  return descriptors;
}

/**
 * Returns what a descriptor of this process is, as /proc/self/fd says; undefined if it is not open
 * or that cannot be read.
 */
export function targetOf(descriptor: number): string | undefined {
  try {
    return Deno.readLinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return undefined;
  }
}

/** Returns the inode of the socket that a descriptor's target names; 0 if it is no socket. */
export function socketInode(target: string | undefined): number {
  return target?.startsWith("socket:[") ? Number(target.slice("socket:[".length, -1)) : 0;
}

/**
 * Visits items until `visit` returns true, and lets the event loop have its turn between slices.
 */
async function inSlices(
  items: readonly number[],
  visit: (item: number) => boolean,
): Promise<void> {
  for (let start = 0; start < items.length; start += LINKS_PER_SLICE) {
    if (start > 0) await sleep(0);
    for (const item of items.slice(start, start + LINKS_PER_SLICE)) {
      if (visit(item)) return;
    }
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
