import { assertEquals, assertRejects } from "@std/assert";
import { ask, askAll } from "../../../server/cluster/ask.ts";

/** Longer than a test takes. */
const LONG = 60_000;

Deno.test("ask() gives the answer, or nothing of who fails or is late", async () => {
  assertEquals(await ask(Promise.resolve(undefined), LONG), { answer: undefined });
  assertEquals(await ask(Promise.reject(new Error("gone")), LONG), undefined);
  assertEquals(await ask(new Promise(() => {}), 0), undefined);
});

Deno.test("ask() throws what says that the question is wrong", async () => {
  for (const kind of [RangeError, SyntaxError, TypeError, Deno.errors.Busy]) {
    await assertRejects(() => ask(Promise.reject(new kind("no")), LONG), kind, "no");
  }
});

Deno.test("askAll() gives answers in the order of the workers, and says who gave none", async () => {
  const workers = [{ worker: 3 }, { worker: 4 }, { worker: 7 }];
  const first = Promise.withResolvers<void>();
  const { answers, missing } = await askAll(workers, async ({ worker }) => {
    if (worker === 3) await first.promise;
    if (worker === 4) throw new Error("gone");
    first.resolve();
    return -worker;
  }, LONG);
  assertEquals(answers, [{ worker: 3, answer: -3 }, { worker: 7, answer: -7 }]);
  assertEquals(missing, [4]);
});
