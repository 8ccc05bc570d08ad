import { assert, assertEquals, assertThrows } from "@std/assert";
import { findClient, type ForwardedHeader } from "../../../server/proxy/forwarded.ts";
import { ProxyError } from "../../../server/proxy/proxy_error.ts";

const trusts = (address: string): boolean => address.startsWith("10.") || address === "fd00::1";

/** What is found in a header: the address, with its port. */
function found(header: ForwardedHeader, value: string): string | undefined {
  const client = findClient(header, value, trusts);
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
];

for (const [value, client, what] of FORWARDED) {
  Deno.test(`findClient() finds the client in Forwarded with ${what}`, () => {
    assertEquals(found("forwarded", value), client);
  });
}

Deno.test("findClient() refuses a header that is malformed where it looks", () => {
  const values: [ForwardedHeader, string][] = [
    ["x-forwarded-for", "localhost"],
    ["x-forwarded-for", "192.0.2.7, rubbish, 10.0.0.1"],
    ["x-forwarded-for", '"192.0.2.7"'],
    ["x-forwarded-for", "192.0.2.7\v"],
    ["forwarded", "192.0.2.7"],
    ["forwarded", "for"],
    ["forwarded", "for="],
    ["forwarded", 'for=""'],
    ["forwarded", "for =192.0.2.7"],
    ["forwarded", "for=localhost"],
    ["forwarded", "for=[::1]"],
    ["forwarded", "for=192.0.2.7 for=192.0.2.8"],
    ["forwarded", "for=192.0.2.7;For=192.0.2.8"],
    ["forwarded", "=192.0.2.7"],
  ];
  for (const [header, value] of values) {
    const error = assertThrows(() => findClient(header, value, trusts), ProxyError, "", value);
    assertEquals([error.code, error.status], ["FORWARDED_MALFORMED", 400]);
  }
});

Deno.test("findClient() lets no quote that the client opened swallow what the proxy wrote", () => {
  // The client's part, and what a proxy appends.
  const client = ['for="', 'for=198.51.100.9;x="', 'for="\\'];
  const proxy = [", for=192.0.2.7", ', for="192.0.2.7:80"', ', for="[2001:db8::1]";by="_a"'];
  for (const value of client.flatMap((left) => proxy.map((right) => left + right))) {
    assertThrows(() => findClient("forwarded", value, trusts), ProxyError, "malformed", value);
  }
});

Deno.test("findClient() reads the longest header at once, whatever it holds", () => {
  // Work that grew with the square of the length would show here as minutes.
  const length = 1_000_000;
  for (const piece of [",", " ", ";", '"', "\\", "10.0.0.1,", "for=10.0.0.1,", 'for="', "a=b;"]) {
    const value = piece.repeat(length / piece.length);
    for (const header of ["x-forwarded-for", "forwarded"] as const) {
      try {
        findClient(header, value, (address) => address === "10.0.0.1");
      } catch (error) {
        assert(error instanceof ProxyError, `${error}`);
      }
    }
  }
});
