import { assert, assertEquals } from "@std/assert";
import { highestStep, summarize } from "../../../bench/scaling/summary.ts";
import { FOREIGN, step, STOPPED, WHOLE } from "./result.ts";

Deno.test("highestStep() finds the step that held most, wherever it stands", () => {
  const steps = [step(10), step(30), step(20)];
  assertEquals(highestStep({ ...WHOLE, steps })?.connections, 30);
  assertEquals(highestStep({ ...WHOLE, steps: [] }), undefined);
});

Deno.test("summarize() tells of one port, of 4-tuples and of what is beyond 65,535", () => {
  assertEquals(summarize(WHOLE), [
    "100,000 connections were open at once, and the server had 1 port for them. The kernel counted " +
    "100,000 distinct 4-tuples, from 6 source addresses to 1 destination address. Those are 34,465 " +
    "more than 65,535, the highest port number. The source port 40123 was in use 6 times at once: " +
    "another part of the 4-tuple differed each time.",
    "A connection took 12.0 KiB of the server’s memory, 15.5 KiB with the kernel’s share. The last " +
    "of them were opened at 8,000 handshakes a second. While they were idle, half of the echoes took " +
    "0.4 ms or less, 99% 2.3 ms or less.",
  ]);
});

Deno.test("summarize() says that few connections bear the warm-up of the server", () => {
  const note = "With so few, much of that is code";
  const textOf = (connections: number) =>
    summarize({ ...WHOLE, steps: [step(connections)] }).join("\n");
  assert(textOf(9_999).includes(note));
  assert(!textOf(10_000).includes(note));
});

Deno.test("summarize() names the limit that stopped a run, and claims nothing that was not reached", () => {
  const text = summarize(STOPPED).join("\n");
  assert(!text.includes("65,535"), text);
  assert(text.endsWith(
    "It stopped at 20,000 connections: Cannot open more as the limit is <20,000>.",
  ));
});

Deno.test("summarize() says so when the kernel cannot be asked or nothing was reached", () => {
  assert(summarize(FOREIGN)[0]!.endsWith("; the kernel’s tables cannot be read here."));
  assertEquals(summarize({ ...WHOLE, steps: [] }), ["Nothing was measured."]);
  assertEquals(summarize({ ...WHOLE, steps: [step(0)] }), ["No connection could be opened."]);
});
