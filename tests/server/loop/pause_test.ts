import { assertEquals } from "@std/assert";
import { pause } from "../../../server/loop/pause.ts";

Deno.test("pause() ends when its time is over", async () => {
  await pause(1, new AbortController().signal);
});

Deno.test("pause() ends when it is aborted, before or meanwhile", async () => {
  await pause(600_000, AbortSignal.abort());
  const abort = new AbortController();
  let over = false;
  const pausing = pause(600_000, abort.signal).then(() => over = true);
  await Promise.resolve();
  assertEquals(over, false);
  abort.abort();
  await pausing;
});
