import { assert, assertEquals } from "@std/assert";
import { canonicalAddress } from "../../server/four_tuple.ts";
import { findClient } from "../../server/proxy/forwarded.ts";
import { ProxyError } from "../../server/proxy/proxy_error.ts";
import { MAX_BLOCK_BYTES, ProxyHeaderParser } from "../../server/proxy/proxy_header.ts";
import { forEveryChunking } from "../helpers/chunks.ts";
import { concat } from "../helpers/notation.ts";
import { block, PROXY } from "../helpers/proxy_block.ts";
import { Random } from "../helpers/random.ts";

const ROUNDS = 3_000;

/** Reads a header; what comes out is its client and how long it was, or the code of a ProxyError. */
function read(chunks: readonly Uint8Array[]): string {
  const parser = new ProxyHeaderParser();
  let length = 0;
  try {
    for (const chunk of chunks) {
      length += chunk.length;
      const header = parser.push(chunk);
      if (header === undefined) continue;
      const { client } = header;
      if (client !== undefined) assertEquals(canonicalAddress(client.address), client.address);
      return `${JSON.stringify(client)} in ${length - parser.rest.length}`;
    }
    return parser.receiveEof();
  } catch (error) {
    if (error instanceof ProxyError) return error.code;
    throw error;
  }
}

/** A header of either version, in most cases with something wrong, and some bytes behind it. */
function randomHeader(random: Random): Uint8Array {
  const address = () => random.pick(["192.0.2.7", "::1", "2001:db8::7", "10.0.0.01", "x", ""]);
  const port = () => random.pick(["0", "1", "443", "65535", "65536", "01", "-"]);
  const line = [
    "PROXY",
    random.pick(["TCP4", "TCP4", "TCP6", "UNKNOWN", "UDP4"]),
    ...[address(), address(), port(), port()].slice(random.oneIn(4) ? random.below(5) : 0),
  ].join(" ");
  const end = random.pick(["\r\n", "\r\n", "\r\n", "\n", "\r", " ".repeat(120)]);
  const family = random.pick([0x00, 0x11, 0x11, 0x21, 0x21, 0x31, 0x12, random.below(256)]);
  const length = random.pick([0, 12, 36, 216, 300, random.below(5_000)]);
  const header = random.oneIn(2)
    ? new TextEncoder().encode(line + end)
    : block(random.pick([PROXY, PROXY, 0x20, random.below(256)]), family, [
      ...random.bytes(length),
    ]);
  const wire = concat([header, random.bytes(random.below(40))]);
  if (random.oneIn(4)) wire[random.below(Math.min(wire.length, 20))] = random.below(256);
  return random.oneIn(8) ? wire.subarray(0, random.below(wire.length)) : wire;
}

Deno.test("ProxyHeaderParser gives the same for every chunking of random and mutated headers", () => {
  const outcomes = new Map<string, number>();
  for (let seed = 0; seed < ROUNDS; seed++) {
    const wire = randomHeader(new Random(seed));
    const expected = read([wire]);
    forEveryChunking(wire, (chunks) => assertEquals(read(chunks), expected), [seed]);
    const [, length] = /^.* in (\d+)$/.exec(expected) ?? [];
    assert(Number(length ?? 0) <= MAX_BLOCK_BYTES);
    const outcome = length === undefined ? expected : expected.startsWith("{") ? "told" : "untold";
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  assertEquals([...outcomes.keys()].sort(), [
    "PROXY_HEADER_INCOMPLETE",
    "PROXY_HEADER_MALFORMED",
    "PROXY_HEADER_MISSING",
    "PROXY_HEADER_TOO_LONG",
    "told",
    "untold",
  ]);
  assert(outcomes.get("told")! > ROUNDS / 20, `Outcomes: ${[...outcomes]}`);
});

const NODES = [
  "192.0.2.7",
  "10.0.0.1",
  "10.0.0.2:80",
  "unknown",
  "_x",
  "[::1]",
  "[fd00::7]:9",
  "::1",
];
const SIGNS = [
  ",",
  ", ",
  ";",
  '"',
  "\\",
  " ",
  "\t",
  "=",
  "x",
  "\u00ff",
  "for=",
  "by=_a;",
  ";proto=http",
];

/** A list of some nodes, with some signs between them. */
function randomList(header: string, random: Random): string {
  const elements = Array.from({ length: random.below(6) }, () => {
    const node = random.pick(NODES);
    const quoted = node.includes(":") ? `"${node}"` : node;
    return header === "forwarded" ? `for=${quoted}` : node;
  });
  if (random.oneIn(2)) elements.splice(random.below(elements.length + 1), 0, random.pick(SIGNS));
  return elements.join(random.pick([",", ", ", ",", " , ", random.pick(SIGNS)]));
}

for (const header of ["x-forwarded-for", "forwarded"] as const) {
  Deno.test(`findClient() finds an address, or refuses, whatever ${header} holds`, () => {
    const outcomes = { found: 0, hidden: 0, refused: 0 };
    for (let seed = 0; seed < 10 * ROUNDS; seed++) {
      const random = new Random(seed);
      const value = randomList(header, random);
      const trusts = (address: string): boolean => address.startsWith("10.");
      try {
        const address = findClient(header, value, trusts)?.address;
        outcomes[address === undefined ? "hidden" : "found"]++;
        if (address !== undefined) assertEquals(canonicalAddress(address), address);
        // What a proxy appends is what counts, whatever stood there before.
        const client = `${header === "forwarded" ? "for=" : ""}192.0.2.99`;
        assertEquals(findClient(header, `${value}, ${client}`, trusts)?.address, "192.0.2.99");
      } catch (error) {
        assert(error instanceof ProxyError, `Seed ${seed}: ${error}`);
        outcomes.refused++;
      }
    }
    for (const [outcome, count] of Object.entries(outcomes)) assert(count > ROUNDS / 10, outcome);
  });
}

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
