/**
 * What processes use, read from /proc: processor time and resident memory of a whole tree.
 *
 * @module
 */

/** USER_HZ, the unit of times in /proc (proc(5)): 100 on every architecture that Deno runs on. */
const TICKS_PER_SECOND = 100;

/** One process, as far as the bench is concerned. */
export interface ProcessStat {
  /** Its number. */
  readonly pid: number;
  /** Its parent's number. */
  readonly parent: number;
  /** Seconds of processor time, user and system, of all its threads. */
  readonly cpuSeconds: number;
}

/** What a tree of processes has used so far, and when that was. */
export interface CpuSample {
  /** Seconds of processor time. */
  readonly cpuSeconds: number;
  /** Milliseconds on this process's clock. */
  readonly at: number;
}

/**
 * Reads a /proc/PID/stat.
 *
 * @param text The file.
 * @returns The process, or `undefined` for another shape.
 */
export function parseStat(text: string): ProcessStat | undefined {
  // The second field is the program's name in brackets; it may hold anything, brackets too.
  const nameEnd = text.lastIndexOf(")");
  const pid = parseInt(text, 10);
  const fields = text.slice(nameEnd + 2).split(" ");
  const [parent, user, system] = [fields[1], fields[11], fields[12]].map(Number);
  if (nameEnd < 0 || parent === undefined || user === undefined || system === undefined) {
    return undefined;
  }
  const cpuSeconds = (user + system) / TICKS_PER_SECOND;
  return [pid, parent, cpuSeconds].every(Number.isFinite) ? { pid, parent, cpuSeconds } : undefined;
}

/**
 * Reads the resident set from a /proc/PID/status.
 *
 * @param text The file.
 * @returns Bytes; 0 for a process that has none, such as a zombie.
 */
export function parseResident(text: string): number {
  const [, kib = "0"] = /^VmRSS:\s+(\d+) kB$/m.exec(text) ?? [];
  return Number(kib) * 1_024;
}

/**
 * Finds a process and all its descendants.
 *
 * @param processes All processes.
 * @param root Where the tree begins.
 * @returns Those of the tree, the root first; none if it is not there.
 */
export function treeOf(processes: readonly ProcessStat[], root: number): ProcessStat[] {
  const tree = processes.filter(({ pid }) => pid === root);
  // Grows while it is walked, until no process of it has a child that was not seen.
  for (const { pid } of tree) tree.push(...processes.filter(({ parent }) => parent === pid));
  return tree;
}

/**
 * Reads what a process and its descendants have used.
 *
 * @param root The process.
 */
export function sampleCpu(root: number): CpuSample {
  const tree = treeOf(listProcesses(), root);
  const cpuSeconds = tree.reduce((sum, process) => sum + process.cpuSeconds, 0);
  return { cpuSeconds, at: performance.now() };
}

/**
 * Computes how much of one core was used between two samples.
 *
 * @param from The first sample.
 * @param to The second one.
 * @returns 1 for a whole core; more where several threads ran at once.
 */
export function cpuShare(from: CpuSample, to: CpuSample): number {
  const seconds = (to.at - from.at) / 1_000;
  return seconds > 0 ? Math.max(0, to.cpuSeconds - from.cpuSeconds) / seconds : 0;
}

/**
 * Reads the resident memory of a process and its descendants.
 *
 * @param root The process.
 * @returns Bytes; pages that they share count for each.
 */
export function residentBytes(root: number): number {
  return treeOf(listProcesses(), root)
    .reduce((sum, { pid }) => sum + parseResident(readProc(`${pid}/status`)), 0);
}

/** Lists the numbers of a process and its descendants, the process first. */
export function pidsOf(root: number): number[] {
  return treeOf(listProcesses(), root).map(({ pid }) => pid);
}

function listProcesses(): ProcessStat[] {
  return [...Deno.readDirSync("/proc")]
    .filter(({ name }) => /^\d+$/.test(name))
    .flatMap(({ name }) => parseStat(readProc(`${name}/stat`)) ?? []);
}

/** Reads a file of a process; empty when it has ended meanwhile. */
function readProc(path: string): string {
  try {
    return Deno.readTextFileSync(`/proc/${path}`);
  } catch {
    return "";
  }
}
