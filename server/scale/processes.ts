/**
 * What processes of this host take, from /proc; and which of them listen on a port.
 *
 * @module
 */

import { mayReadHost } from "../host/host_reader.ts";
import { parseDescriptorLimits } from "../host/proc_text.ts";
import { parseSocketRow, visitRows } from "../host/socket_table.ts";
import type { ProcessFigures } from "./result.ts";

/** Ticks of processor time in a second: the kernel's USER_HZ, on every processor that Deno runs on. */
const TICKS = 100;

/** What one process takes. An absent field could not be read. */
interface ProcessUse {
  readonly resident?: number;
  readonly cpuSeconds?: number;
  readonly descriptors?: number;
  readonly descriptorLimit?: number;
}

/** Reads what some processes take, again and again. */
export class ProcessGroup {
  readonly #pids: readonly number[];
  #cpuBefore = 0;

  /** Use {@linkcode ProcessGroup.of}. */
  constructor(pids: readonly number[]) {
    this.#pids = pids;
  }

  /**
   * Begins to count the processor time of some processes.
   *
   * @param pids Their numbers.
   */
  static async of(pids: readonly number[]): Promise<ProcessGroup> {
    const group = new ProcessGroup(pids);
    group.#cpuBefore = (await group.figures()).cpuSeconds ?? 0;
    return group;
  }

  /** Reads the present figures. Never rejects: a process that has gone counts nothing. */
  async figures(): Promise<ProcessFigures> {
    const uses = await Promise.all(this.#pids.map(readProcess));
    const resident = sum(uses.map((use) => use.resident));
    const cpuSeconds = sum(uses.map((use) => use.cpuSeconds));
    const open = uses.map((use) => use.descriptors).filter((it) => it !== undefined);
    const limits = uses.map((use) => use.descriptorLimit).filter((it) => it !== undefined);
    return {
      processes: this.#pids.length,
      ...resident !== undefined && { resident },
      ...cpuSeconds !== undefined && { cpuSeconds: cpuSeconds - this.#cpuBefore },
      ...open.length > 0 && { descriptors: sum(open)!, mostDescriptors: Math.max(...open) },
      ...limits.length > 0 && { descriptorLimit: Math.min(...limits) },
    };
  }
}

/**
 * Finds the processes that listen on a port of this host.
 *
 * @param port The port.
 * @returns Their numbers; none where they are another user's, or nothing can be read.
 */
export async function processesListeningOn(port: number): Promise<number[]> {
  const inodes = new Set<number>();
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    await visitRows(table, (line) => {
      const row = parseSocketRow(line);
      if (row?.state === "LISTEN" && row.tuple.destinationPort === port) inodes.add(row.inode);
      return false;
    });
  }
  if (inodes.size === 0) return [];
  const found: number[] = [];
  for (const pid of await listNumbers("/proc")) {
    for (const descriptor of await listNumbers(`/proc/${pid}/fd`)) {
      if (!inodes.has(await socketInode(`/proc/${pid}/fd/${descriptor}`))) continue;
      found.push(pid);
      break;
    }
  }
  return found;
}

/**
 * Reads the processor time from /proc/PID/stat, in seconds.
 *
 * @param text The file.
 */
export function parseCpuSeconds(text: string): number | undefined {
  // The second field is the program's name in parentheses, and may hold anything.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  return Number.isFinite(ticks) ? ticks / TICKS : undefined;
}

/**
 * Reads the resident memory from /proc/PID/status, in bytes.
 *
 * @param text The file.
 */
export function parseResident(text: string): number | undefined {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1];
  return kib === undefined ? undefined : Number(kib) * 1024;
}

async function readProcess(pid: number): Promise<ProcessUse> {
  if (!mayReadHost()) return {};
  const folder = `/proc/${pid}`;
  const [status, stat, limits, descriptors] = await Promise.all([
    orAbsent(() => Deno.readTextFile(`${folder}/status`)),
    orAbsent(() => Deno.readTextFile(`${folder}/stat`)),
    orAbsent(() => Deno.readTextFile(`${folder}/limits`)),
    orAbsent(() => countEntries(`${folder}/fd`)),
  ]);
  const resident = parseResident(status ?? "");
  const cpuSeconds = parseCpuSeconds(stat ?? "");
  const descriptorLimit = parseDescriptorLimits(limits ?? "")?.soft;
  return {
    ...resident !== undefined && { resident },
    ...cpuSeconds !== undefined && { cpuSeconds },
    ...descriptors !== undefined && { descriptors },
    ...descriptorLimit !== undefined && { descriptorLimit },
  };
}

/** Since Linux 6.2 the size of the directory is the number of open descriptors; before, it is 0. */
async function countEntries(path: string): Promise<number> {
  const { size } = await Deno.stat(path);
  return size > 0 ? size : (await listNumbers(path)).length;
}

async function listNumbers(path: string): Promise<number[]> {
  const names = await orAbsent(() => Array.fromAsync(Deno.readDir(path), ({ name }) => name));
  return (names ?? []).filter((name) => /^\d+$/.test(name)).map(Number);
}

async function socketInode(path: string): Promise<number> {
  const target = await orAbsent(() => Deno.readLink(path)) ?? "";
  return target.startsWith("socket:[") ? Number(target.slice("socket:[".length, -1)) : 0;
}

async function orAbsent<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch {
    return undefined; // it has gone, or is another user's
  }
}

/** The sum of what is known; `undefined` where nothing is. */
function sum(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((total, value) => total + value, 0);
}
