/**
 * Where the bench runs.
 *
 * @module
 */

import { VERSION } from "../../server/cli/version.ts";
import { commandLine } from "../flags.ts";
import type { Contestant } from "./contestants.ts";
import type { Cores } from "./measure.ts";
import type { Environment } from "./result.ts";
import type { Subprocesses } from "./subprocess.ts";

/** Which cores are used, or why none are chosen. */
export type Pinning = { pinned: Cores } | { notPinned: string };

/**
 * Chooses a core for servers and another one for the load generator.
 *
 * @param allowed The cores that this process may use.
 * @param hasTaskset Whether `taskset` can be run.
 */
export function choosePinning(allowed: readonly number[], hasTaskset: boolean): Pinning {
  const [server, load] = [allowed[0], allowed.at(-1)];
  if (server === undefined || load === undefined || server === load) {
    return {
      notPinned: "there is one core only: server and load generator take it from each other",
    };
  }
  if (!hasTaskset) return { notPinned: "there is no taskset: the kernel moves them between cores" };
  // The last core is the one least likely to be the first one's twin (SMT).
  return { pinned: { server, load } };
}

/**
 * Reads the cores that this process may use from /proc/self/status.
 *
 * @param status The file.
 * @returns Their numbers, ascending.
 */
export function parseAllowedCores(status: string): number[] {
  const [, list = ""] = /^Cpus_allowed_list:\s+(\S+)$/m.exec(status) ?? [];
  return list.split(",").filter((range) => range !== "").flatMap((range) => {
    const [first, last = first] = range.split("-").map(Number);
    return Array.from({ length: last! - first! + 1 }, (_, index) => first! + index);
  });
}

/**
 * Reads the name of the processor from /proc/cpuinfo.
 *
 * @param cpuinfo The file.
 * @returns The name, or the architecture where the file has none, as on ARM.
 */
export function parseCpuModel(cpuinfo: string): string {
  const [, model] = /^model name\s*:\s*(.+)$/m.exec(cpuinfo) ?? [];
  return model ?? Deno.build.arch;
}

/** Chooses cores on this host. */
export async function findPinning(processes: Subprocesses): Promise<Pinning> {
  const hasTaskset = await works(processes, ["taskset", "--version"]);
  return choosePinning(parseAllowedCores(await Deno.readTextFile("/proc/self/status")), hasTaskset);
}

/**
 * Describes this host and what is compared.
 *
 * @param contestants The servers.
 * @param pinning Where they run.
 * @param args The command's arguments.
 */
export async function describeEnvironment(
  contestants: readonly Contestant[],
  pinning: Pinning,
  args: readonly string[],
): Promise<Environment> {
  const [status, cpuinfo] = await Promise.all(
    ["/proc/self/status", "/proc/cpuinfo"].map((path) => Deno.readTextFile(path)),
  );
  const versions: Record<string, string> = {
    fourtuple: VERSION,
    deno: Deno.version.deno,
    v8: Deno.version.v8,
  };
  for (const { versions: own } of contestants) Object.assign(versions, own);
  return {
    date: new Date().toISOString(),
    kernel: `${Deno.build.os} ${Deno.osRelease()} ${Deno.build.arch}`,
    cpu: parseCpuModel(cpuinfo!),
    cores: parseAllowedCores(status!).length,
    versions,
    command: commandLine("deno task bench throughput", args),
    ...pinning,
  };
}

async function works(processes: Subprocesses, command: string[]): Promise<boolean> {
  try {
    return await processes.start(command).ended === 0;
  } catch {
    return false;
  }
}
