import { assertEquals, assertThrows } from "@std/assert";
import { Proxies, type ProxyOptions } from "../../../../server/http/proxy/proxies.ts";

Deno.test("Proxies trusts addresses and networks, and nobody else", () => {
  const { trusts, protocol, header } = new Proxies({
    trusted: ["192.0.2.7", "10.0.0.0/8", "2001:db8::/32"],
    protocol: true,
  });
  const addresses = ["192.0.2.7", "10.1.2.3", "2001:db8::1", "192.0.2.8", "11.0.0.1", "::1"];
  assertEquals(addresses.map(trusts), [true, true, true, false, false, false]);
  assertEquals([protocol, header], [true, undefined]);
});

Deno.test("Proxies names everything that is wrong at once", () => {
  const trusted = ["10.0.0.1/8", "::1", "localhost", 7];
  const options = { trusted, protocol: "yes", header: "via" } as unknown as ProxyOptions;
  const { message } = assertThrows(() => new Proxies(options), TypeError);
  assertEquals(message.split("; "), [
    "Cannot serve behind these proxies: proxies.trusted[0]: Cannot parse address range: bits are " +
    "set behind the prefix, the network is 10.0.0.0/8",
    "proxies.trusted[2]: Cannot parse address range: expected an IP address before any slash",
    "proxies.trusted[3]: expected a text",
    "proxies.protocol: expected true or false",
    "proxies.header: expected one of x-forwarded-for, forwarded",
  ]);
});

Deno.test("Proxies refuses what would mean nothing", () => {
  const { message } = assertThrows(() => new Proxies({ trusted: [] }), TypeError);
  assertEquals(message.split("; "), [
    "Cannot serve behind these proxies: proxies.trusted: expected a list with an address or " +
    "network at least",
    "proxies: expected protocol or header, or nothing tells the client's address",
  ]);
});
