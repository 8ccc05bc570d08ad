import { assert, assertEquals, assertThrows } from "@std/assert";
import { ProxyError, type ProxyErrorCode } from "../../../../server/http/proxy/proxy_error.ts";
import {
  MAX_BLOCK_BYTES,
  MAX_LINE_BYTES,
  ProxyHeaderParser,
} from "../../../../server/http/proxy/proxy_header.ts";
import type { ClientAddress } from "../../../../server/net/client_address.ts";
import { forEveryChunking } from "../../../helpers/chunks.ts";
import { concat } from "../../../helpers/notation.ts";
import { block, LOCAL, PROXY } from "../../../helpers/proxy_block.ts";

const ENCODER = new TextEncoder();

/** The client that a header names, and how many bytes were left behind it. */
function read(chunks: Uint8Array[]): { client: ClientAddress | undefined; left: string } {
  const parser = new ProxyHeaderParser();
  for (const [at, chunk] of chunks.entries()) {
    const header = parser.push(chunk);
    if (header === undefined) continue;
    const left = concat([parser.rest, ...chunks.slice(at + 1)]);
    return { client: header.client, left: new TextDecoder().decode(left) };
  }
  throw new Error("The header did not end");
}

function assertClient(header: Uint8Array, client: ClientAddress | undefined): void {
  forEveryChunking(concat([header, ENCODER.encode("GET /")]), (chunks) => {
    assertEquals(read(chunks), { client, left: "GET /" });
  });
}

const LINES: [string, ClientAddress | undefined][] = [
  ["TCP4 192.0.2.7 192.0.2.8 4711 443", { address: "192.0.2.7", port: 4711 }],
  ["TCP4 255.255.255.255 0.0.0.0 65535 0", { address: "255.255.255.255", port: 65535 }],
  ["TCP4 192.0.2.7 192.0.2.8 0 443", { address: "192.0.2.7" }],
  ["TCP6 2001:DB8:0::7 ::1 4711 443", { address: "2001:db8::7", port: 4711 }],
  ["TCP6 ::ffff:192.0.2.7 ::1 4711 443", { address: "192.0.2.7", port: 4711 }],
  ["TCP6 fe80::a%eth0 fe80::b 4711 443", { address: "fe80::a", port: 4711 }],
  // The proxy has put another client in the place of its own.
  ["TCP4 192.0.2.7 2001:db8::8 4711 443", { address: "192.0.2.7", port: 4711 }],
  ["TCP4 2001:db8::7 192.0.2.8 4711 443", { address: "2001:db8::7", port: 4711 }],
  ["TCP6 192.0.2.7 ::1 4711 65536", { address: "192.0.2.7", port: 4711 }],
  ["UNKNOWN", undefined],
  ["UNKNOWN ", undefined],
  ["UNKNOWN 192.0.2.7 rubbish \x01", undefined],
  [`UNKNOWN ${"f".repeat(MAX_LINE_BYTES - 16)}`, undefined],
];

for (const [line, client] of LINES) {
  Deno.test(`ProxyHeaderParser reads "PROXY ${line.slice(0, 40)}"`, () => {
    assertClient(ENCODER.encode(`PROXY ${line}\r\n`), client);
  });
}

/** Addresses and ports of version 2. */
const IPV4 = [192, 0, 2, 7, 192, 0, 2, 8, 0x12, 0x67, 0x01, 0xbb];
const IPV6 = [
  ...[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7],
  ...[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  ...[0x12, 0x67, 0x01, 0xbb],
];
const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, 7, ...IPV6.slice(16)];
const UNIX = new Array<number>(216).fill(47);
/** Extensions: one of nothing, one of three bytes. */
const TLVS = [4, 0, 0, 5, 0, 3, 1, 2, 3];

const BLOCKS: [string, Uint8Array, ClientAddress | undefined][] = [
  ["IPv4", block(PROXY, 0x11, IPV4), { address: "192.0.2.7", port: 4711 }],
  ["IPv4 with extensions", block(PROXY, 0x11, [...IPV4, ...TLVS]), {
    address: "192.0.2.7",
    port: 4711,
  }],
  ["IPv4 without a port", block(PROXY, 0x11, [...IPV4.slice(0, 8), 0, 0, 0, 0]), {
    address: "192.0.2.7",
  }],
  ["IPv6", block(PROXY, 0x21, IPV6), { address: "2001:db8::7", port: 4711 }],
  ["IPv6 with many extensions", block(PROXY, 0x21, [...IPV6, ...UNIX, ...UNIX]), {
    address: "2001:db8::7",
    port: 4711,
  }],
  ["v4-mapped IPv6", block(PROXY, 0x21, MAPPED), { address: "192.0.2.7", port: 4711 }],
  ["a UNIX socket", block(PROXY, 0x31, UNIX), undefined],
  ["datagrams over IPv4", block(PROXY, 0x12, IPV4), undefined],
  ["an unknown protocol over IPv6", block(PROXY, 0x20, IPV6), undefined],
  ["nothing", block(PROXY, 0x00, []), undefined],
  ["the proxy itself", block(LOCAL, 0x00, []), undefined],
  ["the proxy itself, with addresses", block(LOCAL, 0x11, IPV4), undefined],
  ["the proxy itself, with too short ones", block(LOCAL, 0x11, TLVS), undefined],
  ["the longest", block(PROXY, 0x11, [...IPV4, ...new Array(MAX_BLOCK_BYTES - 28).fill(255)]), {
    address: "192.0.2.7",
    port: 4711,
  }],
];

for (const [what, header, client] of BLOCKS) {
  Deno.test(`ProxyHeaderParser reads a block about ${what}`, () => assertClient(header, client));
}

const FAULTS: [string, ProxyErrorCode, string | Uint8Array][] = [
  ["a request", "PROXY_HEADER_MISSING", "GET / HTTP/1.1\r\n"],
  ["another method", "PROXY_HEADER_MISSING", "PROXYING"],
  ["no space", "PROXY_HEADER_MISSING", "PROXY\tTCP4"],
  ["lower case", "PROXY_HEADER_MISSING", "proxy TCP4"],
  ["TLS", "PROXY_HEADER_MISSING", Uint8Array.of(0x16, 3, 1)],
  ["half a signature", "PROXY_HEADER_MISSING", "\r\n\r\nPROXY "],
  ["another family", "PROXY_HEADER_MALFORMED", "PROXY UDP4 192.0.2.7 192.0.2.8 1 2\r\n"],
  ["a family in lower case", "PROXY_HEADER_MALFORMED", "PROXY unknown\r\n"],
  ["no family", "PROXY_HEADER_MALFORMED", "PROXY \r\n"],
  ["a word that begins as a family does", "PROXY_HEADER_MALFORMED", "PROXY UNKNOWNS\r\n"],
  ["two spaces", "PROXY_HEADER_MALFORMED", "PROXY TCP4  192.0.2.7 192.0.2.8 1 2\r\n"],
  ["a field too few", "PROXY_HEADER_MALFORMED", "PROXY TCP4 192.0.2.7 192.0.2.8 1\r\n"],
  ["a field too many", "PROXY_HEADER_MALFORMED", "PROXY TCP4 192.0.2.7 192.0.2.8 1 2 3\r\n"],
  ["a space at the end", "PROXY_HEADER_MALFORMED", "PROXY TCP4 192.0.2.7 192.0.2.8 1 2 \r\n"],
  ["no address", "PROXY_HEADER_MALFORMED", "PROXY TCP4 192.0.2 192.0.2.8 1 2\r\n"],
  ["a leading zero", "PROXY_HEADER_MALFORMED", "PROXY TCP4 192.0.2.07 192.0.2.8 1 2\r\n"],
  ["a port with one", "PROXY_HEADER_MALFORMED", "PROXY TCP4 192.0.2.7 192.0.2.8 01 2\r\n"],
  ["a large port", "PROXY_HEADER_MALFORMED", "PROXY TCP4 192.0.2.7 192.0.2.8 65536 2\r\n"],
  ["a negative port", "PROXY_HEADER_MALFORMED", "PROXY TCP4 192.0.2.7 192.0.2.8 -1 2\r\n"],
  ["LF alone", "PROXY_HEADER_MALFORMED", "PROXY UNKNOWN\n"],
  ["CR alone", "PROXY_HEADER_MALFORMED", "PROXY UNKNOWN\rPROXY"],
  ["CR twice", "PROXY_HEADER_MALFORMED", "PROXY UNKNOWN\r\r\n"],
  ["a long line", "PROXY_HEADER_TOO_LONG", `PROXY UNKNOWN ${"f".repeat(MAX_LINE_BYTES - 14)}`],
  ["version 1 in a block", "PROXY_HEADER_MALFORMED", block(0x11, 0x11, IPV4)],
  ["another command", "PROXY_HEADER_MALFORMED", block(0x22, 0x11, IPV4)],
  ["another family of blocks", "PROXY_HEADER_MALFORMED", block(PROXY, 0x41, IPV4)],
  ["another transport", "PROXY_HEADER_MALFORMED", block(PROXY, 0x13, IPV4)],
  ["short IPv4", "PROXY_HEADER_MALFORMED", block(PROXY, 0x11, IPV4.slice(1))],
  ["short IPv6", "PROXY_HEADER_MALFORMED", block(PROXY, 0x21, IPV6.slice(1))],
  ["a long block", "PROXY_HEADER_TOO_LONG", block(PROXY, 0, new Array(MAX_BLOCK_BYTES - 15))],
  ["the longest block of all", "PROXY_HEADER_TOO_LONG", block(LOCAL, 0, new Array(65_535))],
];

for (const [what, code, header] of FAULTS) {
  Deno.test(`ProxyHeaderParser refuses ${what} with ${code}`, () => {
    const bytes = typeof header === "string" ? ENCODER.encode(header) : header;
    const messages = new Set<string>();
    forEveryChunking(bytes, (chunks) => {
      const error = assertThrows(() => read(chunks), ProxyError);
      assertEquals(error.code, code);
      messages.add(error.message);
    });
    assertEquals(messages.size, 1, "The error does not depend on how the bytes are cut");
  });
}

Deno.test("ProxyHeaderParser.receiveEof() refuses a header that has not ended", () => {
  const parser = new ProxyHeaderParser();
  assertEquals(parser.push(ENCODER.encode("PROXY TCP4 1")), undefined);
  assertEquals(parser.rest.length, 0);
  const error = assertThrows(() => parser.receiveEof(), ProxyError);
  assertEquals(error.code, "PROXY_HEADER_INCOMPLETE");
});

Deno.test("ProxyHeaderParser says that a block is too long before it comes", () => {
  const parser = new ProxyHeaderParser();
  const head = block(PROXY, 0x11, new Array(65_535)).subarray(0, 16);
  assert(assertThrows(() => parser.push(head), ProxyError).message.includes("4096 bytes at most"));
});
