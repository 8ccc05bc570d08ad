/** A frame of the peer's, to be masked where the reader demands it. */
export interface PeerFrame {
  /** FIN, RSV1 to RSV3 and the opcode. */
  readonly bits: string;
  /** Hex, before masking. */
  readonly payload: string;
}

/** What a peer sends after the handshake, and all that comes of it. */
export interface SessionVector {
  /** The section of RFC 6455 and the case. */
  readonly name: string;
  readonly frames: readonly PeerFrame[];
  /** One line per event, in order. */
  readonly log: readonly string[];
  readonly state: "open" | "closed" | "failed";
  /** What the connection's close code is then, if the transport ends here. */
  readonly closeCode: number;
}

/** Both roles behave alike. */
export const SESSIONS: readonly SessionVector[] = [
  // Framing
  {
    name: "5.6: an empty text message",
    frames: [{ bits: "1 000 0001", payload: "" }],
    log: ['text ""'],
    state: "open",
    closeCode: 1006,
  },
  {
    name: "5.6: an empty binary message",
    frames: [{ bits: "1 000 0010", payload: "" }],
    log: ["binary"],
    state: "open",
    closeCode: 1006,
  },
  {
    name: "5.6: text and binary in turn",
    frames: [
      { bits: "1 000 0001", payload: "c3a9" },
      { bits: "1 000 0010", payload: "c3 ff" },
      { bits: "1 000 0001", payload: "61" },
    ],
    log: ['text "é"', "binary c3 ff", 'text "a"'],
    state: "open",
    closeCode: 1006,
  },
  // Ping and pong
  {
    name: "5.5.2: an empty ping",
    frames: [{ bits: "1 000 1001", payload: "" }],
    log: ["sent pong"],
    state: "open",
    closeCode: 1006,
  },
  {
    name: "5.5.3: a pong has the payload of its ping, UTF-8 or not",
    frames: [{ bits: "1 000 1001", payload: "00 ff fe fd 80" }],
    log: ["sent pong 00 ff fe fd 80"],
    state: "open",
    closeCode: 1006,
  },
  {
    name: "5.5.3: a pong nobody asked for is not answered",
    frames: [{ bits: "1 000 1010", payload: "" }, { bits: "1 000 1010", payload: "68 69" }],
    log: ["pong", "pong 68 69"],
    state: "open",
    closeCode: 1006,
  },
  {
    name: "5.5.2: pings are answered in order",
    frames: [
      { bits: "1 000 1001", payload: "01" },
      { bits: "1 000 1010", payload: "02" },
      { bits: "1 000 1001", payload: "03" },
    ],
    log: ["sent pong 01", "pong 02", "sent pong 03"],
    state: "open",
    closeCode: 1006,
  },
  {
    name: "5.5: a fragmented ping",
    frames: [{ bits: "0 000 1001", payload: "61" }, { bits: "1 000 0000", payload: "62" }],
    log: ["error CONTROL_FRAGMENTED", "sent close 1002"],
    state: "failed",
    closeCode: 1006,
  },
  // Reserved bits and opcodes: what came before counts, what comes after does not
  {
    name: "5.2: a reserved bit after a good message",
    frames: [
      { bits: "1 000 0001", payload: "61" },
      { bits: "1 100 0001", payload: "62" },
      { bits: "1 000 1001", payload: "63" },
      { bits: "1 000 1000", payload: "03e8" },
    ],
    log: ['text "a"', "error RESERVED_BIT_SET", "sent close 1002"],
    state: "failed",
    closeCode: 1006,
  },
  {
    name: "5.2: a reserved opcode inside a message",
    frames: [
      { bits: "0 000 0001", payload: "61" },
      { bits: "1 000 1011", payload: "" },
      { bits: "1 000 0000", payload: "62" },
    ],
    log: ["error RESERVED_OPCODE", "sent close 1002"],
    state: "failed",
    closeCode: 1006,
  },
  // Fragmentation
  {
    name: "5.4: text in two fragments",
    frames: [{ bits: "0 000 0001", payload: "61 62" }, { bits: "1 000 0000", payload: "63" }],
    log: ['text "abc"'],
    state: "open",
    closeCode: 1006,
  },
  {
    name: "5.4: binary in three fragments with control frames in between",
    frames: [
      { bits: "0 000 0010", payload: "01" },
      { bits: "1 000 1001", payload: "aa" },
      { bits: "0 000 0000", payload: "02" },
      { bits: "1 000 1010", payload: "bb" },
      { bits: "1 000 1001", payload: "cc" },
      { bits: "1 000 0000", payload: "03" },
    ],
    log: ["sent pong aa", "pong bb", "sent pong cc", "binary 01 02 03"],
    state: "open",
    closeCode: 1006,
  },
  {
    name: "5.4: empty fragments of text",
    frames: [
      { bits: "0 000 0001", payload: "" },
      { bits: "0 000 0000", payload: "" },
      { bits: "1 000 0000", payload: "" },
    ],
    log: ['text ""'],
    state: "open",
    closeCode: 1006,
  },
  {
    name: "5.4: empty fragments of binary around the only bytes",
    frames: [
      { bits: "0 000 0010", payload: "" },
      { bits: "0 000 0000", payload: "01 02" },
      { bits: "1 000 0000", payload: "" },
    ],
    log: ["binary 01 02"],
    state: "open",
    closeCode: 1006,
  },
  {
    name: "5.4: two fragmented messages after each other, binary after text",
    frames: [
      { bits: "0 000 0001", payload: "61" },
      { bits: "1 000 0000", payload: "62" },
      { bits: "0 000 0010", payload: "ff" },
      { bits: "1 000 0000", payload: "fe" },
    ],
    log: ['text "ab"', "binary ff fe"],
    state: "open",
    closeCode: 1006,
  },
  {
    name: "5.4: a continuation with nothing to continue",
    frames: [{ bits: "1 000 0000", payload: "61" }, { bits: "1 000 0001", payload: "62" }],
    log: ["error CONTINUATION_UNEXPECTED", "sent close 1002"],
    state: "failed",
    closeCode: 1006,
  },
  {
    name: "5.4: a new message inside a message",
    frames: [{ bits: "0 000 0001", payload: "61" }, { bits: "1 000 0001", payload: "62" }],
    log: ["error CONTINUATION_EXPECTED", "sent close 1002"],
    state: "failed",
    closeCode: 1006,
  },
  // UTF-8
  {
    name: "5.6: a character parted by fragments and a ping",
    frames: [
      { bits: "0 000 0001", payload: "f0 9f" },
      { bits: "1 000 1001", payload: "ff" },
      { bits: "0 000 0000", payload: "" },
      { bits: "0 000 0000", payload: "98" },
      { bits: "1 000 0000", payload: "80" },
    ],
    log: ["sent pong ff", 'text "\u{1f600}"'],
    state: "open",
    closeCode: 1006,
  },
  {
    name: "8.1: text that is not UTF-8 in one frame",
    frames: [{ bits: "1 000 0001", payload: "61 ff 61" }, { bits: "1 000 1001", payload: "" }],
    log: ["error INVALID_UTF8", "sent close 1007"],
    state: "failed",
    closeCode: 1006,
  },
  {
    name: "8.1: the first fragment fails before the second comes",
    frames: [{ bits: "0 000 0001", payload: "61 ff" }, { bits: "1 000 1001", payload: "" }],
    log: ["error INVALID_UTF8", "sent close 1007"],
    state: "failed",
    closeCode: 1006,
  },
  {
    name: "8.1: an overlong form parted by fragments",
    frames: [
      { bits: "0 000 0001", payload: "e0" },
      { bits: "1 000 1001", payload: "01" },
      { bits: "0 000 0000", payload: "9f" },
    ],
    log: ["sent pong 01", "error INVALID_UTF8", "sent close 1007"],
    state: "failed",
    closeCode: 1006,
  },
  {
    name: "8.1: a surrogate pair parted by fragments",
    frames: [{ bits: "0 000 0001", payload: "ed" }, { bits: "1 000 0000", payload: "a0 80" }],
    log: ["error INVALID_UTF8", "sent close 1007"],
    state: "failed",
    closeCode: 1006,
  },
  {
    name: "8.1: the end of a character is missing in one frame",
    frames: [{ bits: "1 000 0001", payload: "61 e2 82" }],
    log: ["error INVALID_UTF8", "sent close 1007"],
    state: "failed",
    closeCode: 1006,
  },
  {
    name: "8.1: the end of a character is missing after an empty last fragment",
    frames: [{ bits: "0 000 0001", payload: "61 e2 82" }, { bits: "1 000 0000", payload: "" }],
    log: ["error INVALID_UTF8", "sent close 1007"],
    state: "failed",
    closeCode: 1006,
  },
  {
    name: "5.6: a byte order mark is part of the text, whole or parted",
    frames: [
      { bits: "1 000 0001", payload: "ef bb bf 61" },
      { bits: "0 000 0001", payload: "ef bb" },
      { bits: "1 000 0000", payload: "bf 61" },
    ],
    log: ['text "\ufeffa"', 'text "\ufeffa"'],
    state: "open",
    closeCode: 1006,
  },
  {
    name: "5.6: binary is never checked",
    frames: [{ bits: "0 000 0010", payload: "ed a0" }, { bits: "1 000 0000", payload: "80 ff" }],
    log: ["binary ed a0 80 ff"],
    state: "open",
    closeCode: 1006,
  },
  // Closing
  {
    name: "7.1.5: a close without a body is 1005 and answered without a body",
    frames: [{ bits: "1 000 1000", payload: "" }],
    log: ["sent close"],
    state: "closed",
    closeCode: 1005,
  },
  {
    name: "5.5.1: the answer echoes the code",
    frames: [{ bits: "1 000 1000", payload: "03e8" }],
    log: ["sent close 1000"],
    state: "closed",
    closeCode: 1000,
  },
  {
    name: "5.5.1: a private code and a reason",
    frames: [{ bits: "1 000 1000", payload: "0fa0 62 79 65" }],
    log: ["sent close 4000"],
    state: "closed",
    closeCode: 4000,
  },
  {
    name: "5.5.1: nothing counts after a close, good or bad",
    frames: [
      { bits: "1 000 1000", payload: "03e9" },
      { bits: "1 000 0001", payload: "61" },
      { bits: "1 000 1001", payload: "62" },
      { bits: "1 000 1000", payload: "03e8" },
      { bits: "1 000 0001", payload: "ff" },
    ],
    log: ["sent close 1001"],
    state: "closed",
    closeCode: 1001,
  },
  {
    name: "5.4: a close in the middle of a message ends it",
    frames: [
      { bits: "0 000 0001", payload: "61" },
      { bits: "1 000 1000", payload: "03e8" },
      { bits: "1 000 0000", payload: "62" },
    ],
    log: ["sent close 1000"],
    state: "closed",
    closeCode: 1000,
  },
  {
    name: "5.5.1: a body of one byte",
    frames: [{ bits: "1 000 1000", payload: "03" }],
    log: ["error CLOSE_PAYLOAD_TOO_SHORT", "sent close 1002"],
    state: "failed",
    closeCode: 1006,
  },
  {
    name: "7.4.1: 1005 on the wire",
    frames: [{ bits: "1 000 1000", payload: "03ed" }],
    log: ["error CLOSE_CODE_INVALID", "sent close 1002"],
    state: "failed",
    closeCode: 1006,
  },
  {
    name: "7.4.1: 1006 on the wire",
    frames: [{ bits: "1 000 1000", payload: "03ee" }],
    log: ["error CLOSE_CODE_INVALID", "sent close 1002"],
    state: "failed",
    closeCode: 1006,
  },
  {
    name: "7.4.2: 999 on the wire",
    frames: [{ bits: "1 000 1000", payload: "03e7" }],
    log: ["error CLOSE_CODE_INVALID", "sent close 1002"],
    state: "failed",
    closeCode: 1006,
  },
  {
    name: "5.5.1: a reason that is not UTF-8",
    frames: [{ bits: "1 000 1000", payload: "03e8 c3 28" }],
    log: ["error CLOSE_REASON_INVALID", "sent close 1007"],
    state: "failed",
    closeCode: 1006,
  },
];
