import { assert, assertEquals } from "@std/assert";
import { loopbackAddresses, sourcePorts } from "../../../server/scale/addresses.ts";

const LIMITS = { ephemeralPorts: { first: 30_001, last: 40_000 } };

Deno.test("sourcePorts() returns the host's range, else Linux's default", () => {
  assertEquals(sourcePorts(LIMITS), LIMITS.ephemeralPorts);
  assertEquals(sourcePorts({}), { first: 32_768, last: 60_999 });
});

Deno.test("loopbackAddresses() has one address for each process while its ports are enough", () => {
  assertEquals(loopbackAddresses(3, 8_000, LIMITS), ["127.0.0.2", "127.0.0.3", "127.0.0.4"]);
  assertEquals(loopbackAddresses(3, 8_001, LIMITS).length, 6, "some ports are in use by others");
});

Deno.test("loopbackAddresses() makes addresses that a host can have, each once", () => {
  const addresses = loopbackAddresses(70_000, 1, LIMITS);
  assertEquals(new Set(addresses).size, 70_000);
  for (const address of addresses) {
    const [net, second, third, last] = address.split(".").map(Number);
    assert(net === 127 && second! <= 255 && third! <= 255 && last! >= 1 && last! <= 254, address);
  }
});
