import { assertEquals, assertThrows } from "@std/assert";
import { HandshakeError } from "../../../../protocol/mod.ts";
import { ProxyError } from "../../../../server/http/proxy/proxy_error.ts";
import { UnannouncedHeadParser } from "../../../../server/http/proxy/unannounced_head_parser.ts";
import { forEveryChunking } from "../../../helpers/chunks.ts";
import { block, PROXY } from "../../../helpers/proxy_block.ts";

const ENCODER = new TextEncoder();

/** Reads a head, or says why that does not go. */
function read(chunks: Uint8Array[]): string | undefined {
  const parser = new UnannouncedHeadParser();
  try {
    return chunks.map((chunk) => parser.push(chunk)).find((it) => it !== undefined)?.path;
  } catch (error) {
    if (error instanceof ProxyError || error instanceof HandshakeError) return error.code;
    throw error;
  }
}

const REQUEST = "GET /chat HTTP/1.1\r\nHost: a\r\n\r\n";

const BEGINNINGS: [string, string | Uint8Array, string][] = [
  ["a request", REQUEST, "/chat"],
  ["a request behind an empty line", `\r\n${REQUEST}`, "/chat"],
  [
    "a line of version 1",
    `PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n${REQUEST}`,
    "PROXY_HEADER_UNEXPECTED",
  ],
  ["a short line of version 1", `PROXY UNKNOWN\r\n${REQUEST}`, "PROXY_HEADER_UNEXPECTED"],
  ["a block of version 2", block(PROXY, 0x11, new Array(12).fill(7)), "PROXY_HEADER_UNEXPECTED"],
  ["a method of that name", "PROXY / HTTP/1.1\r\nHost: a\r\n\r\n", "/"],
  ["another version behind it", "PROXY / HTTP/2.0\r\nHost: a\r\n\r\n", "HTTP_VERSION_UNSUPPORTED"],
  ["a method that begins alike", "PROXYING x\r\n\r\n", "MALFORMED_HEAD"],
  ["garbage", "GET\r\n\r\n", "MALFORMED_HEAD"],
];

for (const [what, bytes, outcome] of BEGINNINGS) {
  Deno.test(`UnannouncedHeadParser makes ${outcome} of ${what}, however it is cut`, () => {
    const whole = typeof bytes === "string" ? ENCODER.encode(bytes) : bytes;
    forEveryChunking(whole, (chunks) => assertEquals(read(chunks), outcome));
  });
}

Deno.test("UnannouncedHeadParser refuses nothing that is spent in other words", () => {
  const parser = new UnannouncedHeadParser();
  parser.push(ENCODER.encode(REQUEST));
  assertThrows(() => parser.push(ENCODER.encode("PROXY ")), TypeError, "spent");
});
