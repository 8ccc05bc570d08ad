import { assert } from "@std/assert";
import { Utf8Validator } from "../../../protocol/mod.ts";
import { forEveryChunking } from "../../helpers/chunks.ts";
import { concat, fromHex } from "../../helpers/notation.ts";
import { INVALID_UTF8, VALID_UTF8 } from "../../vectors/utf8.ts";
import { mutate } from "../inputs.ts";
import type { FuzzTarget } from "../target.ts";

/** Text that comes in pieces; the platform's decoder is the twin. */
export const utf8: FuzzTarget = {
  name: "utf8",
  make(random) {
    const parts = Array.from({ length: random.below(8) }, () => {
      // Long ASCII takes a way of its own, from whatever offset.
      if (random.oneIn(4)) return new Uint8Array(random.below(200)).fill(0x61);
      if (random.oneIn(16)) return random.bytes(1 + random.below(4));
      const pool = random.oneIn(30) ? INVALID_UTF8 : VALID_UTF8;
      return fromHex(random.pick<{ readonly hex: string }>(pool).hex);
    });
    const bytes = concat(parts);
    return random.oneIn(3) ? mutate(bytes, random) : bytes;
  },
  check(input, random) {
    const badAt = firstBadByte(input);
    const expected = badAt < input.length ? "bad" : isWhole(input) ? "text" : "cut off";
    forEveryChunking(input, (chunks) => {
      const validator = new Utf8Validator();
      let at = 0;
      for (const chunk of chunks) {
        const good = validator.push(chunk);
        at += chunk.length;
        assert(good === at <= badAt, `After ${at} bytes; byte ${badAt} is bad`);
        if (!good) return;
      }
      assert(validator.complete === (expected === "text"), `complete is ${validator.complete}`);
    }, [random.below(1_000), random.below(1_000)]);
    return expected;
  },
};

function isWhole(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** The place of the first byte that cannot be part of UTF-8; the length where there is none. */
function firstBadByte(bytes: Uint8Array): number {
  // By halves, as each question reads from the start: what is good stays good when it is cut.
  const isGood = (length: number): boolean => {
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, length), { stream: true });
      return true;
    } catch {
      return false;
    }
  };
  if (isGood(bytes.length)) return bytes.length;
  let [good, bad] = [0, bytes.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isGood(middle)) good = middle;
    else bad = middle;
  }
  return good;
}
