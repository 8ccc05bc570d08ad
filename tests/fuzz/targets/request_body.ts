import { assert, assertEquals } from "@std/assert";
import {
  BodyDecoder,
  type BodyFraming,
  bodyFraming,
  checkMethod,
  HandshakeError,
  RequestHeadParser,
} from "../../../protocol/mod.ts";
import { forEveryChunking } from "../../helpers/chunks.ts";
import { concat } from "../../helpers/notation.ts";
import { bytesOf, some, spoil, textOf } from "../inputs.ts";
import { codeOf } from "../outcome.ts";
import { assertSame } from "../same.ts";
import type { FuzzTarget } from "../target.ts";

/** So small that inputs reach each of them. */
const LIMITS = { bodyBytes: 60, headBytes: 80 };

const FRAMING_LINES = [
  "Transfer-Encoding: chunked",
  "Content-Length: 5",
  "Transfer-Encoding: gzip, chunked",
  "Transfer-Encoding: chunked, gzip",
  "Transfer-Encoding : chunked",
  "Transfer-Encoding: xchunked",
  "Content-Length: 50",
  "Content-Length: 61",
  "Content-Length: +5",
  "X: y",
];

const CHUNKS = [
  "5\r\nHello\r\n",
  "1\r\n\n\r\n",
  "a;x=y\r\n0123456789\r\n",
  '1 ; q="\\"" ;p\r\nx\r\n',
  "0001\r\n0\r\n",
  `1;${"e".repeat(60)}\r\nx\r\n`,
  "1e\r\n" + "x".repeat(30) + "\r\n",
  "1 \r\nx\r\n",
  "1\nx\r\n",
  "2\r\nxyz\r\n",
];

const TRAILERS = ["A: b\r\n", "Content-Length: 9\r\n", " folded\r\n", "A : b\r\n", "A: b\n"];

/** A request that may have a body, and what comes after it on the connection. */
export const requestBody: FuzzTarget = {
  name: "request-body",
  make(random) {
    const start = random.oneIn(12)
      ? random.pick(["POST / HTTP/1.0", "get / HTTP/1.1", "CONNECT a:1 HTTP/1.1"])
      : "POST / HTTP/1.1";
    const lines = random.oneIn(3)
      ? some(FRAMING_LINES, 3, random)
      : [FRAMING_LINES[random.oneIn(4) ? 1 : 0]!];
    const known = random.oneIn(3);
    const chunks = some(CHUNKS.slice(0, known ? CHUNKS.length : 5), 6, random).join("");
    const trailers = random.oneIn(3)
      ? some(TRAILERS.slice(0, known ? TRAILERS.length : 2), 2, random).join("")
      : "";
    const head = [start, "Host: a", ...lines, "", ""].join("\r\n");
    const wire = bytesOf(`${head}${chunks}0\r\n${trailers}\r\nGET / HTTP/1.1\r\n`);
    return random.oneIn(2) ? wire : spoil(wire, random);
  },
  check(input, random) {
    const expected = read([input]);
    forEveryChunking(
      input,
      (pieces) => assertSame(read(pieces), expected),
      [random.below(1_000), random.below(1_000)],
    );
    if (expected.framing === "chunked") checkTwin(expected);
    return expected.outcome;
  },
};

interface ReadRequest {
  readonly outcome: string;
  readonly framing?: BodyFraming;
  /** The bytes of the body, each as a character. */
  readonly body?: string;
  /** The bytes after the head. */
  readonly afterHead?: string;
  /** The bytes after the body. */
  readonly rest?: string;
}

/** Reads a request with its body. */
function read(pieces: readonly Uint8Array[]): ReadRequest {
  try {
    const parser = new RequestHeadParser();
    let at = 0;
    let head;
    while (head === undefined && at < pieces.length) head = parser.push(pieces[at++]!);
    if (head === undefined) throw parser.receiveEof();
    checkMethod(head);
    const framing = bodyFraming(head);
    const decoder = new BodyDecoder(framing, LIMITS);
    const after = [parser.rest, ...pieces.slice(at)];
    const body: Uint8Array[] = [];
    const rest: Uint8Array[] = [];
    for (const piece of after) {
      if (decoder.ended) {
        rest.push(piece);
        continue;
      }
      decoder.push(piece);
      for (let part; (part = decoder.read()) !== undefined;) {
        assert(part.length > 0);
        body.push(part);
      }
      if (decoder.ended) rest.push(decoder.rest);
      else assert(decoder.rest.length === 0);
    }
    decoder.receiveEof();
    const bodyBytes = concat(body);
    assert(bodyBytes.length <= LIMITS.bodyBytes);
    if (framing !== "chunked") assertEquals(bodyBytes.length, framing);
    return {
      outcome: kindOf(framing),
      framing,
      body: textOf(bodyBytes),
      afterHead: textOf(concat(after)),
      rest: textOf(concat(rest)),
    };
  } catch (error) {
    return { outcome: codeOf(error, HandshakeError) };
  }
}

function kindOf(framing: BodyFraming): string {
  return framing === "chunked" ? "chunked" : framing === 0 ? "no body" : "length";
}

/** The twin goes from line end to line end, and believes what it reads: it must read the same. */
function checkTwin({ body, afterHead: text = "", rest }: ReadRequest): void {
  let twin = "";
  let at = 0;
  for (;;) {
    const lineEnd = text.indexOf("\r\n", at);
    const size = parseInt(text.slice(at, lineEnd), 16);
    at = lineEnd + 2;
    if (size === 0) break;
    twin += text.slice(at, at + size);
    at += size + 2;
  }
  while (!text.startsWith("\r\n", at)) at = text.indexOf("\r\n", at) + 2;
  assertEquals([twin, text.slice(at + 2)], [body, rest]);
}
