import { assert, assertEquals } from "@std/assert";
import { ReadAhead } from "../../../server/connection/read_ahead.ts";

const MIB = 1_048_576;

/** Adds a message that came in one frame, and is of so many bytes. */
function add(ahead: ReadAhead, length: number, came = length): void {
  ahead.count(came);
  ahead.add(length, () => undefined);
}

Deno.test("ReadAhead.next() gives the messages in order, and empty tells when all were given", async () => {
  const ahead = new ReadAhead();
  const handed: number[] = [];
  assertEquals(ahead.empty, undefined);
  for (const at of [1, 2]) ahead.add(1, () => void handed.push(at));
  let empty = false;
  const { empty: promise } = ahead;
  promise!.then(() => empty = true);
  ahead.next()!();
  await Promise.resolve();
  assertEquals([handed, empty], [[1], false]);
  ahead.next()!();
  await promise;
  assertEquals([handed, ahead.next(), ahead.empty], [[1, 2], undefined, undefined]);
});

for (
  const [what, length, came, fits] of [
    ["bytes", 30_000, 30_000, 2],
    ["the frames of empty messages", 0, 0, 255],
    ["what small messages inflate to", 32_767, 10, 2],
  ] as const
) {
  Deno.test(`ReadAhead.room bounds ${what}, and tells when there is room again`, async () => {
    const ahead = new ReadAhead();
    for (let count = 0; count < fits; count++) {
      add(ahead, length, came);
      assertEquals(ahead.room, undefined);
    }
    add(ahead, length, came);
    const { room } = ahead;
    assertEquals(room instanceof Promise, true);
    ahead.next();
    await room;
    assertEquals(ahead.room, undefined);
  });
}

Deno.test("ReadAhead.room bounds a message that is not whole, until nothing is read ahead", async () => {
  const ahead = new ReadAhead();
  ahead.count(65_536);
  const { room } = ahead;
  assert(room !== undefined);
  ahead.end();
  await room;
  assertEquals(ahead.room, undefined);
});

Deno.test("ReadAhead.end() lets what waits go", async () => {
  const ahead = new ReadAhead();
  add(ahead, 1);
  const { empty } = ahead;
  assert(empty !== undefined);
  ahead.end();
  await empty;
  assertEquals(ahead.next(), undefined);
});

Deno.test("ReadAhead.room bounds what a process reads ahead, and counts what may be inflated", () => {
  const others = Array.from({ length: 63 }, () => new ReadAhead());
  for (const other of others) add(other, MIB, 1_024); // inflated: little came
  const inflating = new ReadAhead();
  const ahead = new ReadAhead();
  try {
    assertEquals(ahead.room, undefined);
    inflating.count(1_024, MIB);
    inflating.count(1_024, MIB); // of the same message
    assert(ahead.room !== undefined);
    inflating.add(2_048, () => undefined);
    assertEquals(ahead.room, undefined); // it did not become large
    add(inflating, MIB);
    assert(ahead.room !== undefined);
    others[0]!.next();
    assertEquals(ahead.room, undefined);
  } finally {
    for (const each of [...others, inflating, ahead]) each.end();
  }
});

Deno.test("ReadAhead.end() gives back what was kept for a message that is being inflated", () => {
  const ahead = new ReadAhead();
  for (let i = 0; i < 2; i++) {
    const other = new ReadAhead();
    other.count(1_024, Number.MAX_SAFE_INTEGER);
    assert(ahead.room !== undefined);
    other.end();
    assertEquals(ahead.room, undefined);
  }
});
