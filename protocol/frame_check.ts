import { ProtocolError } from "./errors.ts";
import { isControl, Opcode } from "./opcode.ts";
import type { MessageLimits } from "./limits.ts";

/** Which end of the connection this is: a server reads masked frames, a client unmasked ones. */
export type Role = "server" | "client";

/** The state that the rules about a frame's header depend on besides the header itself. */
export interface FrameContext {
  /** The reader's role, whose peer sends the frames. */
  readonly role: Role;
  /** The bounds of one message. */
  readonly limits: MessageLimits;
  /** Whether RSV1 marks a compressed message: permessage-deflate was negotiated (RFC 7692 7.2.3). */
  readonly deflate: boolean;
  /** Frames of the unfinished message so far; 0 when none is unfinished. */
  messageFrames: number;
  /** Payload bytes announced by those frames. */
  messageBytes: number;
}

/**
 * Checks what the first two bytes of a frame decide (RFC 6455 5.1, 5.2, 5.4, 5.5), before its
 * length and its payload.
 *
 * @param first FIN, RSV1 to RSV3 and the opcode.
 * @param second MASK and the seven length bits.
 * @param context The reader's role and its unfinished message.
 * @throws {ProtocolError} The first rule that is broken, in the order of the bits.
 */
export function checkFirstBytes(first: number, second: number, context: FrameContext): void {
  const opcode = first & 0x0f;
  // 5.2: a reserved bit fails the connection unless a negotiated extension gave it a meaning.
  if ((first & 0x70) !== 0) checkReservedBits(first, context);
  // 5.2: an unknown opcode fails the connection.
  if (opcode > 0x0a || (opcode > 2 && opcode < 8)) {
    throw new ProtocolError("RESERVED_OPCODE", `Frame has the reserved opcode ${opcode}`);
  }
  // 5.1: a server closes on an unmasked frame, a client on a masked one.
  const masked = (second & 0x80) !== 0;
  if (context.role === "server" && !masked) {
    throw new ProtocolError("MASK_MISSING", "Frame from a client is not masked");
  }
  if (context.role === "client" && masked) {
    throw new ProtocolError("MASK_FORBIDDEN", "Frame from a server is masked");
  }
  if (isControl(opcode)) {
    checkControl(first, second);
  } else if (opcode === 0) {
    // 5.4: a continuation needs a message that an earlier frame began.
    if (context.messageFrames === 0) {
      throw new ProtocolError("CONTINUATION_UNEXPECTED", "Continuation frame without a message");
    }
  } else if (context.messageFrames !== 0) {
    // 5.4: the fragments of two messages are not interleaved.
    throw new ProtocolError("CONTINUATION_EXPECTED", "New message before the last one has ended");
  }
}

/** RFC 7692 6, 6.1: RSV1 is for the first frame of a data message, and RSV2 and RSV3 have no use. */
function checkReservedBits(first: number, context: FrameContext): void {
  const opcode = first & 0x0f;
  if (!context.deflate || (first & 0x70) !== 0x40) {
    throw new ProtocolError(
      "RESERVED_BIT_SET",
      "Frame has a reserved bit set: no extension uses it",
    );
  }
  if (opcode !== Opcode.Text && opcode !== Opcode.Binary) {
    throw new ProtocolError(
      "RESERVED_BIT_SET",
      "Frame has RSV1 set: only the first frame of a data message may have it",
    );
  }
}

/** 5.5: a control frame is at most 125 bytes long and not fragmented. */
function checkControl(first: number, second: number): void {
  if ((first & 0x80) === 0) {
    throw new ProtocolError("CONTROL_FRAGMENTED", "Control frame is fragmented");
  }
  if ((second & 0x7f) > 125) {
    throw new ProtocolError("CONTROL_TOO_LONG", "Control frame is longer than 125 bytes");
  }
}

/**
 * Checks a data frame's length against the budget of its message, before anything is allocated.
 *
 * @param length The payload length in bytes; beyond 2^53 it may have lost precision.
 * @param context The limits, and what the message has used of them.
 * @throws {ProtocolError} `MESSAGE_TOO_BIG` or `TOO_MANY_FRAGMENTS`.
 */
export function checkMessageBudget(length: number, context: FrameContext): void {
  const { messageBytes, messageFragments } = context.limits;
  if (context.messageBytes + length > messageBytes) {
    throw new ProtocolError("MESSAGE_TOO_BIG", `Message is larger than ${messageBytes} bytes`);
  }
  // Empty frames cost no bytes but work and bookkeeping, so they count too (CVE-2026-62389).
  if (context.messageFrames + 1 > messageFragments) {
    throw new ProtocolError(
      "TOO_MANY_FRAGMENTS",
      `Message has more than ${messageFragments} frames`,
    );
  }
}
