import { assertEquals, assertThrows } from "@std/assert";
import {
  MAX_REASON_BYTES,
  parseClosePayload,
  serializeClosePayload,
} from "../../protocol/close_payload.ts";
import { ProtocolError } from "../../protocol/errors.ts";
import { concat, fromHex, toHex } from "../helpers/notation.ts";
import { CLOSE_CODES } from "../vectors/close_codes.ts";
import { INVALID_UTF8, VALID_UTF8 } from "../vectors/utf8.ts";

const CODE = fromHex("03e8");

function codeBytes(code: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(Math.floor(code / 256), code % 256);
}

Deno.test("parseClosePayload() reads no body as 1005 (7.1.5)", () => {
  assertEquals(parseClosePayload(new Uint8Array(0)), { code: 1005, reason: "" });
});

Deno.test("parseClosePayload() refuses each of the 256 one-byte bodies (5.5.1)", () => {
  for (let byte = 0; byte < 256; byte++) {
    const error: ProtocolError = assertThrows(
      () => parseClosePayload(Uint8Array.of(byte)),
      ProtocolError,
    );
    assertEquals([error.code, error.closeCode], ["CLOSE_PAYLOAD_TOO_SHORT", 1002]);
  }
});

Deno.test("parseClosePayload() takes and refuses every code as 7.4 says", () => {
  for (const { from, to, onWire, why } of CLOSE_CODES) {
    for (let code = from; code <= to; code++) {
      if (onWire) {
        assertEquals(parseClosePayload(codeBytes(code)), { code, reason: "" }, why);
        continue;
      }
      const error: ProtocolError = assertThrows(
        () => parseClosePayload(codeBytes(code)),
        ProtocolError,
      );
      assertEquals([error.code, error.closeCode], ["CLOSE_CODE_INVALID", 1002], `${code} (${why})`);
    }
  }
});

Deno.test("parseClosePayload() reads reasons as UTF-8 and keeps a byte order mark (7.1.6)", () => {
  for (const { name, hex, text } of VALID_UTF8) {
    const payload = concat([CODE, fromHex(hex)]);
    assertEquals(parseClosePayload(payload), { code: 1000, reason: text }, name);
  }
});

Deno.test("parseClosePayload() refuses reasons that are not UTF-8 (5.5.1), and goes on working", () => {
  for (const { name, hex } of INVALID_UTF8) {
    const payload = concat([CODE, fromHex(hex)]);
    const error: ProtocolError = assertThrows(
      () => parseClosePayload(payload),
      ProtocolError,
      undefined,
      name,
    );
    assertEquals([error.code, error.closeCode], ["CLOSE_REASON_INVALID", 1007], name);
    // Nothing of a bad reason may be left in a decoder that is shared.
    assertEquals(parseClosePayload(concat([CODE, fromHex("6f6b")])).reason, "ok", name);
  }
});

Deno.test("parseClosePayload() only reads, and reads a view from its own start", () => {
  const buffer = fromHex("ffff 0fa0 62 79 65 ff");
  assertEquals(parseClosePayload(buffer.subarray(2, 7)), { code: 4000, reason: "bye" });
  assertEquals(toHex(buffer), "ff ff 0f a0 62 79 65 ff");
});

Deno.test("serializeClosePayload() writes no body without a code (5.5.1)", () => {
  assertEquals(serializeClosePayload(), new Uint8Array(0));
  assertEquals(serializeClosePayload(undefined, ""), new Uint8Array(0));
});

Deno.test("serializeClosePayload() writes the code in network order, then the reason (5.5.1)", () => {
  assertEquals(toHex(serializeClosePayload(1000)), "03 e8");
  assertEquals(toHex(serializeClosePayload(4999, "")), "13 87");
  assertEquals(toHex(serializeClosePayload(1001, "é")), "03 e9 c3 a9");
});

Deno.test("serializeClosePayload() takes and refuses every code as 7.4 says", () => {
  for (const { from, to, onWire } of CLOSE_CODES) {
    for (let code = from; code <= to; code++) {
      if (onWire) assertEquals(serializeClosePayload(code), codeBytes(code));
      else assertThrows(() => serializeClosePayload(code), RangeError, `received ${code}`);
    }
  }
  for (const code of [-1, 1000.5, NaN, Infinity, 65_536 + 1000]) {
    assertThrows(() => serializeClosePayload(code), RangeError);
  }
});

Deno.test("serializeClosePayload() refuses a reason without a code", () => {
  assertThrows(() => serializeClosePayload(undefined, "why"), RangeError, "a reason needs a code");
});

Deno.test("serializeClosePayload() refuses a reason that is no string (CVE-2026-45736)", () => {
  for (const reason of [new Float32Array(20), 20, null, {}, Symbol("bye")]) {
    // @ts-expect-error -- as a program in JavaScript may do
    assertThrows(() => serializeClosePayload(1000, reason), TypeError, "must be a string");
  }
});

Deno.test("serializeClosePayload() fills a control frame to 125 bytes and no further (5.5)", () => {
  assertEquals(MAX_REASON_BYTES, 123);
  assertEquals(serializeClosePayload(1000, "a".repeat(123)).length, 125);
  assertEquals(serializeClosePayload(1000, "é".repeat(61) + "a").length, 125);
  assertThrows(
    () => serializeClosePayload(1000, "a".repeat(124)),
    RangeError,
    "Cannot send close frame as reason must be <= 123 bytes: received 124 bytes",
  );
  // It counts bytes of UTF-8, not UTF-16 units, and never cuts.
  assertThrows(() => serializeClosePayload(1000, "é".repeat(62)), RangeError, "received 124 bytes");
  assertThrows(() => serializeClosePayload(1000, "\u{1f600}".repeat(31)), RangeError, "124 bytes");
});

Deno.test("serializeClosePayload() writes what parseClosePayload() reads", () => {
  for (const { name, text } of VALID_UTF8) {
    const status = parseClosePayload(serializeClosePayload(3000, text));
    assertEquals(status, { code: 3000, reason: text }, name);
  }
  // A lone surrogate has no UTF-8: what is sent stays readable.
  assertEquals(parseClosePayload(serializeClosePayload(3000, "\ud800")).reason, "\ufffd");
});
