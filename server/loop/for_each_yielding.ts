import { setImmediate } from "node:timers";

/** Items between two looks at the clock. */
const ITEMS_PER_LOOK = 64;

/** The time a walk takes before everything else has a turn, in milliseconds. */
const BUDGET = 4;

/**
 * Visits very many items without holding the event loop for long. Of a `Map` or a `Set`, items that
 * are added meanwhile are visited, and those that are deleted before their turn are not.
 *
 * @param items The items to visit.
 * @param visit Called with each.
 */
export async function forEachYielding<Item>(
  items: Iterable<Item>,
  visit: (item: Item) => void,
): Promise<void> {
  let began = performance.now();
  let count = 0;
  for (const item of items) {
    visit(item);
    if (++count % ITEMS_PER_LOOK !== 0 || performance.now() - began < BUDGET) continue;
    await new Promise((resolve) => setImmediate(resolve));
    began = performance.now();
  }
}
