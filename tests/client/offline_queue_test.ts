import { assertEquals, assertThrows } from "@std/assert";
import { OFFLINE_QUEUE_BYTES, OfflineQueue } from "../../client/offline_queue.js";
import type { Data } from "../../client/reconnecting_mod.ts";

/** The bytes that a queue counts for a message beside its payload. */
const ENTRY = 64;

const KEPT = { kept: true, dropped: [] as Data[] };

Deno.test("MessageSequencer hands over in order when it is taken, and is empty then", () => {
  const queue = new OfflineQueue();
  for (const data of ["a", "b", "c"]) assertEquals(queue.add(data), KEPT);
  assertEquals([...queue.take()], ["a", "b", "c"]);
  assertEquals([[...queue.take()], queue.bytes], [[], 0]);
});

Deno.test("MessageSequencer counts bytes, not characters, and each message", () => {
  const queue = new OfflineQueue();
  queue.add("é");
  queue.add("");
  queue.add(new Uint8Array(3));
  queue.add(new Uint8Array(5).buffer);
  queue.add(new Blob(["1234567"]));
  assertEquals(queue.bytes, 5 * ENTRY + 2 + 0 + 3 + 5 + 7);
});

Deno.test("MessageSequencer rejects what does not fit when its policy is reject", () => {
  const queue = new OfflineQueue(2 * ENTRY + 2);
  assertEquals(queue.add("a"), KEPT);
  assertEquals(queue.add("bb"), { kept: false, dropped: [] });
  assertEquals(queue.add("b"), KEPT);
  assertEquals([...queue.take()], ["a", "b"]);
});

Deno.test("MessageSequencer drops what does not fit when its policy is drop-newest", () => {
  const queue = new OfflineQueue(ENTRY + 1, "drop-newest");
  assertEquals(queue.add("a"), KEPT);
  assertEquals(queue.add("b"), { kept: false, dropped: ["b"] });
  assertEquals([...queue.take()], ["a"]);
});

Deno.test("MessageSequencer drops what waited longest when its policy is drop-oldest", () => {
  const queue = new OfflineQueue(3 * ENTRY + 3, "drop-oldest");
  for (const data of ["a", "b", "c"]) queue.add(data);
  assertEquals(queue.add("dd"), { kept: true, dropped: ["a", "b"] });
  assertEquals([...queue.take()], ["c", "dd"]);
});

Deno.test("MessageSequencer drops nothing for a message that never fits", () => {
  const queue = new OfflineQueue(ENTRY + 1, "drop-oldest");
  queue.add("a");
  assertEquals(queue.add("bb"), { kept: false, dropped: ["bb"] });
  assertEquals([...queue.take()], ["a"]);
});

Deno.test("MessageSequencer keeps nothing when it may hold nothing", () => {
  assertEquals(new OfflineQueue(0).add(""), { kept: false, dropped: [] });
});

Deno.test("MessageSequencer keeps what a buffer held when it was given", () => {
  const queue = new OfflineQueue();
  const bytes = Uint8Array.of(0, 1, 2, 3);
  queue.add(bytes.subarray(1, 3));
  queue.add(bytes.buffer);
  bytes.fill(9);
  const [view, buffer] = queue.take();
  assertEquals(new Uint8Array(view as ArrayBuffer), Uint8Array.of(1, 2));
  assertEquals(new Uint8Array(buffer as ArrayBuffer), Uint8Array.of(0, 1, 2, 3));
});

Deno.test("MessageSequencer forgets when it is cleared", () => {
  const queue = new OfflineQueue(ENTRY + 1);
  queue.add("a");
  queue.clear();
  assertEquals([queue.bytes, [...queue.take()]], [0, []]);
  assertEquals(queue.add("b"), KEPT);
});

Deno.test("MessageSequencer refuses a bound and a policy that make no sense", () => {
  for (const bytes of [-1, 0.5, NaN, Infinity]) {
    assertThrows(
      () => new OfflineQueue(bytes),
      RangeError,
      `Outbox must hold an integer of bytes from 0 on: received ${bytes}`,
    );
  }
  assertThrows(
    () => new OfflineQueue(OFFLINE_QUEUE_BYTES, "wait" as "reject"),
    RangeError,
    'Outbox must have one of the policies reject, drop-oldest, drop-newest: received "wait"',
  );
});
