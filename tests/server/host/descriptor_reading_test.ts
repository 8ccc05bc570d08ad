// Runs alone: it lists the descriptors of the process.

import { assert, assertEquals } from "@std/assert";
import { type KnownConnection, readDescriptors } from "../../../server/host/descriptor_reading.ts";
import { TcpPairs, withOpen } from "../../helpers/tcp_pairs.ts";

const linux = Deno.build.os === "linux";

/** A test of the real tables. */
function linuxTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: name + (linux ? "" : " (ignored: needs Linux's /proc)"), ignore: !linux, fn });
}

/** A connection that nobody has. */
function absent(id: number): KnownConnection {
  return { id, key: `192.0.2.1:${id}-192.0.2.2:80` };
}

linuxTest(
  "readDescriptors() gives each descriptor, in order, and of TCP sockets the row",
  async () => {
    using some = await TcpPairs.of(2);
    const before = Date.now();
    const { at, descriptors, missing } = await readDescriptors(() => some.accepted);
    assert(before <= at && at <= Date.now());
    assertEquals(missing, []);
    const order = descriptors.map(({ descriptor }) => descriptor);
    assertEquals(order, order.toSorted((a, b) => a - b));
    for (const { key } of some.accepted) {
      const { descriptor, target, socket } = descriptors.find((it) => it.socket?.key === key)!;
      assertEquals(await Deno.readLink(`/proc/self/fd/${descriptor}`), target);
      const { kernel, port } = socket!;
      assertEquals([port, `socket:[${kernel.inode}]`, kernel.state], [
        some.port,
        target,
        "ESTABLISHED",
      ]);
    }
    assert(descriptors.some(({ target, socket }) => target.startsWith("anon_inode:") && !socket));
  },
);

linuxTest("readDescriptors() looks again when the table has not shown a row", async () => {
  using some = await TcpPairs.of(2);
  const { open } = Deno;
  const empty = await Deno.makeTempFile();
  let times = 0;
  const { descriptors, missing } = await withOpen(
    (path, options) => open(path === "/proc/net/tcp" && times++ === 0 ? empty : path, options),
    () => readDescriptors(() => some.accepted),
  );
  await Deno.remove(empty);
  assertEquals([times, missing], [2, []]);
  const keys = descriptors.map(({ socket }) => socket?.key);
  assert(some.accepted.every(({ key }) => keys.includes(key)));
});

linuxTest("readDescriptors() misses connections without a socket, the newest first", async () => {
  using some = await TcpPairs.of(1);
  const { missing } = await readDescriptors(() => [absent(7), ...some.accepted, absent(8)]);
  assertEquals(missing, [absent(8), absent(7)]);
});

linuxTest("readDescriptors() takes connections that can be listed once at a time", async () => {
  const all = new Map([[7, absent(7)]]);
  assertEquals((await readDescriptors(() => all.values())).missing, [absent(7)]);
});

linuxTest("readDescriptors() misses no connection that came while it looked", async () => {
  using some = await TcpPairs.of(1);
  const registry: KnownConnection[] = [absent(9), ...some.accepted];
  const { open } = Deno;
  let times = 0;
  const { missing } = await withOpen(
    async (path, options) => {
      const file = await open(path, options);
      // The descriptors were listed before.
      if (path === "/proc/net/tcp") registry.push({ ...await some.add(), id: 10 + ++times });
      return file;
    },
    () => readDescriptors(() => registry),
  );
  assertEquals([times, missing], [2, [absent(9)]]);
});

linuxTest("readDescriptors() misses nothing that the kernel does not tell about", async () => {
  using some = await TcpPairs.of(1);
  const { descriptors, missing } = await withOpen(
    () => Promise.reject(new Deno.errors.Busy("Too many open files")),
    () => readDescriptors(() => some.accepted),
  );
  assertEquals(missing, []);
  assert(descriptors.length > 0 && descriptors.every(({ socket }) => socket === undefined));
});

linuxTest("readDescriptors() keeps what it has when it cannot look again", async () => {
  using some = await TcpPairs.of(1);
  const { readDir } = Deno;
  let times = 0;
  Deno.readDir = (path) => {
    if (times++ > 0) throw new Deno.errors.Busy("Too many open files");
    return readDir(path);
  };
  try {
    const { descriptors, missing } = await readDescriptors(() => [...some.accepted, absent(9)]);
    const keys = descriptors.map(({ socket }) => socket?.key);
    assertEquals([times, missing, keys.includes(some.accepted[0]!.key)], [2, [], true]);
  } finally {
    Deno.readDir = readDir;
  }
});

Deno.test({
  name: "readDescriptors() has nothing to tell without permission to read",
  permissions: { read: false },
  fn: async () => {
    const { descriptors, missing } = await readDescriptors(() => [absent(1)]);
    assertEquals([descriptors, missing], [[], []]);
  },
});
