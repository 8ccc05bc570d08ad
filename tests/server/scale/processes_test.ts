// Runs alone: it measures the process.

import { assert, assertEquals } from "@std/assert";
import { mayReadHost } from "../../../server/host/host_reader.ts";
import {
  parseCpuSeconds,
  parseResident,
  processesListeningOn,
  ProcessGroup,
} from "../../../server/scale/processes.ts";

const LINUX = mayReadHost();
const reason = LINUX ? "" : ": no Linux";

Deno.test("parseCpuSeconds() adds user and system time, whatever the program is called", () => {
  const rest = "S 1 1 1 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 9 0 100 1000";
  assertEquals(parseCpuSeconds(`4711 (deno) ${rest}`), 3);
  assertEquals(parseCpuSeconds(`4711 (a) 1 2 (b) c) ${rest}`), 3);
  assertEquals(parseCpuSeconds(""), undefined);
});

Deno.test("parseResident() reads VmRSS", () => {
  assertEquals(parseResident("Name:\tdeno\nVmRSS:\t   98304 kB\nRssAnon:\t 1 kB\n"), 100_663_296);
  assertEquals(parseResident("Name:\tkthreadd\n"), undefined);
});

Deno.test({
  name: `ProcessGroup reads what processes take together${reason}`,
  ignore: !LINUX,
  async fn() {
    const { processes, resident, descriptors, mostDescriptors, descriptorLimit, cpuSeconds } =
      await (await ProcessGroup.of([Deno.pid])).figures();
    assertEquals([processes, descriptors], [1, mostDescriptors]);
    assert(resident! > 10_000_000 && descriptors! > 3 && descriptorLimit! >= descriptors!);
    assert(cpuSeconds! >= 0);
    const twice = await (await ProcessGroup.of([Deno.pid, Deno.pid])).figures();
    assert(twice.resident! > 1.5 * resident!);
  },
});

Deno.test("ProcessGroup knows nothing of a process that has gone", async () => {
  // The kernel gives no process a number so high.
  assertEquals(await (await ProcessGroup.of([2 ** 30])).figures(), { processes: 1 });
});

Deno.test({
  name: `processesListeningOn() finds who listens${reason}`,
  ignore: !LINUX,
  async fn() {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    assertEquals(await processesListeningOn(port), [Deno.pid]);
    listener.close();
    assertEquals(await processesListeningOn(port), []);
  },
});
