import { assert, assertEquals } from "@std/assert";
import {
  cpuShare,
  parseResident,
  parseStat,
  residentBytes,
  sampleCpu,
  treeOf,
} from "../../../bench/throughput/process_stat.ts";

Deno.test("parseStat() reads the parent and both kinds of processor time", () => {
  //            pid (comm)  S ppid pgrp session tty tpgid flags minflt cminflt majflt cmajflt utime stime
  const text = "4242 (deno) S 17 4242 4242 0 -1 4194560 9001 0 12 0 150 75 3 4 20 0 9 0 100";
  assertEquals(parseStat(text), { pid: 4242, parent: 17, cpuSeconds: 2.25 });
});

Deno.test("parseStat() is not misled by a program's name", () => {
  const text = "7 (a) S 9 (b) R 3 7 7 0 -1 0 0 0 0 0 10 0 0 0 20 0 1 0 5";
  assertEquals(parseStat(text), { pid: 7, parent: 3, cpuSeconds: 0.1 });
});

Deno.test("parseStat() is undefined for another shape", () => {
  for (
    const text of ["", "12", "12 (deno)", "12 (deno) S 1", "x (deno) S 1 2 3 4 5 6 7 8 9 0 1 2"]
  ) {
    assertEquals(parseStat(text), undefined, text);
  }
});

Deno.test("parseResident() reads VmRSS, and 0 where there is none", () => {
  assertEquals(parseResident("Name:\tdeno\nVmHWM:\t 900 kB\nVmRSS:\t   512 kB\n"), 524_288);
  assertEquals(parseResident("Name:\tdeno\nState:\tZ (zombie)\n"), 0);
});

Deno.test("treeOf() finds children and grandchildren, and nobody else's", () => {
  const process = (pid: number, parent: number) => ({ pid, parent, cpuSeconds: 0 });
  const all = [process(5, 3), process(1, 0), process(2, 1), process(3, 2), process(4, 1)];
  assertEquals(treeOf(all, 2).map(({ pid }) => pid), [2, 3, 5]);
  assertEquals(treeOf(all, 9), []);
});

Deno.test("cpuShare() is the part of one core", () => {
  const from = { cpuSeconds: 1, at: 1_000 };
  assertEquals(cpuShare(from, { cpuSeconds: 2, at: 3_000 }), 0.5);
  assertEquals(cpuShare(from, from), 0);
  // A process of the tree has ended, and took its time with it.
  assertEquals(cpuShare(from, { cpuSeconds: 0.5, at: 2_000 }), 0);
});

Deno.test({
  name: "sampleCpu() and residentBytes() read this process (needs Linux)",
  ignore: Deno.build.os !== "linux",
  fn() {
    assert(sampleCpu(Deno.pid).cpuSeconds > 0);
    assert(residentBytes(Deno.pid) > 1e6);
  },
});
