import type { ProtocolErrorCode, Role } from "../../protocol/mod.ts";

/** One header. In a vector all but the last are of empty frames. */
export interface HeaderBits {
  /**
   * The first two bytes. `M` is MASK as the reader demands it.
   *
   *     F RSV opco M length
   *     1 000 0010 M 1111110
   */
  readonly bits: string;
  /** Hex of the extended length. */
  readonly length?: string;
}

/** Headers of which the last breaks a rule, so that not one byte more may be needed to say so. */
export interface RefusedVector {
  /** The section of RFC 6455 and the case. */
  readonly name: string;
  /** Who refuses; both roles where it is absent. */
  readonly role?: Role;
  readonly headers: readonly HeaderBits[];
  readonly code: ProtocolErrorCode;
}

/** Frames that must be refused as soon as their length is there. */
export const REFUSED: readonly RefusedVector[] = [
  {
    name: "5.2: RSV1 on text",
    code: "RESERVED_BIT_SET",
    headers: [{ bits: "1 100 0001 M 0000000" }],
  },
  {
    name: "5.2: RSV2 on binary",
    code: "RESERVED_BIT_SET",
    headers: [{ bits: "1 010 0010 M 0000001" }],
  },
  {
    name: "5.2: RSV3 on a ping",
    code: "RESERVED_BIT_SET",
    headers: [{ bits: "1 001 1001 M 0000000" }],
  },
  {
    name: "5.2: RSV1 and 2 on a pong",
    code: "RESERVED_BIT_SET",
    headers: [{ bits: "1 110 1010 M 0000000" }],
  },
  {
    name: "5.2: all RSV on a close",
    code: "RESERVED_BIT_SET",
    headers: [{ bits: "1 111 1000 M 0000000" }],
  },
  {
    name: "5.2: RSV1 on a continuation",
    code: "RESERVED_BIT_SET",
    headers: [{ bits: "0 000 0001 M 0000000" }, { bits: "1 100 0000 M 0000000" }],
  },
  { name: "5.2: opcode 3", code: "RESERVED_OPCODE", headers: [{ bits: "1 000 0011 M 0000000" }] },
  { name: "5.2: opcode 4", code: "RESERVED_OPCODE", headers: [{ bits: "1 000 0100 M 0000001" }] },
  { name: "5.2: opcode 5", code: "RESERVED_OPCODE", headers: [{ bits: "0 000 0101 M 0000000" }] },
  { name: "5.2: opcode 6", code: "RESERVED_OPCODE", headers: [{ bits: "1 000 0110 M 1111110" }] },
  { name: "5.2: opcode 7", code: "RESERVED_OPCODE", headers: [{ bits: "1 000 0111 M 1111111" }] },
  { name: "5.2: opcode 11", code: "RESERVED_OPCODE", headers: [{ bits: "1 000 1011 M 0000000" }] },
  { name: "5.2: opcode 12", code: "RESERVED_OPCODE", headers: [{ bits: "1 000 1100 M 0000001" }] },
  { name: "5.2: opcode 13", code: "RESERVED_OPCODE", headers: [{ bits: "0 000 1101 M 0000000" }] },
  { name: "5.2: opcode 14", code: "RESERVED_OPCODE", headers: [{ bits: "1 000 1110 M 1111110" }] },
  { name: "5.2: opcode 15", code: "RESERVED_OPCODE", headers: [{ bits: "1 000 1111 M 1111111" }] },
  {
    name: "5.1: an unmasked text frame to a server",
    role: "server",
    code: "MASK_MISSING",
    headers: [{ bits: "1 000 0001 0 0000101" }],
  },
  {
    name: "5.1: an unmasked empty ping to a server",
    role: "server",
    code: "MASK_MISSING",
    headers: [{ bits: "1 000 1001 0 0000000" }],
  },
  {
    name: "5.1: an unmasked close to a server",
    role: "server",
    code: "MASK_MISSING",
    headers: [{ bits: "1 000 1000 0 0000010" }],
  },
  {
    name: "5.1: an unmasked continuation to a server",
    role: "server",
    code: "MASK_MISSING",
    headers: [{ bits: "0 000 0010 1 0000000" }, { bits: "1 000 0000 0 0000000" }],
  },
  {
    name: "5.1: a masked text frame to a client",
    role: "client",
    code: "MASK_FORBIDDEN",
    headers: [{ bits: "1 000 0001 1 0000101" }],
  },
  {
    name: "5.1: a masked empty pong to a client",
    role: "client",
    code: "MASK_FORBIDDEN",
    headers: [{ bits: "1 000 1010 1 0000000" }],
  },
  {
    name: "5.1: a masked continuation to a client",
    role: "client",
    code: "MASK_FORBIDDEN",
    headers: [{ bits: "0 000 0010 0 0000000" }, { bits: "1 000 0000 1 0000000" }],
  },
  {
    name: "5.5: a fragmented close",
    code: "CONTROL_FRAGMENTED",
    headers: [{ bits: "0 000 1000 M 0000000" }],
  },
  {
    name: "5.5: a fragmented ping",
    code: "CONTROL_FRAGMENTED",
    headers: [{ bits: "0 000 1001 M 0000000" }],
  },
  {
    name: "5.5: a fragmented pong",
    code: "CONTROL_FRAGMENTED",
    headers: [{ bits: "0 000 1010 M 1111101" }],
  },
  {
    name: "5.5: a 126-byte close",
    code: "CONTROL_TOO_LONG",
    headers: [{ bits: "1 000 1000 M 1111110" }],
  },
  {
    name: "5.5: a 126-byte ping",
    code: "CONTROL_TOO_LONG",
    headers: [{ bits: "1 000 1001 M 1111110" }],
  },
  {
    name: "5.5: a 126-byte pong",
    code: "CONTROL_TOO_LONG",
    headers: [{ bits: "1 000 1010 M 1111110" }],
  },
  {
    name: "5.5: a 64-bit ping",
    code: "CONTROL_TOO_LONG",
    headers: [{ bits: "1 000 1001 M 1111111" }],
  },
  {
    name: "5.5: a 126-byte ping inside a message",
    code: "CONTROL_TOO_LONG",
    headers: [{ bits: "0 000 0001 M 0000000" }, { bits: "1 000 1001 M 1111110" }],
  },
  {
    name: "5.2: 0 in 16 bits",
    code: "LENGTH_NOT_MINIMAL",
    headers: [{ bits: "1 000 0010 M 1111110", length: "00 00" }],
  },
  {
    name: "5.2: 125 in 16 bits",
    code: "LENGTH_NOT_MINIMAL",
    headers: [{ bits: "1 000 0001 M 1111110", length: "00 7d" }],
  },
  {
    name: "5.2: 0 in 64 bits",
    code: "LENGTH_NOT_MINIMAL",
    headers: [{ bits: "1 000 0010 M 1111111", length: "00 00 00 00 00 00 00 00" }],
  },
  {
    name: "5.2: 125 in 64 bits",
    code: "LENGTH_NOT_MINIMAL",
    headers: [{ bits: "1 000 0010 M 1111111", length: "00 00 00 00 00 00 00 7d" }],
  },
  {
    name: "5.2: 65,535 in 64 bits",
    code: "LENGTH_NOT_MINIMAL",
    headers: [{ bits: "1 000 0010 M 1111111", length: "00 00 00 00 00 00 ff ff" }],
  },
  {
    name: "5.2: 2^63, the top bit alone",
    code: "LENGTH_TOP_BIT_SET",
    headers: [{ bits: "1 000 0010 M 1111111", length: "80 00 00 00 00 00 00 00" }],
  },
  {
    name: "5.2: 2^63 + 5, which would be short without its top bit",
    code: "LENGTH_TOP_BIT_SET",
    headers: [{ bits: "1 000 0001 M 1111111", length: "80 00 00 00 00 00 00 05" }],
  },
  {
    name: "5.2: 2^64 - 1, which is -1 to a signed reader",
    code: "LENGTH_TOP_BIT_SET",
    headers: [{ bits: "1 000 0010 M 1111111", length: "ff ff ff ff ff ff ff ff" }],
  },
  {
    name: "5.4: a continuation with nothing to continue",
    code: "CONTINUATION_UNEXPECTED",
    headers: [{ bits: "1 000 0000 M 0000000" }],
  },
  {
    name: "5.4: an unfinished continuation with nothing to continue",
    code: "CONTINUATION_UNEXPECTED",
    headers: [{ bits: "0 000 0000 M 0000001" }],
  },
  {
    name: "5.4: a continuation after a whole message",
    code: "CONTINUATION_UNEXPECTED",
    headers: [{ bits: "1 000 0001 M 0000000" }, { bits: "1 000 0000 M 0000000" }],
  },
  {
    name: "5.4: a continuation after the last fragment",
    code: "CONTINUATION_UNEXPECTED",
    headers: [
      { bits: "0 000 0001 M 0000000" },
      { bits: "1 000 0000 M 0000000" },
      { bits: "0 000 0000 M 0000000" },
    ],
  },
  {
    name: "5.4: a ping is no message to continue",
    code: "CONTINUATION_UNEXPECTED",
    headers: [{ bits: "1 000 1001 M 0000000" }, { bits: "1 000 0000 M 0000000" }],
  },
  {
    name: "5.4: text inside a text message",
    code: "CONTINUATION_EXPECTED",
    headers: [{ bits: "0 000 0001 M 0000000" }, { bits: "1 000 0001 M 0000000" }],
  },
  {
    name: "5.4: binary inside a text message, after a ping",
    code: "CONTINUATION_EXPECTED",
    headers: [
      { bits: "0 000 0001 M 0000000" },
      { bits: "1 000 1001 M 0000000" },
      { bits: "0 000 0010 M 0000000" },
    ],
  },
  {
    name: "10.4: one byte more than the default limit",
    code: "MESSAGE_TOO_BIG",
    headers: [{ bits: "1 000 0010 M 1111111", length: "00 00 00 00 00 10 00 01" }],
  },
  {
    name: "10.4: one byte more than the default limit in a continuation",
    code: "MESSAGE_TOO_BIG",
    headers: [
      { bits: "0 000 0001 M 0000000" },
      { bits: "1 000 0000 M 1111111", length: "00 00 00 00 00 10 00 01" },
    ],
  },
  {
    name: "10.4: 2^32, which is 0 to a 32-bit reader",
    code: "MESSAGE_TOO_BIG",
    headers: [{ bits: "1 000 0010 M 1111111", length: "00 00 00 01 00 00 00 00" }],
  },
  {
    name: "10.4: 2^31, which is negative to a signed 32-bit reader",
    code: "MESSAGE_TOO_BIG",
    headers: [{ bits: "1 000 0010 M 1111111", length: "00 00 00 00 80 00 00 00" }],
  },
  {
    name: "10.4: 2^53 + 1, which a double cannot hold",
    code: "MESSAGE_TOO_BIG",
    headers: [{ bits: "1 000 0010 M 1111111", length: "00 20 00 00 00 00 00 01" }],
  },
  {
    name: "10.4: 2^63 - 1, the longest that the RFC allows",
    code: "MESSAGE_TOO_BIG",
    headers: [{ bits: "0 000 0001 M 1111111", length: "7f ff ff ff ff ff ff ff" }],
  },
];
