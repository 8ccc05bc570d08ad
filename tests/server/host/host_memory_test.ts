import { assertEquals } from "@std/assert";
import { readMemory } from "../../../server/host/host_memory.ts";
import { hostOf, MEMINFO } from "../../helpers/host_samples.ts";

const KIB = 1024;
const GIB = 2 ** 30;

Deno.test("readMemory() takes the memory of the narrowest control group of version 2", async () => {
  const { total, available } = await readMemory(hostOf({
    "/proc/meminfo": MEMINFO,
    "/proc/self/cgroup": "0::/system.slice/fourtuple.service\n",
    "/sys/fs/cgroup/system.slice/fourtuple.service/memory.max": "max\n",
    "/sys/fs/cgroup/system.slice/memory.max": `${4 * GIB}\n`,
    "/sys/fs/cgroup/system.slice/memory.current": `${3 * GIB}\n`,
    "/sys/fs/cgroup/system.slice/memory.stat": `anon 5\nfile 9\ninactive_file ${GIB}\n`,
  }));
  assertEquals(total, 4 * GIB);
  assertEquals(available, 2 * GIB, "inactive file pages can be dropped");
});

Deno.test("readMemory() takes the memory of a control group of version 1", async () => {
  const folder = "/sys/fs/cgroup/memory";
  const { total, available } = await readMemory(hostOf({
    "/proc/meminfo": MEMINFO,
    "/proc/self/cgroup": "5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n0::/\n",
    // In a container the group's own path is not there; its files stand at the root.
    [`${folder}/memory.limit_in_bytes`]: `${2 * GIB}\n`,
    [`${folder}/memory.usage_in_bytes`]: `${3 * GIB}\n`,
  }));
  assertEquals(total, 2 * GIB);
  assertEquals(available, 0);
});

Deno.test("readMemory() keeps the host's memory when the control group allows more", async () => {
  const { total, available } = await readMemory(hostOf({
    "/proc/meminfo": MEMINFO,
    "/proc/self/cgroup": "4:memory:/\n",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    "/sys/fs/cgroup/memory/memory.usage_in_bytes": "1000\n",
  }));
  assertEquals(total, 16000000 * KIB);
  assertEquals(available, 8000000 * KIB);
});

Deno.test("readMemory() leaves out what the host does not tell", async () => {
  assertEquals(await readMemory(hostOf({})), {});
  assertEquals(await readMemory(hostOf({ "/proc/meminfo": "MemTotal:" })), {});
});
