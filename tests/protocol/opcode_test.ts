import { assertEquals } from "@std/assert";
import { isControl, Opcode } from "../../protocol/opcode.ts";

Deno.test("Opcode holds the values of RFC 6455 11.8 and no others", () => {
  assertEquals(Opcode, { Continuation: 0, Text: 1, Binary: 2, Close: 8, Ping: 9, Pong: 10 });
});

Deno.test("isControl() is the top bit of all sixteen opcodes (5.5)", () => {
  const control = Array.from({ length: 16 }, (_, opcode) => opcode).filter(isControl);
  assertEquals(control, [8, 9, 10, 11, 12, 13, 14, 15]);
});
