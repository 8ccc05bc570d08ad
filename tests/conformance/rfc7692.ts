import type { Rule } from "./rule.ts";

const CHECK = "protocol/frame_check_test.ts";
const DECODER = "protocol/frame_decoder_test.ts";
const BOTH_ENDS = "server/connection/deflate/connection_deflate_test.ts";
const INFLATER = "server/connection/deflate/inflater_test.ts";
const DEFLATER = "server/connection/deflate/deflater_test.ts";
const NEGOTIATION = "protocol/permessage_deflate_test.ts";
const SERVER = "conformance/deflate_server_test.ts";
const CLIENT = "conformance/deflate_client_test.ts";

/** RFC 7692, sections 5 to 8: permessage-deflate. */
export const DEFLATE_RULES: readonly Rule[] = [
  {
    section: "5",
    who: "client",
    rule: "To offer compression, it names the extension in Sec-WebSocket-Extensions.",
    tests: [
      [CLIENT, "a client with deflate offers it by its name (5)"],
      [
        NEGOTIATION,
        "deflateOffer() says what the client wants",
      ],
    ],
  },
  {
    section: "5",
    who: "server",
    rule: "To accept an offer, it names the extension in Sec-WebSocket-Extensions.",
    tests: [[
      SERVER,
      "a server with deflate names it in its answer, once, and the first offer that it can take (5)",
    ]],
  },
  {
    section: "5",
    who: "client",
    rule:
      "The connection fails when the answer is invalid, such as one that accepts what was not offered.",
    tests: [
      [
        "protocol/client_handshake_test.ts",
        "checkUpgradeResponse() refuses an extension that was not offered (RFC 6455 4.1)",
      ],
      [
        "protocol/client_handshake_test.ts",
        "checkUpgradeResponse() refuses an extension that is used twice (RFC 6455 4.1)",
      ],
      [NEGOTIATION, 'checkDeflateAnswer() refuses "…" to "…"'],
    ],
  },
  {
    section: "5",
    who: "server",
    rule: "It accepts no two extensions that both want RSV1.",
    tests: [
      [
        "protocol/extensions_test.ts",
        "negotiateExtensions() takes the first acceptable offer, and only one (RFC 6455 9.1)",
      ],
      [
        SERVER,
        "a server with deflate names it in its answer, once, and the first offer that it can take (5)",
      ],
    ],
  },
  {
    section: "5",
    who: "client",
    rule: "The connection fails when the server has accepted two extensions that both want RSV1.",
    tests: [
      [
        "protocol/client_handshake_test.ts",
        "checkUpgradeResponse() refuses an extension that is used twice (RFC 6455 4.1)",
      ],
      [CLIENT, "a client with deflate does not connect when two extensions want RSV1 (5)"],
    ],
  },
  {
    section: "5.1",
    who: "extension author",
    rule: "Who defines a compression says what its parameters mean (must in lower case).",
    notOurs: "We define no compression of our own.",
  },
  {
    section: "6.1",
    who: "both",
    rule:
      "A compressed message is the compressed payload in frames with the opcode of the original, RSV1 on the first.",
    tests: [
      [
        SERVER,
        "a server with deflate sets RSV1 on the first frame of a compressed message alone (6.1)",
      ],
      [CLIENT, "a client with deflate goes back no further than client_max_window_bits=… (7.2.1)"],
    ],
  },
  {
    section: "6.1",
    who: "both",
    rule: "A message that is not compressed has RSV1 on no frame.",
    tests: [
      [
        SERVER,
        "a server with deflate sets RSV1 on the first frame of a compressed message alone (6.1)",
      ],
      [
        BOTH_ENDS,
        "serve() compresses nothing unless told to, and nothing for clients that cannot",
      ],
    ],
  },
  {
    section: "6.1",
    who: "both",
    rule: "It sets RSV1 on no control frame.",
    tests: [
      [
        SERVER,
        "a server with deflate sets RSV1 on the first frame of a compressed message alone (6.1)",
      ],
      [
        CLIENT,
        "a client with deflate begins each message anew under client_no_context_takeover (7.2.1)",
      ],
    ],
  },
  {
    section: "6.1",
    who: "both",
    rule: "It sets RSV1 on no fragment but the first.",
    tests: [[
      SERVER,
      "a server with deflate sets RSV1 on the first frame of a compressed message alone (6.1)",
    ]],
  },
  {
    section: "6.1",
    who: "both",
    rule: "The connection fails when a control frame has RSV1.",
    tests: [
      [CHECK, "checkFirstBytes() says which frame may have RSV1 (RFC 7692 6)"],
      [DECODER, "FrameDecoder as … refuses RSV1 where no message begins (RFC 7692 6)"],
      [SERVER, "a server with deflate closes with 1002 after a … with RSV1 (6.1)"],
      [CLIENT, "a client with deflate closes with 1002 after a Ping with RSV1 (6.1)"],
    ],
  },
  {
    section: "6.1",
    who: "both",
    rule: "The connection fails when a fragment that is not the first has RSV1.",
    tests: [
      [CHECK, "checkFirstBytes() says which frame may have RSV1 (RFC 7692 6)"],
      [
        DECODER,
        "FrameDecoder as … refuses RSV1 where no message begins (RFC 7692 6)",
      ],
      [SERVER, "a server with deflate closes with 1002 after a continuation with RSV1… (6.1)"],
      [CLIENT, "a client with deflate closes with 1002 after a continuation with RSV1 (6.1)"],
    ],
  },
  {
    section: "6.2",
    who: "both",
    rule:
      "To read a compressed message, the payloads of all its frames are joined and decompressed.",
    tests: [
      [SERVER, "a server with deflate… reads …, whole and in fragments"],
      [
        INFLATER,
        "Inflater with … inflates …, however it is cut",
      ],
    ],
  },
  {
    section: "6.2",
    who: "both",
    rule: "A message without RSV1 is taken as it is, also where compression is in use.",
    tests: [
      [
        DECODER,
        "FrameDecoder as … says of every fragment whether its message is compressed (RFC 7692 6)",
      ],
      [SERVER, "a server with deflate… reads …, whole and in fragments"],
      [
        CLIENT,
        "a client with deflate reads what refers to the message before, 32,768 bytes back (7.2.2)",
      ],
    ],
  },
  {
    section: "7",
    who: "server",
    rule: "It declines an offer with a parameter that is not defined.",
    tests: [
      [SERVER, "a server with deflate declines an offer with window_bits=10, and serves on (7)"],
      [SERVER, "a server with deflate declines an offer with constructor, and serves on (7)"],
      [NEGOTIATION, "deflateNegotiator() declines …, and a client refuses it (7.1)"],
    ],
  },
  {
    section: "7",
    who: "server",
    rule: "It declines an offer with a parameter whose value is invalid.",
    tests: [
      [
        SERVER,
        "a server with deflate declines an offer with server_max_window_bits=…, and serves on (7)",
      ],
      [
        SERVER,
        "a server with deflate declines an offer with client_max_window_bits=…, and serves on (7)",
      ],
      [
        SERVER,
        "a server with deflate declines an offer with server_no_context_takeover=1, and serves on (7)",
      ],
      [NEGOTIATION, "deflateNegotiator() declines …, and a client refuses it (7.1)"],
    ],
  },
  {
    section: "7",
    who: "server",
    rule: "It declines an offer in which a parameter comes twice.",
    tests: [
      [
        SERVER,
        "a server with deflate declines an offer with server_no_context_takeover; server_no_context_takeover, and serves on (7)",
      ],
      [
        SERVER,
        "a server with deflate declines an offer with client_max_window_bits; client_max_window_bits=10, and serves on (7)",
      ],
      [NEGOTIATION, "deflateNegotiator() declines …, and a client refuses it (7.1)"],
    ],
  },
  {
    section: "7",
    who: "server",
    rule: "It declines an offer that it does not support.",
    tests: [
      [
        NEGOTIATION,
        "deflateOffer() and deflateNegotiator() agree for all policies, on no more than either wants",
      ],
      [
        BOTH_ENDS,
        "serve() compresses nothing unless told to, and nothing for clients that cannot",
      ],
    ],
  },
  {
    section: "7",
    who: "client",
    rule: "The connection fails when the answer has a parameter that is not defined.",
    tests: [
      [
        CLIENT,
        "a client with deflate does not connect when the answer has a parameter that is not defined (7)",
      ],
      [NEGOTIATION, 'checkDeflateAnswer() refuses "…" to "…"'],
    ],
  },
  {
    section: "7",
    who: "client",
    rule: "The connection fails when the answer has a parameter whose value is invalid.",
    tests: [
      [CLIENT, "a client with deflate does not connect when the answer has a window … (7)"],
      [
        CLIENT,
        "a client with deflate does not connect when the answer has client_max_window_bits without a value (7)",
      ],
      [
        CLIENT,
        "a client with deflate does not connect when the answer has a value where none may be (7)",
      ],
      [NEGOTIATION, 'checkDeflateAnswer() refuses "…" to "…"'],
    ],
  },
  {
    section: "7",
    who: "client",
    rule: "The connection fails when a parameter comes twice in the answer.",
    tests: [
      [
        CLIENT,
        "a client with deflate does not connect when the answer has a parameter twice (7)",
      ],
      [NEGOTIATION, 'checkDeflateAnswer() refuses "…" to "…"'],
    ],
  },
  {
    section: "7",
    who: "client",
    rule: "The connection fails when it does not support what the answer says.",
    tests: [
      [
        CLIENT,
        "a client with deflate does not connect when the answer grants more than was offered (7)",
      ],
      [NEGOTIATION, 'checkDeflateAnswer() refuses "…" to "…"'],
    ],
  },
  {
    section: "7.1.1.1",
    who: "both",
    rule: "server_no_context_takeover has no value.",
    tests: [
      [
        SERVER,
        "a server with deflate declines an offer with server_no_context_takeover=1, and serves on (7)",
      ],
      [
        CLIENT,
        "a client with deflate does not connect when the answer has a value where none may be (7)",
      ],
    ],
  },
  {
    section: "7.1.1.1",
    who: "server",
    rule: "An offer with server_no_context_takeover is accepted with that parameter, or declined.",
    tests: [
      [
        SERVER,
        "a server with deflate answers what the offer says, and no more than it may (7.1)",
      ],
      [
        NEGOTIATION,
        "checkDeflateAnswer() holds the client to what it said of itself (7.1.1.2, 7.1.2.2)",
      ],
    ],
  },
  {
    section: "7.1.1.2",
    who: "both",
    rule: "client_no_context_takeover has no value.",
    tests: [
      [
        SERVER,
        "a server with deflate declines an offer with client_no_context_takeover=true, and serves on (7)",
      ],
      [NEGOTIATION, "deflateNegotiator() declines …, and a client refuses it (7.1)"],
    ],
  },
  {
    section: "7.1.2.1",
    who: "both",
    rule: "server_max_window_bits has a value: a whole number from 8 to 15 without a leading zero.",
    tests: [
      [
        SERVER,
        "a server with deflate declines an offer with server_max_window_bits, and serves on (7)",
      ],
      [
        SERVER,
        "a server with deflate declines an offer with server_max_window_bits=…, and serves on (7)",
      ],
      [
        CLIENT,
        "a client with deflate does not connect when the answer has server_max_window_bits without a value (7)",
      ],
      [
        CLIENT,
        "a client with deflate does not connect when the answer has a window with a leading zero (7)",
      ],
      [NEGOTIATION, "a policy's window has 8 to 15 bits"],
    ],
  },
  {
    section: "7.1.2.1",
    who: "server",
    rule:
      "An offer with server_max_window_bits is accepted with the same or a smaller value, or declined.",
    tests: [[
      SERVER,
      "a server with deflate answers what the offer says, and no more than it may (7.1)",
    ]],
  },
  {
    section: "7.1.2.2",
    who: "both",
    rule:
      "client_max_window_bits is a whole number from 8 to 15 without a leading zero; in an offer it may have no value.",
    tests: [
      [
        SERVER,
        "a server with deflate declines an offer with client_max_window_bits=…, and serves on (7)",
      ],
      [
        CLIENT,
        "a client with deflate does not connect when the answer has client_max_window_bits without a value (7)",
      ],
    ],
  },
  {
    section: "7.1.2.2",
    who: "server",
    rule: "The answer has client_max_window_bits only where the offer has it.",
    tests: [[
      SERVER,
      "a server with deflate answers client_max_window_bits only where it is offered (7.1.2.2)",
    ]],
  },
  {
    section: "7.1.2.2",
    who: "server",
    rule: "Where the offer gives client_max_window_bits a value, that of the answer is not larger.",
    tests: [[
      SERVER,
      "a server with deflate answers what the offer says, and no more than it may (7.1)",
    ]],
  },
  {
    section: "7.2.1",
    who: "both",
    rule:
      "The payload is compressed with DEFLATE, ends at an empty block without compression, and loses its last four bytes, 00 00 ff ff.",
    tests: [
      [SERVER, "a server with deflate goes back no further than server_max_window_bits=… (7.2.1)"],
      [CLIENT, "a client with deflate goes back no further than client_max_window_bits=… (7.2.1)"],
      [
        SERVER,
        "a server with deflate sends an empty message so that it inflates to nothing (7.2.3.6)",
      ],
      [
        "server/connection/deflate/deflate_alone_test.ts",
        "deflateAlone() writes the examples of RFC 7692 7.2.3",
      ],
      [DEFLATER, "Deflater writes the examples of RFC 7692 7.2.3.2"],
    ],
  },
  {
    section: "7.2.1",
    who: "both",
    rule:
      "Where a block with BFINAL does not end at a byte, it is padded with as few zero bits as will do.",
    tests: [[
      SERVER,
      "a server with deflate… reads a block with BFINAL (7.2.3.4), whole and in fragments",
    ]],
  },
  {
    section: "7.2.1",
    who: "both",
    rule: "The four bytes are not taken off a fragment that is not the last.",
    tests: [
      [
        SERVER,
        "a server with deflate sets RSV1 on the first frame of a compressed message alone (6.1)",
      ],
      [BOTH_ENDS, "messages({ stream: true }) gives compressed messages inflated, as they come"],
    ],
  },
  {
    section: "7.2.1",
    who: "client",
    rule: "Under client_no_context_takeover it begins each message with an empty window.",
    tests: [[
      CLIENT,
      "a client with deflate begins each message anew under client_no_context_takeover (7.2.1)",
    ]],
  },
  {
    section: "7.2.1",
    who: "server",
    rule: "Under server_no_context_takeover it begins each message with an empty window.",
    tests: [[
      SERVER,
      "a server with deflate begins each message anew under server_no_context_takeover (7.2.1)",
    ]],
  },
  {
    section: "7.2.1",
    who: "client",
    rule: "Under client_max_window_bits=w its window is not longer than 2 to the power of w bytes.",
    tests: [[
      CLIENT,
      "a client with deflate goes back no further than client_max_window_bits=… (7.2.1)",
    ]],
  },
  {
    section: "7.2.1",
    who: "server",
    rule: "Under server_max_window_bits=w its window is not longer than 2 to the power of w bytes.",
    tests: [[
      SERVER,
      "a server with deflate goes back no further than server_max_window_bits=… (7.2.1)",
    ]],
  },
  {
    section: "7.2.2",
    who: "both",
    rule: "00 00 ff ff is put behind the payload, and the whole decompressed with DEFLATE.",
    tests: [
      [SERVER, "a server with deflate… reads …, whole and in fragments"],
      [
        INFLATER,
        "Inflater refuses what follows the blocks (7.2.2)",
      ],
    ],
  },
  {
    section: "7.2.2",
    who: "client",
    rule:
      "Without server_no_context_takeover it decompresses with the window of the message before.",
    tests: [[
      CLIENT,
      "a client with deflate reads what refers to the message before, 32,768 bytes back (7.2.2)",
    ]],
  },
  {
    section: "7.2.2",
    who: "server",
    rule:
      "Without client_no_context_takeover it decompresses with the window of the message before, whatever the offer said.",
    tests: [
      [
        SERVER,
        "a server with deflate reads what refers to the message before, whatever the offer said (7.2.2)",
      ],
      [INFLATER, "Inflater keeps the window from message to message (7.2.3.2)"],
    ],
  },
  {
    section: "7.2.2",
    who: "client",
    rule: "Without server_max_window_bits it decompresses with a window of 32,768 bytes.",
    tests: [[
      CLIENT,
      "a client with deflate reads what refers to the message before, 32,768 bytes back (7.2.2)",
    ]],
  },
  {
    section: "7.2.2",
    who: "server",
    rule: "Without client_max_window_bits it decompresses with a window of 32,768 bytes.",
    tests: [[SERVER, "a server with deflate reads references 32,768 bytes back (7.2.2)"]],
  },
  {
    section: "7.2.3",
    who: "both",
    rule: "Messages of several blocks, of any type, with BFINAL or without, are decompressed.",
    tests: [
      [SERVER, "a server with deflate… reads …, whole and in fragments"],
      [
        INFLATER,
        "Inflater counts each message on its own, over its final block",
      ],
    ],
  },
  {
    section: "7.2.3.6",
    who: "both",
    rule: "An empty message, or an empty last fragment, is one byte 00, and read as such.",
    tests: [
      [
        SERVER,
        "a server with deflate… reads an empty message (7.2.3.6), whole and in fragments",
      ],
      [
        SERVER,
        "a server with deflate sends an empty message so that it inflates to nothing (7.2.3.6)",
      ],
      [DEFLATER, "Deflater writes empty messages, several in a row and between others (7.2.3.6)"],
    ],
  },
  {
    section: "8",
    who: "application",
    rule:
      "Secrets are not compressed together with what others choose, over TLS (should in lower case).",
    notOurs:
      "Only the application knows what is secret. Compression is off unless it is asked for.",
  },
];
