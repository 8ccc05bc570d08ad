import { assert, assertEquals } from "@std/assert";
import {
  asciiCodes,
  equalsIgnoringCase,
  HeaderScanner,
  isToken,
  isTokenCode,
  listIncludes,
  parseTokenList,
} from "../../protocol/header_values.ts";

Deno.test("asciiCodes() is 1 at the characters of the set and 0 at all others", () => {
  const expected = new Array(128).fill(0).with(0, 1).with(0x2b, 1).with(0x61, 1).with(127, 1);
  assertEquals([...asciiCodes("a+\0\x7f")], expected);
  assertEquals([...asciiCodes("")], new Array(128).fill(0));
});

Deno.test("isTokenCode() is true for the characters of RFC 9110 5.6.2 and no others", () => {
  const separators = '"(),/:;<=>?@[\\]{}';
  for (let code = 0; code < 0x200; code++) {
    const isTchar = code > 0x20 && code < 0x7f && !separators.includes(String.fromCharCode(code));
    assertEquals(isTokenCode(code), isTchar, `code ${code}`);
  }
});

Deno.test("isToken() wants one or more token characters (RFC 9110 5.6.2)", () => {
  for (const text of ["a", "chat.v1", "!#$%&'*+-.^_`|~09azAZ"]) assert(isToken(text), text);
  for (const text of ["", " a", "a ", "a b", "a/b", "\xe9", "a\0"]) assert(!isToken(text), text);
});

for (
  const value of [
    "websocket",
    "WebSocket",
    "WEBSOCKET",
    " \twebsocket\t ",
    "h2c, websocket",
    "websocket,h2c",
    "a/1 , websocket , b",
    ",,websocket",
    "websocket,",
    "not a token, websocket",
  ]
) {
  Deno.test(`listIncludes() finds websocket in "${value}" (RFC 9110 5.6.1)`, () => {
    assert(listIncludes(value, "websocket"));
  });
}

for (
  const value of [
    undefined,
    "",
    ",",
    "websockets",
    "xwebsocket",
    "web socket",
    "websocket/13",
    "websocket x",
    "web,socket",
    "\u212aebsocket",
  ]
) {
  Deno.test(`listIncludes() does not find websocket in "${value}" (RFC 9110 5.6.1)`, () => {
    assert(!listIncludes(value, "websocket"));
  });
}

Deno.test("listIncludes() folds the case of ASCII letters only", () => {
  // KELVIN SIGN and the characters beside the letters become no letters.
  assert(!listIncludes("\u212a", "k"));
  assert(!listIncludes("@", "`"));
  assert(!listIncludes("[", "{"));
  assert(listIncludes("AZ", "az"));
});

Deno.test("equalsIgnoringCase() compares the whole value", () => {
  assert(equalsIgnoringCase("WebSocket", "websocket"));
  for (const value of [undefined, "", "websocket, h2c", "websocke", "websockets"]) {
    assert(!equalsIgnoringCase(value, "websocket"), String(value));
  }
});

Deno.test("parseTokenList() gives tokens in their order and case (RFC 9110 5.6.1)", () => {
  assertEquals(parseTokenList("b"), ["b"]);
  assertEquals(parseTokenList("b, A,c ,\td\t"), ["b", "A", "c", "d"]);
});

Deno.test("parseTokenList() skips empty elements (RFC 9110 5.6.1.2)", () => {
  assertEquals(parseTokenList(", a,, ,b,"), ["a", "b"]);
});

Deno.test("parseTokenList() refuses what is no list of tokens", () => {
  for (const value of ["", " ", ",", "a b", "a;b", '"a"', "a, b c", "a, \xe9"]) {
    assertEquals(parseTokenList(value), undefined, value);
  }
});

for (
  const [quoted, text] of [
    ['""', ""],
    ['"a b"', "a b"],
    ['"a\\"b"', 'a"b'],
    ['"\\\\"', "\\"],
    ['"\\a\\b"', "ab"],
    ['"a,;="', "a,;="],
  ] as const
) {
  Deno.test(`HeaderScanner.quotedString() reads ${quoted} (RFC 9110 5.6.4)`, () => {
    const scanner = new HeaderScanner(`${quoted};`);
    assertEquals(scanner.quotedString(), text);
    assert(scanner.take(0x3b));
    assert(scanner.atEnd);
  });
}

Deno.test("HeaderScanner.quotedString() refuses what does not end (RFC 9110 5.6.4)", () => {
  for (const text of ['"', '"a', '"a\\"', '"\\', `"${"\\c".repeat(1_000)}`]) {
    assertEquals(new HeaderScanner(text).quotedString(), undefined, text);
  }
});

Deno.test("HeaderScanner.quotedString() reads nothing where no quote comes next", () => {
  const scanner = new HeaderScanner("a");
  assertEquals(scanner.quotedString(), undefined);
  assertEquals(scanner.token(), "a");
});

Deno.test("HeaderScanner.token() is empty at a separator and at the end", () => {
  const scanner = new HeaderScanner(" a");
  assertEquals(scanner.token(), "");
  scanner.skipWhitespace();
  assertEquals([scanner.token(), scanner.token()], ["a", ""]);
  assert(!scanner.take(0x61));
});

Deno.test("HeaderScanner reads nothing beyond the end", () => {
  for (const text of ["", "a", "a ", "a\t \t"]) {
    const scanner = new HeaderScanner(text);
    scanner.token();
    scanner.skipWhitespace();
    assert(scanner.atEnd, text);
    scanner.skipWhitespace();
    assertEquals([scanner.token(), scanner.quotedString()], ["", undefined], text);
    for (const code of [0, 0x20, 0x2c, NaN]) assert(!scanner.take(code), `${text}: ${code}`);
    assert(scanner.atEnd, text);
  }
});
