import { assertEquals } from "@std/assert";
import {
  connectionQueryOf,
  descriptorQueryOf,
  mergeConnections,
  mergeDescriptors,
  type WorkerPage,
} from "../../../server/cluster/merge_pages.ts";
import { CONNECTION_SORTS, type LiveRecord } from "../../../server/connection/connection_record.ts";
import { queryConnections } from "../../../server/operations/connection_query.ts";
import type {
  ConnectionPage,
  ConnectionQuery,
  DescriptorPage,
  DescriptorQuery,
  DescriptorRow,
} from "../../../server/operations/operations.ts";
import { madeUpEntry } from "../../helpers/entries.ts";

/** Connections of three workers; ids and values of one are those of another as well. */
const WORKERS: ReadonlyMap<number, readonly LiveRecord[]> = new Map(
  [2, 3, 5].map((worker, part) => [
    worker,
    Array.from({ length: 7 }, (_, index) =>
      madeUpEntry(index + 1, {
        key: `127.0.0.${worker}:${50_000 + index}-127.0.0.1:8080`,
        connectedAt: 1_000 + Math.floor(index / 3),
        lastActivity: 2_000 + index % 2,
        bytesIn: part,
        bytesOut: index % 3,
        queuedBytes: index % 2,
        ...index % 2 === 0 && { roundTrip: index },
      })),
  ]),
);

async function ask(query: ConnectionQuery): Promise<ConnectionPage> {
  const pages: WorkerPage<ConnectionPage>[] = [];
  for (const [worker, entries] of WORKERS) {
    const answer = await queryConnections(
      entries,
      connectionQueryOf(query, worker),
      (id) => id % 4,
    );
    pages.push({ worker, answer });
  }
  return mergeConnections(pages, query);
}

Deno.test("mergeConnections() makes pages that have each connection of all workers once, in order", async () => {
  for (const sort of CONNECTION_SORTS) {
    for (const reverse of [false, true]) {
      const all = await ask({ sort, reverse });
      assertEquals([all.connections.length, all.matched, all.total, all.next], [
        21,
        21,
        21,
        undefined,
      ]);
      for (const limit of [1, 4, 7, 20, 21]) {
        const paged: unknown[] = [];
        let query: ConnectionQuery | undefined = { sort, reverse, limit };
        while (query !== undefined) {
          const { connections, next, matched }: ConnectionPage = await ask(query);
          paged.push(...connections);
          assertEquals([connections.length <= limit, matched], [true, 21]);
          query = next && { ...query, after: next };
        }
        assertEquals(paged, all.connections, `${sort}, ${reverse}, ${limit}`);
      }
      const opposite = await ask({ sort, reverse: !reverse });
      assertEquals(opposite.connections.toReversed(), all.connections);
    }
  }
});

Deno.test("mergeDescriptors() has no time where nobody could read", () => {
  const answer: DescriptorPage = { rows: [], open: 0, connections: 0, flagged: 0 };
  assertEquals(mergeDescriptors([], {}), answer);
  assertEquals(mergeDescriptors([{ worker: 1, answer }], {}), answer);
});

Deno.test("connectionQueryOf() leaves the worker out, which no worker knows of itself", () => {
  assertEquals(connectionQueryOf({ worker: 3, path: "/" }, 3), { path: "/" });
});

const ROWS: ReadonlyMap<number, readonly (DescriptorRow & { place: number })[]> = new Map(
  [1, 4].map((worker) => [worker, [
    { place: -9, descriptor: -1, target: "", id: 9, flag: "not_in_kernel" as const },
    { place: -8, descriptor: -1, target: "", id: 8, flag: "not_in_kernel" as const },
    { place: 0, descriptor: 0, target: `null of ${worker}` },
    { place: 12, descriptor: 12, target: "socket:[1]", id: 3 },
  ]]),
);

function askDescriptors(query: DescriptorQuery): DescriptorPage {
  const pages = [...ROWS].map(([worker, all]): WorkerPage<DescriptorPage> => {
    const { after, limit = 100 } = descriptorQueryOf(query, worker);
    // A worker takes itself for number 0.
    const behind = all.filter(({ place }) =>
      after === undefined || after.worker < 0 || after.worker === 0 && place > after.descriptor
    );
    const rows = behind.slice(0, limit);
    const last = rows.at(-1);
    return {
      worker,
      answer: {
        at: 1_000 - worker,
        rows: rows.map(({ place: _, ...row }) => row),
        open: 2,
        connections: 1,
        flagged: 2,
        ...last && rows.length < behind.length && { next: { worker: 0, descriptor: last.place } },
      },
    };
  });
  return mergeDescriptors(pages, query);
}

Deno.test("mergeDescriptors() makes pages that have each row of all workers once, in order", () => {
  const all = askDescriptors({});
  assertEquals(all.rows.map(({ worker, descriptor, id }) => [worker, descriptor, id]), [
    [1, -1, 9],
    [1, -1, 8],
    [1, 0, undefined],
    [1, 12, 3],
    [4, -1, 9],
    [4, -1, 8],
    [4, 0, undefined],
    [4, 12, 3],
  ]);
  assertEquals([all.open, all.connections, all.flagged, all.next], [4, 2, 4, undefined]);
  assertEquals(all.at, 996); // the earliest
  for (const limit of [1, 2, 3, 4, 7, 8]) {
    const paged: DescriptorRow[] = [];
    let query: DescriptorQuery | undefined = { limit };
    while (query !== undefined) {
      const { rows, next, flagged }: DescriptorPage = askDescriptors(query);
      paged.push(...rows);
      assertEquals([rows.length <= limit, flagged], [true, 4]);
      query = next && { limit, after: next };
    }
    assertEquals(paged, all.rows, `${limit}`);
  }
});
