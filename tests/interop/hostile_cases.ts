import type { Case } from "./moves.ts";

/** Frames that break a rule, and the code of the Close that answers them. */
export const HOSTILE_CASES: readonly Case[] = [
  hostile("a reserved data opcode", "83 80 00000000", 1002),
  hostile("a reserved control opcode", "8b 80 00000000", 1002),
  hostile("RSV1 without an extension", "c1 80 00000000", 1002),
  hostile("RSV2", "a1 80 00000000", 1002),
  hostile("RSV3", "91 80 00000000", 1002),
  hostile("a frame that is not masked", "81 05 68656c6c6f", 1002),
  hostile("a 16-bit length below 126", "82 fe 007d 00000000", 1002),
  hostile("a 64-bit length below 65536", "82 ff 000000000000ffff 00000000", 1002),
  hostile("a 64-bit length with the top bit set", "82 ff 8000000000000000 00000000", 1002),
  hostile("a 64-bit length over the limit", "82 ff 7fffffffffffffff 00000000", 1009),
  hostile("a ping of 126 bytes", `89 fe 007e 00000000 ${"70".repeat(126)}`, 1002),
  hostile("a ping in fragments", "09 80 00000000 80 80 00000000", 1002),
  hostile("a continuation of nothing", "80 80 00000000", 1002),
  hostile("a message inside another", "01 81 00000000 61 81 81 00000000 62", 1002),
  hostile("a Close of one byte", "88 81 00000000 03", 1002),
  hostile("a Close with 999", "88 82 00000000 03e7", 1002),
  hostile("a Close with 1004", "88 82 00000000 03ec", 1002),
  hostile("a Close with 1005", "88 82 00000000 03ed", 1002),
  hostile("a Close with 1006", "88 82 00000000 03ee", 1002),
  hostile("a Close with 1015", "88 82 00000000 03f7", 1002),
  hostile("a Close with 2999", "88 82 00000000 0bb7", 1002),
  hostile("a Close with 5000", "88 82 00000000 1388", 1002),
  hostile("a Close whose reason is not UTF-8", "88 84 00000000 03e8 c328", 1007),
  hostile("text that is not UTF-8", "81 82 00000000 c328", 1007),
  hostile("text that ends inside a character", "81 82 00000000 e282", 1007),
  hostile("text with a surrogate", "81 83 00000000 eda080", 1007),
  hostile("text that is no longer UTF-8 in an unfinished frame", "01 fe ffff 00000000 61 ff", 1007),
  hostile("1025 empty fragments", `01 80 00000000 ${"00 80 00000000 ".repeat(1024)}`, 1008),
];

function hostile(what: string, raw: string, code: number): Case {
  return {
    name: `closes with ${code} after ${what}`,
    needs: "frames",
    moves: ["open", { raw }, `close ${code} …`],
  };
}
