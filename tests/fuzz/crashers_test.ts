import { assert, assertEquals } from "@std/assert";
import { fromHex } from "../helpers/notation.ts";
import { CRASHERS, readCrashers } from "./crasher.ts";
import { checkInput } from "./run_inputs.ts";
import { TARGETS } from "./targets.ts";

const crashers = await readCrashers(CRASHERS);

Deno.test("crashers are there, and each has its target", () => {
  assert(crashers.length > 0);
  const names = TARGETS.map(({ name }) => name);
  assertEquals(crashers.filter(([, { target }]) => !names.includes(target)), []);
});

for (const [file, { target: name, seed, input }] of crashers) {
  Deno.test(`crasher ${file} does only what is documented`, async () => {
    const target = TARGETS.find((target) => target.name === name)!;
    assert(await checkInput(target, fromHex(input!), seed) !== "");
  });
}
