import { sourceOf } from "./address_counter.ts";

/** All items of one source, the oldest first. */
type Group<Item> = Set<Item>;

/**
 * Items in groups by the source that they come from, as {@linkcode sourceOf} names it. Every method
 * takes constant time, and so does finding the oldest item of the largest group: a flood must not
 * make each of its connections cost a look at all of them.
 *
 * @typeParam Item An item that comes from an address.
 */
export class SourceGroups<Item extends object> implements Iterable<Item> {
  /** The source of each item, the items in the order in which they came. */
  readonly #sources = new Map<Item, string>();
  readonly #groups = new Map<string, Group<Item>>();
  /** At each size the groups that have it, in the order in which they came to it. */
  readonly #bySize: Set<Group<Item>>[] = [];
  #largest = 0;

  /** The number of items. */
  get size(): number {
    return this.#sources.size;
  }

  /** The oldest item of the largest group; of groups that are as large, the one that was first. */
  get oldestOfLargest(): Item | undefined {
    for (const group of this.#bySize[this.#largest] ?? []) {
      for (const item of group) return item;
    }
    return undefined;
  }

  /**
   * Adds an item, or moves it to another source, as its newest.
   *
   * @param item The item.
   * @param address The address it comes from, as far as that is known.
   * @throws {SyntaxError} If that is no IP address.
   */
  add(item: Item, address: string): void {
    const source = sourceOf(address);
    const before = this.#sources.get(item);
    if (before === source) return;
    if (before !== undefined) this.#leave(item, before);
    this.#sources.set(item, source);
    const group = this.#groups.get(source) ?? new Set();
    this.#groups.set(source, group);
    this.#resize(group, () => group.add(item));
  }

  /** Removes an item, if it is there; a source without any takes no memory. */
  delete(item: Item): void {
    const source = this.#sources.get(item);
    if (source === undefined) return;
    this.#sources.delete(item);
    this.#leave(item, source);
  }

  /** Yields all items, in the order in which they came. */
  [Symbol.iterator](): Iterator<Item> {
    return this.#sources.keys();
  }

  #leave(item: Item, source: string): void {
    const group = this.#groups.get(source)!;
    this.#resize(group, () => group.delete(item));
    if (group.size === 0) this.#groups.delete(source);
  }

  /** Makes a group larger or smaller by one, and keeps it among those of its size. */
  #resize(group: Group<Item>, change: () => void): void {
    this.#bySize[group.size]?.delete(group);
    change();
    if (group.size > 0) (this.#bySize[group.size] ??= new Set()).add(group);
    // By one alone: a group that shrinks leaves itself at the size below.
    if (group.size > this.#largest) this.#largest = group.size;
    else if (this.#largest > 0 && !this.#bySize[this.#largest]?.size) this.#largest--;
  }
}
