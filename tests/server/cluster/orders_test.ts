import { assertEquals } from "@std/assert";
import { mergeOrders } from "../../../server/cluster/orders.ts";

Deno.test("mergeOrders() keeps what was ordered before, and lets the newer order win", () => {
  const certificate = { cert: "C", key: "K" };
  const first = mergeOrders({}, { changes: { limits: { missedPings: 3, handshakes: 5 } } });
  const second = mergeOrders(first, { logLevel: "debug" });
  const third = mergeOrders(second, { changes: { certificate } });
  const fourth = mergeOrders(third, { changes: { limits: { missedPings: null, connections: 7 } } });
  assertEquals(second, {
    logLevel: "debug",
    changes: { limits: { missedPings: 3, handshakes: 5 } },
  });
  assertEquals(fourth, {
    logLevel: "debug",
    changes: { certificate, limits: { missedPings: null, handshakes: 5, connections: 7 } },
  });
});

Deno.test("mergeOrders() changes nothing where nobody has ordered changes", () => {
  assertEquals(mergeOrders({ logLevel: "info" }, { logLevel: "error" }), { logLevel: "error" });
});
