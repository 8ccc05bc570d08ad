import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { setImmediate } from "node:timers";
import {
  CONNECTION_SORTS,
  type ConnectionRecord,
  type LiveRecord,
  sortValue,
} from "../../../server/connection/connection_record.ts";
import {
  comparePlaces,
  matcherOf,
  queryConnections,
} from "../../../server/operations/connection_query.ts";
import type {
  ConnectionCursor,
  ConnectionFilter,
  ConnectionQuery,
} from "../../../server/operations/operations.ts";
import { madeUpEntry } from "../../helpers/entries.ts";
import { Random } from "../../helpers/random.ts";

const FILTERS: readonly [ConnectionFilter, Partial<ConnectionRecord>, boolean][] = [
  [{}, {}, true],
  [{ key: "[::ffff:127.0.0.1]:1-127.0.0.1:8080" }, {}, true],
  [{ key: "127.0.0.1:2-127.0.0.1:8080" }, {}, false],
  [{ source: "127.0.0.1" }, {}, true],
  [{ source: "127.0.0.0/8" }, {}, true],
  [{ source: "10.0.0.0/8" }, {}, false],
  [{ source: "2001:db8::/32" }, { key: "[2001:db8::1]:1-[::1]:2" }, true],
  // Behind a proxy it is the client that counts.
  [{ source: "10.0.0.0/8" }, { client: { address: "10.1.2.3" } }, true],
  [{ source: "127.0.0.1" }, { client: { address: "10.1.2.3" } }, false],
  [{ path: "/chat" }, { target: "/chat?room=1" }, true],
  [{ path: "/chat" }, { target: "/chat/1" }, false],
  [{ path: "/chat/*" }, { target: "/chat/1?x" }, true],
  [{ path: "/chat/*" }, { target: "/cha" }, false],
  [{ path: "*" }, { target: "/" }, true],
  [{ subprotocol: "a" }, { subprotocol: "a" }, true],
  [{ subprotocol: "a" }, {}, false],
  [{ subprotocol: "" }, {}, true],
  [{ subprotocol: "" }, { subprotocol: "a" }, false],
  [{ keys: ["127.0.0.1:1-127.0.0.1:2"] }, {}, false],
  [{ keys: [] }, {}, false],
  [{ state: "open" }, {}, true],
  [{ state: "open" }, { state: "closing" }, false],
  [{ state: "open", path: "/b" }, { target: "/a" }, false],
  // Routed by the path, whatever the form of the target (RFC 9112 3.2.2).
  [{ path: "/abs" }, { target: "http://a.example/abs" }, true],
  [{ path: "/abs" }, { target: "HTTPS://a.example:1/abs?x" }, true],
  [{ path: "/a*" }, { target: "http://a.example/abs" }, true],
  [{ path: "/" }, { target: "http://a.example" }, true],
  [{ path: "/" }, { target: "http://a.example?x" }, true],
  [{ path: "/abs" }, { target: "/http://a.example/abs" }, false],
  [{ path: "http*" }, { target: "http://a.example/abs" }, false],
  // One process is number 0.
  [{ worker: 0 }, {}, true],
  [{ worker: 1 }, {}, false],
  [{ worker: 99, state: "open" }, {}, false],
];

for (const [filter, values, expected] of FILTERS) {
  const name = `${JSON.stringify(filter)} ${expected ? "pass" : "do not pass"}`;
  Deno.test(`matcherOf() lets ${name} for ${JSON.stringify(values)}`, () => {
    assertEquals(matcherOf(filter)(madeUpEntry(1, values)), expected);
  });
}

Deno.test("matcherOf() refuses what is no address and no 4-tuple", async () => {
  assertThrows(() => matcherOf({ source: "everybody" }), SyntaxError);
  assertThrows(() => matcherOf({ key: "127.0.0.1:1" }), SyntaxError);
  assertThrows(() => matcherOf({ keys: ["[::1]:1-[::1]:2", "nonsense"] }), SyntaxError);
  assertThrows(() => matcherOf({ key: "127.0.0.1:0-127.0.0.1:1" }), RangeError);
  await assertRejects(() => queryConnections([], { source: "10.0.0.1/8" }), SyntaxError);
});

Deno.test("comparePlaces() goes by value, worker and id, and the other way round when reversed", () => {
  const places: ConnectionCursor[] = [
    { value: 2, worker: 9, id: 9 },
    { value: 1, worker: 1, id: 2 },
    { value: 1, worker: 2, id: 1 },
    { value: 1, worker: 2, id: 3 },
  ];
  const shuffled = [places[2]!, places[0]!, places[3]!, places[1]!];
  assertEquals([...shuffled].sort((a, b) => comparePlaces(a, b)), places);
  assertEquals([...shuffled].sort((a, b) => comparePlaces(a, b, true)), places.toReversed());
});

/** Asks for page after page, and joins them. */
async function allPages(entries: Iterable<LiveRecord>, query: ConnectionQuery): Promise<number[]> {
  const ids: number[] = [];
  let after: ConnectionCursor | undefined;
  do {
    const page = await queryConnections(entries, { ...query, ...after && { after } });
    ids.push(...page.connections.map(({ id }) => id));
    after = page.next;
  } while (after !== undefined);
  return ids;
}

for (const sort of CONNECTION_SORTS) {
  for (const reverse of [false, true]) {
    const order = reverse ? `${sort}, reversed,` : sort;
    Deno.test(`queryConnections() has everybody once when all pages by ${order} are joined`, async () => {
      const random = new Random(7);
      const entries = Array.from({ length: 500 }, (_, at) =>
        madeUpEntry(at + 1, {
          // Few values, so that many are equal.
          connectedAt: random.below(20),
          lastActivity: random.below(20),
          bytesIn: random.below(20),
          queuedBytes: random.below(20),
          ...random.below(2) === 0 && { roundTrip: random.below(5) },
        }));
      const rateOf = (_: number, bytes: number) => bytes;
      const expected = entries.toSorted((a, b) => {
        const [x, y] = [a, b].map((it) => sort === "rate" ? it.bytesIn : sortValue(it, sort));
        return (y! - x! || a.id - b.id) * (reverse ? -1 : 1);
      }).map(({ id }) => id);
      const ids: number[] = [];
      let after: ConnectionCursor | undefined;
      do {
        const query = { sort, reverse, limit: 7, ...after && { after } };
        const page = await queryConnections(entries, query, rateOf);
        assertEquals([page.matched, page.total], [500, 500]);
        ids.push(...page.connections.map(({ id }) => id));
        after = page.next;
      } while (after !== undefined);
      assertEquals(ids, expected);
    });
  }
}

Deno.test("queryConnections() misses nobody by age while others come and go", async () => {
  const entries = new Map<number, LiveRecord>();
  for (let id = 1; id <= 100; id++) entries.set(id, madeUpEntry(id));
  const ids: number[] = [];
  let after: ConnectionCursor | undefined;
  let newest = 100;
  do {
    const page = await queryConnections(entries.values(), { limit: 9, ...after && { after } });
    ids.push(...page.connections.map(({ id }) => id));
    after = page.next;
    if (newest < 130) entries.set(++newest, madeUpEntry(newest));
    entries.delete(ids.length - 1); // one of those that were listed already
    entries.delete(ids.at(-1)!); // the cursor's own
  } while (after !== undefined);
  assertEquals(ids, Array.from({ length: ids.length }, (_, at) => at + 1));
  assert(ids.length >= 100);
});

Deno.test("queryConnections() counts what matches on all pages, and ends with the last page", async () => {
  const entries = Array.from(
    { length: 30 },
    (_, at) => madeUpEntry(at + 1, { target: at % 3 === 0 ? "/a" : "/b" }),
  );
  const page = await queryConnections(entries, { path: "/a", limit: 10 });
  assertEquals([page.matched, page.total, page.connections.length], [10, 30, 10]);
  assertEquals(page.next, undefined);
  assertEquals((await queryConnections([], {})).connections, []);
  assertEquals((await allPages(entries, { path: "/b", limit: 1 })).length, 20);
});

Deno.test("queryConnections() lets others have turns while it looks at 100,000", async () => {
  const entries = Array.from({ length: 100_000 }, (_, at) => madeUpEntry(at + 1));
  let [turns, over] = [0, false];
  const count = () => {
    turns++;
    if (!over) setImmediate(count);
  };
  setImmediate(count);
  const page = await queryConnections(entries, { sort: "bytes", limit: 1_000 });
  over = true;
  assertEquals(page.connections.length, 1_000);
  assert(turns > 1, `${turns} turns`);
});
