import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { watch, WATCH_LIMITS } from "./watch.ts";

const PROGRAM = new URL("broken_worker.ts", import.meta.url);

function order(target: string) {
  return { target, seed: 1, inputs: 100_000, seconds: 1_000 };
}

Deno.test("watch() gives what a worker found, with its input", async () => {
  const { find, inputs } = await watch(PROGRAM, order("throws"));
  assertEquals(find?.seed, inputs);
  assert(find?.input?.startsWith("07"), find?.input);
});

Deno.test("watch() ends after the inputs that were ordered, and after the time", async () => {
  const few = await watch(PROGRAM, { ...order("rejects"), inputs: 3 });
  assertEquals([few.inputs, few.outcomes], [3, { other: 3 }]);
  const soon = await watch(PROGRAM, { ...order("rejects"), seconds: 0 });
  assertEquals([soon.inputs, soon.find], [0, undefined]);
});

Deno.test("watch() ends a worker that hangs, and tells the seed", async () => {
  const { find, inputs } = await watch(PROGRAM, order("hangs"), { ...WATCH_LIMITS, hang: 500 });
  assertEquals([find, inputs], [{ seed: 3, fault: "No end within 500 ms" }, 2]);
});

Deno.test("watch() ends a worker that waits for what does not come", async () => {
  const { find } = await watch(PROGRAM, order("waits"), { ...WATCH_LIMITS, hang: 500 });
  assertEquals(find?.seed, 1);
});

Deno.test("watch() ends a worker whose memory grows, and has seen it grow", async () => {
  const limits = { ...WATCH_LIMITS, growth: 100_000_000 };
  const { find, resident } = await watch(PROGRAM, order("grows"), limits);
  assertStringIncludes(find!.fault, "Memory grew by ");
  assert(resident.at(-1)![1] - resident[0]![1] > limits.growth);
});

Deno.test("watch() tells of an error that nobody has waited for", async () => {
  const { find } = await watch(PROGRAM, order("escapes"));
  assertStringIncludes(find!.fault, "Nobody waits for this");
});
