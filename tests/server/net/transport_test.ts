import { assertEquals, assertRejects } from "@std/assert";
import { BufferPool } from "../../../server/net/buffer_pool.ts";
import { closeQuietly, linger, writeAll } from "../../../server/net/transport.ts";
import { MemoryTransport, settled } from "../../helpers/memory_transport.ts";

const BYTES = Uint8Array.of(1, 2, 3, 4, 5, 6, 7);

Deno.test("writeAll() writes on until all is taken", async () => {
  const transport = new MemoryTransport();
  transport.most = 3;
  let progress = 0;
  await writeAll(transport, BYTES, () => progress++);
  assertEquals(transport.writes.map(({ length }) => length), [3, 3, 1]);
  assertEquals(transport.written, BYTES);
  assertEquals(progress, 3);
});

Deno.test("writeAll() writes once when all is taken at once, and nothing of nothing", async () => {
  const transport = new MemoryTransport();
  await writeAll(transport, BYTES);
  await writeAll(transport, new Uint8Array(0));
  assertEquals(transport.writes, [BYTES]);
});

Deno.test("writeAll() rejects when the transport breaks in the middle", async () => {
  const transport = new MemoryTransport();
  transport.blocked = true;
  const done = writeAll(transport, BYTES);
  transport.letThrough(2);
  await settled();
  transport.fail(new Deno.errors.BrokenPipe("Broken"));
  await assertRejects(() => done, Deno.errors.BrokenPipe);
  assertEquals(transport.written, BYTES.subarray(0, 2));
});

Deno.test("closeQuietly() closes, and does nothing the second time", () => {
  const transport = new MemoryTransport();
  closeQuietly(transport);
  closeQuietly(transport);
  assertEquals(transport.ends, ["close"]);
});

Deno.test("linger() sends FIN and reads until the peer's", async () => {
  const transport = new MemoryTransport(BYTES, BYTES, null, BYTES);
  await linger(transport, new BufferPool(), { maxBytes: 1_000 });
  assertEquals(transport.ends, ["closeWrite"]);
  assertEquals(transport.reads.length, 3);
});

Deno.test("linger() takes no more than its bound", async () => {
  const transport = new MemoryTransport(...Array.from({ length: 10 }, () => new Uint8Array(10)));
  await linger(transport, new BufferPool(), { maxBytes: 20 });
  assertEquals(transport.reads.length, 2);
  await linger(transport, new BufferPool(), { maxBytes: 21 });
  assertEquals(transport.reads.length, 5);
});

Deno.test("linger() reads nothing when it may not", async () => {
  const transport = new MemoryTransport(BYTES);
  await linger(transport, new BufferPool(), { maxBytes: 0 });
  assertEquals([transport.ends, transport.reads], [["closeWrite"], []]);
});

Deno.test("linger() ends when the peer resets the connection", async () => {
  const transport = new MemoryTransport(BYTES, new Deno.errors.ConnectionReset("Reset"));
  await linger(transport, new BufferPool(), { maxBytes: 1_000 });
  assertEquals(transport.reads.length, 2);
});

Deno.test("linger() ends when the transport is broken already, or closed meanwhile", async () => {
  const broken = new MemoryTransport(BYTES);
  broken.fail(new Deno.errors.BrokenPipe("Broken"));
  await linger(broken, new BufferPool(), { maxBytes: 1_000 });
  assertEquals(broken.reads, []);
  const silent = new MemoryTransport();
  const lingering = linger(silent, new BufferPool(), { maxBytes: 1_000 });
  await settled();
  silent.close();
  await lingering;
  assertEquals(silent.ends, ["closeWrite", "close"]);
});
