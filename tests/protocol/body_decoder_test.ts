import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { BodyDecoder } from "../../protocol/body_decoder.ts";
import { type BodyFraming, CHUNK_END, chunkHead, LAST_CHUNK } from "../../protocol/body_framing.ts";
import { HandshakeError } from "../../protocol/errors.ts";
import { forEveryChunking } from "../helpers/chunks.ts";

const UTF8 = new TextEncoder();
const LIMITS = { bodyBytes: 40, headBytes: 30 };

/** Reads a body, and returns it with the bytes after it, or the code of the error. */
function read(framing: BodyFraming, pieces: readonly Uint8Array[]): string[] {
  let body = "";
  let rest = "";
  try {
    const decoder = new BodyDecoder(framing, LIMITS);
    for (const piece of pieces) {
      if (!decoder.ended) {
        decoder.push(piece);
        for (let part; (part = decoder.read()) !== undefined;) body += textOf(part);
        if (decoder.ended) rest += textOf(decoder.rest);
      } else rest += textOf(piece);
    }
    decoder.receiveEof();
    return [body, rest];
  } catch (error) {
    if (error instanceof HandshakeError) return [error.code];
    throw error;
  }
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}

function assertReads(framing: BodyFraming, text: string, expected: string[]): void {
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  forEveryChunking(bytes, (pieces) => assertEquals(read(framing, pieces), expected));
}

for (
  const [what, text, body] of [
    ["chunks", "5\r\nHello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n\r\n", "Hello world"],
    ["no chunk but the last", "0\r\n\r\n", ""],
    [
      "sizes in either case",
      "A\r\n0123456789\r\nb\r\n0123456789a\r\n0\r\n\r\n",
      "01234567890123456789a",
    ],
    ["sizes with zeros before them", "0005\r\nHello\r\n000\r\n\r\n", "Hello"],
    ["line ends in the data", "4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n"],
    ["extensions", '1;a;b=c ; d="\\"\xff"\r\nx\r\n0;z\r\n\r\n', "x"],
    ["trailers", "1\r\nx\r\n0\r\nA: b\r\nContent-Length:7\r\n\r\n", "x"],
  ] as const
) {
  Deno.test(`BodyDecoder reads ${what}, and nothing after the body (RFC 9112 7.1)`, () => {
    assertReads("chunked", text, [body, ""]);
    assertReads("chunked", `${text}GET / HTTP/1.1\r\n`, [body, "GET / HTTP/1.1\r\n"]);
  });
}

Deno.test("BodyDecoder reads a length, and nothing after the body (RFC 9112 6.2)", () => {
  assertReads(5, "HelloGET /", ["Hello", "GET /"]);
  const none = new BodyDecoder(0);
  assertEquals([none.ended, none.read(), none.rest.length], [true, undefined, 0]);
});

for (
  const [section, what, text] of [
    ["7.1", "a size with a sign", "+1\r\nx\r\n0\r\n\r\n"],
    ["7.1", "a negative size", "-1\r\nx\r\n0\r\n\r\n"],
    ["7.1", "a size with 0x before it", "0x1\r\nx\r\n0\r\n\r\n"],
    ["7.1", "a size with an underscore", "1_0\r\n0123456789abcdef\r\n0\r\n\r\n"],
    ["7.1", "a blank before a size", " 1\r\nx\r\n0\r\n\r\n"],
    ["7.1", "a blank after a size", "1 \r\nx\r\n0\r\n\r\n"],
    ["7.1", "no size", "\r\nx\r\n0\r\n\r\n"],
    ["7.1", "a size that is not hexadecimal", "g\r\nx\r\n0\r\n\r\n"],
    ["7.1", "a size that ends in LF alone", "1\nx\r\n0\r\n\r\n"],
    ["7.1", "a size that ends in CR alone", "1\rx\r\n0\r\n\r\n"],
    ["7.1", "a size of 14 digits", "00000000000001\r\nx\r\n0\r\n\r\n"],
    ["7.1", "a size that wraps at 64 bits", "10000000000000001\r\nx\r\n0\r\n\r\n"],
    ["7.1", "a chunk that is longer than its size", "1\r\nxy\r\n0\r\n\r\n"],
    ["7.1", "a chunk that ends in LF alone", "1\r\nx\n0\r\n\r\n"],
    ["7.1", "a chunk that ends in CR alone", "1\r\nx\r0\r\n\r\n"],
    ["7.1", "a chunk without a line end", "1\r\nx0\r\n\r\n"],
    ["7.1.1", "an extension without a semicolon", "1 a\r\nx\r\n0\r\n\r\n"],
    ["7.1.1", "an extension without a name", "1;\r\nx\r\n0\r\n\r\n"],
    ["7.1.1", "an extension without a value", "1;a=\r\nx\r\n0\r\n\r\n"],
    ["7.1.1", "a quote that does not end", '1;a="\r\nx\r\n0\r\n\r\n'],
    ["7.1.1", "an extension with LF alone", "1;a\nx\r\n0\r\n\r\n"],
    ["7.1.1", "an extension with CR alone", "1;a\rb\r\nx\r\n0\r\n\r\n"],
    ["7.1.1", "an extension with NUL", "1;a\0\r\nx\r\n0\r\n\r\n"],
    ["7.1.2", "a trailer without a colon", "0\r\nA\r\n\r\n"],
    ["7.1.2", "a trailer without a name", "0\r\n: a\r\n\r\n"],
    ["7.1.2", "a blank before the colon of a trailer", "0\r\nA : b\r\n\r\n"],
    ["7.1.2", "a folded trailer", "0\r\nA: b\r\n c\r\n\r\n"],
    ["7.1.2", "a trailer that ends in LF alone", "0\r\nA: b\n\r\n"],
    ["7.1.2", "a trailer with CR alone", "0\r\nA: b\rc\r\n\r\n"],
    ["7.1.2", "a trailer with NUL", "0\r\nA: \0\r\n\r\n"],
    ["7.1.2", "a last line that ends in LF alone", "0\r\n\n"],
    ["7.1.2", "a last line that ends in CR alone", "0\r\n\rGET /"],
  ] as const
) {
  Deno.test(`BodyDecoder refuses ${what} (RFC 9112 ${section})`, () => {
    assertReads("chunked", text, ["MALFORMED_CHUNK"]);
  });
}

Deno.test("BodyDecoder takes a body of the limit, and refuses the next byte at its announcement", () => {
  const body = "x".repeat(LIMITS.bodyBytes - 1);
  assertReads(LIMITS.bodyBytes, `${body}x`, [`${body}x`, ""]);
  assertReads(LIMITS.bodyBytes + 1, "", ["BODY_TOO_LARGE"]);
  assertReads("chunked", `27\r\n${body}\r\n1\r\nx\r\n0\r\n\r\n`, [`${body}x`, ""]);
  assertReads("chunked", `27\r\n${body}\r\n2\r\n`, ["BODY_TOO_LARGE"]);
  assertReads("chunked", "fffffffffffff\r\n", ["BODY_TOO_LARGE"]);
});

Deno.test("BodyDecoder bounds extensions and trailers of a body together (RFC 9112 7.1.1)", () => {
  const chunk = `1;${"a".repeat(9)}\r\nx\r\n`;
  assertReads("chunked", `${chunk}${chunk}0\r\nA: 3456789\r\n\r\n`, ["xx", ""]);
  assertReads("chunked", `${chunk}${chunk}0\r\nA: 34567890\r\n`, ["CHUNK_EXTRA_TOO_LARGE"]);
  assertReads("chunked", `${chunk}${chunk}${chunk}1;`, ["CHUNK_EXTRA_TOO_LARGE"]);
});

Deno.test("BodyDecoder.receiveEof() throws wherever the body has not ended (RFC 9112 8)", () => {
  const text = "1;a=b\r\nx\r\n0\r\nA: b\r\n\r\n";
  for (let length = 0; length < text.length; length++) {
    assertReads("chunked", text.slice(0, length), ["BODY_INCOMPLETE"]);
  }
  assertReads(3, "ab", ["BODY_INCOMPLETE"]);
});

Deno.test("BodyDecoder.read() gives views of the piece, and no more of it than was asked for", () => {
  const piece = UTF8.encode("2\r\nab\r\n3\r\ncde\r\n");
  const decoder = new BodyDecoder("chunked");
  decoder.push(piece);
  const first = decoder.read()!;
  assertStrictEquals(first.buffer, piece.buffer);
  assertEquals([textOf(first), textOf(decoder.rest)], ["ab", "\r\n3\r\ncde\r\n"]);
  assertThrows(() => decoder.push(piece), TypeError, "bytes to be read");
  assertEquals(textOf(decoder.read()!), "cde");
  assertEquals([decoder.read(), decoder.ended], [undefined, false]);
});

Deno.test("BodyDecoder.push() refuses a piece after the end, which is the next request's", () => {
  const decoder = new BodyDecoder(1);
  decoder.push(UTF8.encode("a"));
  decoder.read();
  assertThrows(() => decoder.push(UTF8.encode("b")), TypeError, "body has ended");
});

Deno.test("BodyDecoder.read() throws the same error again, and no byte gets past it", () => {
  const decoder = new BodyDecoder("chunked");
  decoder.push(UTF8.encode("x\r\n"));
  for (let time = 0; time < 2; time++) {
    assertEquals(assertThrows(() => decoder.read(), HandshakeError).code, "MALFORMED_CHUNK");
  }
  assertEquals(textOf(decoder.rest), "x\r\n");
});

Deno.test("BodyDecoder reads what chunkHead() and its companions write (RFC 9112 7.1)", () => {
  const text =
    ["Hello", "x".repeat(17)].map((part) => textOf(chunkHead(part.length)) + part + CHUNK_END).join(
      "",
    ) + LAST_CHUNK;
  assertReads("chunked", text, [`Hello${"x".repeat(17)}`, ""]);
});
