import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  checkFirstBytes,
  checkMessageBudget,
  type FrameContext,
} from "../../protocol/frame_check.ts";
import { ProtocolError, type ProtocolErrorCode } from "../../protocol/errors.ts";
import type { MessageLimits } from "../../protocol/limits.ts";

const LIMITS: MessageLimits = { messageBytes: 1_000, messageFragments: 4 };

/** What no rule about a message's size depends on. */
const REST = { limits: LIMITS, deflate: false } as const;

const CASES = [[0, false], [1, false], [0, true], [1, true]] as const;

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
function brokenRules(
  first: number,
  second: number,
  { role, deflate, messageFrames }: Pick<FrameContext, "role" | "deflate" | "messageFrames">,
): string[] {
  const inMessage = messageFrames > 0;
  const opcode = first % 16;
  const control = [8, 9, 10].includes(opcode);
  const rules: [string, boolean][] = [
    // RFC 7692 6: 4 is RSV1 alone, and only the first frame of a data message may have it.
    [
      "RESERVED_BIT_SET",
      ![0, ...(deflate && [1, 2].includes(opcode) ? [4] : [])].includes(
        Math.floor(first / 16) % 8,
      ),
    ],
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

Deno.test("checkFirstBytes() judges every first byte in both roles, in and out of a message, with and without permessage-deflate (5.1, 5.2, 5.4, 5.5; RFC 7692 6)", () => {
  let accepted = 0;
  for (const role of ["server", "client"] as const) {
    for (const [messageFrames, deflate] of CASES) {
      const context = { role, limits: LIMITS, deflate, messageFrames, messageBytes: 0 };
      for (let first = 0; first < 256; first++) {
        // The length matters only at its borders; each is tried with and without MASK.
        for (const second of [0, 1, 124, 125, 126, 127, 128, 129, 253, 254, 255]) {
          const broken = brokenRules(first, second, context);
          const code = outcome(() => checkFirstBytes(first, second, context));
          const name =
            `${first} ${second}, ${role}, ${messageFrames} frames, deflate ${deflate}: ${code}`;
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
    const context = { ...REST, role: "server", messageFrames: 1, messageBytes } as const;
    const code = outcome(() => checkMessageBudget(length, context));
    assertEquals(code, expected, `${messageBytes} + ${length}`);
  }
});

Deno.test("checkMessageBudget() counts frames, the empty ones too (10.4)", () => {
  for (const length of [0, 1]) {
    for (let messageFrames = 0; messageFrames < 6; messageFrames++) {
      const context = { ...REST, role: "client", messageFrames, messageBytes: 0 } as const;
      const code = outcome(() => checkMessageBudget(length, context));
      assertEquals(code, messageFrames < 4 ? "none" : "TOO_MANY_FRAGMENTS", `${messageFrames}`);
    }
  }
});

Deno.test("checkMessageBudget() names the limit", () => {
  const context = { ...REST, role: "client", messageFrames: 4, messageBytes: 0 } as const;
  assertThrows(() => checkMessageBudget(1_001, context), ProtocolError, "larger than 1000 bytes");
  assertThrows(() => checkMessageBudget(0, context), ProtocolError, "more than 4 frames");
});

Deno.test("checkFirstBytes() says which frame may have RSV1 (RFC 7692 6)", () => {
  const context = { ...REST, role: "client", messageFrames: 0, messageBytes: 0 } as const;
  const deflating = { ...context, deflate: true, messageFrames: 1 };
  assertThrows(() => checkFirstBytes(0xc1, 0, context), ProtocolError, "no extension uses it");
  assertThrows(() => checkFirstBytes(0xa1, 0, deflating), ProtocolError, "no extension uses it");
  for (const first of [0xc0, 0xc8, 0xc9, 0xca]) {
    assertThrows(() => checkFirstBytes(first, 0, deflating), ProtocolError, "only the first frame");
  }
});
