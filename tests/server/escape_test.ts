import { assert, assertEquals } from "@std/assert";
import { escapeControls, escapeToAscii, jsonLine } from "../../server/escape.ts";

/** Escape sequences, a C1 control, a reversal of the direction, a line separator, half a character. */
const HOSTILE = "\x1b[2J\r\n\x7f\x9b1m\u202eabc\u2028\ud800";

Deno.test("escapeControls() writes what cannot be seen as escapes", () => {
  assertEquals(
    escapeControls(HOSTILE),
    "\\x1b[2J\\x0d\\x0a\\x7f\\x9b1m\\u{202e}abc\\u{2028}\\u{d800}",
  );
  assertEquals(escapeControls("größer 日本 😀"), "größer 日本 😀");
});

Deno.test("escapeToAscii() writes all but printable ASCII as escapes", () => {
  assertEquals(escapeToAscii("a~ ö日😀\t"), "a~ \\xf6\\u{65e5}\\u{1f600}\\x09");
  assert(/^[ -~]*$/.test(escapeToAscii(HOSTILE)));
});

Deno.test("jsonLine() writes a line that no terminal acts on, and that reads as the same", () => {
  const value = { [HOSTILE]: [HOSTILE, "größer", "\u{e0001}"] };
  const line = jsonLine(value);
  assertEquals(JSON.parse(line), value);
  assert(line.endsWith("\n") && !/[\p{Cc}\p{Cf}\p{Zl}\p{Cs}]/u.test(line.slice(0, -1)));
});
