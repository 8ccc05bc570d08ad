import { assert, assertEquals } from "@std/assert";
import { watch } from "../../../server/scale/watch.ts";
import { Events } from "../../helpers/events.ts";

Deno.test("watch() looks again and again until it is ended", async () => {
  const looks = new Events<number>();
  let count = 0;
  const watching = watch(() => Promise.resolve(looks.push(++count)), 0, 0);
  for (const expected of [1, 2, 3]) assertEquals(await looks.next(), expected);
  await watching.end();
  const { length } = looks.all;
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(looks.all.length, length);
});

Deno.test("watch() ends without waiting for its pause, but for a look that is under way", async () => {
  const look = Promise.withResolvers<void>();
  let looked = false;
  const watching = watch(() => look.promise.then(() => void (looked = true)), 600_000, 0);
  const ended = watching.end();
  assertEquals(looked, false);
  look.resolve();
  await ended;
  assert(looked);
});
