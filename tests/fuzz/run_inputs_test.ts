import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromHex } from "../helpers/notation.ts";
import { BROKEN_TARGETS } from "./broken_targets.ts";
import { checkInput, runInputs } from "./run_inputs.ts";
import type { FuzzTarget } from "./target.ts";

function targetOf(name: string): FuzzTarget {
  return BROKEN_TARGETS.find((target) => target.name === name)!;
}

Deno.test("runInputs() counts what inputs come to, with seeds that count up", async () => {
  const seeds: number[] = [];
  const tally = await runInputs(targetOf("throws"), 2 ** 31 - 2, (seed, before) => {
    assertEquals(before, seeds.length);
    if (before === 6) return false;
    seeds.push(seed);
    return true;
  });
  assertEquals(seeds, [2 ** 31 - 2, 2 ** 31 - 1, 0, 1, 2, 3]);
  assertEquals([tally.inputs, tally.find], [6, undefined]);
  assertEquals(Object.values(tally.outcomes).reduce((sum, count) => sum + count), 6);
});

for (
  const [name, fault] of [["throws", "TypeError: Seven is not"], ["rejects", "seven"]] as const
) {
  Deno.test(`runInputs() ends at the first fault of a target that ${name}, which its seed shows again`, async () => {
    const target = targetOf(name);
    const tally = await runInputs(target, 1, () => true);
    const find = tally.find!;
    assertEquals([find.target, find.seed], [name, tally.inputs]);
    assert(find.fault.startsWith(fault), find.fault);
    assertEquals(fromHex(find.input!)[0], 7);
    const again = await runInputs(target, find.seed, (_, before) => before < 1);
    assertEquals([again.find?.seed, again.find?.input], [find.seed, find.input]);
  });
}

Deno.test("runInputs() tells a fault without colours and without this machine's folders", async () => {
  const { find } = await runInputs(targetOf("throws"), 1, () => true);
  assertStringIncludes(find!.fault, "at Object.check (tests/fuzz/broken_targets.ts:");
  assert(!find!.fault.includes("\x1b") && !find!.fault.includes("file:"), find!.fault);
});

Deno.test("runInputs() tells an input that cannot be made", async () => {
  const { find } = await runInputs(targetOf("unmade"), 1, () => true);
  assertEquals([find?.seed, find?.input], [1, undefined]);
  assertStringIncludes(find!.fault, "There is no input");
});

Deno.test("checkInput() decides the rest by the seed, whatever the input was made with", async () => {
  const drawn: number[] = [];
  const target: FuzzTarget = {
    name: "draws",
    make: (random) => random.bytes(random.below(9)),
    check: (_, random) => `${drawn.push(random.below(2 ** 31))}`,
  };
  await runInputs(target, 5, (_, before) => before < 1);
  await checkInput(target, new Uint8Array(0), 5);
  await checkInput(target, new Uint8Array(0), 6);
  assertEquals(drawn[0], drawn[1]);
  assert(drawn[1] !== drawn[2]);
});
