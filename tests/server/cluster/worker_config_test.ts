import { assertEquals } from "@std/assert";
import { mergeWorkerConfig } from "../../../server/cluster/worker_config.ts";

Deno.test("mergeWorkerConfig() keeps what was ordered before, and lets the newer order win", () => {
  const certificate = { cert: "C", key: "K" };
  const first = mergeWorkerConfig({}, { changes: { limits: { missedPings: 3, handshakes: 5 } } });
  const second = mergeWorkerConfig(first, { logLevel: "debug" });
  const third = mergeWorkerConfig(second, { changes: { certificate } });
  const fourth = mergeWorkerConfig(third, {
    changes: { limits: { missedPings: null, connections: 7 } },
  });
  assertEquals(second, {
    logLevel: "debug",
    changes: { limits: { missedPings: 3, handshakes: 5 } },
  });
  assertEquals(fourth, {
    logLevel: "debug",
    changes: { certificate, limits: { missedPings: null, handshakes: 5, connections: 7 } },
  });
});

Deno.test("mergeWorkerConfig() changes nothing where nobody has ordered changes", () => {
  assertEquals(mergeWorkerConfig({ logLevel: "info" }, { logLevel: "error" }), {
    logLevel: "error",
  });
});
