import type { Proof, Rule } from "./rule.ts";

const SESSION = "protocol/session_test.ts";
const CHECK = "protocol/frame_check_test.ts";
const DECODER = "protocol/frame_decoder_test.ts";
const ENCODER = "protocol/frame_encoder_test.ts";
const ASSEMBLER = "protocol/message_assembler_test.ts";
const MASK = "protocol/mask_test.ts";
const CLOSE_PAYLOAD = "protocol/close_payload_test.ts";
const CONNECTION = "server/connection/websocket_connection_test.ts";
const QUEUE = "server/connection/send_queue_test.ts";
const FORMAT = "conformance/wire_test.ts";
const WIRE = "conformance/client_wire_test.ts";

const ALL_HEADERS: Proof = [
  CHECK,
  "checkFirstBytes() judges every first byte in both roles, in and out of a message, with and without permessage-deflate (5.1, 5.2, 5.4, 5.5; RFC 7692 6)",
];

/** Both that the decoder refuses a header, and that the connection fails with a Close. */
function refused(vector: string, ...roles: readonly string[]): Proof[] {
  return roles.flatMap((role): Proof[] => [
    [DECODER, `FrameDecoder as ${role} refuses ${vector}, without a byte more than the header`],
    [SESSION, `Session as ${role} sends Close for each frame that is refused (7.1.7)`],
  ]);
}

const BOTH = ["server", "client"] as const;

/** RFC 6455, sections 5 and 6: frames, and messages made of them. */
export const FRAME_RULES: readonly Rule[] = [
  {
    section: "5.1",
    who: "client",
    rule: "Every frame that it sends is masked, over TLS too.",
    tests: [
      [ENCODER, "encodeFrame() agrees with its naive twin at all three forms of length (5.2, 5.3)"],
      [
        WIRE,
        "a client masks every frame, each with a key that does not follow from the last (5.1, 5.3, 10.3)",
      ],
    ],
  },
  {
    section: "5.1",
    who: "server",
    rule: "It closes the connection when a frame is not masked.",
    tests: [
      ...refused("5.1: an unmasked …", "server"),
      [FORMAT, "a server answers an unmasked frame of each opcode with 1002 (5.1)"],
    ],
  },
  {
    section: "5.1",
    who: "server",
    rule: "It masks no frame that it sends.",
    tests: [[FORMAT, "a server masks no frame and sets no reserved bit (5.1, 5.2)"]],
  },
  {
    section: "5.1",
    who: "client",
    rule: "It closes the connection when a frame is masked.",
    tests: [...refused("5.1: a masked …", "client"), [
      WIRE,
      "a client closes with 1002 after a masked …, and handles nothing behind it",
    ]],
  },
  {
    section: "5.2",
    who: "both",
    rule: "It sets no reserved bit that no extension has given a meaning.",
    tests: [
      [ENCODER, "encodeFrame() sets FIN unless told otherwise, and no reserved bit (5.2)"],
      [FORMAT, "a server masks no frame and sets no reserved bit (5.1, 5.2)"],
    ],
  },
  {
    section: "5.2",
    who: "both",
    rule: "The connection fails when a reserved bit comes that no extension has given a meaning.",
    tests: [ALL_HEADERS, ...refused("5.2: RSV…", ...BOTH), ...refused("5.2: all RSV…", ...BOTH), [
      WIRE,
      "a client closes with 1002 after a reserved bit (5.2), and handles nothing behind it",
    ]],
  },
  {
    section: "5.2",
    who: "both",
    rule: "The connection fails when an opcode comes that is not known.",
    tests: [ALL_HEADERS, ...refused("5.2: opcode …", ...BOTH), [
      WIRE,
      "a client closes with 1002 after a reserved opcode (5.2), and handles nothing behind it",
    ]],
  },
  {
    section: "5.2",
    who: "both",
    rule: "The top bit of a 64-bit length is 0.",
    tests: [
      ...refused("5.2: 2^63…", ...BOTH),
      ...refused("5.2: 2^64 - 1, which is -1 to a signed reader", ...BOTH),
      [
        ENCODER,
        "writeHeader() writes 64-bit lengths to 2^53 - 1, at a position, and nothing else (5.2)",
      ],
    ],
  },
  {
    section: "5.2",
    who: "both",
    rule: "A length is written in the shortest of its forms.",
    tests: [
      [ENCODER, "headerLength() changes at 126 and 65,536 (5.2)"],
      ...refused("5.2: … in 16 bits", ...BOTH),
      ...refused("5.2: … in 64 bits", ...BOTH),
    ],
  },
  {
    section: "5.2",
    who: "extension author",
    rule: "An extension says how long its extension data is, or how to find out.",
    notOurs:
      "We define no extension. The one that we speak, permessage-deflate, has no extension data.",
  },
  {
    section: "5.2",
    who: "extension author",
    rule: "The use of extension data is agreed on in the opening handshake.",
    notOurs: "We define no extension.",
  },
  {
    section: "5.3",
    who: "client",
    rule: "A masked frame has the MASK bit set.",
    tests: [
      [ENCODER, "encodeFrame() writes 5.7: a single-frame masked text message"],
      [
        ENCODER,
        "encodeFrame() masks with a key of 0 as with any other, and with a signed one (5.3)",
      ],
    ],
  },
  {
    section: "5.3",
    who: "client",
    rule: "Each frame has a masking key of its own.",
    tests: [[
      WIRE,
      "a client masks every frame, each with a key that does not follow from the last (5.1, 5.3, 10.3)",
    ]],
  },
  {
    section: "5.3",
    who: "client",
    rule: "Masking keys come from a strong source of randomness.",
    tests: [[
      WIRE,
      "a client masks every frame, each with a key that does not follow from the last (5.1, 5.3, 10.3)",
    ]],
  },
  {
    section: "5.3",
    who: "client",
    rule: "One masking key does not give away the next.",
    tests: [[
      WIRE,
      "a client masks every frame, each with a key that does not follow from the last (5.1, 5.3, 10.3)",
    ]],
  },
  {
    section: "5.4",
    who: "both",
    rule: "Control frames are not fragmented.",
    tests: [ALL_HEADERS, ...refused("5.5: a fragmented …", ...BOTH)],
  },
  {
    section: "5.4",
    who: "both",
    rule: "The fragments of a message are delivered in the order in which they were sent.",
    tests: BOTH.flatMap((role): Proof[] => [
      [
        ASSEMBLER,
        `MessageAssembler as ${role} gives text of many frames, however it is parted (5.4, 5.6)`,
      ],
      [
        ASSEMBLER,
        `MessageAssembler as ${role} gives binary of any bytes, however it is parted (5.6)`,
      ],
    ]),
  },
  {
    section: "5.4",
    who: "both",
    rule: "The fragments of one message do not come between those of another.",
    tests: [
      ...refused("5.4: text inside a text message", ...BOTH),
      ...refused("5.4: binary inside a text message, after a ping", ...BOTH),
      [
        "server/connection/message_sequencer_test.ts",
        "Connection.send() lets all other messages wait until a stream is whole, in order",
      ],
    ],
  },
  {
    section: "5.4",
    who: "both",
    rule: "It handles control frames between the fragments of a message.",
    tests: [
      ...BOTH.map((role): Proof => [
        SESSION,
        `Session as ${role}: 5.4: binary in three fragments with control frames in between`,
      ]),
      [DECODER, "FrameDecoder gives control frames in between at once, in their place (5.4, 5.5)"],
      [FORMAT, "a server answers pings between the fragments of a message (5.4)"],
    ],
  },
  {
    section: "5.4",
    who: "both",
    rule: "It takes messages in fragments and in one frame.",
    tests: BOTH.flatMap((role): Proof[] => [
      [SESSION, `Session as ${role}: 5.4: text in two fragments`],
      [SESSION, `Session as ${role}: 5.4: empty fragments of text`],
      [ASSEMBLER, `MessageAssembler as ${role} gives text of one frame, however it is cut (5.6)`],
    ]),
  },
  {
    section: "5.4",
    who: "intermediary",
    rule: "It does not fragment control frames.",
    notOurs:
      "There is no intermediary in here: the relay app ends the WebSocket connections on both of its sides.",
  },
  {
    section: "5.4",
    who: "intermediary",
    rule: "It does not change the fragments of a message with reserved bits that it does not know.",
    notOurs: "There is no intermediary in here.",
  },
  {
    section: "5.4",
    who: "intermediary",
    rule: "It does not change the fragments of any message under extensions that it does not know.",
    notOurs: "There is no intermediary in here.",
  },
  {
    section: "5.4",
    who: "intermediary",
    rule: "It does not change the fragments of messages whose handshake it has not seen.",
    notOurs: "There is no intermediary in here.",
  },
  {
    section: "5.4",
    who: "both",
    rule: "All fragments of a message have one type: that of the first, which is no control frame.",
    tests: [
      ALL_HEADERS,
      ...refused("5.4: a continuation with nothing to continue", ...BOTH),
      ...refused("5.4: a ping is no message to continue", ...BOTH),
    ],
  },
  {
    section: "5.5",
    who: "both",
    rule: "The payload of a control frame has 125 bytes at most.",
    tests: [
      ...refused("5.5: a 126-byte …", ...BOTH),
      ...refused("5.5: a 64-bit ping", ...BOTH),
      [
        CLOSE_PAYLOAD,
        "serializeClosePayload() fills a control frame to 125 bytes and no further (5.5)",
      ],
      [
        CONNECTION,
        "Connection.ping() sends a Ping, refuses a payload of 126 bytes, and drops it once closed",
      ],
      [
        SESSION,
        "Session sends a Close for every error of the framing layer within 125 bytes (5.5)",
      ],
    ],
  },
  {
    section: "5.5",
    who: "both",
    rule: "Control frames are not fragmented.",
    tests: [
      ...refused("5.5: a fragmented …", ...BOTH),
      ...BOTH.map((role): Proof => [SESSION, `Session as ${role}: 5.5: a fragmented ping`]),
    ],
  },
  {
    section: "5.5.1",
    who: "both",
    rule:
      "The body of a Close, where there is one, begins with a code of two bytes in network order.",
    tests: [
      [
        CLOSE_PAYLOAD,
        "serializeClosePayload() writes the code in network order, then the reason (5.5.1)",
      ],
      [CLOSE_PAYLOAD, "serializeClosePayload() refuses a reason without a code"],
      [CLOSE_PAYLOAD, "parseClosePayload() refuses each of the 256 one-byte bodies (5.5.1)"],
    ],
  },
  {
    section: "5.5.1",
    who: "client",
    rule: "It does not show the reason of a Close to the people who use it.",
    notOurs: "That is for the application. Our tools show reasons to operators, escaped.",
  },
  {
    section: "5.5.1",
    who: "both",
    rule: "After its Close it sends no more data frames.",
    tests: [
      [
        CONNECTION,
        "Connection.close() begins the closing handshake; nothing is sent after the Close",
      ],
      [
        CONNECTION,
        "Connection.send() and Server.broadcast() keep their order, and both come before close()",
      ],
      [SESSION, "Session.close() sends one Close, whatever comes after (5.5.1)"],
      [WIRE, "a client sends no data behind its Close (5.5.1)"],
      [
        "server/connection/message_sequencer_test.ts",
        "Connection.close() does not wait for a stream",
      ],
    ],
  },
  {
    section: "5.5.1",
    who: "both",
    rule: "It answers a Close with a Close, unless it has sent one already.",
    tests: [
      ...BOTH.map((role): Proof => [
        SESSION,
        `Session as ${role} answers every code that may be received with the same (5.5.1, 7.4)`,
      ]),
      [CONNECTION, "WebSocketConnection answers the peer's Close with its code and reason"],
      [CONNECTION, "WebSocketConnection answers an empty Close with an empty one, and tells 1005"],
      [CONNECTION, "WebSocketConnection closes once when both sides close at the same time"],
    ],
  },
  {
    section: "5.5.1",
    who: "both",
    rule: "When a Close has gone in both directions, the TCP connection is closed.",
    tests: [
      [CONNECTION, "WebSocketConnection answers the peer's Close with its code and reason"],
      [
        CONNECTION,
        "WebSocketConnection gives the descriptor of a peer back that closes but never leaves",
      ],
      [WIRE, "a client closes the TCP connection when a Close has gone both ways (5.5.1)"],
    ],
  },
  {
    section: "5.5.1",
    who: "server",
    rule: "It closes the TCP connection at once then.",
    tests: [[FORMAT, "a server sends FIN right behind the Close that answers one (5.5.1, 7.1.1)"]],
  },
  {
    section: "5.5.2",
    who: "both",
    rule: "It answers a Ping with a Pong, unless a Close has come.",
    tests: [
      ...BOTH.flatMap((role): Proof[] => [
        [SESSION, `Session as ${role}: 5.5.2: an empty ping`],
        [SESSION, `Session as ${role}: 5.5.2: pings are answered in order`],
        [SESSION, `Session as ${role}: 5.5.1: nothing counts after a close, good or bad`],
      ]),
      [CONNECTION, "WebSocketConnection answers a Ping with its payload"],
    ],
  },
  {
    section: "5.5.3",
    who: "both",
    rule: "A Pong has the payload of the Ping that it answers (must in lower case).",
    tests: [
      ...BOTH.map((role): Proof => [
        SESSION,
        `Session as ${role}: 5.5.3: a pong has the payload of its ping, UTF-8 or not`,
      ]),
      [CONNECTION, "WebSocketConnection answers a Ping with its payload"],
    ],
  },
  {
    section: "5.6",
    who: "both",
    rule: "A text message as a whole is UTF-8.",
    tests: [
      ...BOTH.flatMap((role): Proof[] => [
        [SESSION, `Session as ${role}: 5.6: a character parted by fragments and a ping`],
        [
          ASSEMBLER,
          `MessageAssembler as ${role} refuses text that is not UTF-8, however it is cut (8.1)`,
        ],
      ]),
      [ENCODER, "encodeFrame() writes strings as UTF-8 (5.6)"],
      [ENCODER, "writeTextFrame() keeps a byte order mark and replaces lone surrogates (5.6)"],
    ],
  },
  {
    section: "5.8",
    who: "both",
    rule: "Extensions are agreed on in the opening handshake.",
    tests: [
      [
        "protocol/extensions_test.ts",
        "negotiateExtensions() takes the first acceptable offer, and only one (RFC 6455 9.1)",
      ],
      ...refused("5.2: RSV…", ...BOTH),
    ],
  },
  {
    section: "6.1",
    who: "both",
    rule: "To send a message it takes the steps of this section.",
    tests: [
      [QUEUE, "SendQueue.send() writes text of … at every length of the header"],
      [
        QUEUE,
        "SendQueue.send() writes bytes at every length of the header and around the copy bound",
      ],
    ],
  },
  {
    section: "6.1, step 1",
    who: "both",
    rule: "It sends in the state OPEN only.",
    tests: [
      [
        CONNECTION,
        "Connection.close() begins the closing handshake; nothing is sent after the Close",
      ],
      [
        CONNECTION,
        "Connection.writable sends 1001 when it is aborted, and fails once the connection is closed",
      ],
    ],
  },
  {
    section: "6.1, step 1",
    who: "both",
    rule: "When the state changes meanwhile, it goes no further.",
    tests: [
      [CONNECTION, "Connection.…() lets no message through that has waited for the send queue"],
      [SESSION, "Session as … hands out no message after it began to close"],
    ],
  },
  {
    section: "6.1, step 2",
    who: "both",
    rule: "The data is put into frames.",
    tests: [
      [ENCODER, "encodeFrame() writes what FrameDecoder reads, in both roles"],
      [
        "server/connection/message_sequencer_test.ts",
        "Connection.send() sends a stream as the frames of one message",
      ],
    ],
  },
  {
    section: "6.1, step 3",
    who: "both",
    rule: "The opcode of the first frame says whether it is text or binary.",
    tests: [
      [QUEUE, "SendQueue.send() writes text of … at every length of the header"],
      [
        QUEUE,
        "SendQueue.send() writes bytes at every length of the header and around the copy bound",
      ],
    ],
  },
  {
    section: "6.1, step 4",
    who: "both",
    rule: "The last frame has FIN set.",
    tests: [[ENCODER, "encodeFrame() sets FIN unless told otherwise, and no reserved bit (5.2)"]],
  },
  {
    section: "6.1, step 5",
    who: "client",
    rule: "The frames of a client are masked.",
    tests: [
      [ENCODER, "encodeFrame() agrees with its naive twin at all three forms of length (5.2, 5.3)"],
      [
        WIRE,
        "a client masks every frame, each with a key that does not follow from the last (5.1, 5.3, 10.3)",
      ],
    ],
  },
  {
    section: "6.1, step 7",
    who: "both",
    rule: "The frames are sent over the connection.",
    tests: [
      [QUEUE, "SendQueue writes what one turn sends in one write, after the turn"],
      [QUEUE, "SendQueue finishes a partial write before anything else"],
    ],
  },
  {
    section: "6.2",
    who: "both",
    rule: "What comes in is read as frames.",
    tests: [
      ...BOTH.map((role): Proof => [
        DECODER,
        `FrameDecoder as ${role} cuts a frame at every place and gives the same (5.2)`,
      ]),
      [DECODER, "FrameDecoder reads …, however it is cut"],
    ],
  },
  {
    section: "6.2",
    who: "both",
    rule: "Control frames are handled as section 5.5 says.",
    tests: BOTH.map((role): Proof => [SESSION, `Session as ${role}: 5.5…`]),
  },
  {
    section: "6.2",
    who: "both",
    rule: "The opcode of a data frame tells the type of the message.",
    tests: BOTH.map((role): Proof => [SESSION, `Session as ${role}: 5.6: text and binary in turn`]),
  },
  {
    section: "6.2",
    who: "both",
    rule: "Data frames after the last fragment belong to a new message.",
    tests: [
      ...BOTH.map((role): Proof => [
        SESSION,
        `Session as ${role}: 5.4: two fragmented messages after each other, binary after text`,
      ]),
      [ASSEMBLER, "MessageAssembler forgets one message before the next"],
    ],
  },
  {
    section: "6.2",
    who: "server",
    rule: "It takes the mask off the data of a client.",
    tests: [
      [
        DECODER,
        "FrameDecoder as server unmasks payloads and leaves the rest of the chunk alone (5.3)",
      ],
      [MASK, "applyMask() unmasks the example of 5.7"],
      [MASK, "applyMask() agrees with 5.3 for every length to 300, offset and alignment"],
    ],
  },
];
