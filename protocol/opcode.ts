/**
 * The type of a frame, RFC 6455 5.2 and 11.8. The values 3 to 7 and 11 to 15 are reserved.
 *
 * @example
 * ```ts
 * import { isControl, Opcode } from "@fourtuple/fourtuple/protocol";
 * import { assert } from "@std/assert";
 *
 * assert(isControl(Opcode.Ping));
 * ```
 */
export const Opcode: {
  /** The next frame of a message that an earlier frame began. */
  readonly Continuation: 0;
  /** The first frame of a text message: UTF-8. */
  readonly Text: 1;
  /** The first frame of a binary message. */
  readonly Binary: 2;
  /** Begins or answers the closing handshake, 5.5.1. */
  readonly Close: 8;
  /** Asks for a Pong with the same payload, 5.5.2. */
  readonly Ping: 9;
  /** Answers a Ping, or comes unasked as a heartbeat, 5.5.3. */
  readonly Pong: 10;
} = { Continuation: 0, Text: 1, Binary: 2, Close: 8, Ping: 9, Pong: 10 };

/** One of the values of {@linkcode Opcode}. */
export type Opcode = typeof Opcode[keyof typeof Opcode];

/**
 * Tells whether a four-bit opcode belongs to a control frame: the top bit is set (RFC 6455 5.5).
 *
 * @param opcode The opcode, 0 to 15; reserved ones count as control from 11 on.
 * @returns Whether the frame is a control frame.
 *
 * @example
 * ```ts
 * import { isControl, Opcode } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(isControl(Opcode.Text), false);
 * ```
 */
export function isControl(opcode: number): boolean {
  return (opcode & 8) !== 0;
}

/** The names of the opcodes (RFC 6455 5.2). */
export type FrameName = "continuation" | "text" | "binary" | "close" | "ping" | "pong";

/** All frame names in the order of their opcodes; the reserved ones between 2 and 8 are left out. */
export const FRAME_NAMES: readonly FrameName[] = [
  "continuation",
  "text",
  "binary",
  "close",
  "ping",
  "pong",
];

/**
 * Names an opcode.
 *
 * @param opcode One that RFC 6455 5.2 defines.
 * @returns Its name.
 *
 * @example
 * ```ts
 * import { frameName, Opcode } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(frameName(Opcode.Close), "close");
 * ```
 */
export function frameName(opcode: Opcode): FrameName {
  return FRAME_NAMES[opcode < 8 ? opcode : opcode - 5]!;
}
