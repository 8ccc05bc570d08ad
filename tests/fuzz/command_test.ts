import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { written } from "../helpers/written.ts";
import { BROKEN_TARGETS } from "./broken_targets.ts";
import { fuzz } from "./command.ts";
import { readCrashers } from "./crasher.ts";
import { checkInput } from "./run_inputs.ts";
import { fromHex } from "../helpers/notation.ts";

/** Runs the command over the broken targets, and reads what it has kept. */
async function run(...args: string[]) {
  const folder = await Deno.makeTempDir();
  const crashers = new URL(`file://${folder}/crashers/`);
  try {
    const bench = {
      targets: BROKEN_TARGETS,
      program: new URL("broken_worker.ts", import.meta.url),
      crashers,
      limits: { hang: 500, growth: 2 ** 30 },
    };
    const result = await written((io) => fuzz(args, io, bench));
    return { ...result, kept: await readCrashers(crashers) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("fuzz prints what inputs came to, how fast, and the seed", async () => {
  const { code, out, err, kept } = await run(
    "--target",
    "rejects",
    "--seed",
    "1",
    "--inputs",
    "20",
  );
  assertEquals([code, err, kept], [0, "", []]);
  assertStringIncludes(out, "Seed 1\n\nrejects: 20 inputs, ");
  assertStringIncludes(out, " per second\n  slowest ");
  assertStringIncludes(out, "\n         20 other\n");
  assert(out.endsWith("\n1 targets, no fault\n"), out);
});

Deno.test("fuzz exits 1 with a fault, keeps its input, and says how to see it again", async () => {
  const { code, out, kept } = await run("--target", "throws", "--seed", "1", "--seconds", "100");
  assertEquals(code, 1);
  const [[name, find] = ["", undefined]] = kept;
  const { seed } = find!;
  assertEquals([kept.length, name], [1, `throws-${seed}.json`]);
  assertStringIncludes(out, `  FAULT with seed ${seed}: TypeError: Seven is not documented\n`);
  assertStringIncludes(out, `  Again: deno task fuzz --target throws --seed ${seed} --inputs 1\n`);
  assert(out.endsWith("\n1 targets, 1 with a fault\n"), out);
  const again = await run("--target", "throws", "--seed", `${seed}`, "--inputs", "1");
  assertEquals([again.code, again.kept], [1, kept]);
});

Deno.test("fuzz keeps the input that was under way when the target hung", async () => {
  const { code, kept } = await run("--target", "hangs", "--seed", "1");
  assertEquals(code, 1);
  const [[, find] = ["", undefined]] = kept;
  assertEquals([find?.seed, find?.input, find?.fault], [3, "03", "No end within 500 ms"]);
});

Deno.test("fuzz goes on with the next target after a fault", async () => {
  const { code, out } = await run("--target", "unmade", "--target", "throws", "--seed", "1");
  assertEquals(code, 1);
  assertStringIncludes(out, "\n  Kept: nothing\n");
  assert(out.endsWith("\n2 targets, 2 with a fault\n"), out);
});

Deno.test("fuzz takes any seed when none is given", async () => {
  const seeds = await Promise.all([1, 2].map(async () => {
    const { out } = await run("--target", "rejects", "--inputs", "1");
    return /^Seed (\d+)\n/.exec(out)?.[1];
  }));
  assert(seeds[0] !== undefined && seeds[0] !== seeds[1], seeds.join());
});

Deno.test("fuzz lists its targets, prints its help, and refuses what it does not know", async () => {
  assertEquals((await run("--list")).out.split("\n").slice(0, 2), ["throws", "rejects"]);
  assertStringIncludes((await run("-h")).out, "Usage: deno task fuzz");
  const { code, err } = await run("--target", "none", "--seconds", "0", "--seed", "x", "--nope");
  assertEquals(code, 2);
  assertEquals(err.split("\n").slice(0, -1), [
    "fuzz: --nope: no such option",
    'fuzz: --target: no such target, received "none"',
    'fuzz: --seconds: expected an integer from 1 to 1000000, received "0"',
    'fuzz: --seed: expected an integer from 0 to 2147483647, received "x"',
    "Try: deno task fuzz --help",
  ]);
});

Deno.test("a find that was kept is tried by its input alone", async () => {
  const { kept } = await run("--target", "throws", "--seed", "1", "--seconds", "100");
  const [[, find] = ["", undefined]] = kept;
  const target = { ...BROKEN_TARGETS[0]!, make: () => new Uint8Array(0) };
  let thrown: unknown;
  try {
    await checkInput(target, fromHex(find!.input!), find!.seed);
  } catch (error) {
    thrown = error;
  }
  assert(thrown instanceof TypeError);
});
