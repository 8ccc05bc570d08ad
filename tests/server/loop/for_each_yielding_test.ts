import { assert, assertEquals } from "@std/assert";
import { setImmediate } from "node:timers";
import { forEachYielding } from "../../../server/loop/for_each_yielding.ts";

Deno.test("forEachYielding() visits everything in order", async () => {
  const visited: number[] = [];
  await forEachYielding(new Set([1, 2, 3]), (item) => visited.push(item));
  assertEquals(visited, [1, 2, 3]);
  await forEachYielding([], () => assert(false));
});

Deno.test("forEachYielding() lets others have a turn while it goes through very many", async () => {
  let turns = 0;
  let over = false;
  const count = () => {
    turns++;
    if (!over) setImmediate(count);
  };
  setImmediate(count);
  // Work that takes longer than any budget, whatever machine it runs on.
  await forEachYielding(new Array(1_000).fill(0), () => {
    const end = performance.now() + 0.2;
    while (performance.now() < end);
  });
  over = true;
  assert(turns > 5, `${turns} turns`);
});

Deno.test("forEachYielding() visits what is added meanwhile, and not what is deleted before its turn", async () => {
  const items = new Map([[1, "a"], [2, "b"], [3, "c"]]);
  const visited: string[] = [];
  await forEachYielding(items.values(), (item) => {
    visited.push(item);
    items.delete(2);
    items.set(4, "d");
  });
  assertEquals(visited, ["a", "c", "d"]);
});

Deno.test("forEachYielding() passes on what the visit throws", async () => {
  let message = "";
  await forEachYielding([1], () => {
    throw new Error("no further");
  }).catch((error) => message = error.message);
  assertEquals(message, "no further");
});
