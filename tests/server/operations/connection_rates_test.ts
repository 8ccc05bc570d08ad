import { assert, assertEquals } from "@std/assert";
import { ConnectionRates } from "../../../server/operations/connection_rates.ts";
import { MadeUpEntry } from "../../helpers/entries.ts";

Deno.test("ConnectionRates.measure() tells how much flowed a second since a moment ago", async () => {
  const entries = [new MadeUpEntry(1, { bytesIn: 1_000 }), new MadeUpEntry(2, { bytesOut: 500 })];
  const rates = new ConnectionRates(() => entries);
  const began = performance.now();
  const rateOf = await rates.measure();
  const took = (performance.now() - began) / 1000;
  // What there was before counts for nothing; of what has come since, a second's share.
  assertEquals(rateOf(1, 1_000), 0);
  const rate = rateOf(2, 500 + 10_000);
  assert(rate > 0 && rate <= 10_000 && rate >= 10_000 / took / 2, `${rate} in ${took} s`);
  // One that has come since had nothing before; a counter that went back is another connection's.
  assert(rateOf(3, 700) > 0);
  assertEquals(rateOf(1, 10), 0);
  rates.stop();
});

Deno.test("ConnectionRates.measure() answers all who ask at once, and at once who asks again", async () => {
  let samples = 0;
  const rates = new ConnectionRates(() => {
    samples++;
    return [new MadeUpEntry(1, { bytesIn: 5 })];
  });
  await Promise.all([rates.measure(), rates.measure()]);
  assertEquals(samples, 2);
  await rates.measure();
  assertEquals(samples, 2);
  rates.stop();
  await rates.measure();
  assertEquals(samples, 4);
  rates.stop();
});
