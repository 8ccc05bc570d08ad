import { assertEquals } from "@std/assert";
import { WatchedReader } from "../../../server/http/watched_reader.ts";
import { BufferPool } from "../../../server/net/buffer_pool.ts";
import { MemoryTransport, settled } from "../../helpers/memory_transport.ts";

Deno.test("WatchedReader.watch() tells of FIN and of a broken connection, after which there is nothing to read", async () => {
  for (const end of [null, new Deno.errors.ConnectionReset("Reset")]) {
    const transport = new MemoryTransport();
    const reader = new WatchedReader(transport, new BufferPool());
    let ended = 0;
    reader.watch(() => void ended++);
    const read = reader.read(new Uint8Array(8));
    await settled();
    assertEquals([ended, transport.reads.length], [0, 1]);
    transport.arrive(end);
    assertEquals([await read, ended, transport.reads.length], [null, 1, 1]);
  }
});

Deno.test("WatchedReader.watch() keeps what comes instead for the next reader, and reads no more", async () => {
  const transport = new MemoryTransport(Uint8Array.of(1, 2, 3), Uint8Array.of(4));
  const reader = new WatchedReader(transport, new BufferPool());
  reader.watch(() => {
    throw new Error("It has not ended");
  });
  await settled();
  assertEquals(transport.reads.length, 1);
  const buffer = new Uint8Array(2);
  assertEquals([await reader.read(buffer), [...buffer]], [2, [1, 2]]);
  assertEquals([await reader.read(buffer), buffer[0]], [1, 3]);
  assertEquals([await reader.read(buffer), buffer[0]], [1, 4]);
});

Deno.test("WatchedReader reads through where it does not watch", async () => {
  const transport = new MemoryTransport(Uint8Array.of(1), null);
  const reader = new WatchedReader(transport, new BufferPool());
  const buffer = new Uint8Array(2);
  assertEquals([await reader.read(buffer), await reader.read(buffer)], [1, null]);
  await reader.closeWrite();
  assertEquals(transport.ends, ["closeWrite"]);
});
