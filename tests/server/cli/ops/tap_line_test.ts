import { assert, assertEquals } from "@std/assert";
import { tapLine } from "../../../../server/cli/ops/tap_line.ts";
import type { TappedFrame } from "../../../../server/operations/operations.ts";

const AT = 1_760_000_000_123;
const FRAME: TappedFrame = {
  type: "frame",
  at: AT,
  direction: "in",
  opcode: 1,
  name: "text",
  fin: true,
  masked: true,
  length: 5,
};

Deno.test("tapLine() shows a frame without its payload", () => {
  assertEquals(tapLine(FRAME), "08:53:20.123 -> text         0x1       5 B fin mask");
  assertEquals(
    tapLine({ ...FRAME, direction: "out", opcode: 2, name: "binary", fin: false, masked: false }),
    "08:53:20.123 <- binary       0x2       5 B --- ----",
  );
});

Deno.test("tapLine() shows the payload as hex and text, and where it is cut", () => {
  assertEquals(
    tapLine({ ...FRAME, hex: "68656c6c6f", text: "hello" }),
    '08:53:20.123 -> text         0x1       5 B fin mask 68656c6c6f "hello"',
  );
  assert(tapLine({ ...FRAME, length: 9, hex: "6865", text: "he" }).endsWith(' 6865... "he"'));
});

Deno.test("tapLine() shows what a compressed payload stands for, or calls it compressed", () => {
  const compressed = { ...FRAME, length: 7, compressed: true } as const;
  const start = "08:53:20.123 -> text         0x1       7 B fin mask";
  assertEquals(tapLine(compressed), `${start} compressed`);
  assertEquals(tapLine({ ...compressed, hex: "f200" }), `${start} compressed f200...`);
  assertEquals(
    tapLine({ ...compressed, hex: "f248cdc9c90700", text: "Hello", inflatedHex: "48656c6c6f" }),
    `${start} inflated 48656c6c6f "Hello"`,
  );
});

Deno.test("tapLine() shows the code of a Close", () => {
  const close: TappedFrame = { ...FRAME, opcode: 8, name: "close", length: 2, closeCode: 1000 };
  assertEquals(tapLine(close), "08:53:20.123 -> close        0x8       2 B fin mask code 1000");
});

Deno.test("tapLine() shows gaps and the end", () => {
  assertEquals(
    tapLine({ type: "dropped", at: AT, frames: 1 }),
    "08:53:20.123 .. 1 frame left out: this reader is too slow",
  );
  assertEquals(
    tapLine({ type: "end", at: AT, code: 1000, reason: "" }),
    "08:53:20.123 == over: 1000",
  );
  assertEquals(
    tapLine({ type: "end", at: AT, code: 1002, reason: 'a "b"', rule: "unmasked_frame" }),
    '08:53:20.123 == over: 1002 "a \\"b\\"", broken rule: unmasked_frame',
  );
});

Deno.test("tapLine() lets nothing through that steers a terminal", () => {
  const hostile = "\x1b[2J\x9b\r\n\u202e\u2028";
  for (
    const event of [
      { ...FRAME, text: hostile, hex: hostile },
      { type: "end", at: AT, code: 1000, reason: hostile, rule: hostile } as const,
    ]
  ) assert(!/[\p{Cc}\p{Cf}\p{Zl}]/u.test(tapLine(event)));
});
