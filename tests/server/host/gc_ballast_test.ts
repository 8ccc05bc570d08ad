// Runs alone: it measures the memory of the process.

import { assertEquals } from "@std/assert";
import { ballastBytes, takeBallast } from "../../../server/host/gc_ballast.ts";

Deno.test("takeBallast() has the runtime count many bytes, once, that take no memory", () => {
  assertEquals(ballastBytes(), 0);
  const before = Deno.memoryUsage();
  takeBallast();
  takeBallast();
  const after = Deno.memoryUsage();
  assertEquals(ballastBytes(), 536_870_912);
  const [external, resident] = [after.external - before.external, after.rss - before.rss];
  assertEquals([external >= ballastBytes(), external < 2 * ballastBytes()], [true, true]);
  assertEquals(resident < ballastBytes() / 4, true, `${resident} bytes more are resident`);
});
