// Runs alone: it sends signals to the process, which is that of all tests.

import { assertEquals } from "@std/assert";
import { onEndSignals } from "../../../../server/cli/command/end_signals.ts";
import { until } from "../../../helpers/events.ts";

const ignore = Deno.build.os === "windows";

Deno.test({
  name: `onEndSignals() tells the first from a later second${
    ignore ? " (ignored: Windows has no SIGTERM)" : ""
  }`,
  ignore,
  async fn() {
    const told: (number | "first")[] = [];
    const stop = onEndSignals(() => told.push("first"), (code) => told.push(code));
    const { now } = performance;
    try {
      // Not SIGINT, which the test runner listens to as well.
      Deno.kill(Deno.pid, "SIGTERM");
      await until("the first has come", () => told.length === 1);
      performance.now = () => now.call(performance) + 2_000;
      Deno.kill(Deno.pid, "SIGTERM");
      await until("the second has come", () => told.length === 2);
      assertEquals(told, ["first", 143]);
    } finally {
      performance.now = now;
      stop();
    }
  },
});
