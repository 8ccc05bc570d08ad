import { assertEquals } from "@std/assert";
import {
  choosePinning,
  parseAllowedCores,
  parseCpuModel,
} from "../../../bench/throughput/environment.ts";

Deno.test("parseAllowedCores() reads ranges and single cores", () => {
  const status = "Cpus_allowed:\t5f\nCpus_allowed_list:\t0-3,6\nMems_allowed:\t1\n";
  assertEquals(parseAllowedCores(status), [0, 1, 2, 3, 6]);
  assertEquals(parseAllowedCores("Cpus_allowed_list:\t4\n"), [4]);
  assertEquals(parseAllowedCores(""), []);
});

Deno.test("choosePinning() gives both sides a core of their own", () => {
  assertEquals(choosePinning([2, 3, 5], true), { pinned: { server: 2, load: 5 } });
});

Deno.test("choosePinning() says why it cannot", () => {
  for (const [cores, hasTaskset] of [[[0, 1], false], [[0], true], [[], true]] as const) {
    assertEquals(Object.keys(choosePinning(cores, hasTaskset)), ["notPinned"]);
  }
});

Deno.test("parseCpuModel() takes the first name, or the architecture", () => {
  assertEquals(
    parseCpuModel("processor\t: 0\nmodel name\t: Fast 1\nmodel name\t: Fast 2\n"),
    "Fast 1",
  );
  assertEquals(parseCpuModel("processor\t: 0\nBogoMIPS\t: 50.00\n"), Deno.build.arch);
});
