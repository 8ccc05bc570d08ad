import { assertEquals } from "@std/assert";
import {
  inflatedTooBig,
  inflateFailed,
  isWhole,
  LAST_TAIL,
  TAIL,
  tooManyFinalBlocks,
} from "../../../../server/connection/deflate/message_tail.ts";
import { toHex } from "../../../helpers/notation.ts";

Deno.test("TAIL is what RFC 7692 7.2.2 appends, and LAST_TAIL begins with it", () => {
  assertEquals(toHex(TAIL), "00 00 ff ff");
  assertEquals(toHex(LAST_TAIL), "00 00 ff ff 01 00 00 ff ff 00");
});

Deno.test("isWhole() takes a tail that was used as far as it goes, or not at all", () => {
  const whole = (tail: Uint8Array) =>
    Array.from({ length: tail.length + 1 }, (_, left) => left).filter((left) =>
      isWhole(left, tail)
    );
  assertEquals(whole(TAIL), [0, 4]);
  assertEquals(whole(LAST_TAIL), [1, 10]);
});

Deno.test("inflateFailed(), tooManyFinalBlocks() and inflatedTooBig() fit into a close reason", () => {
  const errors = [inflateFailed(), tooManyFinalBlocks(), inflatedTooBig(Number.MAX_SAFE_INTEGER)];
  assertEquals(errors.map(({ closeCode }) => closeCode), [1007, 1007, 1009]);
  assertEquals(errors.filter(({ message }) => message.length > 123), []);
});
