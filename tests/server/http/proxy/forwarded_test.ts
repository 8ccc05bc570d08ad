import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { findClient, type ForwardedHeader } from "../../../../server/http/proxy/forwarded.ts";

const trusts = (address: string): boolean => address.startsWith("10.") || address === "fd00::1";

/** What is found in a header: the address, with its port. */
function found(header: ForwardedHeader, value: string): string | undefined {
  const { client, fault } = findClient(header, value, trusts);
  assertEquals(fault, undefined);
  return client?.port === undefined ? client?.address : `${client.address} ${client.port}`;
}

const LISTS: [string, string | undefined, string][] = [
  ["192.0.2.7", "192.0.2.7", "one address"],
  ["192.0.2.7:80", "192.0.2.7 80", "a port"],
  ["[2001:db8::1]:80", "2001:db8::1 80", "IPv6 with a port"],
  ["2001:db8::1", "2001:db8::1", "IPv6"],
  ["192.0.2.7, 10.0.0.1,\t10.0.0.2", "192.0.2.7", "trusted proxies behind it"],
  ["198.51.100.9, 192.0.2.7, 10.0.0.1", "192.0.2.7", "an address that the client wrote"],
  ["10.0.0.9, 192.0.2.7", "192.0.2.7", "a trusted address that the client wrote"],
  ["rubbish\u00a0, 192.0.2.7", "192.0.2.7", "rubbish that the client wrote"],
  ["10.0.0.3, 10.0.0.1", "10.0.0.3", "trusted proxies only"],
  ["fd00::1", "fd00::1", "a trusted proxy only"],
  ["192.0.2.7, unknown, 10.0.0.1", "10.0.0.1", "one that is hidden behind a proxy"],
  ["192.0.2.7, unknown", undefined, "one that is hidden behind the last proxy"],
  ["192.0.2.7, _x", undefined, "one that has another name"],
  [",, 192.0.2.7 ,", "192.0.2.7", "empty elements"],
  ["", undefined, "nothing"],
  [" ,\t,", undefined, "nothing but commas"],
];

for (const [value, client, what] of LISTS) {
  Deno.test(`findClient() finds the client in X-Forwarded-For with ${what}`, () => {
    assertEquals(found("x-forwarded-for", value), client);
  });
}

const FORWARDED: [string, string | undefined, string][] = [
  ["for=192.0.2.7", "192.0.2.7", "one address"],
  ["For=192.0.2.7;proto=http;by=10.0.0.1", "192.0.2.7", "other parameters"],
  ['for="192.0.2.7:80"', "192.0.2.7 80", "a port"],
  ['by=_a; for="[2001:db8::1]:80" ;host="a,;b"', "2001:db8::1 80", "IPv6 and a quoted comma"],
  ['for="\\1\\92.0.2.7"', "192.0.2.7", "backslashes in a quoted string"],
  ["for=198.51.100.9, for=192.0.2.7, for=10.0.0.1", "192.0.2.7", "several proxies"],
  ["for=10.0.0.2,for=10.0.0.1", "10.0.0.2", "trusted proxies only"],
  ["for=192.0.2.7, for=unknown", undefined, "one that is hidden"],
  ["for=192.0.2.7, for=_x, for=10.0.0.1", "10.0.0.1", "one that is hidden behind a proxy"],
  ["for=192.0.2.7, proto=http", undefined, "a proxy that says no client"],
  ["for=192.0.2.7, ;", undefined, "a proxy that says nothing"],
  [", for=192.0.2.7 ,;for=10.0.0.1;,", "192.0.2.7", "empty elements and parameters"],
  ["", undefined, "nothing"],
  ["for=2001:db8::7", "2001:db8::7", "IPv6 without quotes"],
  ["for=192.0.2.7:1234", "192.0.2.7 1234", "a port without quotes"],
  ["for=[2001:db8::7]:80;host=a:81;proto=http", "2001:db8::7 80", "nothing in quotes"],
  ["for=[fe80::1%eth0], for=::ffff:10.0.0.1", "fe80::1", "a zone, and a mapped address"],
];

for (const [value, client, what] of FORWARDED) {
  Deno.test(`findClient() finds the client in Forwarded with ${what}`, () => {
    assertEquals(found("forwarded", value), client);
  });
}

/** What is found where the header is malformed where it is looked at, and a word of the fault. */
const MALFORMED: [ForwardedHeader, string, string | undefined, string][] = [
  ["x-forwarded-for", "localhost", undefined, "address"],
  ["x-forwarded-for", "192.0.2.7, rubbish, 10.0.0.1", "10.0.0.1", "address"],
  ["x-forwarded-for", '"192.0.2.7"', undefined, "address"],
  ["x-forwarded-for", "192.0.2.7\v", undefined, "address"],
  ["forwarded", "192.0.2.7", undefined, "="],
  ["forwarded", "for", undefined, "="],
  ["forwarded", "for=", undefined, "quoted string"],
  ["forwarded", 'for=""', undefined, "address"],
  ["forwarded", "for =192.0.2.7", undefined, "="],
  ["forwarded", "for=localhost", undefined, "address"],
  ["forwarded", "for=192.0.2.7 for=192.0.2.8", undefined, "comma"],
  ["forwarded", "for=192.0.2.7;For=192.0.2.8", undefined, "only once"],
  ["forwarded", "for=192.0.2.7, for=localhost, for=10.0.0.1", "10.0.0.1", "address"],
  ["forwarded", "=192.0.2.7", undefined, "comma"],
];

for (const [header, value, address, word] of MALFORMED) {
  Deno.test(`findClient() finds nobody behind what is malformed: ${header}: ${value}`, () => {
    const { client, fault } = findClient(header, value, trusts);
    assertEquals(client?.address, address);
    assertStringIncludes(fault!, word);
  });
}

Deno.test("findClient() lets no quote that the client opened swallow what the proxy wrote", () => {
  // The client's part, and what a proxy appends.
  const client = ['for="', 'for=198.51.100.9;x="', 'for="\\'];
  const proxy = [", for=192.0.2.7", ', for="192.0.2.7:80"', ', for="[2001:db8::1]";by="_a"'];
  for (const value of client.flatMap((left) => proxy.map((right) => left + right))) {
    const { client, fault } = findClient("forwarded", value, trusts);
    assert(client === undefined && fault !== undefined, value);
  }
});

Deno.test("findClient() reads the longest header at once, whatever it holds", () => {
  // Work that grew with the square of the length would show here as minutes.
  const length = 1_000_000;
  for (const piece of [",", " ", ";", '"', "\\", "10.0.0.1,", "for=10.0.0.1,", 'for="', "a=b;"]) {
    const value = piece.repeat(length / piece.length);
    for (const header of ["x-forwarded-for", "forwarded"] as const) {
      findClient(header, value, (address) => address === "10.0.0.1");
    }
  }
});
