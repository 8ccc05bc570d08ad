import { assertEquals } from "@std/assert";
import {
  parseDescriptorLimits,
  parsePageSize,
  parseSentResets,
  parseSockstat,
  present,
  wholeNumber,
  words,
} from "../../../server/host/proc_text.ts";
import { auxv, LIMITS, SOCKSTAT } from "../../helpers/host_samples.ts";

Deno.test("parseDescriptorLimits() reads the soft and the hard limit", () => {
  assertEquals(parseDescriptorLimits(LIMITS), { soft: 1024, hard: 524288 });
});

Deno.test("parseDescriptorLimits() leaves out an unlimited one", () => {
  assertEquals(
    parseDescriptorLimits(
      "Max open files            1024                 unlimited            files",
    ),
    { soft: 1024 },
  );
});

Deno.test("parseDescriptorLimits() returns undefined when the line is not there", () => {
  assertEquals(parseDescriptorLimits("Max cpu time   unlimited   unlimited   seconds"), undefined);
});

Deno.test("parseSockstat() reads the TCP line", () => {
  assertEquals(parseSockstat(SOCKSTAT), { inUse: 27, allocated: 95, memoryPages: 319 });
});

Deno.test("parseSockstat() returns undefined when the line or a figure is not there", () => {
  assertEquals(parseSockstat("sockets: used 312\n"), undefined);
  assertEquals(parseSockstat("TCP: inuse 27 orphan 1 tw 4 alloc 95 mem\n"), undefined);
});

Deno.test("parseSentResets() finds OutRsts by its name", () => {
  const ip = "Ip: Forwarding OutRsts\nIp: 1 2\n";
  const tcp = "Tcp: RtoAlgorithm RtoMin OutSegs OutRsts InCsumErrors\nTcp: 1 200 5 17 0\n";
  assertEquals(parseSentResets(ip + tcp), 17);
  assertEquals(parseSentResets(ip), undefined);
  assertEquals(parseSentResets("Tcp: RtoAlgorithm\nTcp: 1\n"), undefined);
});

Deno.test("parsePageSize() finds AT_PAGESZ among the auxiliary values", () => {
  assertEquals(parsePageSize(auxv(16384)), 16384);
  assertEquals(parsePageSize(auxv(4096).subarray(0, 16)), undefined);
});

Deno.test("present() leaves out what is undefined, and nothing else", () => {
  const fields: { a: number; b?: number } = present<{ a: number; b?: number }>({
    a: 0,
    b: undefined,
  });
  assertEquals(Object.entries(fields), [["a", 0]]);
});

Deno.test("words() splits at white space of any kind and length", () => {
  assertEquals(words(" a\t bc\n\n"), ["a", "bc"]);
  assertEquals(words(""), []);
});

Deno.test("wholeNumber() takes digits and nothing else", () => {
  const texts = ["0", "17", "-1", "1.5", "max", "", undefined];
  assertEquals(texts.map(wholeNumber), [0, 17, ...Array(5).fill(undefined)]);
});
