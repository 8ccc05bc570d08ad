// Runs alone: it sends signals to the process, which is that of all tests.

import { assertEquals, assertRejects } from "@std/assert";
import { runUntilSignal } from "../../../../server/cli/command/run_until_signal.ts";
import { until } from "../../../helpers/events.ts";

const ignore = Deno.build.os === "windows";
const named = (name: string): string => ignore ? `${name} (ignored: Windows has no SIGTERM)` : name;

/** Not SIGINT, which the test runner listens to as well. */
function signal(): void {
  Deno.kill(Deno.pid, "SIGTERM");
}

/** Resolves when it is aborted; a listener for signals alone keeps no program running. */
async function aborted(signal: AbortSignal): Promise<void> {
  await until("the signal has come", () => signal.aborted);
}

Deno.test("runUntilSignal() returns what was run, or fails as it does", async () => {
  assertEquals(await runUntilSignal(() => Promise.resolve({ a: 1 })), { a: 1 });
  await assertRejects(
    () => runUntilSignal(() => Promise.reject(new Error("Failed"))),
    Error,
    "Failed",
  );
});

Deno.test({
  name: named("runUntilSignal() lets what runs end, and takes two signals at once for one"),
  ignore,
  async fn() {
    let firsts = 0;
    const result = await runUntilSignal(async (stop) => {
      signal();
      await aborted(stop);
      signal();
      // Signals come in order: this one is there after that one.
      const later = Promise.withResolvers<void>();
      Deno.addSignalListener("SIGUSR1", later.resolve);
      Deno.kill(Deno.pid, "SIGUSR1");
      const running = setInterval(() => {}, 1_000);
      await later.promise;
      clearInterval(running);
      Deno.removeSignalListener("SIGUSR1", later.resolve);
      return { ended: true };
    }, () => firsts++);
    assertEquals([result, firsts], [{ ended: true }, 1]);
  },
});

Deno.test({
  name: named("runUntilSignal() gives up at a second signal more than a second later"),
  ignore,
  async fn() {
    const { now } = performance;
    try {
      const running = setInterval(() => {}, 1_000);
      const code = await runUntilSignal(async (stop) => {
        signal();
        await aborted(stop);
        performance.now = () => now.call(performance) + 2_000;
        signal();
        return await new Promise<object>(() => {});
      });
      clearInterval(running);
      assertEquals(code, 143);
    } finally {
      performance.now = now;
    }
  },
});
