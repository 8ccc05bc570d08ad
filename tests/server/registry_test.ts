import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type ConnectionRecord,
  type Counters,
  type LiveRecord,
  recordOf,
} from "../../server/connection/connection_record.ts";
import type { KernelSocket } from "../../server/host/socket_table.ts";
import { Registry, type Totals } from "../../server/registry.ts";
import { madeUpEntry } from "../helpers/entries.ts";

const COUNTERS = {
  bytesIn: 1,
  bytesOut: 10,
  messagesIn: 100,
  messagesOut: 1_000,
  messagesDropped: 10_000,
};

const NO_TOTALS: Totals = {
  accepted: 0,
  opened: 0,
  closed: 0,
  requests: 0,
  spoofed: 0,
  forwardedMalformed: 0,
  refused: {},
  bytesIn: 0,
  bytesOut: 0,
  messagesIn: 0,
  messagesOut: 0,
  messagesDropped: 0,
};

type Entry = LiveRecord & Counters;

/** A connection of which the registry sees the counters. */
function entryOf(registry: Registry, key: string): Entry {
  return madeUpEntry(registry.nextId(), { key, ...COUNTERS });
}

function registryOf(
  describe = (): Promise<KernelSocket | undefined> => Promise.resolve(undefined),
) {
  return new Registry(describe);
}

/** Adds a connection from this source port. */
function add(registry: Registry, port: number): Entry {
  const entry = entryOf(registry, `127.0.0.1:${port}-127.0.0.1:8080`);
  registry.add(entry);
  return entry;
}

function idsOf(records: readonly ConnectionRecord[]): number[] {
  return records.map(({ id }) => id);
}

Deno.test("Registry.get() finds a connection by any spelling of its 4-tuple", () => {
  const registry = registryOf();
  const entry = add(registry, 51324);
  const six = entryOf(registry, "[2001:db8::1]:1-[::1]:8080");
  registry.add(six);
  assertEquals(registry.get(entry.key), recordOf(entry));
  const mapped = "[::ffff:127.0.0.1]:51324-[0:0:0:0:0:FFFF:7f00:1]:8080";
  assertEquals(registry.get(mapped), recordOf(entry));
  assertEquals(registry.get("[2001:0DB8:0::0001]:1-[0::1]:8080"), recordOf(six));
  assertEquals(registry.get("127.0.0.1:51325-127.0.0.1:8080"), undefined);
});

Deno.test("Registry.peak tells how many there were when there were most", () => {
  const registry = registryOf();
  const [first] = [add(registry, 1), add(registry, 2)];
  registry.delete(first!);
  assertEquals([registry.size, registry.peak], [1, 2]);
  add(registry, 2); // in the place of one that is gone
  assertEquals([registry.size, registry.peak], [1, 2]);
});

Deno.test("Registry.at() takes keys as they are, and find() any spelling", () => {
  const registry = registryOf();
  const entry = add(registry, 51324);
  const mapped = "[::ffff:127.0.0.1]:51324-[::ffff:127.0.0.1]:8080";
  assertEquals([registry.at(entry.key), registry.at(mapped)], [entry, undefined]);
  assertEquals([registry.find(entry.key), registry.find(mapped)], [entry, entry]);
  assertEquals(registry.at("0.0.0.0:0-127.0.0.1:8080"), undefined);
});

Deno.test("Registry.get() refuses what is no 4-tuple", async () => {
  const registry = registryOf();
  for (const key of ["", "__proto__", "127.0.0.1:1", "127.0.0.1:1-[::1]:2"]) {
    assertThrows(() => registry.get(key), SyntaxError);
    await assertRejects(() => registry.describe(key), SyntaxError);
  }
  assertThrows(() => registry.get("127.0.0.1:0-127.0.0.1:8080"), RangeError);
});

Deno.test("Registry.describe() adds what the kernel knows, where it knows something", async () => {
  const kernel: KernelSocket = {
    state: "ESTABLISHED",
    receiveQueue: 1,
    sendQueue: 2,
    inode: 3,
    descriptor: 17,
  };
  const asked: string[] = [];
  const answers = [kernel, undefined];
  const registry = registryOf(() => Promise.resolve(answers.shift()));
  const spied = new Registry((key) => {
    asked.push(key);
    return Promise.resolve(kernel);
  });
  const entry = add(registry, 1);
  assertEquals(await registry.describe(entry.key), { ...recordOf(entry), kernel });
  assertEquals(await registry.describe(entry.key), recordOf(entry));
  assertEquals(await registry.describe("127.0.0.1:2-127.0.0.1:8080"), undefined);
  add(spied, 1);
  await spied.describe("[::ffff:7f00:1]:1-[::ffff:7f00:1]:8080");
  assertEquals(asked, [entry.key], "the kernel is asked for the canonical key");
});

Deno.test("Registry.describe() tells the counters as they are when the kernel has answered", async () => {
  const kernelAnswer = Promise.withResolvers<undefined>();
  const registry = registryOf(() => kernelAnswer.promise);
  const entry = add(registry, 1);
  const described = registry.describe(entry.key);
  entry.bytesIn = 77;
  registry.delete(entry);
  kernelAnswer.resolve(undefined);
  assertEquals((await described)?.bytesIn, 77);
});

Deno.test("Registry.list() gives pages by age, a hundred at a time unless told", () => {
  const registry = registryOf();
  for (let port = 1; port <= 250; port++) add(registry, port);
  const sizes: number[] = [];
  let last = 0;
  for (let page = registry.list(); page.length > 0; page = registry.list({ after: last })) {
    sizes.push(page.length);
    assertEquals(page[0]?.id, last + 1);
    last = page.at(-1)!.id;
  }
  assertEquals(sizes, [100, 100, 50]);
  assertEquals(idsOf(registry.list({ limit: 2 })), [1, 2]);
  assertEquals(idsOf(registry.list({ after: 248, limit: 2 })), [249, 250]);
  assertEquals(registry.list({ limit: 0 }), []);
  assertEquals(registry.list({ after: 250 }), []);
  assertEquals(registry.list({ limit: Infinity }).length, 250);
});

Deno.test("Registry.list() skips and repeats nobody while connections come and go", () => {
  const registry = registryOf();
  const entries = Array.from({ length: 6 }, (_, i) => add(registry, i + 1));
  const first = idsOf(registry.list({ limit: 3 }));
  for (const index of [0, 2, 3]) registry.delete(entries[index]!);
  add(registry, 1); // the source port of the first
  const second = idsOf(registry.list({ after: first.at(-1)!, limit: 2 }));
  add(registry, 99);
  const third = idsOf(registry.list({ after: second.at(-1)!, limit: 2 }));
  assertEquals([first, second, third], [[1, 2, 3], [5, 6], [7, 8]]);
});

Deno.test("Registry keeps the order of age and every counter when a 4-tuple is used again at once", () => {
  const registry = registryOf();
  const [old] = [add(registry, 1), add(registry, 2), add(registry, 3)];
  const next = add(registry, 1); // the old one was reset, and nobody has told us yet
  assertEquals(registry.size, 3);
  assertEquals(idsOf(registry.list({ limit: 2 })), [2, 3]);
  assertEquals(idsOf(registry.list({ after: 3 })), [4]);
  registry.delete(old!);
  assertEquals(registry.get(next.key)?.id, 4, "the end of the old one does not remove the new one");
  const { opened, closed, bytesIn } = registry.totals();
  assertEquals({ opened, closed, bytesIn }, { opened: 4, closed: 1, bytesIn: 4 });
});

Deno.test("Registry.connections are the connections themselves, oldest first", () => {
  const registry = registryOf();
  const entries = [add(registry, 7), add(registry, 3)];
  assertEquals([...registry.connections], entries);
});

Deno.test("Registry.totals() adds up those that are there and those that are gone", () => {
  const registry = registryOf();
  assertEquals(registry.totals(), NO_TOTALS);
  const [first, second] = [add(registry, 1), add(registry, 2)];
  registry.accepted = 5;
  registry.requests = 2;
  const sums = {
    bytesIn: 2,
    bytesOut: 20,
    messagesIn: 200,
    messagesOut: 2_000,
    messagesDropped: 20_000,
  };
  const counts = { ...NO_TOTALS, ...sums, accepted: 5, requests: 2, opened: 2 };
  assertEquals(registry.totals(), counts);
  registry.delete(first);
  assertEquals(registry.totals(), { ...counts, closed: 1 });
  registry.delete(first);
  assertEquals(registry.totals(), { ...counts, closed: 1 }, "nobody is counted twice");
  second.bytesIn += 40;
  registry.delete(second);
  assertEquals(registry.totals(), { ...counts, bytesIn: 42, closed: 2 });
  assertEquals(registry.size, 0);
});

Deno.test("Registry.countRefusal() counts by reason, whatever the reason is called", () => {
  const registry = registryOf();
  for (const reason of ["A", "__proto__", "A", "constructor", "toString"]) {
    registry.countRefusal(reason);
  }
  const { refused } = registry.totals();
  assertEquals(Object.entries(refused), [
    ["A", 2],
    ["__proto__", 1],
    ["constructor", 1],
    ["toString", 1],
  ]);
  assertEquals(Object.getPrototypeOf(refused), Object.prototype);
  assertEquals(({} as Record<string, unknown>)["A"], undefined);
});
