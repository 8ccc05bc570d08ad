import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import {
  hexAddress,
  type KernelSocket,
  parseHexAddress,
  parseSocketRow,
  SocketTable,
  visitRows,
} from "../../../server/host/socket_table.ts";
import { fourTupleOf } from "../../../server/net/four_tuple.ts";
import type { FourTuple } from "../../../server/net/four_tuple.ts";

const HEADING =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";

// The columns: number, local, remote, state, send:receive queue, timers, retransmits, uid, timeout, inode.
const ROWS = {
  listening:
    "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000005 00:00000000 00000000     0        0 29671 1 0000000000000000 100 0 0 10 0",
  established:
    "   1: 0100007F:1F90 0200007F:C87C 01 0000002A:00000100 01:00000014 00000000  1000        0 81069 2 0000000000000000 20 4 30 10 -1",
  manyRows:
    "12345: 0100007F:1F90 0200007F:C87C 08 00000000:00000000 00:00000000 00000000  1000        0 81070 1 0000000000000000 20 4 30 10 -1",
  timeWait:
    "   2: 010200C0:1F90 0A3364C6:D431 06 00000000:00000000 03:0000176F 00000000     0        0 0 3 0000000000000000",
  ipv6:
    "   0: B80D0120000000000000000001000000:1F90 00000000000000000000000001000000:C87C 01 00000000:00000000 00:00000000 00000000     0        0 40001 1 0000000000000000 20 4 30 10 -1",
  v4Mapped:
    "   1: 0000000000000000FFFF00000100007F:1F90 0000000000000000FFFF00000300007F:C87C 08 00000000:00000001 00:00000000 00000000     0        0 40002 1 0000000000000000 20 4 30 10 -1",
};

const linux = Deno.build.os === "linux";
const ipv6 = linux && canListen("::1");

function canListen(hostname: string): boolean {
  try {
    Deno.listen({ hostname, port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}

/** A test of the real tables. */
function linuxTest(name: string, fn: () => Promise<void> | void, needsIpv6 = false): void {
  const reason = !linux
    ? " (ignored: needs Linux's /proc)"
    : needsIpv6 && !ipv6
    ? " (ignored: this host has no IPv6)"
    : "";
  Deno.test({ name: name + reason, ignore: reason !== "", fn });
}

Deno.test("parseSocketRow() reads the 4-tuple, state, queues and inode", () => {
  assertEquals(parseSocketRow(ROWS.established), {
    tuple: {
      sourceAddress: "127.0.0.2",
      sourcePort: 51324,
      destinationAddress: "127.0.0.1",
      destinationPort: 8080,
    },
    state: "ESTABLISHED",
    receiveQueue: 256,
    sendQueue: 42,
    inode: 81069,
  });
});

Deno.test("parseSocketRow() reads rows of every width and state", () => {
  assertEquals(parseSocketRow(ROWS.listening)?.state, "LISTEN");
  assertEquals(parseSocketRow(ROWS.listening)?.tuple.sourcePort, 0);
  assertEquals(parseSocketRow(ROWS.manyRows)?.state, "CLOSE_WAIT");
  assertEquals(parseSocketRow(ROWS.manyRows)?.inode, 81070);
  assertEquals(parseSocketRow(ROWS.timeWait)?.state, "TIME_WAIT");
  assertEquals(parseSocketRow(ROWS.timeWait)?.inode, 0);
  assertEquals(parseSocketRow(ROWS.timeWait)?.tuple.sourceAddress, "198.100.51.10");
});

Deno.test("parseSocketRow() writes IPv6 in canonical form and v4-mapped as IPv4", () => {
  assertEquals(parseSocketRow(ROWS.ipv6)?.tuple, {
    sourceAddress: "::1",
    sourcePort: 51324,
    destinationAddress: "2001:db8::1",
    destinationPort: 8080,
  });
  assertEquals(parseSocketRow(ROWS.v4Mapped)?.tuple, {
    sourceAddress: "127.0.0.3",
    sourcePort: 51324,
    destinationAddress: "127.0.0.1",
    destinationPort: 8080,
  });
});

for (
  const [what, line] of [
    ["the heading", HEADING],
    ["an empty line", ""],
    ["a row cut short", ROWS.established.slice(0, 60)],
    ["an address of another length", ROWS.established.replace("0100007F", "0100007")],
    ["an address that is not hex", ROWS.established.replace("0100007F", "01GG007F")],
    ["an unknown state", ROWS.established.replace(" 01 ", " 0D ")],
    ["a port that is not hex", ROWS.established.replace("C87C", "C8-C")],
    ["a port of another length", ROWS.established.replace("C87C", "C87C0")],
    ["an address that is half hex", ROWS.established.replace("0100007F", "0100007 ")],
    ["a byte of an address that is half hex", ROWS.established.replace("0100007F", "0100007G")],
    ["a state that is half hex", ROWS.established.replace(" 01 ", " 1/ ")],
    ["a queue that is half hex", ROWS.established.replace("0000002A:", "0000002/:")],
    ["an inode that is no number", ROWS.established.replace("81069", "81x69")],
    ["queues that are not hex", ROWS.established.replace("0000002A:", "zz:")],
  ] as const
) {
  Deno.test(`parseSocketRow() returns undefined when it gets ${what}`, () => {
    assertEquals(parseSocketRow(line), undefined);
  });
}

linuxTest("visitRows() gives no rows when the table is not there", async () => {
  let rows = 0;
  assert(await visitRows("/proc/net/no-such-table", () => ++rows > 0));
  assertEquals(rows, 0);
});

Deno.test("visitRows() says so when the table cannot be read", async () => {
  assertEquals(await visitRows("/proc", () => true), false);
});

Deno.test("parseHexAddress() reads what hexAddress() writes, and nothing else", () => {
  for (const address of ["192.0.2.7", "2001:db8::7"]) {
    assertEquals(parseHexAddress(hexAddress(address)), address);
  }
  assertEquals(parseHexAddress("0100007"), undefined);
  assertEquals(parseHexAddress("01GG007F"), undefined);
});

linuxTest("visitRows() gives each row once, whole, until it is told to stop", async () => {
  const path = await Deno.makeTempFile();
  const rows = Array.from({ length: 1000 }, (_, i) => ROWS.established.replace("   1", `${i}`));
  await Deno.writeTextFile(path, [HEADING, ...rows, ""].join("\n"));
  const seen: string[] = [];
  await visitRows(path, (line) => {
    seen.push(line);
    return false;
  });
  assertEquals(seen, [HEADING, ...rows]);
  seen.length = 0;
  await visitRows(path, (line) => seen.push(line) === 3);
  assertEquals(seen.length, 3);
  await Deno.remove(path);
});

linuxTest("SocketTable.describe() throws when an address is none", () => {
  const tuple = {
    sourceAddress: "::g",
    sourcePort: 1,
    destinationAddress: "::1",
    destinationPort: 2,
  };
  assertThrows(() => new SocketTable().describe(tuple), SyntaxError);
});

Deno.test({
  name: "SocketTable.describe() returns undefined without permission to read",
  permissions: { read: false, net: true },
  fn: async () => {
    await using pair = await connect("127.0.0.1");
    assertEquals(await new SocketTable().describe(pair.tuple), undefined);
  },
});

/** One loopback connection, both ends, and its 4-tuple seen from the accepting end. */
async function connect(listenOn: string, dial = listenOn) {
  using listener = Deno.listen({ hostname: listenOn, port: 0 });
  const [accepted, client] = await Promise.all([
    listener.accept(),
    Deno.connect({ hostname: dial, port: listener.addr.port }),
  ]);
  return {
    accepted,
    client,
    tuple: fourTupleOf(accepted),
    [Symbol.asyncDispose]: () => {
      for (const conn of [accepted, client]) {
        try {
          conn.close();
        } catch {
          // The test closed it.
        }
      }
      return Promise.resolve();
    },
  };
}

/** Describes a connection until it is as wanted: what one end does, the other may see a moment later. */
async function describeUntil(
  table: SocketTable,
  tuple: FourTuple,
  wanted: (socket: KernelSocket | undefined) => boolean,
): Promise<KernelSocket | undefined> {
  let socket: KernelSocket | undefined;
  for (let attempt = 0; attempt < 100; attempt++) {
    socket = await table.describe(tuple);
    if (wanted(socket)) break;
  }
  return socket;
}

async function linkOf(descriptor: number | undefined): Promise<string> {
  return await Deno.readLink(`/proc/self/fd/${descriptor}`);
}

linuxTest(
  "SocketTable.describe() finds inode, descriptor and state of two connections",
  async () => {
    await using first = await connect("127.0.0.1");
    await using second = await connect("127.0.0.1");
    const table = new SocketTable();
    const [a, b] = await Promise.all([table.describe(first.tuple), table.describe(second.tuple)]);
    for (const socket of [a, b]) {
      assertEquals(socket?.state, "ESTABLISHED");
      assertEquals(socket?.receiveQueue, 0);
      assertEquals(socket?.sendQueue, 0);
      assertEquals(await linkOf(socket?.descriptor), `socket:[${socket?.inode}]`);
    }
    assertNotEquals(a?.descriptor, b?.descriptor);
  },
);

linuxTest(
  "SocketTable.describe() tells the two ends of a connection within one process apart",
  async () => {
    await using pair = await connect("127.0.0.1");
    const table = new SocketTable();
    const { sourceAddress, sourcePort, destinationAddress, destinationPort } = pair.tuple;
    const accepted = await table.describe(pair.tuple);
    const client = await table.describe({
      sourceAddress: destinationAddress,
      sourcePort: destinationPort,
      destinationAddress: sourceAddress,
      destinationPort: sourcePort,
    });
    assertNotEquals(accepted?.inode, client?.inode);
    assertNotEquals(accepted?.descriptor, client?.descriptor);
  },
);

linuxTest("SocketTable.describe() counts unread bytes as the receive queue", async () => {
  await using pair = await connect("127.0.0.1");
  const table = new SocketTable();
  await pair.client.write(new Uint8Array(1000));
  const unread = await describeUntil(table, pair.tuple, (socket) => socket?.receiveQueue === 1000);
  assertEquals(unread?.receiveQueue, 1000);
  await pair.accepted.read(new Uint8Array(400));
  assertEquals((await table.describe(pair.tuple))?.receiveQueue, 600);
});

linuxTest("SocketTable.describe() counts what a peer does not take as the send queue", async () => {
  await using pair = await connect("127.0.0.1");
  const written = await pair.accepted.write(new Uint8Array(8 * 2 ** 20));
  const socket = await new SocketTable().describe(pair.tuple);
  assert(socket !== undefined && socket.sendQueue > 0 && socket.sendQueue <= written);
});

linuxTest(
  "SocketTable.describe() follows the state, and has no descriptor once we closed",
  async () => {
    await using pair = await connect("127.0.0.1");
    const table = new SocketTable();
    await pair.client.closeWrite();
    const half = await describeUntil(table, pair.tuple, (socket) => socket?.state === "CLOSE_WAIT");
    assertEquals(half?.state, "CLOSE_WAIT");
    assertEquals(await linkOf(half?.descriptor), `socket:[${half?.inode}]`);

    await using other = await connect("127.0.0.1");
    assertEquals((await table.describe(other.tuple))?.state, "ESTABLISHED");
    other.accepted.close();
    const closed = await describeUntil(
      table,
      other.tuple,
      (socket) => socket?.state === "FIN_WAIT2",
    );
    assertEquals(closed, { inode: 0, state: "FIN_WAIT2", receiveQueue: 0, sendQueue: 0 });
  },
);

linuxTest("SocketTable.describe() returns undefined when there is no such connection", async () => {
  const tuple = {
    sourceAddress: "192.0.2.1",
    sourcePort: 1,
    destinationAddress: "192.0.2.2",
    destinationPort: 2,
  };
  assertEquals(await new SocketTable().describe(tuple), undefined);
});

linuxTest("SocketTable.describe() is right when a descriptor's number is used again", async () => {
  const table = new SocketTable();
  const pairs = [await connect("127.0.0.1"), await connect("127.0.0.1")];
  const before = await Promise.all(pairs.map((pair) => table.describe(pair.tuple)));
  for (const pair of pairs) await pair[Symbol.asyncDispose]();
  pairs.splice(0, 2, await connect("127.0.0.1"), await connect("127.0.0.1"));
  const after = await Promise.all(pairs.map((pair) => table.describe(pair.tuple)));
  const numbers = new Set(before.map((socket) => socket?.descriptor));
  assert(after.some((socket) => numbers.has(socket?.descriptor)), "no number was used again");
  for (const socket of after) {
    assertEquals(await linkOf(socket?.descriptor), `socket:[${socket?.inode}]`);
  }
  for (const pair of pairs) await pair[Symbol.asyncDispose]();
});

linuxTest("SocketTable.describe() shares one scan among calls at the same time", async () => {
  const pairs = await Promise.all(Array.from({ length: 50 }, () => connect("127.0.0.1")));
  const table = new SocketTable();
  const open = Deno.open;
  const readDir = Deno.readDir;
  const opened: string[] = [];
  Deno.open = (path, options) => {
    opened.push(String(path));
    return open(path, options);
  };
  Deno.readDir = (path) => {
    opened.push(String(path));
    return readDir(path);
  };
  try {
    const tuples = pairs.flatMap((pair) => [pair.tuple, pair.tuple]);
    const sockets = await Promise.all(tuples.map((tuple) => table.describe(tuple)));
    assertEquals(new Set(sockets.map((socket) => socket?.descriptor)).size, 50);
    assertEquals(opened, ["/proc/net/tcp", "/proc/self/fd"]);
    // The descriptors are remembered: the second time their links alone are read.
    opened.length = 0;
    assertEquals(await Promise.all(tuples.map((tuple) => table.describe(tuple))), sockets);
    assertEquals(opened, ["/proc/net/tcp"]);
  } finally {
    Deno.open = open;
    Deno.readDir = readDir;
    for (const pair of pairs) await pair[Symbol.asyncDispose]();
  }
});

linuxTest(
  "SocketTable.describe() answers what is asked while a scan runs with the next one",
  async () => {
    await using first = await connect("127.0.0.1");
    const table = new SocketTable();
    const open = Deno.open;
    const second = Promise.withResolvers<KernelSocket | undefined>();
    let accepted: Awaited<ReturnType<typeof connect>> | undefined;
    // The second connection comes when the first scan has begun, so that scan cannot be counted on to show it.
    Deno.open = async (path, options) => {
      Deno.open = open;
      accepted = await connect("127.0.0.1");
      second.resolve(table.describe(accepted.tuple));
      return await open(path, options);
    };
    try {
      assertEquals((await table.describe(first.tuple))?.state, "ESTABLISHED");
      assertEquals((await second.promise)?.state, "ESTABLISHED");
    } finally {
      Deno.open = open;
      await accepted?.[Symbol.asyncDispose]();
    }
  },
);

linuxTest("SocketTable.describe() finds IPv6 connections", async () => {
  await using pair = await connect("::1");
  const socket = await new SocketTable().describe(pair.tuple);
  assertEquals(socket?.state, "ESTABLISHED");
  assertEquals(await linkOf(socket?.descriptor), `socket:[${socket?.inode}]`);
}, true);

linuxTest("SocketTable.describe() finds IPv4 connections to an IPv6 listener", async () => {
  await using pair = await connect("::", "127.0.0.1");
  assertEquals(pair.tuple.sourceAddress, "127.0.0.1");
  const socket = await new SocketTable().describe(pair.tuple);
  assertEquals(socket?.state, "ESTABLISHED");
  assertEquals(await linkOf(socket?.descriptor), `socket:[${socket?.inode}]`);
}, true);
