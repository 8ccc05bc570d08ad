import { assertEquals } from "@std/assert";
import { type AddressRange, parseAddressRange } from "../../../server/net/address_range.ts";
import { canonicalAddress, formatIPv6, parseIPv6 } from "../../../server/net/four_tuple.ts";
import type { Random } from "../../helpers/random.ts";
import { bytesOf, spoil, textOf } from "../inputs.ts";
import { codeOf } from "../outcome.ts";
import type { FuzzTarget } from "../target.ts";
import { randomAddress } from "./four_tuple.ts";

/** An address or a network, as settings and filters have them; numbers of 128 bits are the twin. */
export const addressRange: FuzzTarget = {
  name: "address-range",
  make(random) {
    const address = random.oneIn(2) ? randomAddress(random) : randomNetwork(random);
    const bits = random.pick([0, 8, 16, 24, 32, 33, 48, 64, 96, 104, 128, 129, "08", "", "-1"]);
    const text = random.oneIn(4) ? address : `${address}/${bits}`;
    return random.oneIn(4) ? spoil(bytesOf(text), random) : bytesOf(text);
  },
  check(input, random) {
    let range: AddressRange;
    try {
      range = parseAddressRange(textOf(input));
    } catch (error) {
      return codeOf(error, SyntaxError);
    }
    assertEquals(parseAddressRange(range.text).text, range.text);
    const [network = "", length] = range.text.split("/");
    const isIPv6 = network.includes(":");
    const width = isIPv6 ? 128n : 32n;
    const free = width - BigInt(length ?? width);
    const first = numberOf(network);
    assertEquals(first >> free << free, first, range.text);
    // Its own ends, what lies beside them, and anything.
    const others = [first, first + (1n << free) - 1n, first - 1n, first + (1n << free)];
    for (const number of [...others, first ^ (1n << BigInt(random.below(Number(width))))]) {
      if (number < 0n || number >= 1n << width) continue;
      const address = addressOf(number, isIPv6);
      // What is written as IPv4 is none of a network of IPv6.
      const expected = number >> free === first >> free && address.includes(":") === isIPv6;
      assertEquals(range.contains(address), expected, `${address} in ${range.text}`);
    }
    assertEquals(range.contains(isIPv6 ? "192.0.2.1" : "2001:db8::1"), false);
    return isIPv6 ? "IPv6" : "IPv4";
  },
};

function randomNetwork(random: Random): string {
  return random.pick(["10.0.0.0", "192.168.0.0", "0.0.0.0", "2001:db8::", "::", "fd00::", "::1"])
    .replace(/^::$/, random.pick(["::", "::ffff:10.0.0.0", "::ffff:0:0"]));
}

/** The number that an address is: of 32 bits, or of 128. */
function numberOf(address: string): bigint {
  return address.includes(":")
    ? parseIPv6(address).reduce((sum, group) => sum << 16n | BigInt(group), 0n)
    : address.split(".").reduce((sum, byte) => sum << 8n | BigInt(byte), 0n);
}

function addressOf(number: bigint, isIPv6: boolean): string {
  if (!isIPv6) {
    return canonicalAddress([24n, 16n, 8n, 0n].map((by) => number >> by & 0xffn).join("."));
  }
  return formatIPv6(
    Array.from({ length: 8 }, (_, at) => Number(number >> BigInt(112 - 16 * at) & 0xffffn)),
  );
}
