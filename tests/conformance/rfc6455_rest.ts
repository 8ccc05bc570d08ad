import type { Proof, Rule } from "./rule.ts";

const SESSION = "protocol/session_test.ts";
const CLOSE_CODE = "protocol/close_code_test.ts";
const CLOSE_PAYLOAD = "protocol/close_payload_test.ts";
const REQUEST = "protocol/handshake_test.ts";
const RESPONSE = "protocol/client_handshake_test.ts";
const EXTENSIONS = "protocol/extensions_test.ts";
const ASSEMBLER = "protocol/message_assembler_test.ts";
const DECODER = "protocol/frame_decoder_test.ts";
const CHECK = "protocol/frame_check_test.ts";
const CONNECTION = "server/connection/websocket_connection_test.ts";
const HTTP_CONNECTION = "server/http/http_connection_test.ts";
const SERVER = "server/server_test.ts";
const TLS = "server/net/tls_test.ts";
const FORMAT = "conformance/wire_test.ts";
const WIRE = "conformance/client_wire_test.ts";

const ROLES = ["server", "client"] as const;

/** That a code that is only reported is never sent, and refused when it comes. */
function reportedOnly(code: number): Proof[] {
  return [
    [CLOSE_CODE, "isOnWire() classifies every 16-bit code by 7.4"],
    [CLOSE_PAYLOAD, "serializeClosePayload() takes and refuses every code as 7.4 says"],
    [SESSION, "Session.close() refuses what may not be sent and stays open (7.4)"],
    [FORMAT, `a server answers a Close with ${code} with 1002 (7.4.1)`],
  ];
}

/** RFC 6455, sections 7 to 11: closing, errors, extensions, security, header fields. */
export const OTHER_RULES: readonly Rule[] = [
  {
    section: "7.1.2",
    who: "both",
    rule: "To begin the closing handshake it sends a Close with the code and the reason.",
    tests: [
      ...ROLES.map((role): Proof => [
        SESSION,
        `Session as ${role} closed by us keeps both codes and both reasons (7.1.5, 7.1.6)`,
      ]),
      [
        CONNECTION,
        "Connection.close() begins the closing handshake; nothing is sent after the Close",
      ],
    ],
  },
  {
    section: "7.1.7",
    who: "client",
    rule: "A client whose connection fails closes it.",
    tests: [
      [SESSION, "Session as client sends Close for each frame that is refused (7.1.7)"],
      [
        WIRE,
        "a client closes with 1002 after …, and handles nothing behind it",
      ],
    ],
  },
  {
    section: "7.1.7",
    who: "server",
    rule: "A server whose connection fails closes it.",
    tests: [
      [CONNECTION, "WebSocketConnection answers … with …, and with FIN instead of a bare end"],
      [SESSION, "Session as server sends Close for each frame that is refused (7.1.7)"],
    ],
  },
  {
    section: "7.1.7",
    who: "both",
    rule: "After a connection has failed, no data of the peer is handled any more, nor its Close.",
    tests: [
      ...ROLES.map((role): Proof => [
        SESSION,
        `Session as ${role} ignores the answer to a Close that an error sent (7.1.7)`,
      ]),
      [FORMAT, "a server handles nothing that comes behind a broken rule (7.1.7)"],
      [WIRE, "a client closes with 1002 after …, and handles nothing behind it"],
    ],
  },
  {
    section: "7.2.1",
    who: "client",
    rule: "Where it is demanded, also within the handshake, the client fails the connection.",
    tests: [[RESPONSE, "checkUpgradeResponse() refuses … (RFC 6455 4.1)"]],
  },
  {
    section: "7.2.1",
    who: "client",
    rule: "When the connection below is lost, the WebSocket connection fails.",
    tests: [
      [SESSION, "Session.receiveEof() without a Close is 1006, and the peer's doing (7.1.5)"],
      [SESSION, "Session.receiveEof() in the middle of a message gives no message"],
      ["client/connect_test.ts", "ClientConnection.closed has the server's code and reason"],
    ],
  },
  {
    section: "7.2.2",
    who: "server",
    rule: "To abort a handshake, the server closes the connection.",
    tests: [
      [
        HTTP_CONNECTION,
        "HttpConnection cuts a client that does not finish its head, at the deadline",
      ],
      [HTTP_CONNECTION, "HttpConnection refuses a handshake with … with … (…)"],
    ],
  },
  { section: "7.4.1", who: "both", rule: "No Close carries 1005.", tests: reportedOnly(1005) },
  { section: "7.4.1", who: "both", rule: "No Close carries 1006.", tests: reportedOnly(1006) },
  { section: "7.4.1", who: "both", rule: "No Close carries 1015.", tests: reportedOnly(1015) },
  {
    section: "8.1",
    who: "both",
    rule: "The connection fails when what should be UTF-8 is not.",
    tests: [
      ...ROLES.flatMap((role): Proof[] => [
        [SESSION, `Session as ${role}: 8.1: …`],
        [SESSION, `Session as ${role}: 5.5.1: a reason that is not UTF-8`],
        [
          ASSEMBLER,
          `MessageAssembler as ${role} refuses text at its first bad byte, in the middle of a frame (8.1)`,
        ],
      ]),
      ["protocol/utf8_test.ts", "Utf8Validator refuses invalid text however it is cut (8.1)"],
      [WIRE, "a client closes with 1007 after text that is not UTF-8 (8.1)"],
    ],
  },
  {
    section: "9",
    who: "server",
    rule: "It answers with no extension that was not asked for.",
    tests: [
      [
        EXTENSIONS,
        "negotiateExtensions() ignores names that the server does not have (RFC 6455 9.1)",
      ],
      [REQUEST, "serializeUpgradeResponse() leaves out what was not agreed (RFC 6455 4.2.2)"],
    ],
  },
  {
    section: "9",
    who: "both",
    rule: "The parameters of an extension are chosen as that extension says.",
    tests: [
      [
        "conformance/deflate_server_test.ts",
        "a server with deflate answers what the offer says, and no more than it may (7.1)",
      ],
      [
        "conformance/deflate_client_test.ts",
        "a client with deflate does not connect when the answer has … (7)",
      ],
    ],
  },
  {
    section: "9.1",
    who: "both",
    rule: "Where Sec-WebSocket-Extensions breaks its grammar, the connection fails.",
    tests: [
      [EXTENSIONS, "parseExtensions() refuses … (RFC 6455 9.1)"],
      [
        HTTP_CONNECTION,
        "HttpConnection refuses a handshake with extension parameter without a name with …",
      ],
      [RESPONSE, "checkUpgradeResponse() refuses malformed extensions (RFC 6455 4.1)"],
    ],
  },
  {
    section: "9.1",
    who: "both",
    rule: "A value in quotes is a token once the quotes are off.",
    tests: [
      [EXTENSIONS, "parseExtensions() reads quoted values that are tokens (RFC 6455 9.1)"],
      [
        HTTP_CONNECTION,
        "HttpConnection refuses a handshake with quoted extension value that is not a token with …",
      ],
    ],
  },
  {
    section: "9.1",
    who: "both",
    rule: "Only registered names of extensions are used.",
    tests: [[
      "conformance/deflate_client_test.ts",
      "a client with deflate offers it by its name (5)",
    ]],
  },
  {
    section: "9.1",
    who: "both",
    rule: "An extension gets only parameters that are defined for it.",
    tests: [
      [
        "protocol/permessage_deflate_test.ts",
        "deflateOffer() and deflateNegotiator() agree for all policies, on no more than either wants",
      ],
      [
        "protocol/permessage_deflate_test.ts",
        "deflateNegotiator() declines …, and a client refuses it (7.1)",
      ],
    ],
  },
  {
    section: "9.1",
    who: "client",
    rule: "It uses no extension before the server has taken it.",
    tests: [
      [RESPONSE, "checkUpgradeResponse() accepts a plain answer (RFC 6455 4.1)"],
      [WIRE, "a client closes with 1002 after a reserved bit (5.2), and handles nothing behind it"],
      ["conformance/deflate_client_test.ts", "a client with deflate offers it by its name (5)"],
    ],
  },
  {
    section: "10.3",
    who: "client",
    rule: "Each frame has a new masking key, which an application cannot foresee.",
    tests: [[
      WIRE,
      "a client masks every frame, each with a key that does not follow from the last (5.1, 5.3, 10.3)",
    ]],
  },
  {
    section: "10.3",
    who: "client",
    rule:
      "Once a frame is under way, the application cannot change its payload (must in lower case).",
    tests: [[WIRE, "a client sends a payload as it was when it was handed over (10.3)"]],
  },
  {
    section: "10.4",
    who: "both",
    rule: "It guards itself where the size of frames and messages is limited.",
    tests: [
      ...ROLES.flatMap((role): Proof[] => [
        [DECODER, `FrameDecoder as ${role} counts a message's bytes over its fragments (10.4)`],
        [DECODER, `FrameDecoder as ${role} counts a message's frames, empty ones too (10.4)`],
        [DECODER, `FrameDecoder as ${role} sums up lengths beyond 2^53 without a wrap`],
        [SESSION, `Session as ${role} holds messages to the limits (10.4)`],
      ]),
      [CHECK, "checkMessageBudget() counts bytes over all frames of a message (7.4.1, 10.4)"],
      [
        ASSEMBLER,
        "MessageAssembler sets aside at most eight times what has come of a large message (10.4)",
      ],
      [
        CONNECTION,
        "WebSocketConnection lets a slow sender of a message that is too big read 1009, not a reset",
      ],
      [WIRE, "a client closes with 1009 at a frame that announces more than it takes (10.4)"],
      [
        "conformance/vulnerabilities_test.ts",
        "a server closes with 1009 at a frame that announces … bytes",
      ],
    ],
  },
  {
    section: "10.6",
    who: "both",
    rule: "It supports TLS.",
    tests: [
      [TLS, "TlsTransport carries messages of every size, and both closes"],
      [TLS, "TlsTransport survives what is no TLS, and other errors of TLS"],
      ["client/connect_test.ts", "connect() speaks TLS, and trusts only what it is told to"],
    ],
  },
  {
    section: "10.7",
    who: "both",
    rule: "What comes in is always checked.",
    tests: [
      [
        CHECK,
        "checkFirstBytes() judges every first byte in both roles, in and out of a message, with and without permessage-deflate (5.1, 5.2, 5.4, 5.5; RFC 7692 6)",
      ],
      [
        "fuzz/targets_test.ts",
        "fuzz target … does only what is documented, and reaches all of it",
      ],
      [SERVER, "Server outlives 200 hostile peers and forgets them all"],
    ],
  },
  {
    section: "11.1",
    who: "client",
    rule: "What ASCII does not have in a host is written as IDNA says.",
    tests: [[WIRE, "a client writes a host in ASCII as an address has it (3, 4.1, 11.1)"]],
  },
  {
    section: "11.1",
    who: "client",
    rule:
      "What ASCII does not have elsewhere in an address is written in UTF-8 with percent signs.",
    tests: [
      [
        "protocol/request_target_test.ts",
        "targetFault() accepts all visible ASCII but the number sign (RFC 9112 3.2)",
      ],
      [WIRE, "a client writes a path in ASCII as an address has it (3, 4.1, 11.1)"],
      [WIRE, "a client writes a query in ASCII as an address has it (3, 4.1, 11.1)"],
    ],
  },
  {
    section: "11.3.1",
    who: "client",
    rule: "Sec-WebSocket-Key comes once in a request.",
    tests: [
      [HTTP_CONNECTION, "HttpConnection refuses a handshake with two keys with …"],
      [
        RESPONSE,
        "serializeUpgradeRequest() refuses a header that the handshake owns (RFC 6455 4.1)",
      ],
    ],
  },
  {
    section: "11.3.2",
    who: "server",
    rule: "Sec-WebSocket-Extensions comes once in a response.",
    tests: [
      [REQUEST, "serializeUpgradeResponse() refuses headers that the handshake owns"],
      [RESPONSE, "checkUpgradeResponse() refuses two lines of extensions (RFC 6455 4.1)"],
    ],
  },
  {
    section: "11.3.3",
    who: "server",
    rule: "Sec-WebSocket-Accept comes once in a response.",
    tests: [
      [REQUEST, "serializeUpgradeResponse() refuses headers that the handshake owns"],
      [RESPONSE, "checkUpgradeResponse() refuses two Accepts (RFC 6455 4.1)"],
    ],
  },
  {
    section: "11.3.4",
    who: "server",
    rule: "Sec-WebSocket-Protocol comes once in a response.",
    tests: [
      [REQUEST, "serializeUpgradeResponse() refuses headers that the handshake owns"],
      [RESPONSE, "checkUpgradeResponse() refuses two subprotocols (RFC 6455 4.1)"],
    ],
  },
  {
    section: "11.3.5",
    who: "client",
    rule: "Sec-WebSocket-Version comes once in a request.",
    tests: [
      [HTTP_CONNECTION, "HttpConnection refuses a handshake with two versions with …"],
      [RESPONSE, "serializeUpgradeRequest() refuses another version (RFC 6455 4.1)"],
    ],
  },
];
