import { assert, assertEquals } from "@std/assert";
import { ProxyError } from "../../../server/http/proxy/proxy_error.ts";
import { MAX_BLOCK_BYTES, ProxyHeaderParser } from "../../../server/http/proxy/proxy_header.ts";
import { canonicalAddress } from "../../../server/net/four_tuple.ts";
import { forEveryChunking } from "../../helpers/chunks.ts";
import { concat } from "../../helpers/notation.ts";
import { block, PROXY } from "../../helpers/proxy_block.ts";
import { bytesOf, mutate } from "../inputs.ts";
import { codeOf } from "../outcome.ts";
import { assertSame } from "../same.ts";
import type { FuzzTarget } from "../target.ts";

/** A PROXY header of either version, in most cases with something wrong, and some bytes behind it. */
export const proxyHeader: FuzzTarget = {
  name: "proxy-header",
  make(random) {
    const address = () => random.pick(["192.0.2.7", "::1", "2001:db8::7", "10.0.0.01", "x", ""]);
    const port = () => random.pick(["0", "1", "443", "65535", "65536", "01", "-"]);
    const line = [
      "PROXY",
      random.pick(["TCP4", "TCP4", "TCP6", "UNKNOWN", "UDP4"]),
      ...[address(), address(), port(), port()].slice(random.oneIn(4) ? random.below(5) : 0),
    ].join(" ");
    const end = random.pick(["\r\n", "\r\n", "\r\n", "\n", "\r", " ".repeat(120)]);
    const command = random.pick([PROXY, PROXY, 0x20, random.below(256)]);
    const family = random.pick([0x00, 0x11, 0x11, 0x21, 0x21, 0x31, 0x12, random.below(256)]);
    const length = random.pick([0, 12, 12, 36, 36, 216, 300, random.below(5_000)]);
    const header = random.oneIn(2)
      ? bytesOf(line + end)
      : block(command, family, [...random.bytes(length)]);
    const wire = concat([header, random.bytes(random.below(40))]);
    if (random.oneIn(4)) wire[random.below(Math.min(wire.length, 20))] = random.below(256);
    if (random.oneIn(4)) return mutate(wire, random);
    return random.oneIn(8) ? wire.slice(0, random.below(wire.length)) : wire;
  },
  check(input, random) {
    const expected = read([input]);
    forEveryChunking(
      input,
      (chunks) => assertSame(read(chunks), expected),
      [random.below(1_000)],
    );
    return expected.outcome;
  },
};

/** Reads a header. */
function read(chunks: readonly Uint8Array[]): { outcome: string; client?: object; end?: number } {
  const parser = new ProxyHeaderParser();
  let length = 0;
  try {
    for (const chunk of chunks) {
      length += chunk.length;
      const header = parser.push(chunk);
      if (header === undefined) continue;
      const end = length - parser.rest.length;
      assert(end <= MAX_BLOCK_BYTES);
      const { client } = header;
      if (client === undefined) return { outcome: "untold", end };
      assertEquals(canonicalAddress(client.address), client.address);
      assert(client.port === undefined || (client.port > 0 && client.port <= 65_535));
      return { outcome: "told", client, end };
    }
    return parser.receiveEof();
  } catch (error) {
    return { outcome: codeOf(error, ProxyError) };
  }
}
