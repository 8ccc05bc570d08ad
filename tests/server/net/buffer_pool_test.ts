import { assert, assertEquals, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import {
  BufferPool,
  MAX_BUFFER_BYTES,
  MIN_BUFFER_BYTES,
  WAITING_BUFFER_BYTES,
} from "../../../server/net/buffer_pool.ts";

Deno.test("BufferPool.acquire() lends the smallest size that is enough", () => {
  const pool = new BufferPool();
  const wanted = [0, 1, 1_024, 1_025, 4_096, 4_097, 16_384, 16_385, 65_536, 65_537, 262_144];
  assertEquals(
    wanted.map((bytes) => pool.acquire(bytes).length),
    [1_024, 1_024, 1_024, 4_096, 4_096, 16_384, 16_384, 65_536, 65_536, 262_144, 262_144],
  );
  assertEquals([MIN_BUFFER_BYTES, MAX_BUFFER_BYTES], [1_024, 262_144]);
});

Deno.test("BufferPool.acquire() lends what was released, each buffer to one only", () => {
  const pool = new BufferPool();
  const [first, second] = [pool.acquire(4_096), pool.acquire(4_096)];
  assertNotStrictEquals(first, second);
  pool.release(first);
  pool.release(second);
  const again = new Set([pool.acquire(1_025), pool.acquire(1_025), pool.acquire(1_025)]);
  assertEquals(again.size, 3);
  assert(again.has(first) && again.has(second));
  assertNotStrictEquals(pool.acquire(1_024), first, "sizes do not mix");
});

Deno.test("BufferPool.acquire() above the largest size lends exactly that and keeps none of it", () => {
  const pool = new BufferPool();
  const large = pool.acquire(MAX_BUFFER_BYTES + 1);
  assertEquals(large.length, MAX_BUFFER_BYTES + 1);
  pool.release(large);
  assertNotStrictEquals(pool.acquire(MAX_BUFFER_BYTES + 1), large);
});

Deno.test("BufferPool.release() keeps no more than 4 MiB of a size", () => {
  const pool = new BufferPool();
  const buffers = Array.from({ length: 20 }, () => pool.acquire(MAX_BUFFER_BYTES));
  for (const buffer of buffers) pool.release(buffer);
  const again = Array.from({ length: 20 }, () => pool.acquire(MAX_BUFFER_BYTES));
  assertEquals(new Set(again).size, 20);
  assertEquals(again.filter((buffer) => buffers.includes(buffer)).length, 16);
});

Deno.test("BufferPool.acquireWaiting() cuts buffers that do not overlap from slabs", () => {
  const pool = new BufferPool();
  const buffers = Array.from({ length: 1_100 }, () => pool.acquireWaiting());
  const places = new Map<ArrayBuffer, Set<number>>();
  for (const buffer of buffers) {
    assertEquals(buffer.length, WAITING_BUFFER_BYTES);
    assertEquals(buffer.byteOffset % WAITING_BUFFER_BYTES, 0);
    const slab = places.get(buffer.buffer) ?? new Set();
    places.set(buffer.buffer, slab.add(buffer.byteOffset));
  }
  assertEquals([...places.values()].map(({ size }) => size), [1_024, 76]);
});

Deno.test("BufferPool.releaseWaiting() gives a buffer to the next who waits", () => {
  const pool = new BufferPool();
  const buffer = pool.acquireWaiting();
  pool.releaseWaiting(buffer);
  assertStrictEquals(pool.acquireWaiting(), buffer);
  assertNotStrictEquals(pool.acquireWaiting(), buffer);
});
