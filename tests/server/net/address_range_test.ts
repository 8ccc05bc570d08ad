import { assertEquals, assertThrows } from "@std/assert";
import { parseAddressRange } from "../../../server/net/address_range.ts";

Deno.test("parseAddressRange() writes every spelling in one way", () => {
  const spellings: [string, string][] = [
    ["192.0.2.7", "192.0.2.7"],
    ["192.0.2.7/32", "192.0.2.7"],
    ["10.0.0.0/8", "10.0.0.0/8"],
    ["0.0.0.0/0", "0.0.0.0/0"],
    ["2001:DB8:0:0::/32", "2001:db8::/32"],
    ["::1/128", "::1"],
    ["::/0", "::/0"],
    ["::ffff:10.0.0.0/104", "10.0.0.0/8"],
    ["::ffff:0:0/96", "0.0.0.0/0"],
    ["::ffff:c000:207", "192.0.2.7"],
  ];
  for (const [given, canonical] of spellings) {
    assertEquals(parseAddressRange(given).text, canonical, given);
    assertEquals(`${parseAddressRange(given)}`, canonical, given);
  }
});

Deno.test("parseAddressRange() refuses what is neither an address nor a network", () => {
  const address = "Cannot parse address range: expected an IP address before any slash";
  const prefix = "Cannot parse address range: expected a prefix length from 0 to";
  const behind = "Cannot parse address range: bits are set behind the prefix, the network is ";
  const texts: [string, string][] = [
    ["", address],
    ["/8", address],
    ["localhost", address],
    ["[::1]", address],
    ["10.0.0", address],
    ["10.0.0.0 ", address],
    ["fe80::1%eth0", address],
    ["10.0.0.0/", prefix],
    ["10.0.0.0/33", `${prefix} 32`],
    ["::/129", `${prefix} 128`],
    ["10.0.0.0/08", prefix],
    ["10.0.0.0/-1", prefix],
    ["10.0.0.0/1e1", prefix],
    ["10.0.0.0/255.0.0.0", prefix],
    ["10.0.0.0/8/8", "Cannot parse address range: expected one slash at most"],
    ["10.0.0.1/8", `${behind}10.0.0.0/8`],
    ["2001:db8::1/64", `${behind}2001:db8::/64`],
    ["::ffff:10.0.0.1/104", `${behind}10.0.0.0/8`],
    ["::ffff:0:0/90", behind],
    ["1".repeat(50), "Cannot parse address range: expected at most 49 characters, received 50"],
  ];
  for (const [text, message] of texts) {
    assertThrows(() => parseAddressRange(text), SyntaxError, message, text);
  }
});

Deno.test("AddressRange.contains() holds what shares the leading bits", () => {
  const cases: [string, string[], string[]][] = [
    ["192.0.2.7", ["192.0.2.7"], ["192.0.2.70", "192.0.2.8", "::1"]],
    ["10.0.0.0/8", ["10.0.0.0", "10.255.255.255"], ["9.255.255.255", "11.0.0.0", "::a00:0"]],
    ["172.16.0.0/12", ["172.16.0.0", "172.31.255.255"], ["172.32.0.0", "172.15.255.255"]],
    ["192.0.2.128/25", ["192.0.2.128", "192.0.2.255"], ["192.0.2.127"]],
    ["128.0.0.0/1", ["128.0.0.0", "255.255.255.255"], ["127.255.255.255"]],
    ["0.0.0.0/0", ["0.0.0.0", "255.255.255.255"], ["::", "2001:db8::1"]],
    ["::/0", ["::", "::1", "ffff::"], ["127.0.0.1"]],
    ["2001:db8::/33", ["2001:db8::", "2001:db8:7fff::"], ["2001:db8:8000::", "2001:db9::"]],
    ["fe80::/10", ["fe80::1", "febf::1"], ["fec0::1", "254.128.0.1"]],
    ["::1", ["::1"], ["::2", "0.0.0.1"]],
  ];
  for (const [text, inside, outside] of cases) {
    const range = parseAddressRange(text);
    for (const address of inside) assertEquals(range.contains(address), true, `${text} ${address}`);
    for (const address of outside) {
      assertEquals(range.contains(address), false, `${text} ${address}`);
    }
  }
});

Deno.test("AddressRange.contains() agrees with the prefix of the address in bits", () => {
  const bits = (address: string) =>
    address.split(".").map((byte) => Number(byte).toString(2).padStart(8, "0")).join("");
  const addresses = ["0.0.0.0", "10.1.2.3", "127.255.0.1", "128.0.0.0", "203.0.113.9"];
  for (const base of addresses) {
    for (let length = 0; length <= 32; length++) {
      const prefix = bits(base).slice(0, length);
      const network = (prefix.padEnd(32, "0").match(/.{8}/g) ?? []).map((it) => parseInt(it, 2));
      const range = parseAddressRange(`${network.join(".")}/${length}`);
      for (const address of addresses) {
        assertEquals(
          range.contains(address),
          bits(address).startsWith(prefix),
          `${range} ${address}`,
        );
      }
    }
  }
});
