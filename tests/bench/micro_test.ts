import { assert, assertEquals, assertThrows } from "@std/assert";
import { compare, type Comparison } from "../../bench/micro/compare.ts";
import { Process } from "../helpers/process.ts";

const FOLDER = new URL("../../bench/micro/", import.meta.url);
const BENCHES = Array.from(Deno.readDirSync(FOLDER), ({ name }) => name)
  .filter((name) => name.endsWith("_bench.ts"));

/** Runs code with `Deno.bench` replaced, and returns what it registered. */
async function registeredBy(
  run: () => void | Promise<void>,
): Promise<readonly Deno.BenchDefinition[]> {
  const original = Deno.bench;
  const found: Deno.BenchDefinition[] = [];
  Deno.bench = Object.assign((bench: Deno.BenchDefinition) => void found.push(bench), original);
  try {
    await run();
  } finally {
    Deno.bench = original;
  }
  return found;
}

Deno.test("bench/micro: deno bench takes every file", async () => {
  // Types are left to `deno task check`.
  const args = ["bench", "-A", "--no-check", "--no-run", FOLDER.pathname];
  await using child = new Process(Deno.execPath(), args);
  const { code, err } = await child.ended();
  assertEquals(code, 0, err);
});

for (const file of BENCHES) {
  Deno.test(`bench/micro/${file} finds its ways to agree, and each of them runs`, async () => {
    const benches = await registeredBy(async () => {
      await import(new URL(file, FOLDER).href);
    });
    const groups = Map.groupBy(benches, ({ group }) => group);
    assert(groups.size > 0);
    for (const [group, ways] of groups) {
      assert(ways.length >= 2, group);
      assertEquals(ways.map(({ baseline }) => baseline), ways.map((_, index) => index === 0));
      for (const { fn } of ways) await fn(undefined as unknown as Deno.BenchContext);
    }
  });
}

const SUM: Comparison<readonly number[], number> = {
  group: "sum",
  input: [1, 2],
  ways: {
    "loop": (numbers) => {
      let sum = 0;
      for (const number of numbers) sum += number;
      return sum;
    },
    "reduce": (numbers) => numbers.reduce((sum, number) => sum + number, 0),
  },
};

Deno.test("compare() registers every way, ours as the baseline", async () => {
  const benches = await registeredBy(() => compare(SUM));
  assertEquals(
    benches.map(({ group, name, baseline }) => [group, name, baseline]),
    [["sum", "sum: loop", true], ["sum", "sum: reduce", false]],
  );
});

for (
  const [what, change] of Object.entries({
    "the input": { ways: { ...SUM.ways, "other": () => 4 } },
    "a further input": { also: [[4]], ways: { ...SUM.ways, "other": () => 3 } },
  })
) {
  Deno.test(`compare() throws when the results on ${what} differ`, () => {
    assertThrows(
      () => compare({ ...SUM, ...change }),
      Error,
      'Cannot compare "sum" as "other" and "loop" differ',
    );
  });
}

Deno.test("compare() throws when a way differs on its second run", () => {
  let runs = 0;
  assertThrows(
    () => compare({ ...SUM, ways: { ...SUM.ways, "other": () => runs++ === 0 ? 3 : 4 } }),
    Error,
    "differ",
  );
});

Deno.test("compare() throws when results that share a buffer differ", () => {
  const buffer = new Uint8Array(1);
  const write = (byte: number) => () => {
    buffer[0] = byte;
    return buffer;
  };
  const ways = { "one": write(1), "two": write(2) };
  assertThrows(() => compare({ group: "write", input: undefined, ways }), Error, "differ");
});

Deno.test("compare() throws when there is nothing to compare", () => {
  const nothing = { "ours": () => undefined, "twin": () => undefined };
  assertThrows(
    () => compare({ group: "nothing", input: 0, ways: nothing }),
    Error,
    "has no result",
  );
  assertThrows(
    () => compare({ ...SUM, ways: { "ours": () => 3 } }),
    Error,
    "fewer than two ways",
  );
});
