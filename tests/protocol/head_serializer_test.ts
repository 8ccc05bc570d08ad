import { assertEquals, assertThrows } from "@std/assert";
import {
  encodeHead,
  headerLines,
  serializeRequestHead,
  serializeResponseHead,
} from "../../protocol/head_serializer.ts";
import { HANDSHAKE_ERRORS } from "../../protocol/errors.ts";
import { RequestHeadParser, ResponseHeadParser } from "../../protocol/http_head.ts";

Deno.test("serializeRequestHead() writes what RequestHeadParser reads (RFC 9112 3)", () => {
  const bytes = serializeRequestHead("GET", "/a?b", [["Host", "c"], ["X", "\xe9"]]);
  const head = new RequestHeadParser().push(bytes);
  assertEquals([head?.method, head?.target], ["GET", "/a?b"]);
  assertEquals([...head?.headers ?? []], [["host", "c"], ["x", "\xe9"]]);
});

Deno.test("serializeResponseHead() writes what ResponseHeadParser reads (RFC 9112 4)", () => {
  const bytes = serializeResponseHead(503, [["Retry-After", "1"], ["Connection", "close"]]);
  const head = new ResponseHeadParser().push(bytes);
  assertEquals([head?.status, head?.statusText], [503, "Service Unavailable"]);
  assertEquals([...head?.headers ?? []], [["retry-after", "1"], ["connection", "close"]]);
});

Deno.test("serializeResponseHead() knows a reason for every status that an error answers with", () => {
  for (const status of new Set(Object.values(HANDSHAKE_ERRORS))) {
    const head = new ResponseHeadParser().push(serializeResponseHead(status, []));
    assertEquals([head?.status, head?.statusText === ""], [status, false]);
  }
});

Deno.test("serializeResponseHead() takes a reason, and leaves it empty where none is known", () => {
  const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assertEquals(textOf(serializeResponseHead(200, [], "Fine")), "HTTP/1.1 200 Fine\r\n\r\n");
  assertEquals(textOf(serializeResponseHead(299, [])), "HTTP/1.1 299 \r\n\r\n");
});

Deno.test("serializeResponseHead() refuses what is no status (RFC 9110 15)", () => {
  for (const status of [99, 600, 200.5, NaN]) {
    assertThrows(() => serializeResponseHead(status, []), RangeError, "Status must be");
  }
});

Deno.test("serializeResponseHead() refuses a reason with a line break (RFC 9112 4)", () => {
  assertThrows(() => serializeResponseHead(200, [], "OK\r\nX: y"), TypeError);
});

Deno.test("serializeRequestHead() refuses a method that is not a token (RFC 9112 3.1)", () => {
  for (const method of ["", "G T", "GET\r\n"]) {
    assertThrows(() => serializeRequestHead(method, "/", []), TypeError, "method");
  }
});

Deno.test("serializeRequestHead() refuses what is no target (RFC 9112 3.2)", () => {
  for (const target of ["", "a", "/ b", "/\r\n", "/#a"]) {
    assertThrows(() => serializeRequestHead("GET", target, []), TypeError, "target");
  }
});

Deno.test("headerLines() refuses names that are not tokens (RFC 9110 5.1)", () => {
  for (const name of ["", "a b", "a:", "a\r\nb", "\xe4"]) {
    assertThrows(() => headerLines([[name, "x"]]), TypeError, "Header name");
  }
});

Deno.test("headerLines() refuses control characters in values, but for the tab (RFC 9110 5.5)", () => {
  for (let code = 0; code < 0x20; code++) {
    const character = String.fromCharCode(code);
    if (character === "\t") continue;
    assertThrows(() => headerLines([["X", `a${character}b`]]), TypeError, "Header value");
  }
  assertThrows(() => headerLines([["X", "\x7f"]]), TypeError, "Header value");
  assertThrows(() => headerLines([["X", "\u0100"]]), TypeError, "Header value");
  assertEquals(headerLines([["X", "a\tb"], ["Y", ""]]), "X: a\tb\r\nY: \r\n");
});

Deno.test("encodeHead() makes one byte of each character (RFC 9110 5.5)", () => {
  assertEquals([...encodeHead("a\x80\xff")], [0x61, 0x80, 0xff]);
  assertEquals([...encodeHead("a")], [0x61]);
});
