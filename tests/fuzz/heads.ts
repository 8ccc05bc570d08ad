/**
 * What the targets of HTTP heads have in common.
 *
 * @module
 */

import { assert } from "@std/assert";
import {
  HandshakeError,
  type HeadFields,
  type HeadLimits,
  type HeadParser,
  isToken,
} from "../../protocol/mod.ts";
import { forEveryChunking } from "../helpers/chunks.ts";
import { concat, toHex } from "../helpers/notation.ts";
import type { Random } from "../helpers/random.ts";
import { codeOf } from "./outcome.ts";
import { assertSame } from "./same.ts";

/** So small that inputs reach each of them. */
export const HEAD_LIMITS: HeadLimits = { headLineBytes: 150, headHeaders: 12, headBytes: 700 };

/** Lines that any head may have, good and bad. */
export const HEADER_LINES: readonly string[] = [
  "Host: server.example.com",
  "Host: [2001:db8::7]:8080",
  "Origin: http://example.com",
  "X-Empty:",
  "X-Tabs: \t a b \t",
  "__proto__: constructor",
  "Cookie: a=b; c=\u00ff",
  "X-Long: " + "x".repeat(141),
  "X-Too-Long: " + "x".repeat(141),
  "Content-Length: 0",
  " folded",
  "no colon",
  "space before : colon",
  ": no name",
];

/** What a parser made of a head. */
export interface ParsedHead<H> {
  /** The head; absent where it was refused. */
  readonly head?: H;
  /** What follows it. */
  readonly rest: string;
  /** The code of the error, or `head`. */
  readonly outcome: string;
}

/** Reads a head from chunks, and checks what holds for each. */
export function parseHead<H extends { readonly headers: HeadFields }>(
  parser: HeadParser<H>,
  chunks: readonly Uint8Array[],
): ParsedHead<H> {
  try {
    for (const [at, chunk] of chunks.entries()) {
      const head = parser.push(chunk);
      if (head === undefined) {
        assert(parser.rest.length === 0);
        continue;
      }
      checkFields(head.headers);
      const rest = concat([parser.rest, ...chunks.slice(at + 1)]);
      return { head, rest: toHex(rest), outcome: "head" };
    }
    parser.receiveEof();
    throw new Error("receiveEof() let a head pass that has no end");
  } catch (error) {
    return { rest: "", outcome: codeOf(error, HandshakeError) };
  }
}

function checkFields(headers: HeadFields): void {
  assert(headers.size <= HEAD_LIMITS.headHeaders);
  for (const [name, value] of headers) {
    assert(isToken(name) && name === name.toLowerCase(), name);
    // deno-lint-ignore no-control-regex -- those are what must not be there
    assert(!/[\0-\x08\x0a-\x1f\x7f]|^[ \t]|[ \t]$/.test(value), value);
    assert(name.length + value.length < HEAD_LIMITS.headBytes); // folded lines are joined
  }
}

/**
 * Reads a head in every chunking, and once more from how it is written again.
 *
 * @param input The bytes.
 * @param random Decides where they are cut.
 * @param makeParser Makes a parser for each reading.
 * @param write Writes a head; `undefined` where it cannot be written as it came.
 * @returns What came of it; the same for every chunking.
 */
export function parseEveryWay<H extends { readonly headers: HeadFields }>(
  input: Uint8Array,
  random: Random,
  makeParser: () => HeadParser<H>,
  write: (head: H) => Uint8Array | undefined,
): ParsedHead<H> {
  const expected = parseHead(makeParser(), [input]);
  const plain = (head: H | undefined) => head && { ...head, headers: [...head.headers] };
  const expectedParts = [expected.outcome, expected.rest, plain(expected.head)];
  forEveryChunking(input, (chunks) => {
    const { head, rest, outcome } = parseHead(makeParser(), chunks);
    assertSame([outcome, rest, plain(head)], expectedParts);
  }, [random.below(1_000), random.below(1_000)]);
  const again = expected.head && write(expected.head);
  if (again !== undefined) {
    const parser = makeParser();
    assertSame(plain(parser.push(again)), plain(expected.head));
    assert(parser.rest.length === 0);
  }
  return expected;
}
