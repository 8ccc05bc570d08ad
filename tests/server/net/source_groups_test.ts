import { assert, assertEquals } from "@std/assert";
import { SourceGroups } from "../../../server/net/source_groups.ts";
import { Random } from "../../helpers/random.ts";

/** Something that comes from somewhere. */
interface Item {
  readonly name: string;
}

/** Adds items named after their addresses and how many of these came before. */
function filled(addresses: readonly string[]): SourceGroups<Item> {
  const groups = new SourceGroups<Item>();
  for (const [at, address] of addresses.entries()) groups.add({ name: `${at}` }, address);
  return groups;
}

Deno.test("SourceGroups.oldestOfLargest is the oldest of the source that has the most", () => {
  const groups = filled(["192.0.2.1", "192.0.2.2", "192.0.2.2", "192.0.2.1", "192.0.2.2"]);
  assertEquals(groups.size, 5);
  const order: (string | undefined)[] = [];
  while (groups.size > 0) {
    const oldest = groups.oldestOfLargest!;
    order.push(oldest.name);
    groups.delete(oldest);
  }
  // From three and two to two and two, of which that of the first came first; then one by one.
  assertEquals(order, ["1", "0", "2", "3", "4"]);
  assertEquals(groups.oldestOfLargest, undefined);
});

Deno.test("SourceGroups.oldestOfLargest is the oldest of all where each source has one", () => {
  assertEquals(filled(["192.0.2.3", "192.0.2.1", "192.0.2.2"]).oldestOfLargest?.name, "0");
});

Deno.test("SourceGroups takes an IPv6 network of 64 bits for one source, and a mapped address for IPv4", () => {
  const groups = filled(["192.0.2.1", "::ffff:192.0.2.2", "2001:db8::1", "2001:db8::ffff:2"]);
  assertEquals(groups.oldestOfLargest?.name, "2");
  groups.add({ name: "4" }, "192.0.2.2");
  groups.add({ name: "5" }, "192.0.2.2");
  assertEquals(groups.oldestOfLargest?.name, "1");
});

Deno.test("SourceGroups.add() moves an item to another source when it is there already", () => {
  const groups = new SourceGroups<Item>();
  const [a, b, c] = ["a", "b", "c"].map((name): Item => ({ name }));
  for (const item of [a!, b!, c!]) groups.add(item, "10.0.0.1");
  groups.add(b!, "192.0.2.1");
  groups.add(a!, "192.0.2.1");
  assertEquals([groups.size, groups.oldestOfLargest], [3, b]);
  assertEquals([...groups], [a!, b!, c!], "In the order in which they came");
  groups.add(a!, "192.0.2.1");
  groups.delete(b!);
  groups.delete(b!);
  assertEquals([...groups], [a!, c!]);
});

/** The same by looking at all of them. */
class NaiveGroups {
  readonly #items: [item: Item, address: string][] = [];

  add(item: Item, address: string): void {
    this.delete(item);
    this.#items.push([item, address]);
  }

  delete(item: Item): void {
    const at = this.#items.findIndex(([one]) => one === item);
    if (at >= 0) this.#items.splice(at, 1);
  }

  /** The oldest of each group that is as large as any. */
  get candidates(): Item[] {
    const groups = Map.groupBy(this.#items, ([, address]) => address);
    const largest = Math.max(...[...groups.values()].map(({ length }) => length));
    return [...groups.values()].filter((it) => it.length === largest).map(([first]) => first![0]);
  }
}

Deno.test("SourceGroups.oldestOfLargest agrees with a look at all items after any changes", () => {
  const random = new Random(1);
  for (let round = 0; round < 50; round++) {
    const [groups, naive, items] = [new SourceGroups<Item>(), new NaiveGroups(), [] as Item[]];
    for (let step = 0; step < 100; step++) {
      const address = `192.0.2.${random.below(4)}`;
      const known = random.oneIn(2) && items.length > 0 ? random.pick(items) : undefined;
      if (known !== undefined && random.oneIn(2)) {
        items.splice(items.indexOf(known), 1);
        groups.delete(known);
        naive.delete(known);
      } else {
        const item = known ?? { name: `${step}` };
        if (known === undefined) items.push(item);
        // What stays with its source keeps its age, so the twin is told of moves alone.
        const to = known === undefined ? address : `198.51.100.${step}`;
        groups.add(item, to);
        naive.add(item, to);
      }
      assertEquals(groups.size, items.length);
      const { oldestOfLargest } = groups;
      if (items.length === 0) assertEquals(oldestOfLargest, undefined);
      else assert(naive.candidates.includes(oldestOfLargest!));
    }
  }
});
