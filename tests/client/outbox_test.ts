import { assertEquals, assertThrows } from "@std/assert";
import { Outbox, OUTBOX_BYTES } from "../../client/outbox.js";
import type { Data } from "../../client/reconnecting_mod.ts";

/** What an outbox counts for a message beside its payload. */
const ENTRY = 64;

const KEPT = { kept: true, dropped: [] as Data[] };

Deno.test("MessageSequencer hands over in order when it is taken, and is empty then", () => {
  const outbox = new Outbox();
  for (const data of ["a", "b", "c"]) assertEquals(outbox.add(data), KEPT);
  assertEquals([...outbox.take()], ["a", "b", "c"]);
  assertEquals([[...outbox.take()], outbox.bytes], [[], 0]);
});

Deno.test("MessageSequencer counts bytes, not characters, and each message", () => {
  const outbox = new Outbox();
  outbox.add("é");
  outbox.add("");
  outbox.add(new Uint8Array(3));
  outbox.add(new Uint8Array(5).buffer);
  outbox.add(new Blob(["1234567"]));
  assertEquals(outbox.bytes, 5 * ENTRY + 2 + 0 + 3 + 5 + 7);
});

Deno.test("MessageSequencer rejects what does not fit when its policy is reject", () => {
  const outbox = new Outbox(2 * ENTRY + 2);
  assertEquals(outbox.add("a"), KEPT);
  assertEquals(outbox.add("bb"), { kept: false, dropped: [] });
  assertEquals(outbox.add("b"), KEPT);
  assertEquals([...outbox.take()], ["a", "b"]);
});

Deno.test("MessageSequencer drops what does not fit when its policy is drop-newest", () => {
  const outbox = new Outbox(ENTRY + 1, "drop-newest");
  assertEquals(outbox.add("a"), KEPT);
  assertEquals(outbox.add("b"), { kept: false, dropped: ["b"] });
  assertEquals([...outbox.take()], ["a"]);
});

Deno.test("MessageSequencer drops what waited longest when its policy is drop-oldest", () => {
  const outbox = new Outbox(3 * ENTRY + 3, "drop-oldest");
  for (const data of ["a", "b", "c"]) outbox.add(data);
  assertEquals(outbox.add("dd"), { kept: true, dropped: ["a", "b"] });
  assertEquals([...outbox.take()], ["c", "dd"]);
});

Deno.test("MessageSequencer drops nothing for a message that never fits", () => {
  const outbox = new Outbox(ENTRY + 1, "drop-oldest");
  outbox.add("a");
  assertEquals(outbox.add("bb"), { kept: false, dropped: ["bb"] });
  assertEquals([...outbox.take()], ["a"]);
});

Deno.test("MessageSequencer keeps nothing when it may hold nothing", () => {
  assertEquals(new Outbox(0).add(""), { kept: false, dropped: [] });
});

Deno.test("MessageSequencer keeps what a buffer held when it was given", () => {
  const outbox = new Outbox();
  const bytes = Uint8Array.of(0, 1, 2, 3);
  outbox.add(bytes.subarray(1, 3));
  outbox.add(bytes.buffer);
  bytes.fill(9);
  const [view, buffer] = outbox.take();
  assertEquals(new Uint8Array(view as ArrayBuffer), Uint8Array.of(1, 2));
  assertEquals(new Uint8Array(buffer as ArrayBuffer), Uint8Array.of(0, 1, 2, 3));
});

Deno.test("MessageSequencer forgets when it is cleared", () => {
  const outbox = new Outbox(ENTRY + 1);
  outbox.add("a");
  outbox.clear();
  assertEquals([outbox.bytes, [...outbox.take()]], [0, []]);
  assertEquals(outbox.add("b"), KEPT);
});

Deno.test("MessageSequencer refuses a bound and a policy that make no sense", () => {
  for (const bytes of [-1, 0.5, NaN, Infinity]) {
    assertThrows(
      () => new Outbox(bytes),
      RangeError,
      `Outbox must hold an integer of bytes from 0 on: received ${bytes}`,
    );
  }
  assertThrows(
    () => new Outbox(OUTBOX_BYTES, "wait" as "reject"),
    RangeError,
    'Outbox must have one of the policies reject, drop-oldest, drop-newest: received "wait"',
  );
});
