import { assert, assertEquals } from "@std/assert";
import { parseClosePayload, ProtocolError, serializeClosePayload } from "../../../protocol/mod.ts";
import { concat, fromHex } from "../../helpers/notation.ts";
import { INVALID_UTF8, VALID_UTF8 } from "../../vectors/utf8.ts";
import { mutate } from "../inputs.ts";
import { codeOf } from "../outcome.ts";
import type { FuzzTarget } from "../target.ts";

/** What a Close frame may carry. */
export const closePayload: FuzzTarget = {
  name: "close-payload",
  make(random) {
    if (random.oneIn(6)) return random.bytes(random.below(126));
    const code = random.pick([
      ...[999, 1000, 1003, 1004, 1005, 1006, 1007, 1014, 1015, 1016, 2999, 3000, 4999, 5000],
      random.below(65_536),
    ]);
    const reason = Array.from({ length: random.below(4) }, () => {
      const pool = random.oneIn(8) ? INVALID_UTF8 : VALID_UTF8;
      return fromHex(random.pick<{ readonly hex: string }>(pool).hex);
    });
    const payload = concat([Uint8Array.of(code >> 8, code & 255), ...reason]).slice(0, 125);
    return random.oneIn(4) ? mutate(payload, random).slice(0, 125) : payload;
  },
  check(input) {
    let status: { code: number; reason: string };
    try {
      status = parseClosePayload(input);
    } catch (error) {
      return codeOf(error, ProtocolError);
    }
    const { code, reason } = status;
    if (input.length === 0) {
      assertEquals(status, { code: 1005, reason: "" });
      return "empty";
    }
    assert(input.length >= 2);
    // Whatever may be received may be sent, byte by byte the same.
    assertEquals(serializeClosePayload(code, reason), input);
    return "status";
  },
};
