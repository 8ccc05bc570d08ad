import { assertEquals, assertThrows } from "@std/assert";
import { parseNode } from "../../../server/net/client_address.ts";

Deno.test("parseNode() reads an address, with its port where there is one", () => {
  const nodes: [string, string, number?][] = [
    ["192.0.2.7", "192.0.2.7"],
    ["192.0.2.7:4711", "192.0.2.7", 4711],
    ["192.0.2.7:0", "192.0.2.7"],
    ["192.0.2.7:00080", "192.0.2.7", 80],
    ["192.0.2.7:_hidden", "192.0.2.7"],
    ["2001:DB8::1", "2001:db8::1"],
    ["[2001:db8::1]", "2001:db8::1"],
    ["[2001:db8::1]:65535", "2001:db8::1", 65535],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["[::ffff:192.0.2.7]:80", "192.0.2.7", 80],
    ["::ffff:192.0.2.7:80", "192.0.2.7", 80],
    ["64:ff9b::192.0.2.7:80", "64:ff9b::c000:207", 80],
    ["::ffff:c000:207", "192.0.2.7"],
    ["fe80::1%eth0", "fe80::1"],
    ["[fe80::1%25eth0]:80", "fe80::1", 80],
  ];
  for (const [text, address, port] of nodes) {
    assertEquals(parseNode(text), port === undefined ? { address } : { address, port }, text);
  }
});

Deno.test("parseNode() gives nothing for an address that is hidden", () => {
  for (const text of ["unknown", "_x", "_Gateway-1.a_b", "unknown:80", "_x:80", "_x:_y"]) {
    assertEquals(parseNode(text), undefined, text);
  }
});

Deno.test("parseNode() refuses what names nobody", () => {
  const texts = [
    "",
    "_",
    "_a b",
    "localhost",
    "192.0.2",
    "192.0.2.07",
    "192.0.2.7:",
    "192.0.2.7:65536",
    "192.0.2.7:123456",
    "192.0.2.7:-1",
    ":80",
    "[192.0.2.7]",
    "[]",
    "[",
    "[::1",
    "[::1]80",
    "[::1]:",
    "[::1]x:80",
    "::1]",
    "fe80::1%",
    "fe80::1%eth0%eth1",
    "fe80::1%a b",
    "192.0.2.7%eth0",
    "::ffff:192.0.2.7:",
    "::ffff:192.0.2.7:80:80",
    "192.0.2.7:80:80",
    "UNKNOWN",
    "192.0.2.7\t",
  ];
  for (const text of texts) assertThrows(() => parseNode(text), SyntaxError, "Cannot parse", text);
});
