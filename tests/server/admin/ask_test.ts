import { assertEquals, assertRejects } from "@std/assert";
import { ask } from "../../../server/admin/ask.ts";
import { Problem } from "../../../server/admin/problem.ts";

async function statusOf(answer: Promise<unknown>, timeout?: number): Promise<number> {
  return (await assertRejects(() => ask(answer, timeout), Problem) as Problem).status;
}

Deno.test("ask() gives the answer", async () => {
  assertEquals(await ask(Promise.resolve(5)), 5);
});

Deno.test("ask() makes problems of what the server does not take", async () => {
  assertEquals(await statusOf(Promise.reject(new SyntaxError("No 4-tuple"))), 400);
  assertEquals(await statusOf(Promise.reject(new RangeError("No port"))), 400);
  assertEquals(await statusOf(Promise.reject(new Deno.errors.Busy("Full"))), 429);
  assertEquals(await statusOf(Promise.reject(new Deno.errors.TimedOut("Nobody"))), 503);
});

Deno.test("ask() gives up with 503 when no answer comes", async () => {
  assertEquals(await statusOf(new Promise(() => {}), 1), 503);
});

Deno.test("ask() leaves faults as they are", async () => {
  await assertRejects(() => ask(Promise.reject(new TypeError("a bug"))), TypeError, "a bug");
});
