import { assertEquals, assertThrows } from "@std/assert";
import {
  type BodyFraming,
  bodyFraming,
  checkMethod,
  CHUNK_END,
  chunkHead,
  expectsContinue,
  keepsAlive,
  LAST_CHUNK,
  responseFraming,
} from "../../protocol/body_framing.ts";
import { HandshakeError, type HandshakeErrorCode } from "../../protocol/errors.ts";
import { type RequestHead, RequestHeadParser } from "../../protocol/http_head.ts";

const UTF8 = new TextEncoder();

function post(lines: readonly string[], version = "1.1"): RequestHead {
  const text = ["POST / HTTP/" + version, "Host: a", ...lines, "", ""].join("\r\n");
  return new RequestHeadParser().push(UTF8.encode(text))!;
}

function assertCode(code: HandshakeErrorCode, call: () => unknown): void {
  assertEquals(assertThrows(call, HandshakeError).code, code);
}

for (
  const [what, lines, framing] of [
    ["no header", [], 0],
    ["a length of 0", ["Content-Length: 0"], 0],
    ["a length", ["Content-Length: 42"], 42],
    ["a length with zeros before it", ["Content-Length: 0042"], 42],
    ["the largest length", ["Content-Length: 9007199254740991"], Number.MAX_SAFE_INTEGER],
    ["chunks", ["Transfer-Encoding: chunked"], "chunked"],
    ["chunks in another case", ["TRANSFER-encoding: \t Chunked "], "chunked"],
  ] satisfies [string, string[], BodyFraming][]
) {
  Deno.test(`bodyFraming() reads ${what} (RFC 9112 6.3)`, () => {
    assertEquals(bodyFraming(post(lines)), framing);
  });
}

for (
  const [section, what, line, more] of [
    ["6.1", "with HTTP/1.0", "chunked", []],
    ["6.3", "beside Content-Length", "chunked", ["Content-Length: 5"]],
    ["6.3", "beside Content-Length 0", "chunked", ["Content-Length: 0"]],
    ["6.3", "without chunked", "gzip", []],
    ["6.3", "with chunked before another", "chunked, gzip", []],
    ["6.3", "that is identity", "identity", []],
    ["6.3", "without a value", "", []],
    ["6.1", "with a backslash", "\\x0bchunked", []],
    ["6.1", "in quotes", '"chunked"', []],
    ["6.1", "with a parameter", "chunked;q=1", []],
    ["6.1", "with a longer word", "chunkedd", []],
    ["6.1", "with a list of words without commas", "x chunked", []],
    ["7.1", "that is chunked twice", "chunked, chunked", []],
    ["7.1", "that is chunked twice in two lines", "chunked", ["Transfer-Encoding: chunked"]],
  ] satisfies [string, string, string, string[]][]
) {
  Deno.test(`bodyFraming() refuses Transfer-Encoding ${what} (RFC 9112 ${section})`, () => {
    const version = what === "with HTTP/1.0" ? "1.0" : "1.1";
    const head = post([`Transfer-Encoding: ${line}`, ...more], version);
    assertCode("TRANSFER_ENCODING_INVALID", () => bodyFraming(head));
  });
}

Deno.test("bodyFraming() refuses another coding before chunked with 501 (RFC 9112 6.1)", () => {
  for (const lines of [["gzip, chunked"], ["gzip", "chunked"], ["identity,,chunked"]]) {
    const head = post(lines.map((value) => `Transfer-Encoding: ${value}`));
    assertCode("TRANSFER_CODING_UNSUPPORTED", () => bodyFraming(head));
  }
});

for (
  const [what, ...values] of [
    ["two lengths", "5", "6"],
    ["the same length twice", "5", "5"],
    ["a list of lengths", "5, 5"],
    ["a length with a sign", "+5"],
    ["a negative length", "-5"],
    ["a hexadecimal length", "0x5"],
    ["a length with an exponent", "1e2"],
    ["a length with a fraction", "5.0"],
    ["a length with a blank", "5 5"],
    ["a length of other digits", "\u00b2"],
    ["an empty length", ""],
    ["a length of 2^53", "9007199254740992"],
    ["a length beyond 2^64", "18446744073709551621"],
  ] as const
) {
  Deno.test(`bodyFraming() refuses ${what} (RFC 9112 6.3)`, () => {
    const head = post(values.map((value) => `Content-Length: ${value}`));
    assertCode("CONTENT_LENGTH_INVALID", () => bodyFraming(head));
  });
}

Deno.test("checkMethod() refuses what a Request cannot hold (RFC 9110 9.1, 15.6.2)", () => {
  for (const method of ["CONNECT", "TRACE", "TRACK", "trace", "get", "Post", "pATCH", "options"]) {
    assertCode("METHOD_NOT_IMPLEMENTED", () => checkMethod({ method }));
  }
  for (const method of ["GET", "PATCH", "PROPFIND", "purge", "M-SEARCH"]) {
    checkMethod({ method });
    assertEquals(new Request("http://a/", { method }).method, method);
  }
});

Deno.test("responseFraming() knows responses without a body (RFC 9112 6.3)", () => {
  for (const minorVersion of [0, 1]) {
    for (const status of [100, 101, 204, 304]) {
      assertEquals(responseFraming({ method: "GET", minorVersion }, status, undefined), 0);
    }
    assertEquals(responseFraming({ method: "HEAD", minorVersion }, 200, 7), 0);
    assertEquals(responseFraming({ method: "GET", minorVersion }, 200, 7), 7);
  }
});

Deno.test("responseFraming() sends a body of unknown length in chunks, to HTTP/1.0 until the end (RFC 9112 7)", () => {
  assertEquals(responseFraming({ method: "GET", minorVersion: 1 }, 200, undefined), "chunked");
  assertEquals(responseFraming({ method: "GET", minorVersion: 0 }, 200, undefined), "close");
});

Deno.test("keepsAlive() goes by Connection and the version (RFC 9112 9.3)", () => {
  const cases: [lines: string[], version: string, keeps: boolean][] = [
    [[], "1.1", true],
    [["Connection: Upgrade, CLOSE"], "1.1", false],
    [["Connection: keep-alive", "Connection: close"], "1.1", false],
    [["Connection: closed"], "1.1", true],
    [[], "1.0", false],
    [["Connection: Keep-Alive"], "1.0", true],
    [["Connection: keep-alive, close"], "1.0", false],
  ];
  for (const [lines, version, keeps] of cases) {
    assertEquals(keepsAlive(post(lines, version)), keeps, `${version} ${lines}`);
  }
});

Deno.test("expectsContinue() knows 100-continue alone, and from HTTP/1.1 on (RFC 9110 10.1.1)", () => {
  assertEquals(expectsContinue(post([])), false);
  assertEquals(expectsContinue(post(["Expect: 100-Continue"])), true);
  assertEquals(expectsContinue(post(["Expect: 100-continue"], "1.0")), false);
  for (const value of ["", "200-ok", "100-continue, 100-continue"]) {
    assertCode("EXPECTATION_FAILED", () => expectsContinue(post([`Expect: ${value}`])));
  }
});

Deno.test("chunkHead() writes a size in hexadecimal digits (RFC 9112 7.1)", () => {
  const text = (length: number) => new TextDecoder().decode(chunkHead(length));
  assertEquals([1, 10, 65_536].map(text), ["1\r\n", "a\r\n", "10000\r\n"]);
  assertEquals(CHUNK_END + LAST_CHUNK, "\r\n0\r\n\r\n");
});

Deno.test("chunkHead() refuses 0, which would end the body, and what is no size (RFC 9112 7.1)", () => {
  for (const length of [0, -1, 1.5, NaN, 2 ** 53]) {
    assertThrows(() => chunkHead(length), RangeError, "Length of a chunk");
  }
});
