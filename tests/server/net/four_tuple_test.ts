import { assertEquals, assertThrows } from "@std/assert";
import {
  canonicalAddress,
  formatFourTuple,
  formatIPv6,
  fourTupleOf,
  parseFourTuple,
  parseIPv6,
} from "../../../server/net/four_tuple.ts";

const V4 = {
  sourceAddress: "127.0.0.1",
  sourcePort: 51324,
  destinationAddress: "127.0.0.1",
  destinationPort: 8080,
};
const V6 = { ...V4, sourceAddress: "::1", destinationAddress: "::1" };

function connOf(remote: string, local: string) {
  return {
    remoteAddr: { transport: "tcp", hostname: remote, port: 51324 } as const,
    localAddr: { transport: "tcp", hostname: local, port: 8080 } as const,
  };
}

Deno.test("fourTupleOf() takes the remote end as source", () => {
  assertEquals(fourTupleOf(connOf("192.0.2.7", "198.51.100.1")), {
    sourceAddress: "192.0.2.7",
    sourcePort: 51324,
    destinationAddress: "198.51.100.1",
    destinationPort: 8080,
  });
});

Deno.test("fourTupleOf() writes v4-mapped addresses as IPv4", () => {
  assertEquals(fourTupleOf(connOf("::ffff:127.0.0.1", "::ffff:127.0.0.1")), V4);
});

Deno.test("fourTupleOf() keeps IPv6 addresses, those that start like a v4-mapped one included", () => {
  assertEquals(fourTupleOf(connOf("::1", "::1")), V6);
  assertEquals(fourTupleOf(connOf("::ffff:0:1", "::1")).sourceAddress, "::ffff:0:1");
});

Deno.test("fourTupleOf() names an accepted connection so that no other text form is needed", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const [accepted, client] = await Promise.all([
    listener.accept(),
    Deno.connect({ hostname: "127.0.0.1", port }),
  ]);
  const tuple = fourTupleOf(accepted);
  assertEquals(tuple, {
    sourceAddress: "127.0.0.1",
    sourcePort: client.localAddr.port,
    destinationAddress: "127.0.0.1",
    destinationPort: port,
  });
  assertEquals(parseFourTuple(formatFourTuple(tuple)), tuple);
  accepted.close();
  client.close();
});

Deno.test("formatFourTuple() puts the source first and IPv6 in brackets", () => {
  assertEquals(formatFourTuple(V4), "127.0.0.1:51324-127.0.0.1:8080");
  assertEquals(formatFourTuple(V6), "[::1]:51324-[::1]:8080");
});

Deno.test("parseFourTuple() reads what formatFourTuple() writes", () => {
  assertEquals(parseFourTuple("127.0.0.1:51324-127.0.0.1:8080"), V4);
  assertEquals(parseFourTuple("[::1]:51324-[::1]:8080"), V6);
});

Deno.test("parseFourTuple() returns the canonical form when an operator spells addresses otherwise", () => {
  const spelled = "[0:0:0:0:0:0:0:1]:51324-[0000::0001]:8080";
  assertEquals(formatFourTuple(parseFourTuple(spelled)), "[::1]:51324-[::1]:8080");
  const mapped = "[::ffff:127.0.0.1]:51324-[::FFFF:7f00:1]:8080";
  assertEquals(formatFourTuple(parseFourTuple(mapped)), "127.0.0.1:51324-127.0.0.1:8080");
});

Deno.test("parseFourTuple() takes the longest text form there is", () => {
  const end = "[0000:0000:0000:0000:0000:ffff:255.255.255.255]:65535";
  assertEquals(parseFourTuple(`${end}-${end}`).sourceAddress, "255.255.255.255");
});

for (
  const [text, message] of [
    ["", "hyphen"],
    ["127.0.0.1:51324", "hyphen"],
    ["127.0.0.1-127.0.0.1:8080", "the source has no port"],
    ["127.0.0.1:1-127.0.0.1", "the destination has no port"],
    ["127.0.0.1:-127.0.0.1:8080", "the port of the source is no decimal number"],
    ["127.0.0.1:0x10-127.0.0.1:8080", "the port of the source is no decimal number"],
    ["127.0.0.1:080-127.0.0.1:8080", "the port of the source is no decimal number"],
    ["127.0.0.1:1-127.0.0.1:808080", "the port of the destination is no decimal number"],
    ["127.0.0.1:1-127.0.0.1:80-127.0.0.1:80", "one hyphen"],
    ["localhost:1-127.0.0.1:8080", "the source is no IP address"],
    ["127.0.0.256:1-127.0.0.1:8080", "the source is no IP address"],
    ["127.0.0:1-127.0.0.1:8080", "the source is no IP address"],
    ["127.0.0.01:1-127.0.0.1:8080", "the source is no IP address"],
    ["[::1%lo]:1-[::1]:8080", "the source is no IP address"],
    ["::1:1-[::1]:8080", "the source is IPv6 and must stand in brackets"],
    ["[::1:1-[::1]:8080", "the source is IPv6 and must stand in brackets"],
    ["[127.0.0.1]:1-[127.0.0.1]:8080", "brackets of the source hold no IPv6 address"],
    ["127.0.0.1:1-[::1]:8080", "one end is IPv4 and the other IPv6"],
    ["1".repeat(108), "expected at most 107 characters, received 108"],
  ] as const
) {
  Deno.test(`parseFourTuple() refuses ${JSON.stringify(text.slice(0, 50))}: ${message}`, () => {
    assertThrows(() => parseFourTuple(text), SyntaxError, message);
  });
}

for (const port of ["0", "65536", "99999"]) {
  Deno.test(`parseFourTuple() throws a RangeError when a port is ${port}`, () => {
    assertThrows(
      () => parseFourTuple(`127.0.0.1:1-127.0.0.1:${port}`),
      RangeError,
      `the port of the destination must be 1 to 65535, received ${port}`,
    );
  });
}

for (
  const [text, canonical] of [
    ["192.0.2.7", "192.0.2.7"],
    ["::", "::"],
    ["0:0:0:0:0:0:0:0", "::"],
    ["2001:DB8::", "2001:db8::"],
    // RFC 5952 4.1: no leading zeros.
    ["2001:0db8::0001", "2001:db8::1"],
    // RFC 5952 4.2.2: a single zero group is written.
    ["2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    // RFC 5952 4.2.3: the longest run, then the first.
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"],
    ["1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"],
    ["::ffff:127.0.0.1", "127.0.0.1"],
    ["::FFFF:7F00:0001", "127.0.0.1"],
    ["0:0:0:0:0:ffff:c000:207", "192.0.2.7"],
    // Not v4-mapped: v4-compatible, and NAT64's prefix.
    ["::127.0.0.1", "::7f00:1"],
    ["64:ff9b::192.0.2.7", "64:ff9b::c000:207"],
  ] as const
) {
  Deno.test(`canonicalAddress() writes ${text} as ${canonical}`, () => {
    assertEquals(canonicalAddress(text), canonical);
    assertEquals(canonicalAddress(canonical), canonical);
  });
}

for (
  const text of [
    "",
    ":",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4::5:6:7:8",
    ":1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:",
    "12345::",
    "g::",
    "::1.2.3",
    "1.2.3.4::",
    "[::1]",
    "1.2.3.4.5",
    "1.2.3.+4",
  ]
) {
  Deno.test(`canonicalAddress() refuses ${JSON.stringify(text)}`, () => {
    assertThrows(() => canonicalAddress(text), SyntaxError, "Cannot parse IP");
  });
}

Deno.test("parseIPv6() returns eight groups and formatIPv6() writes them back", () => {
  const groups = [0x2001, 0xdb8, 0, 0, 0, 0, 0, 1];
  assertEquals(parseIPv6("2001:db8::1"), groups);
  assertEquals(formatIPv6(groups), "2001:db8::1");
});
