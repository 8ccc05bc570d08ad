// Runs alone: it lists the descriptors of the process.

import { assert, assertEquals } from "@std/assert";
import type { KnownConnection } from "../../../server/host/descriptor_reading.ts";
import {
  type DescriptorRegistry,
  DescriptorTable,
} from "../../../server/operations/descriptor_table.ts";
import type {
  DescriptorPage,
  DescriptorQuery,
  DescriptorRow,
} from "../../../server/operations/operations.ts";
import { TcpPairs, withOpen } from "../../helpers/tcp_pairs.ts";

const linux = Deno.build.os === "linux";

/** A test of the real tables. */
function linuxTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: name + (linux ? "" : " (ignored: needs Linux's /proc)"), ignore: !linux, fn });
}

function registryOf(entries: readonly KnownConnection[]): DescriptorRegistry {
  return {
    get: (key) => entries.find((entry) => entry.key === key),
    connections: () => entries.values(),
  };
}

/** Gives a table to a test, and has it forget what it has read. */
async function withTable(
  entries: readonly KnownConnection[] | DescriptorRegistry,
  run: (table: DescriptorTable) => Promise<void>,
): Promise<void> {
  const table = new DescriptorTable("get" in entries ? entries : registryOf(entries));
  try {
    await run(table);
  } finally {
    table.stop();
  }
}

/** A page of a table that has read nothing yet. */
async function pageOf(
  entries: readonly KnownConnection[] | DescriptorRegistry,
  port: number,
  query: DescriptorQuery,
): Promise<DescriptorPage> {
  let page: DescriptorPage | undefined;
  await withTable(entries, async (table) => void (page = await table.page(port, query)));
  return page!;
}

/** Reads on from a first page to the last. */
async function restOf(
  table: DescriptorTable,
  port: number,
  first: DescriptorPage,
): Promise<DescriptorPage[]> {
  const pages = [first];
  for (let { next } = first; next !== undefined; { next } = pages.at(-1)!) {
    pages.push(await table.page(port, { limit: 2, after: next }));
  }
  return pages;
}

function rowOf({ rows }: Pick<DescriptorPage, "rows">, key: string): DescriptorRow | undefined {
  return rows.find((row) => row.key === key);
}

/** Counts how often the kernel's table is opened while something runs. */
async function countReadings(run: (count: () => number) => Promise<void>): Promise<void> {
  const { open } = Deno;
  let readings = 0;
  const counting: typeof Deno.open = (path, options) => {
    if (path === "/proc/net/tcp") readings++;
    return open(path, options);
  };
  await withOpen(counting, () => run(() => readings));
}

/** A 4-tuple that nobody has. */
function absent(id: number): KnownConnection {
  return { id, key: `192.0.2.1:${id}-192.0.2.2:80` };
}

linuxTest("DescriptorTable joins descriptors, the kernel's table and the registry", async () => {
  using some = await TcpPairs.of(2);
  const [first, second] = some.accepted;
  const unread = new Uint8Array(3);
  await second!.conn.write(unread);
  await some.clients[1]!.read(unread.subarray(1));
  const page = await pageOf(some.accepted, some.port, { limit: 1_000 });
  assertEquals([page.connections, page.flagged, page.next], [2, 0, undefined]);
  assertEquals(page.open, page.rows.length);
  for (const { key, id } of [first!, second!]) {
    const { descriptor, target, kernel, ...rest } = rowOf(page, key)!;
    assertEquals(rest, { key, id });
    assertEquals(await Deno.readLink(`/proc/self/fd/${descriptor}`), target);
    assertEquals(target, `socket:[${kernel?.inode}]`);
    assertEquals([kernel?.state, kernel?.receiveQueue], ["ESTABLISHED", 0]);
  }
  const [source, destination] = second!.key.split("-");
  const client = rowOf(page, `${destination}-${source}`);
  assertEquals([client?.kernel?.receiveQueue, client?.id, client?.flag], [1, undefined, undefined]);
  assert(page.rows.some(({ kernel, flag }) => kernel?.state === "LISTEN" && flag === undefined));
  assert(page.rows.some(({ target, key }) => target.startsWith("anon_inode:") && !key));
  const order = page.rows.map(({ descriptor }) => descriptor);
  assertEquals(order, order.toSorted((a, b) => a - b));
});

linuxTest("DescriptorTable flags a socket to our port that no connection has", async () => {
  using some = await TcpPairs.of(2);
  const [first, second] = some.accepted;
  const page = await pageOf([first!], some.port, { limit: 1_000 });
  assertEquals([page.connections, page.flagged], [1, 1]);
  assertEquals(rowOf(page, second!.key)?.flag, "not_in_registry");
  assertEquals(rowOf(page, second!.key)?.kernel?.state, "ESTABLISHED");
  const elsewhere = await pageOf([], some.port - 1, { limit: 1_000 });
  assertEquals(elsewhere.flagged, 0);
});

linuxTest("DescriptorTable flags connections without a socket, the newest first", async () => {
  using some = await TcpPairs.of(1);
  const registry = [absent(7), ...some.accepted, absent(8)];
  const page = await pageOf(registry, some.port, { limit: 2 });
  assertEquals(
    page.rows,
    [8, 7].map((id): DescriptorRow => ({
      ...absent(id),
      descriptor: -1,
      target: "",
      flag: "not_in_kernel",
    })),
  );
  assertEquals([page.connections, page.flagged], [1, 2]);
});

linuxTest("DescriptorTable gives each row once over all pages, of one reading", async () => {
  using some = await TcpPairs.of(3);
  const entries = [absent(7), absent(8), absent(9), ...some.accepted];
  await withTable(entries, (table) =>
    countReadings(async (count) => {
      const first = await table.page(some.port, { limit: 2 });
      const readings = count();
      const pages = await restOf(table, some.port, first);
      assertEquals(count(), readings);
      assertEquals(new Set(pages.map(({ at }) => at)), new Set([first.at]));
      assertEquals(pages.slice(0, -1).filter((page) => page.rows.length !== 2), []);
      const rows = pages.flatMap((page) => page.rows);
      assertEquals(rows.map(({ id }) => id).filter(Boolean), [9, 8, 7, 1, 2, 3]);
      const own = rows.filter(({ descriptor }) => descriptor >= 0);
      assertEquals(new Set(own.map(({ descriptor }) => descriptor)).size, own.length);
    }));
});

linuxTest("DescriptorTable gives flagged rows alone when asked to", async () => {
  using some = await TcpPairs.of(3);
  const [first, ...others] = some.accepted;
  await withTable([absent(9), first!], async (table) => {
    const page = await table.page(some.port, { flagged: true, limit: 2 });
    assertEquals(page.rows.map(({ key }) => key), [absent(9).key, others[0]!.key]);
    assertEquals(page.flagged, 3);
    const last = await table.page(some.port, { flagged: true, after: page.next! });
    assertEquals(last.rows.map(({ key }) => key), [others[1]!.key]);
    assertEquals([last.flagged, last.next], [3, undefined]);
  });
});

linuxTest("DescriptorTable accuses nothing that came after the reading", async () => {
  using some = await TcpPairs.of(2);
  const registry: KnownConnection[] = [some.accepted[0]!];
  await withTable(registry, async (table) => {
    const first = await table.page(some.port, { limit: 2 });
    assertEquals(first.flagged, 1); // the second one, whose handshake is under way
    registry.push(some.accepted[1]!, await some.add(), absent(9));
    const pages = await restOf(table, some.port, first);
    const rows = pages.flatMap((page) => page.rows);
    assertEquals(pages.slice(1).filter(({ flagged }) => flagged > 0), []);
    assertEquals(rows.map(({ id }) => id).filter(Boolean), [1, 2]);
    // A first page is of now, and says what is still amiss.
    const { rows: now } = await table.page(some.port, { limit: 1_000 });
    assertEquals(now.map(({ id }) => id).filter(Boolean), [9, 1, 2, 3]);
    assertEquals(now.map(({ flag }) => flag).filter(Boolean), ["not_in_kernel"]);
  });
});

linuxTest("DescriptorTable shows nothing that was closed after the reading", async () => {
  using some = await TcpPairs.of(2);
  const registry: KnownConnection[] = [absent(9), ...some.accepted];
  await withTable(registry, async (table) => {
    const first = await table.page(some.port, { limit: 1 });
    assertEquals([first.rows[0]?.id, first.flagged], [9, 1]);
    const [closed, open] = some.accepted;
    registry.splice(0, 2);
    closed!.conn.close();
    const after = first.next!;
    const rest = await table.page(some.port, { limit: 1_000, after });
    assertEquals([rest.flagged, rest.connections, rest.open], [0, 1, first.open - 1]);
    assertEquals([rowOf(rest, closed!.key), rowOf(rest, open!.key)?.id], [undefined, 2]);
    // Another one with the same 4-tuple is not taken for it.
    registry.push({ key: closed!.key, id: 3 });
    const again = await table.page(some.port, { limit: 1_000, after });
    assertEquals(rowOf(again, closed!.key), undefined);
  });
});

linuxTest(
  "DescriptorTable looks again for a first page, once for all who ask meanwhile",
  async () => {
    using some = await TcpPairs.of(1);
    await withTable(some.accepted, (table) =>
      countReadings(async (count) => {
        const query = { limit: 1 };
        const [{ at, next }, other] = await Promise.all([
          table.page(some.port, query),
          table.page(some.port, query),
        ]);
        assertEquals([count(), other.at, other.next], [1, at, next]);
        const key = (await some.add()).key;
        const page = await table.page(some.port, { limit: 1_000 });
        assertEquals([count(), rowOf(page, key)?.id], [2, 2]);
        await table.page(some.port, { ...query, after: next! });
        assertEquals(count(), 2);
      }));
  },
);

linuxTest("DescriptorTable forgets a reading, and goes on with another one", async () => {
  using some = await TcpPairs.of(1);
  const table = new DescriptorTable(registryOf(some.accepted), 1);
  await countReadings(async (count) => {
    const { next: after } = await table.page(some.port, { limit: 1 });
    let page: DescriptorPage | undefined;
    while (count() < 2) {
      page = await table.page(some.port, { limit: 1_000, after: after! });
      await new Promise((resolve) => setTimeout(resolve)); // timers have their turn
    }
    assertEquals(rowOf(page!, some.accepted[0]!.key)?.id, 1);
    assert(page!.rows.every(({ descriptor }) => descriptor > after!.descriptor));
  });
  table.stop();
});

linuxTest(
  "DescriptorTable has all rows behind a worker before it, and none behind one after it",
  async () => {
    using some = await TcpPairs.of(1);
    await withTable(some.accepted, async (table) => {
      const all = await table.page(some.port, { limit: 1_000 });
      const behind = (worker: number) =>
        table.page(some.port, { limit: 1_000, after: { worker, descriptor: 1_000_000 } });
      assertEquals(await behind(-2), all);
      assertEquals(await behind(3), { ...all, rows: [] });
    });
  },
);

linuxTest(
  "DescriptorTable gives the sums where no rows are wanted, and says that there are some",
  async () => {
    using some = await TcpPairs.of(2);
    const { rows, next, connections } = await pageOf(some.accepted, some.port, { limit: 0 });
    assertEquals([rows, connections, next !== undefined], [[], 2, true]);
  },
);

linuxTest("DescriptorTable flags no connection that has left meanwhile", async () => {
  using some = await TcpPairs.of(1);
  const { connections: all, get } = registryOf([...some.accepted, absent(9)]);
  const registry = {
    connections: all,
    get: (key: string) => key === absent(9).key ? undefined : get(key),
  };
  const page = await pageOf(registry, some.port, { limit: 1_000 });
  assertEquals([page.connections, page.flagged], [1, 0]);
});

linuxTest("DescriptorTable flags no socket that was closed meanwhile", async () => {
  using some = await TcpPairs.of(1);
  const [{ conn, key }] = some.accepted as [typeof some.accepted[0]];
  const registry = registryOf([]);
  const get = (asked: string) => {
    if (asked === key) conn.close();
    return undefined;
  };
  const page = await pageOf({ ...registry, get }, some.port, { limit: 1_000 });
  assertEquals([page.flagged, rowOf(page, key)], [0, undefined]);
  assertEquals(page.open, page.rows.length);
});

linuxTest("DescriptorTable flags nothing that the kernel does not tell about", async () => {
  using some = await TcpPairs.of(1);
  const page = await withOpen(
    () => Promise.reject(new Deno.errors.Busy("Too many open files")),
    () => pageOf(some.accepted, some.port, { limit: 1_000 }),
  );
  assertEquals([page.connections, page.flagged], [0, 0]);
  assertEquals(page.open, page.rows.length);
  assert(page.rows.every(({ key, kernel }) => key === undefined && kernel === undefined));
});

Deno.test({
  name: "DescriptorTable has nothing to tell without permission to read",
  permissions: { read: false },
  fn: async () => {
    const page = await pageOf([absent(1)], 80, {});
    assertEquals(page, { rows: [], open: 0, connections: 0, flagged: 0 });
  },
});
