import { assertEquals } from "@std/assert";
import { CloseCode, isOnWire } from "../../protocol/close_code.ts";
import { CLOSE_CODES } from "../vectors/close_codes.ts";

Deno.test("isOnWire() classifies every 16-bit code by 7.4", () => {
  let next = 0;
  for (const { from, to, onWire, why } of CLOSE_CODES) {
    assertEquals(from, next, "The vectors have a gap");
    for (let code = from; code <= to; code++) {
      assertEquals(isOnWire(code), onWire, `${code} (${why})`);
    }
    next = to + 1;
  }
  assertEquals(next, 65_536);
});

Deno.test("isOnWire() refuses what is no 16-bit whole number", () => {
  for (const code of [-1, -1000, 1000.5, 3999.999, NaN, Infinity, 65_536 + 1000, 2 ** 32 + 1000]) {
    assertEquals(isOnWire(code), false, `${code}`);
  }
});

Deno.test("CloseCode names the registered codes by their values (7.4.1, IANA)", () => {
  assertEquals(CloseCode, {
    NormalClosure: 1000,
    GoingAway: 1001,
    ProtocolError: 1002,
    UnsupportedData: 1003,
    NoStatusReceived: 1005,
    AbnormalClosure: 1006,
    InvalidPayload: 1007,
    PolicyViolation: 1008,
    MessageTooBig: 1009,
    MandatoryExtension: 1010,
    InternalError: 1011,
    ServiceRestart: 1012,
    TryAgainLater: 1013,
    BadGateway: 1014,
  });
});

Deno.test("CloseCode holds two codes that are only reported, never on the wire (7.4.1)", () => {
  assertEquals(Object.values(CloseCode).filter((code) => !isOnWire(code)), [1005, 1006]);
});
