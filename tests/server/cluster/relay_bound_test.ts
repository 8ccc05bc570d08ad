import { assertEquals } from "@std/assert";
import { RELAY_BYTES, RelayBound } from "../../../server/cluster/relay_bound.ts";

Deno.test("RelayBound admits() drops and counts beyond the bound, and tells again only after some quiet", () => {
  let episodes = 0;
  const bound = new RelayBound(() => episodes++);
  let now = 0;
  const admits = (...waiting: number[]) => waiting.map((bytes) => bound.admits(bytes, now));
  assertEquals(admits(0, RELAY_BYTES), [true, true]);
  assertEquals([bound.dropped, episodes], [0, 0]);
  assertEquals(admits(RELAY_BYTES + 1, RELAY_BYTES, RELAY_BYTES + 1), [false, true, false]);
  assertEquals([bound.dropped, episodes], [2, 1]);
  now = 9_000;
  assertEquals(admits(0, RELAY_BYTES + 1), [true, false]);
  assertEquals([bound.dropped, episodes], [3, 1]);
  now = 19_001;
  assertEquals(admits(0, RELAY_BYTES + 1), [true, false]);
  assertEquals([bound.dropped, episodes], [4, 2]);
});
