import { assert, assertEquals } from "@std/assert";
import { type DescriptorRegistry, readDescriptors } from "../../server/descriptor_table.ts";
import { formatFourTuple, fourTupleOf } from "../../server/four_tuple.ts";
import type { DescriptorPage, DescriptorRow } from "../../server/operations.ts";

const linux = Deno.build.os === "linux";

/** A test of the real tables. */
function linuxTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: name + (linux ? "" : " (ignored: needs Linux's /proc)"), ignore: !linux, fn });
}

/** A listener and connections to it, both ends here. */
async function connections(count: number) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const clients: Deno.Conn[] = [];
  const accepted: { key: string; id: number; conn: Deno.TcpConn }[] = [];
  for (let id = 1; id <= count; id++) {
    const [conn, client] = await Promise.all([
      listener.accept(),
      Deno.connect({ hostname: "127.0.0.1", port }),
    ]);
    clients.push(client);
    accepted.push({ key: formatFourTuple(fourTupleOf(conn)), id, conn });
  }
  return {
    port,
    accepted,
    clients,
    [Symbol.dispose]() {
      for (const resource of [listener, ...clients, ...accepted.map(({ conn }) => conn)]) {
        try {
          resource.close();
        } catch {
          // The test closed it.
        }
      }
    },
  };
}

type Entry = { readonly key: string; readonly id: number };

function registryOf(entries: readonly Entry[]): DescriptorRegistry {
  return { get: (key) => entries.find((entry) => entry.key === key), connections: entries };
}

function rowOf({ rows }: DescriptorPage, key: string): DescriptorRow | undefined {
  return rows.find((row) => row.key === key);
}

/** A 4-tuple that nobody has. */
function absent(id: number): Entry {
  return { id, key: `192.0.2.1:${id}-192.0.2.2:80` };
}

/** Runs something while `Deno.open` is another. */
async function withOpen<Result>(
  open: typeof Deno.open,
  run: () => Promise<Result>,
): Promise<Result> {
  const before = Deno.open;
  Deno.open = open;
  try {
    return await run();
  } finally {
    Deno.open = before;
  }
}

linuxTest("readDescriptors() joins descriptors, the kernel's table and the registry", async () => {
  using some = await connections(2);
  const [first, second] = some.accepted;
  const unread = new Uint8Array(3);
  await second!.conn.write(unread);
  await some.clients[1]!.read(unread.subarray(1));
  const page = await readDescriptors(registryOf(some.accepted), some.port, { limit: 1_000 });
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

linuxTest("readDescriptors() flags a socket to our port that no connection has", async () => {
  using some = await connections(2);
  const [first, second] = some.accepted;
  const page = await readDescriptors(registryOf([first!]), some.port, { limit: 1_000 });
  assertEquals([page.connections, page.flagged], [1, 1]);
  assertEquals(rowOf(page, second!.key)?.flag, "not_in_registry");
  assertEquals(rowOf(page, second!.key)?.kernel?.state, "ESTABLISHED");
  const elsewhere = await readDescriptors(registryOf([]), some.port - 1, { limit: 1_000 });
  assertEquals(elsewhere.flagged, 0);
});

linuxTest("readDescriptors() flags connections without a socket, the newest first", async () => {
  using some = await connections(1);
  const registry = registryOf([absent(7), ...some.accepted, absent(8)]);
  const page = await readDescriptors(registry, some.port, { limit: 2 });
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

linuxTest("readDescriptors() gives each row once over all pages", async () => {
  using some = await connections(3);
  const entries = [absent(7), absent(8), absent(9), ...some.accepted];
  const rows: DescriptorRow[] = [];
  let page = await readDescriptors(registryOf(entries), some.port, { limit: 2 });
  rows.push(...page.rows);
  while (page.next !== undefined) {
    assertEquals(page.rows.length, 2);
    const { next } = page;
    page = await readDescriptors(registryOf(entries), some.port, { limit: 2, after: next });
    rows.push(...page.rows);
  }
  assertEquals(rows.map(({ id }) => id).filter(Boolean), [9, 8, 7, 1, 2, 3]);
  const own = rows.filter(({ descriptor }) => descriptor >= 0);
  assertEquals(new Set(own.map(({ descriptor }) => descriptor)).size, own.length);
});

linuxTest("readDescriptors() gives flagged rows alone when asked to", async () => {
  using some = await connections(3);
  const [first, ...others] = some.accepted;
  const registry = registryOf([absent(9), first!]);
  const page = await readDescriptors(registry, some.port, { flagged: true, limit: 2 });
  assertEquals(page.rows.map(({ key }) => key), [absent(9).key, others[0]!.key]);
  assertEquals(page.flagged, 3);
  const last = await readDescriptors(registry, some.port, { flagged: true, after: page.next! });
  assertEquals(last.rows.map(({ key }) => key), [others[1]!.key]);
  assertEquals([last.flagged, last.next], [3, undefined]);
});

linuxTest("readDescriptors() looks again when the table has not shown a row", async () => {
  using some = await connections(2);
  const { open } = Deno;
  const empty = await Deno.makeTempFile();
  let times = 0;
  const page = await withOpen(
    (path, options) => open(path === "/proc/net/tcp" && times++ === 0 ? empty : path, options),
    () => readDescriptors(registryOf(some.accepted), some.port, { limit: 1_000 }),
  );
  await Deno.remove(empty);
  assertEquals(times, 2);
  assertEquals([page.connections, page.flagged], [2, 0]);
  assertEquals(rowOf(page, some.accepted[0]!.key)?.kernel?.state, "ESTABLISHED");
});

linuxTest("readDescriptors() flags no connection that has left meanwhile", async () => {
  using some = await connections(1);
  const { connections: all, get } = registryOf([...some.accepted, absent(9)]);
  const registry = {
    connections: all,
    get: (key: string) => key === absent(9).key ? undefined : get(key),
  };
  const page = await readDescriptors(registry, some.port, { limit: 1_000 });
  assertEquals([page.connections, page.flagged], [1, 0]);
});

linuxTest("readDescriptors() flags no socket that was closed meanwhile", async () => {
  using some = await connections(1);
  const [{ conn, key }] = some.accepted as [typeof some.accepted[0]];
  const registry = registryOf([]);
  const get = (asked: string) => {
    if (asked === key) conn.close();
    return undefined;
  };
  const page = await readDescriptors({ ...registry, get }, some.port, { limit: 1_000 });
  assertEquals([page.flagged, rowOf(page, key)], [0, undefined]);
  assertEquals(page.open, page.rows.length);
});

linuxTest("readDescriptors() flags nothing that the kernel does not tell about", async () => {
  using some = await connections(1);
  const page = await withOpen(
    () => Promise.reject(new Deno.errors.Busy("Too many open files")),
    () => readDescriptors(registryOf(some.accepted), some.port, { limit: 1_000 }),
  );
  assertEquals([page.connections, page.flagged], [0, 0]);
  assertEquals(page.open, page.rows.length);
  assert(page.rows.every(({ key, kernel }) => key === undefined && kernel === undefined));
});

linuxTest("readDescriptors() keeps what it has when it cannot look again", async () => {
  using some = await connections(1);
  const { readDir } = Deno;
  let times = 0;
  Deno.readDir = (path) => {
    if (times++ > 0) throw new Deno.errors.Busy("Too many open files");
    return readDir(path);
  };
  try {
    const registry = registryOf([...some.accepted, absent(9)]);
    const page = await readDescriptors(registry, some.port, { limit: 1_000 });
    assertEquals([times, page.connections, page.flagged], [2, 1, 0]);
  } finally {
    Deno.readDir = readDir;
  }
});

Deno.test({
  name: "readDescriptors() has nothing to tell without permission to read",
  permissions: { read: false },
  fn: async () => {
    const page = await readDescriptors(registryOf([absent(1)]), 80);
    assertEquals(page, { rows: [], open: 0, connections: 0, flagged: 0 });
  },
});
