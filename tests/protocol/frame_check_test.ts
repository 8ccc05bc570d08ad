import { assert, assertEquals, assertThrows } from "@std/assert";
import { checkFirstBytes, checkMessageBudget, type Role } from "../../protocol/frame_check.ts";
import { ProtocolError, type ProtocolErrorCode } from "../../protocol/errors.ts";
import type { MessageLimits } from "../../protocol/limits.ts";

const LIMITS: MessageLimits = { messageBytes: 1_000, messageFragments: 4 };

/** The error code that the check throws, or "none". */
function outcome(check: () => void): ProtocolErrorCode | "none" {
  try {
    check();
    return "none";
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return error.code;
  }
}

/** Every rule that two bytes break, read off the RFC one by one. */
function brokenRules(first: number, second: number, role: Role, inMessage: boolean): string[] {
  const opcode = first % 16;
  const control = [8, 9, 10].includes(opcode);
  const rules: [string, boolean][] = [
    ["RESERVED_BIT_SET", Math.floor(first / 16) % 8 !== 0],
    ["RESERVED_OPCODE", [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].includes(opcode)],
    ["MASK_MISSING", role === "server" && second < 128],
    ["MASK_FORBIDDEN", role === "client" && second >= 128],
    ["CONTROL_FRAGMENTED", control && first < 128],
    ["CONTROL_TOO_LONG", control && second % 128 > 125],
    ["CONTINUATION_UNEXPECTED", opcode === 0 && !inMessage],
    ["CONTINUATION_EXPECTED", (opcode === 1 || opcode === 2) && inMessage],
  ];
  return rules.filter(([, broken]) => broken).map(([code]) => code);
}

Deno.test("checkFirstBytes() judges every first byte in both roles, in and out of a message (5.1, 5.2, 5.4, 5.5)", () => {
  let accepted = 0;
  for (const role of ["server", "client"] as const) {
    for (const messageFrames of [0, 1]) {
      const context = { role, limits: LIMITS, messageFrames, messageBytes: 0 };
      for (let first = 0; first < 256; first++) {
        // The length matters only at its borders; each is tried with and without MASK.
        for (const second of [0, 1, 124, 125, 126, 127, 128, 129, 253, 254, 255]) {
          const broken = brokenRules(first, second, role, messageFrames > 0);
          const code = outcome(() => checkFirstBytes(first, second, context));
          const name = `${first} ${second}, ${role}, ${messageFrames} frames: ${code}`;
          if (broken.length === 0) {
            assertEquals(code, "none", name);
            accepted++;
          } else assert(broken.includes(code), `${name}, but broken are ${broken}`);
        }
      }
    }
  }
  assert(accepted > 0);
});

Deno.test("checkMessageBudget() counts bytes over all frames of a message (7.4.1, 10.4)", () => {
  const cases: [number, number, ProtocolErrorCode | "none"][] = [
    [0, 0, "none"],
    [0, 1_000, "none"],
    [0, 1_001, "MESSAGE_TOO_BIG"],
    [999, 1, "none"],
    [999, 2, "MESSAGE_TOO_BIG"],
    [1_000, 0, "none"],
    [1_000, 1, "MESSAGE_TOO_BIG"],
    [0, 2 ** 53, "MESSAGE_TOO_BIG"],
    [1_000, 2 ** 63, "MESSAGE_TOO_BIG"],
  ];
  for (const [messageBytes, length, expected] of cases) {
    const context = { role: "server", limits: LIMITS, messageFrames: 1, messageBytes } as const;
    const code = outcome(() => checkMessageBudget(length, context));
    assertEquals(code, expected, `${messageBytes} + ${length}`);
  }
});

Deno.test("checkMessageBudget() counts frames, the empty ones too (10.4)", () => {
  for (const length of [0, 1]) {
    for (let messageFrames = 0; messageFrames < 6; messageFrames++) {
      const context = { role: "client", limits: LIMITS, messageFrames, messageBytes: 0 } as const;
      const code = outcome(() => checkMessageBudget(length, context));
      assertEquals(code, messageFrames < 4 ? "none" : "TOO_MANY_FRAGMENTS", `${messageFrames}`);
    }
  }
});

Deno.test("checkMessageBudget() names the limit", () => {
  const context = { role: "client", limits: LIMITS, messageFrames: 4, messageBytes: 0 } as const;
  assertThrows(() => checkMessageBudget(1_001, context), ProtocolError, "larger than 1000 bytes");
  assertThrows(() => checkMessageBudget(0, context), ProtocolError, "more than 4 frames");
});
