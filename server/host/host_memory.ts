import type { HostReader } from "./host_reader.ts";
import { present, wholeNumber, words } from "./proc_text.ts";

/** Returns the memory of the host, or of the control group that allows least. */
export async function readMemory(
  reader: HostReader,
): Promise<{ total?: number; available?: number }> {
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

/**
 * Lists the memory control groups from /proc/self/cgroup, each with its ancestors, whose limits
 * hold too.
 */
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
