/**
 * Finds a page of connections among very many: the best by some order that fit a filter, behind a
 * cursor.
 *
 * @module
 */

import { requestUrl, splitTarget } from "../../protocol/mod.ts";
import { type LiveRecord, recordOf, sortValue } from "../connection/connection_record.ts";
import { forEachYielding } from "../loop/for_each_yielding.ts";
import { type AddressRange, parseAddressRange } from "../net/address_range.ts";
import { formatFourTuple, parseFourTuple } from "../net/four_tuple.ts";
import type { RateOf } from "./connection_rates.ts";
import type {
  ConnectionCursor,
  ConnectionFilter,
  ConnectionPage,
  ConnectionQuery,
} from "./operations.ts";

/** How many records a page has unless told otherwise. */
const DEFAULT_LIMIT = 100;

/** Tells whether a filter lets a connection pass. */
export type Matcher = (entry: LiveRecord) => boolean;

/**
 * Makes a matcher of a filter for the connections of this process: of a worker's number only 0 is it.
 *
 * @param filter The conditions.
 * @returns What tells whether all of them hold.
 * @throws {SyntaxError} When `source`, `key` or one of `keys` is none.
 * @throws {RangeError} When a port of a key is out of range.
 */
export function matcherOf(filter: ConnectionFilter): Matcher {
  const { key, keys, source, path, subprotocol, state, worker = 0 } = filter;
  const conditions: Matcher[] = [];
  if (key !== undefined) {
    const wanted = canonical(key);
    conditions.push((entry) => entry.key === wanted);
  }
  if (keys !== undefined) {
    const wanted = new Set(keys.map(canonical));
    conditions.push((entry) => wanted.has(entry.key));
  }
  if (source !== undefined) {
    const range: AddressRange = parseAddressRange(source);
    conditions.push((entry) => range.contains(sourceOf(entry)));
  }
  if (path !== undefined) conditions.push(pathMatcher(path));
  if (subprotocol !== undefined) {
    conditions.push((entry) => (entry.subprotocol ?? "") === subprotocol);
  }
  if (state !== undefined) conditions.push((entry) => entry.state === state);
  if (worker !== 0) conditions.push(() => false);
  return (entry) => conditions.every((holds) => holds(entry));
}

function canonical(key: string): string {
  return formatFourTuple(parseFourTuple(key));
}

/** The address of the client; where no proxy has told another, that of the socket. */
function sourceOf({ key, client }: LiveRecord): string {
  return client?.address ?? parseFourTuple(key).sourceAddress;
}

/** The path as a request is routed by it: that of the URL which hooks are given. */
function pathOf(target: string): string {
  return requestUrl({ host: undefined, path: splitTarget(target).path }, "http").pathname;
}

function pathMatcher(path: string): Matcher {
  if (!path.endsWith("*")) return ({ target }) => pathOf(target) === path;
  const beginning = path.slice(0, -1);
  return ({ target }) => pathOf(target).startsWith(beginning);
}

/**
 * Compares two places in an order: the greater value first, then the smaller worker, then the older
 * connection; all the other way round when reversed.
 *
 * @returns Below 0 when `a` comes first, above when `b` does.
 */
export function comparePlaces(a: ConnectionCursor, b: ConnectionCursor, reverse = false): number {
  const order = b.value - a.value || a.worker - b.worker || a.id - b.id;
  return reverse ? -order : order;
}

/** A candidate for the page, and its place. */
interface Placed {
  readonly entry: LiveRecord;
  readonly place: ConnectionCursor;
}

/**
 * Finds a page of connections, without holding the event loop for long.
 *
 * @param entries All connections.
 * @param query Which of them, and in which order.
 * @param rateOf Tells rates, where it is sorted by them.
 * @returns The page.
 * @throws As {@linkcode matcherOf}.
 */
export async function queryConnections(
  entries: Iterable<LiveRecord>,
  query: ConnectionQuery,
  rateOf: RateOf = () => 0,
): Promise<ConnectionPage> {
  const { sort = "age", reverse = false, limit = DEFAULT_LIMIT, after } = query;
  const matches = matcherOf(query);
  const best = new Best(limit + 1, reverse);
  let [matched, total] = [0, 0];
  await forEachYielding(entries, (entry) => {
    total++;
    if (!matches(entry)) return;
    matched++;
    const value = sort === "rate"
      ? rateOf(entry.id, sortValue(entry, "bytes"))
      : sortValue(entry, sort);
    const place = { value, worker: 0, id: entry.id };
    if (after === undefined || comparePlaces(place, after, reverse) > 0) {
      best.add({ entry, place });
    }
  });
  const found = best.take();
  const page = found.slice(0, limit);
  return {
    connections: page.map(({ entry, place }) => ({
      ...recordOf(entry),
      ...sort === "rate" && { bytesPerSecond: place.value },
    })),
    matched,
    total,
    ...found.length > limit && { next: page.at(-1)!.place },
  };
}

/** The first few of very many in an order. */
class Best {
  readonly #size: number;
  readonly #compare: (a: Placed, b: Placed) => number;
  #candidates: Placed[] = [];
  /** Who is behind this one has no chance. */
  #last: Placed | undefined = undefined;

  constructor(size: number, reverse: boolean) {
    this.#size = size;
    this.#compare = (a, b) => comparePlaces(a.place, b.place, reverse);
  }

  add(candidate: Placed): void {
    if (this.#last !== undefined && this.#compare(candidate, this.#last) > 0) return;
    this.#candidates.push(candidate);
    // Sorted now and then, which costs each of very many next to nothing.
    if (this.#candidates.length >= 2 * this.#size) this.take();
  }

  /** Sorts, and forgets all but the first ones. */
  take(): Placed[] {
    this.#candidates.sort(this.#compare);
    this.#candidates.length = Math.min(this.#candidates.length, this.#size);
    if (this.#candidates.length === this.#size) this.#last = this.#candidates.at(-1);
    return this.#candidates;
  }
}
