import { assert, assertEquals } from "@std/assert";
import { mayReadHost } from "../../../server/host/host_reader.ts";
import {
  countConnections,
  parseSlabinfo,
  readKernelMemory,
  TupleCounter,
} from "../../../server/scale/kernel.ts";

/** 127.0.0.1:8080 as both tables write it. */
const V4 = "0100007F:1F90";
const V6 = "0000000000000000FFFF00000100007F:1F90";

/** One row as the kernel writes it. */
function row(local: string, remote: string, state: string, inode: number): string {
  return `   7: ${local} ${remote} ${state} 00000000:00000000 02:00000A12 00000000  1000        0 ` +
    `${inode} 2 0000000000000000 20 4 30 10 -1`;
}

function count(...rows: string[]) {
  const counter = new TupleCounter(["127.0.0.1", "127.0.0.2", "127.0.0.3", "::1"], 8080);
  for (const line of rows) counter.add(line);
  return counter.count;
}

Deno.test("TupleCounter counts the server's ends of established connections", () => {
  assertEquals(
    count(
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
      row(V4, "00000000:0000", "0A", 100), // LISTEN
      row(V4, "0200007F:8000", "01", 101), // from 127.0.0.2:32768
      row(V4, "0300007F:8000", "01", 102), // from 127.0.0.3, the same source port
      row(V4, "0300007F:8001", "01", 103),
      row(V4, "0300007F:8002", "06", 0), // TIME_WAIT
      row("0200007F:8000", V4, "01", 104), // the client's end of the first
      row("0100007F:1F91", "0200007F:8000", "01", 105), // another server
    ),
    {
      connections: 3,
      fourTuples: 3,
      serverPorts: 1,
      sourceAddresses: 2,
      destinationAddresses: 1,
      sharedPort: { port: 32_768, uses: 2 },
    },
  );
});

Deno.test("TupleCounter tells destination addresses apart", () => {
  const { fourTuples, destinationAddresses, sharedPort } = count(
    row("0200007F:1F90", "0100007F:8000", "01", 1),
    row("0300007F:1F90", "0100007F:8000", "01", 2),
  );
  assertEquals([fourTuples, destinationAddresses, sharedPort.uses], [2, 2, 2]);
});

Deno.test("TupleCounter leaves out a client elsewhere whose source port has the server's number", () => {
  const counter = new TupleCounter(["127.0.0.1"], 8080);
  counter.add(row("0900007F:1F90", "0500007F:0050", "01", 1)); // 127.0.0.9 to some server
  counter.add(row(V6, "0000000000000000FFFF00000200007F:8001", "01", 2));
  const { connections, fourTuples, destinationAddresses } = counter.count;
  assertEquals([connections, fourTuples, destinationAddresses], [1, 1, 1]);
});

Deno.test("TupleCounter counts a row that the kernel shows twice once", () => {
  const twice = row(V4, "0200007F:8000", "01", 101);
  const { connections, fourTuples, sharedPort } = count(twice, twice);
  assertEquals([connections, fourTuples, sharedPort.uses], [1, 1, 1]);
});

Deno.test("TupleCounter counts a connection that waits for accept as a 4-tuple alone", () => {
  const { connections, fourTuples } = count(row(V4, "0200007F:8000", "01", 0));
  assertEquals([connections, fourTuples], [0, 1]);
});

Deno.test("TupleCounter takes the rows of IPv6, and IPv4 in them as IPv4", () => {
  const { fourTuples, sourceAddresses, destinationAddresses } = count(
    row(V4, "0200007F:8000", "01", 1),
    row(V6, "0000000000000000FFFF00000200007F:8001", "01", 2),
    row(
      "00000000000000000000000001000000:1F90",
      "00000000000000000000000001000000:8000",
      "01",
      3,
    ),
  );
  assertEquals([fourTuples, sourceAddresses, destinationAddresses], [3, 2, 2]);
});

Deno.test("TupleCounter has nothing to say without rows", () => {
  assertEquals(count().sharedPort, { port: 0, uses: 0 });
});

const LINUX = mayReadHost();
const ignore = !LINUX;

Deno.test({
  name: `countConnections() counts connections to a port of this host${LINUX ? "" : ": no Linux"}`,
  ignore,
  async fn() {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    const clients = await Promise.all([1, 2, 3].map(() => Deno.connect({ port })));
    const conns = await Promise.all([1, 2, 3].map(() => listener.accept()));
    const counted = await countConnections(["127.0.0.1"], port);
    for (const conn of [...clients, ...conns]) conn.close();
    assertEquals([counted?.connections, counted?.fourTuples, counted?.serverPorts], [3, 3, 1]);
    assertEquals((await countConnections(["127.0.0.2"], port))?.connections, 0);
  },
});

Deno.test({
  name: `readKernelMemory() reads what this host tells${LINUX ? "" : ": no Linux"}`,
  ignore,
  async fn() {
    const { sockets, buffers, slab } = await readKernelMemory(4096);
    assert(sockets! >= 0 && buffers! >= 0);
    assert(slab! > 1_000_000, "the kernel has objects of its own");
    assertEquals((await readKernelMemory(undefined)).buffers, undefined);
  },
});

Deno.test("parseSlabinfo() shares the pages of a slab out among its objects", () => {
  const text = `slabinfo - version: 2.1
# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>
TCP                 2236   2236   2368   13    8 : tunables    0    0    0 : slabdata    172    172      0
tw_sock_TCP        10608  10608    256   16    1 : tunables    0    0    0 : slabdata    663    663      0
filp                3045   3045    192   21    1 : tunables    0    0    0 : slabdata    145    145      0
`;
  assertEquals(parseSlabinfo(text, 4096), { TCP: 2_521, filp: 195 });
  assertEquals(parseSlabinfo("", 4096), {});
});
