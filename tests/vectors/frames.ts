import type { Role } from "../../protocol/mod.ts";

/** One frame as a reader should see it, and as an encoder should be told to write it. */
export interface ExpectedFrame {
  readonly opcode: 0 | 1 | 2 | 8 | 9 | 10;
  readonly fin: boolean;
  /** The masking key, for frames that a server reads. */
  readonly maskKey?: number;
  /** Hex, unmasked; `zeros` more follow. */
  readonly payload: string;
  readonly zeros?: number;
}

/** Bytes on the wire and the frames in them, to be read in both directions. */
export interface FrameVector {
  /** The section of RFC 6455 and the case. */
  readonly name: string;
  /** Who reads these bytes. */
  readonly role: Role;
  /** Hex, one string per field. */
  readonly wire: readonly string[];
  /** Zero bytes on the wire after `wire`. */
  readonly zeros?: number;
  readonly frames: readonly ExpectedFrame[];
}

/** Frames that must be read, and written just so. */
export const FRAMES: readonly FrameVector[] = [
  {
    name: "5.7: a single-frame unmasked text message",
    role: "client",
    wire: [
      "81", // FIN, text
      "05", // not masked, 5 bytes
      "48 65 6c 6c 6f", // "Hello"
    ],
    frames: [{ opcode: 1, fin: true, payload: "48 65 6c 6c 6f" }],
  },
  {
    name: "5.7: a single-frame masked text message",
    role: "server",
    wire: [
      "81", // FIN, text
      "85", // masked, 5 bytes
      "37 fa 21 3d", // masking key
      "7f 9f 4d 51 58", // "Hello", masked
    ],
    frames: [{ opcode: 1, fin: true, maskKey: 0x37fa213d, payload: "48 65 6c 6c 6f" }],
  },
  {
    name: "5.7: a fragmented unmasked text message",
    role: "client",
    wire: [
      "01", // text, more to come
      "03", // not masked, 3 bytes
      "48 65 6c", // "Hel"
      "80", // FIN, continuation
      "02", // not masked, 2 bytes
      "6c 6f", // "lo"
    ],
    frames: [
      { opcode: 1, fin: false, payload: "48 65 6c" },
      { opcode: 0, fin: true, payload: "6c 6f" },
    ],
  },
  {
    name: "5.7: an unmasked ping request",
    role: "client",
    wire: [
      "89", // FIN, ping
      "05", // not masked, 5 bytes
      "48 65 6c 6c 6f", // "Hello"
    ],
    frames: [{ opcode: 9, fin: true, payload: "48 65 6c 6c 6f" }],
  },
  {
    name: "5.7: a masked pong response",
    role: "server",
    wire: [
      "8a", // FIN, pong
      "85", // masked, 5 bytes
      "37 fa 21 3d", // masking key
      "7f 9f 4d 51 58", // "Hello", masked
    ],
    frames: [{ opcode: 10, fin: true, maskKey: 0x37fa213d, payload: "48 65 6c 6c 6f" }],
  },
  {
    name: "5.7: 256 bytes of binary in a single unmasked frame",
    role: "client",
    wire: [
      "82", // FIN, binary
      "7e", // not masked, 16-bit length
      "01 00", // 256 bytes
    ],
    zeros: 256,
    frames: [{ opcode: 2, fin: true, payload: "", zeros: 256 }],
  },
  {
    name: "5.7: 64 KiB of binary in a single unmasked frame",
    role: "client",
    wire: [
      "82", // FIN, binary
      "7f", // not masked, 64-bit length
      "00 00 00 00 00 01 00 00", // 65,536 bytes
    ],
    zeros: 65_536,
    frames: [{ opcode: 2, fin: true, payload: "", zeros: 65_536 }],
  },
  {
    name: "5.2: 0 bytes, unmasked",
    role: "client",
    wire: [
      "82", // FIN, binary
      "00", // not masked, empty
    ],
    frames: [{ opcode: 2, fin: true, payload: "" }],
  },
  {
    name: "5.2: 0 bytes, masked",
    role: "server",
    wire: [
      "81", // FIN, text
      "80", // masked, empty
      "ff 00 80 7f", // masking key of nothing
    ],
    frames: [{ opcode: 1, fin: true, maskKey: 0xff00807f, payload: "" }],
  },
  {
    name: "5.2: 125 bytes, the longest 7-bit length, unmasked",
    role: "client",
    wire: [
      "82", // FIN, binary
      "7d", // not masked, 125 bytes
    ],
    zeros: 125,
    frames: [{ opcode: 2, fin: true, payload: "", zeros: 125 }],
  },
  {
    name: "5.2: 125 bytes of ping, the longest control frame, masked",
    role: "server",
    wire: [
      "89", // FIN, ping
      "fd", // masked, 125 bytes
      "00 00 00 00", // masking key
    ],
    zeros: 125,
    frames: [{ opcode: 9, fin: true, maskKey: 0, payload: "", zeros: 125 }],
  },
  {
    name: "5.2: 126 bytes, the shortest 16-bit length, unmasked",
    role: "client",
    wire: [
      "81", // FIN, text
      "7e", // not masked, 16-bit length
      "00 7e", // 126 bytes
    ],
    zeros: 126,
    frames: [{ opcode: 1, fin: true, payload: "", zeros: 126 }],
  },
  {
    name: "5.2: 126 bytes, masked",
    role: "server",
    wire: [
      "82", // FIN, binary
      "fe", // masked, 16-bit length
      "00 7e", // 126 bytes
      "00 00 00 00", // masking key
      "ff", // one byte, and 125 zeros
    ],
    zeros: 125,
    frames: [{ opcode: 2, fin: true, maskKey: 0, payload: "ff", zeros: 125 }],
  },
  {
    name: "5.2: 65,535 bytes, the longest 16-bit length, unmasked",
    role: "client",
    wire: [
      "82", // FIN, binary
      "7e", // not masked, 16-bit length
      "ff ff", // 65,535 bytes
    ],
    zeros: 65_535,
    frames: [{ opcode: 2, fin: true, payload: "", zeros: 65_535 }],
  },
  {
    name: "5.2: 65,535 bytes, masked",
    role: "server",
    wire: [
      "82", // FIN, binary
      "fe", // masked, 16-bit length
      "ff ff", // 65,535 bytes
      "00 00 00 00", // masking key
    ],
    zeros: 65_535,
    frames: [{ opcode: 2, fin: true, maskKey: 0, payload: "", zeros: 65_535 }],
  },
  {
    name: "5.2: 65,536 bytes, the shortest 64-bit length, masked",
    role: "server",
    wire: [
      "82", // FIN, binary
      "ff", // masked, 64-bit length
      "00 00 00 00 00 01 00 00", // 65,536 bytes
      "00 00 00 00", // masking key
    ],
    zeros: 65_536,
    frames: [{ opcode: 2, fin: true, maskKey: 0, payload: "", zeros: 65_536 }],
  },
  {
    name: "5.3: the key begins anew with each frame",
    role: "server",
    wire: [
      "02", // binary, more to come
      "83", // masked, 3 bytes
      "01 02 03 04", // masking key
      "01 02 03", // zeros, masked
      "80", // FIN, continuation
      "82", // masked, 2 bytes
      "10 20 30 40", // another masking key
      "ef df", // ff ff, masked
    ],
    frames: [
      { opcode: 2, fin: false, maskKey: 0x01020304, payload: "00 00 00" },
      { opcode: 0, fin: true, maskKey: 0x10203040, payload: "ff ff" },
    ],
  },
  {
    name: "5.4: control frames in the middle of a fragmented message",
    role: "client",
    wire: [
      "02 01", // binary, more to come, 1 byte
      "aa",
      "89 00", // FIN, ping, empty
      "00 00", // continuation, more to come, empty
      "8a 02", // FIN, pong, 2 bytes
      "01 02",
      "80 01", // FIN, continuation, 1 byte
      "bb",
      "88 02", // FIN, close, 2 bytes
      "03 e8", // 1000
    ],
    frames: [
      { opcode: 2, fin: false, payload: "aa" },
      { opcode: 9, fin: true, payload: "" },
      { opcode: 0, fin: false, payload: "" },
      { opcode: 10, fin: true, payload: "01 02" },
      { opcode: 0, fin: true, payload: "bb" },
      { opcode: 8, fin: true, payload: "03 e8" },
    ],
  },
];
