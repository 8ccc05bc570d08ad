import { assertEquals, assertThrows } from "@std/assert";
import { HandshakeError } from "../../protocol/errors.ts";
import {
  type Extension,
  type ExtensionNegotiator,
  negotiateExtensions,
  parseExtensions,
  serializeExtensions,
} from "../../protocol/extensions.ts";

Deno.test("parseExtensions() gives nothing where there is no header", () => {
  assertEquals(parseExtensions(undefined), []);
});

Deno.test("parseExtensions() reads the examples of RFC 6455 9.1", () => {
  assertEquals(parseExtensions("deflate-stream"), [{ name: "deflate-stream", parameters: [] }]);
  assertEquals(parseExtensions("mux; max-channels=4; flow-control, deflate-stream"), [
    { name: "mux", parameters: [["max-channels", "4"], ["flow-control", undefined]] },
    { name: "deflate-stream", parameters: [] },
  ]);
  assertEquals(parseExtensions("private-extension"), [
    { name: "private-extension", parameters: [] },
  ]);
});

Deno.test("parseExtensions() reads what browsers send (RFC 7692 7)", () => {
  assertEquals(parseExtensions("permessage-deflate; client_max_window_bits"), [
    { name: "permessage-deflate", parameters: [["client_max_window_bits", undefined]] },
  ]);
});

Deno.test("parseExtensions() reads quoted values that are tokens (RFC 6455 9.1)", () => {
  assertEquals(parseExtensions('a; b="10"; c="1\\0"'), [
    { name: "a", parameters: [["b", "10"], ["c", "10"]] },
  ]);
});

Deno.test("parseExtensions() skips whitespace and empty elements (RFC 9110 5.6)", () => {
  assertEquals(parseExtensions(" ,a ;\tb = 1 ; c,, d , "), [
    { name: "a", parameters: [["b", "1"], ["c", undefined]] },
    { name: "d", parameters: [] },
  ]);
});

Deno.test("parseExtensions() keeps what comes twice, in its order (RFC 6455 9.1)", () => {
  assertEquals(parseExtensions("a; x=1; x=2, a; x=3"), [
    { name: "a", parameters: [["x", "1"], ["x", "2"]] },
    { name: "a", parameters: [["x", "3"]] },
  ]);
});

for (
  const value of [
    "",
    " , ,",
    "a b",
    "a;",
    "a; ;b",
    "; a",
    "a; b=",
    "a; b=1 2",
    'a; b=""',
    'a; b="two words"',
    'a; b="1',
    'a; b="1"2',
    'a; b="1\\',
    'a; b="\\"',
    `a; b="${"\\c".repeat(1_000)}`,
    "a; =1",
    "a=1",
    '"a"',
    "a/b",
    "\xe9",
  ]
) {
  Deno.test(`parseExtensions() refuses ${value.slice(0, 20) || "nothing"} (RFC 6455 9.1)`, () => {
    const error = assertThrows(() => parseExtensions(value), HandshakeError);
    assertEquals(error.code, "EXTENSIONS_INVALID");
  });
}

Deno.test("parseExtensions() accepts up to 32 extensions", () => {
  const extensions = Array.from({ length: 33 }, (_, i) => `x${i}`);
  assertEquals(parseExtensions(extensions.slice(1).join(",")).length, 32);
  assertThrows(() => parseExtensions(extensions.join(",")), HandshakeError, "more than 32");
});

Deno.test("parseExtensions() accepts up to 16 parameters", () => {
  assertEquals(parseExtensions(`a${";b".repeat(16)}`)[0]?.parameters.length, 16);
  assertThrows(() => parseExtensions(`a${";b".repeat(17)}`), HandshakeError, "more than 16");
});

Deno.test("serializeExtensions() writes what parseExtensions() reads (RFC 6455 9.1)", () => {
  const extensions: Extension[] = [
    { name: "a", parameters: [["b", "1"], ["c", undefined]] },
    { name: "d", parameters: [] },
  ];
  assertEquals(serializeExtensions(extensions), "a; b=1; c, d");
  assertEquals(parseExtensions(serializeExtensions(extensions)), extensions);
});

Deno.test("serializeExtensions() refuses what is not a token (RFC 6455 9.1)", () => {
  const bad: Extension[] = [
    { name: "a b", parameters: [] },
    { name: "a", parameters: [["b;", undefined]] },
    { name: "a", parameters: [["b", "1\r\n"]] },
    { name: "a", parameters: [["b", ""]] },
  ];
  for (const extension of bad) {
    assertThrows(() => serializeExtensions([extension]), TypeError, "must be tokens");
  }
});

/** Accepts an offer whose only parameter is `yes` and answers with `ok`. */
const picky: ExtensionNegotiator = {
  name: "picky",
  accept: (parameters) => parameters[0]?.[0] === "yes" ? [["ok", undefined]] : undefined,
};

Deno.test("negotiateExtensions() ignores names that the server does not have (RFC 6455 9.1)", () => {
  assertEquals(negotiateExtensions(parseExtensions("constructor, foo"), [picky]), []);
  assertEquals(negotiateExtensions(parseExtensions("picky; yes"), []), []);
});

Deno.test("negotiateExtensions() takes the first acceptable offer, and only one (RFC 6455 9.1)", () => {
  const offers = parseExtensions("picky; no, foo, picky; yes, picky; yes");
  assertEquals(negotiateExtensions(offers, [picky]), [
    { name: "picky", parameters: [["ok", undefined]] },
  ]);
});

Deno.test("negotiateExtensions() keeps the order of the offers (RFC 6455 9.1)", () => {
  const plain: ExtensionNegotiator = { name: "plain", accept: () => [] };
  const offers = parseExtensions("plain, picky; yes");
  assertEquals(negotiateExtensions(offers, [picky, plain]).map(({ name }) => name), [
    "plain",
    "picky",
  ]);
});
