import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { HandshakeError, type HandshakeErrorCode } from "../../protocol/errors.ts";
import type { HeadParser } from "../../protocol/head_parser.ts";
import { type RequestHead, RequestHeadParser } from "../../protocol/http_head.ts";
import { DEFAULT_HEAD_LIMITS, type HeadLimits } from "../../protocol/limits.ts";
import { allocations } from "../helpers/allocations.ts";
import { forEveryChunking } from "../helpers/chunks.ts";
import { Random } from "../helpers/random.ts";

const START = "GET / HTTP/1.1\r\nHost: a\r\n";

/** Small limits, so that what meets them stays readable. START is 25 bytes, its longest line 14. */
const SMALL: HeadLimits = { headLineBytes: 20, headHeaders: 3, headBytes: 60 };

function encode(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function parse(text: string, limits?: HeadLimits): RequestHead {
  const head = new RequestHeadParser(limits).push(encode(text));
  if (head === undefined) throw new Error("The head did not end");
  return head;
}

/** Feeds chunks until the head ends; gives the error and how many bytes the parser had seen. */
function failureOf<H>(parser: HeadParser<H>, chunks: Iterable<Uint8Array>): [string, number] {
  let seen = 0;
  const error = assertThrows(() => {
    for (const chunk of chunks) {
      seen += chunk.length;
      parser.push(chunk);
    }
  }, HandshakeError);
  return [error.code, seen];
}

/** The text must fail with the code, however it is cut, and at its very last byte. */
function assertFailsAtItsEnd(text: string, code: HandshakeErrorCode, limits?: HeadLimits): void {
  const bytes = encode(text);
  forEveryChunking(bytes, (chunks) => {
    const parser = new RequestHeadParser(limits);
    assertEquals(failureOf(parser, chunks.filter((chunk) => chunk.length > 0)), [
      code,
      bytes.length,
    ]);
  });
  // With more behind it, or more of anything else, the verdict stays.
  assertEquals(failureOf(new RequestHeadParser(limits), [encode(`${text}\r\n\r\n\0`)])[0], code);
}

/** What comes out, as a text: an error, a head, or nothing yet. */
function verdictOn(chunks: readonly Uint8Array[], limits: HeadLimits): string {
  const parser = new RequestHeadParser(limits);
  try {
    for (const chunk of chunks) {
      const head = parser.push(chunk);
      if (head !== undefined) return `head ${JSON.stringify([head, [...head.headers]])}`;
    }
    return "unfinished";
  } catch (error) {
    if (!(error instanceof HandshakeError)) throw error;
    return `${error.code} ${error.message}`;
  }
}

Deno.test("HeadParser reads the same head however it is cut (RFC 9112 2.2)", () => {
  const text = `${START}Accept: */*\r\nX-Empty:\r\nX-Tab:\t a\tb \t\r\n\r\n`;
  forEveryChunking(encode(`${text}\x81\x02hi`), (chunks) => {
    const parser = new RequestHeadParser();
    let head: RequestHead | undefined;
    const rest: number[] = [];
    for (const chunk of chunks) {
      if (head === undefined) {
        head = parser.push(chunk);
        rest.push(...parser.rest);
      } else rest.push(...chunk);
    }
    assertEquals([...head?.headers ?? []], [
      ["host", "a"],
      ["accept", "*/*"],
      ["x-empty", ""],
      ["x-tab", "a\tb"],
    ]);
    assertEquals(rest, [0x81, 0x02, 0x68, 0x69]);
  });
});

Deno.test("HeadParser.rest is a view of the caller's chunk, exact at every cut", () => {
  const bytes = encode(`${START}\r\nabc`);
  const headLength = bytes.length - 3;
  for (let cut = 0; cut <= headLength - 1; cut++) {
    const parser = new RequestHeadParser();
    assertEquals(parser.push(bytes.subarray(0, cut)), undefined);
    assertEquals(parser.rest.length, 0);
    assert(parser.push(bytes.subarray(cut)) !== undefined, `cut at ${cut}`);
    assertStrictEquals(parser.rest.buffer, bytes.buffer);
    assertEquals([parser.rest.byteOffset, parser.rest.length], [headLength, 3], `cut at ${cut}`);
  }
});

Deno.test("HeadParser.rest is empty when the chunk ends with the head", () => {
  const parser = new RequestHeadParser();
  parser.push(encode(`${START}\r\n`));
  assertEquals(parser.rest.length, 0);
});

Deno.test("HeadParser.rest may hold what would break the rules of a head", () => {
  const parser = new RequestHeadParser(SMALL);
  assert(parser.push(encode(`${START}\r\n${"\0\n".repeat(200)}`)) !== undefined);
  assertEquals(parser.rest.length, 400);
});

Deno.test("HeadParser keeps bytes above ASCII as they are (RFC 9110 5.5)", () => {
  forEveryChunking(encode(`${START}X: \x80\xe9\xff\r\nY: \xef\xbb\xbfb\r\n\r\n`), (chunks) => {
    const parser = new RequestHeadParser();
    const head = chunks.map((chunk) => parser.push(chunk)).at(-1);
    assertEquals(head?.headers.get("x"), "\x80\xe9\xff");
    assertEquals(head?.headers.get("y"), "\xef\xbb\xbfb");
  });
});

Deno.test("HeadParser skips one empty line before a request (RFC 9112 2.2)", () => {
  forEveryChunking(encode(`\r\n${START}\r\n`), (chunks) => {
    const parser = new RequestHeadParser();
    assertEquals(chunks.map((chunk) => parser.push(chunk)).at(-1)?.host, "a");
  });
});

Deno.test("HeadParser refuses a second empty line before a request (RFC 9112 2.2)", () => {
  assertFailsAtItsEnd("\r\n\r\n", "MALFORMED_HEAD");
});

for (
  const [what, text] of [
    ["NUL in the request line", "GET /\0"],
    ["NUL in a header name", `${START}X\0`],
    ["NUL in a header value", `${START}X: \0`],
    ["bell in a header value", `${START}X: \x07`],
    ["DEL in a header value", `${START}X: \x7f`],
    ["escape as the first byte of a line", `${START}\x1b`],
    ["TLS record instead of HTTP", "\x16"],
    ["LF without CR after the request line", "GET / HTTP/1.1\n"],
    ["LF without CR after a header line", `${START}X: y\n`],
    ["LF without CR as the end of the head", `${START}\n`],
    ["CR without LF in the request line", "GET / HTTP/1.1\rX"],
    ["CR without LF in a header line", `${START}X: y\rZ`],
    ["CR twice", `${START}X: y\r\r`],
    ["CR without LF as the end of the head", `${START}\rX`],
  ] as const
) {
  Deno.test(`HeadParser refuses ${what} at that byte (RFC 9112 2.2, RFC 9110 5.5)`, () => {
    assertFailsAtItsEnd(text, "MALFORMED_HEAD");
  });
}

for (
  const [what, line, section] of [
    ["a folded line", " folded", "RFC 9112 5.2"],
    ["a line folded with a tab", "\tfolded: yes", "RFC 9112 5.2"],
    ["a space before the colon", "Name : value", "RFC 9112 5.1"],
    ["a tab before the colon", "Name\t: value", "RFC 9112 5.1"],
    ["an empty name", ": value", "RFC 9112 5"],
    ["a line without a colon", "Name", "RFC 9112 5"],
    ["a name that is not a token", "Na(me: value", "RFC 9110 5.1"],
    ["a name above ASCII", "N\xe4me: value", "RFC 9110 5.1"],
  ] as const
) {
  Deno.test(`HeadParser refuses ${what} (${section})`, () => {
    assertFailsAtItsEnd(`${START}${line}\r\n`, "MALFORMED_HEAD");
  });
}

Deno.test("HeadParser refuses a header line that begins with whitespace before all others (RFC 9112 2.2)", () => {
  assertFailsAtItsEnd("GET / HTTP/1.1\r\n Host: a\r\n", "MALFORMED_HEAD");
});

Deno.test("HeadParser judges an earlier line first, however the bytes are cut", () => {
  const bytes = encode("GET / HTTP/3.0\r\nHost: a\0");
  forEveryChunking(bytes, (chunks) => {
    assertEquals(failureOf(new RequestHeadParser(), chunks)[0], "HTTP_VERSION_UNSUPPORTED");
  });
});

Deno.test("HeadParser accepts what just meets every limit", () => {
  // 16 + 9 + 22 + 11 + 2 bytes, three headers, one line of 20.
  const text = `${START}X: ${"x".repeat(17)}\r\nY: ${"y".repeat(6)}\r\n\r\n`;
  assertEquals(text.length, SMALL.headBytes);
  forEveryChunking(encode(text), (chunks) => {
    const parser = new RequestHeadParser(SMALL);
    assertEquals(chunks.map((chunk) => parser.push(chunk)).at(-1)?.headers.size, 3);
  });
});

Deno.test("HeadParser refuses the first byte of a request line beyond the limit (RFC 9112 3)", () => {
  assertFailsAtItsEnd(`GET /${"x".repeat(16)}`, "REQUEST_LINE_TOO_LONG", SMALL);
});

Deno.test("HeadParser refuses the first byte of a header line beyond the limit (RFC 6585 5)", () => {
  assertFailsAtItsEnd(`${START}X: ${"x".repeat(18)}`, "HEADER_LINE_TOO_LONG", SMALL);
});

Deno.test("HeadParser refuses the first byte of a header line too many (RFC 6585 5)", () => {
  assertFailsAtItsEnd(`${START}A:\r\nB:\r\nC`, "TOO_MANY_HEADERS", SMALL);
});

Deno.test("HeadParser refuses the first byte of a head beyond the limit (RFC 6585 5)", () => {
  const line = `X: ${"x".repeat(15)}`;
  assertFailsAtItsEnd(`${START}${line}\r\nY: ${"y".repeat(13)}`, "HEAD_TOO_LARGE", SMALL);
});

Deno.test("HeadParser counts the empty line and its CR into the size of the head", () => {
  const text = `${START}X: ${"x".repeat(17)}\r\nY: ${"y".repeat(7)}\r\n\r`;
  assertEquals(text.length, SMALL.headBytes);
  assertFailsAtItsEnd(`${text}\n`, "HEAD_TOO_LARGE", SMALL);
});

Deno.test("HeadParser answers each limit with its status (RFC 9110 15.5.15, RFC 6585 5)", () => {
  const statusOf = (text: string) =>
    assertThrows(() => new RequestHeadParser(SMALL).push(encode(text)), HandshakeError).status;
  assertEquals(statusOf("x".repeat(30)), 414);
  assertEquals(statusOf(START + "x".repeat(30)), 431);
  assertEquals(statusOf(START + "A:\r\nB:\r\nC:\r\n"), 431);
});

Deno.test("HeadParser holds the default limits when none are given", () => {
  const { headLineBytes, headHeaders } = DEFAULT_HEAD_LIMITS;
  const target = `/${"x".repeat(headLineBytes - "GET / HTTP/1.1".length)}`;
  assertEquals(parse(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`).target, target);
  assertEquals(
    parse(`${START}${"X:\r\n".repeat(headHeaders - 1)}\r\n`).headers.size,
    headHeaders,
  );
  assertFailsAtItsEnd(`${START}${"X:\r\n".repeat(headHeaders - 1)}X`, "TOO_MANY_HEADERS");
});

Deno.test("HeadParser does work in proportion to the bytes when they dribble in (CVE-2023-43669)", () => {
  const line = `X: ${"x".repeat(8_000)}\r\n`;
  const bytes = encode(`${START}${line}${line}\r\n`);
  const decode = TextDecoder.prototype.decode;
  let decoded = 0;
  TextDecoder.prototype.decode = function (input?: Uint8Array, ...rest) {
    decoded += input?.byteLength ?? 0;
    return decode.call(this, input, ...rest);
  };
  try {
    const parser = new RequestHeadParser();
    let head: RequestHead | undefined;
    const copied = allocations(() => {
      for (const byte of bytes) head = parser.push(Uint8Array.of(byte));
    }).filter((size) => size > 1);
    assertEquals(head?.headers.size, 3);
    // Each byte becomes text once, is gathered once, and the room for a line doubles as it grows.
    assertEquals(decoded, bytes.length);
    const total = copied.reduce((sum, size) => sum + size, 0);
    assert(total <= 4 * bytes.length, `${total} bytes allocated for ${bytes.length}`);
  } finally {
    TextDecoder.prototype.decode = decode;
  }
});

Deno.test("HeadParser gives a damaged head the same verdict however it is cut", () => {
  const good = encode(`GET /chat HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\nrest`);
  const limits = { headLineBytes: 18, headHeaders: 2, headBytes: 40 };
  const codes = new Set<string>();
  for (let seed = 1; seed <= 300; seed++) {
    const random = new Random(seed);
    const bytes = good.slice();
    const damage = encode("\0\t\n\r :/019ATX[]\x80");
    for (let i = 0; i <= seed % 3; i++) {
      bytes[random.below(bytes.length)] = random.pick([...damage]);
    }
    const expected = verdictOn([bytes], limits);
    codes.add(expected.split(" ")[0]!);
    forEveryChunking(bytes, (chunks) => {
      assertEquals(verdictOn(chunks, limits), expected, `damaged with seed ${seed}`);
    }, [seed]);
  }
  assert(codes.has("head") && codes.has("MALFORMED_HEAD") && codes.has("HOST_INVALID"));
});

Deno.test("HeadParser keeps nothing of a chunk that it has read", () => {
  const parser = new RequestHeadParser();
  const first = encode("GET /one HTTP/1.1\r\nHo");
  assertEquals(parser.push(first), undefined);
  first.fill(0x21);
  const second = encode("st: a\r\n\r\n");
  const head = parser.push(second);
  second.fill(0x21);
  assertEquals([head?.path, head?.host], ["/one", "a"]);
});

Deno.test("HeadParser.push() throws when the parser is spent", () => {
  const ended = new RequestHeadParser();
  ended.push(encode(`${START}\r\n`));
  assertThrows(() => ended.push(encode("x")), TypeError, "spent");

  const failed = new RequestHeadParser();
  assertThrows(() => failed.push(encode("\0")), HandshakeError);
  assertThrows(() => failed.push(encode("x")), TypeError, "spent");
});

Deno.test("HeadParser.receiveEof() throws inside a head (RFC 9112 8)", () => {
  for (const text of ["", "GE", START, `${START}\r`]) {
    const parser = new RequestHeadParser();
    parser.push(encode(text));
    const error = assertThrows(() => parser.receiveEof(), HandshakeError);
    assertEquals([error.code, error.status], ["HEAD_INCOMPLETE", 400]);
  }
});

Deno.test("HeadParser.receiveEof() is silent after the end of the head", () => {
  const parser = new RequestHeadParser();
  const head = parser.push(encode(`${START}\r\n`));
  parser.receiveEof();
  assertEquals(head?.method, "GET");
});
