import { assertEquals } from "@std/assert";
import { perConnection, type SideFigures } from "../../../server/scale/per_connection.ts";

const BEFORE: SideFigures = {
  server: { processes: 2, resident: 100_000_000, heapUsed: 20_000_000 },
  clients: { processes: 2, resident: 90_000_000 },
};

const NOW: SideFigures = {
  server: { processes: 2, resident: 110_000_000, heapUsed: 23_000_000 },
  clients: { processes: 2, resident: 95_000_000 },
};

const KERNEL = { slab: 208_000_000, objects: { TCP: 2_500, sock_inode_cache: 1_000, filp: 500 } };

Deno.test("perConnection() divides the growth, and adds up the kernel's objects of one end", () => {
  assertEquals(perConnection(1_000, BEFORE, NOW, KERNEL), {
    server: 10_000,
    serverHeap: 3_000,
    client: 5_000,
    kernel: 4_000,
    serverWithKernel: 14_000,
  });
});

Deno.test("perConnection() leaves out what was not read", () => {
  const { resident: _, ...server } = NOW.server!;
  assertEquals(
    perConnection(1_000, BEFORE, { server, clients: { processes: 2 } }, { slab: 1 }),
    { serverHeap: 3_000 },
  );
  const { clients } = NOW;
  assertEquals(perConnection(1_000, BEFORE, { clients }, KERNEL), { client: 5_000, kernel: 4_000 });
});

Deno.test("perConnection() says nothing of few connections, and never less than nothing", () => {
  assertEquals(perConnection(99, BEFORE, NOW, KERNEL), {});
  assertEquals(perConnection(1_000, NOW, BEFORE, KERNEL).server, 0);
});
