import { assertEquals } from "@std/assert";
import { ReadAhead } from "../../server/read_ahead.ts";

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
  ahead.end();
  await room;
});

Deno.test("ReadAhead.end() lets what waits go", async () => {
  const ahead = new ReadAhead();
  add(ahead, 1);
  const { empty } = ahead;
  ahead.end();
  await empty;
  assertEquals(ahead.next(), undefined);
});
