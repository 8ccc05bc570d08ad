import type { HandshakeErrorCode } from "../../protocol/errors.ts";

/** An opening handshake that a server must refuse. */
export interface BadHandshake {
  /** The section that forbids it. */
  readonly section: string;
  /** What is wrong with it. */
  readonly fault: string;
  /** The lines of the head; each ends in CRLF on the wire, and an empty line follows. */
  readonly lines: readonly string[];
  /** The code of the error. */
  readonly code: HandshakeErrorCode;
  /** The HTTP status of the answer. */
  readonly status: number;
}

const GET = "GET /chat HTTP/1.1";
const HOST = "Host: server.example.com";
const UPGRADE = "Upgrade: websocket";
const CONNECTION = "Connection: Upgrade";
const KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
const VERSION = "Sec-WebSocket-Version: 13";

/** The handshake that all of them are made from; it is a good one. */
export const GOOD_HANDSHAKE: readonly string[] = [GET, HOST, UPGRADE, CONNECTION, KEY, VERSION];

/** One fault each. */
export const BAD_HANDSHAKES: readonly BadHandshake[] = [
  {
    section: "RFC 6455 4.1",
    fault: "method POST",
    lines: ["POST /chat HTTP/1.1", HOST, UPGRADE, CONNECTION, KEY, VERSION],
    code: "METHOD_NOT_ALLOWED",
    status: 405,
  },
  {
    section: "RFC 6455 4.1",
    fault: "method HEAD",
    lines: ["HEAD /chat HTTP/1.1", HOST, UPGRADE, CONNECTION, KEY, VERSION],
    code: "METHOD_NOT_ALLOWED",
    status: 405,
  },
  {
    section: "RFC 6455 4.2.1",
    fault: "the target *",
    lines: ["GET * HTTP/1.1", HOST, UPGRADE, CONNECTION, KEY, VERSION],
    code: "MALFORMED_HEAD",
    status: 400,
  },
  {
    section: "RFC 9110 9.1",
    fault: "method get in lower case",
    lines: ["get /chat HTTP/1.1", HOST, UPGRADE, CONNECTION, KEY, VERSION],
    code: "METHOD_NOT_ALLOWED",
    status: 405,
  },
  {
    section: "RFC 6455 4.2.1",
    fault: "HTTP/1.0",
    lines: ["GET /chat HTTP/1.0", HOST, UPGRADE, CONNECTION, KEY, VERSION],
    code: "HTTP_VERSION_TOO_LOW",
    status: 400,
  },
  {
    section: "RFC 9110 15.6.6",
    fault: "HTTP/2.0",
    lines: ["GET /chat HTTP/2.0", HOST, UPGRADE, CONNECTION, KEY, VERSION],
    code: "HTTP_VERSION_UNSUPPORTED",
    status: 505,
  },
  {
    section: "RFC 9112 3",
    fault: "request line without version",
    lines: ["GET /chat", HOST, UPGRADE, CONNECTION, KEY, VERSION],
    code: "MALFORMED_HEAD",
    status: 400,
  },
  {
    section: "RFC 6455 3",
    fault: "fragment in the target",
    lines: ["GET /chat#top HTTP/1.1", HOST, UPGRADE, CONNECTION, KEY, VERSION],
    code: "MALFORMED_HEAD",
    status: 400,
  },
  {
    section: "RFC 9112 3.2",
    fault: "no Host",
    lines: [GET, UPGRADE, CONNECTION, KEY, VERSION],
    code: "HOST_INVALID",
    status: 400,
  },
  {
    section: "RFC 9112 3.2",
    fault: "two Hosts",
    lines: [GET, HOST, HOST, UPGRADE, CONNECTION, KEY, VERSION],
    code: "HOST_INVALID",
    status: 400,
  },
  {
    section: "RFC 9112 3.2",
    fault: "Host with user information",
    lines: [GET, "Host: user@server.example.com", UPGRADE, CONNECTION, KEY, VERSION],
    code: "HOST_INVALID",
    status: 400,
  },
  {
    section: "RFC 9112 3.2",
    fault: "empty Host",
    lines: [GET, "Host:", UPGRADE, CONNECTION, KEY, VERSION],
    code: "HOST_INVALID",
    status: 400,
  },
  {
    section: "RFC 9112 3.2",
    fault: "a Host that no URL can have",
    lines: [GET, "Host: 1.2.3.4.5", UPGRADE, CONNECTION, KEY, VERSION],
    code: "HOST_INVALID",
    status: 400,
  },
  {
    section: "RFC 9112 5.2",
    fault: "folded header line",
    lines: [GET, HOST, "Upgrade:", " websocket", CONNECTION, KEY, VERSION],
    code: "MALFORMED_HEAD",
    status: 400,
  },
  {
    section: "RFC 9112 5.1",
    fault: "space before the colon",
    lines: [GET, HOST, "Upgrade : websocket", CONNECTION, KEY, VERSION],
    code: "MALFORMED_HEAD",
    status: 400,
  },
  {
    section: "RFC 9112 6",
    fault: "body announced by its length",
    lines: [GET, HOST, UPGRADE, CONNECTION, KEY, VERSION, "Content-Length: 5"],
    code: "BODY_NOT_ALLOWED",
    status: 400,
  },
  {
    section: "RFC 9112 6",
    fault: "body length that comes twice",
    lines: [GET, HOST, UPGRADE, CONNECTION, KEY, VERSION, "Content-Length: 0", "Content-Length: 0"],
    code: "BODY_NOT_ALLOWED",
    status: 400,
  },
  {
    section: "RFC 9112 6",
    fault: "chunked body",
    lines: [GET, HOST, UPGRADE, CONNECTION, KEY, VERSION, "Transfer-Encoding: chunked"],
    code: "BODY_NOT_ALLOWED",
    status: 400,
  },
  {
    section: "RFC 6455 4.2.1",
    fault: "no Upgrade",
    lines: [GET, HOST, CONNECTION, KEY, VERSION],
    code: "UPGRADE_MISSING",
    status: 400,
  },
  {
    section: "RFC 6455 4.2.1",
    fault: "Upgrade to something else",
    lines: [GET, HOST, "Upgrade: h2c", CONNECTION, KEY, VERSION],
    code: "UPGRADE_MISSING",
    status: 400,
  },
  {
    section: "RFC 6455 4.2.1",
    fault: "Upgrade with websocket only as part of a word",
    lines: [GET, HOST, "Upgrade: websockets, xwebsocket", CONNECTION, KEY, VERSION],
    code: "UPGRADE_MISSING",
    status: 400,
  },
  {
    section: "RFC 6455 4.2.1",
    fault: "no Connection",
    lines: [GET, HOST, UPGRADE, KEY, VERSION],
    code: "CONNECTION_MISSING",
    status: 400,
  },
  {
    section: "RFC 6455 4.2.1",
    fault: "Connection without Upgrade",
    lines: [GET, HOST, UPGRADE, "Connection: keep-alive", KEY, VERSION],
    code: "CONNECTION_MISSING",
    status: 400,
  },
  {
    section: "RFC 6455 4.2.2",
    fault: "no version",
    lines: [GET, HOST, UPGRADE, CONNECTION, KEY],
    code: "VERSION_UNSUPPORTED",
    status: 426,
  },
  {
    section: "RFC 6455 4.4",
    fault: "version 8",
    lines: [GET, HOST, UPGRADE, CONNECTION, KEY, "Sec-WebSocket-Version: 8"],
    code: "VERSION_UNSUPPORTED",
    status: 426,
  },
  {
    section: "RFC 6455 4.2.2",
    fault: "version 013",
    lines: [GET, HOST, UPGRADE, CONNECTION, KEY, "Sec-WebSocket-Version: 013"],
    code: "VERSION_UNSUPPORTED",
    status: 426,
  },
  {
    section: "RFC 6455 11.3.5",
    fault: "two versions",
    lines: [GET, HOST, UPGRADE, CONNECTION, KEY, VERSION, VERSION],
    code: "VERSION_UNSUPPORTED",
    status: 426,
  },
  {
    section: "RFC 6455 4.1",
    fault: "list of versions",
    lines: [GET, HOST, UPGRADE, CONNECTION, KEY, "Sec-WebSocket-Version: 13, 8"],
    code: "VERSION_UNSUPPORTED",
    status: 426,
  },
  {
    section: "RFC 6455 4.2.1",
    fault: "no key",
    lines: [GET, HOST, UPGRADE, CONNECTION, VERSION],
    code: "KEY_INVALID",
    status: 400,
  },
  {
    section: "RFC 6455 4.2.1",
    fault: "empty key",
    lines: [GET, HOST, UPGRADE, CONNECTION, "Sec-WebSocket-Key:", VERSION],
    code: "KEY_INVALID",
    status: 400,
  },
  {
    section: "RFC 6455 4.2.1",
    fault: "key of 5 bytes",
    lines: [GET, HOST, UPGRADE, CONNECTION, "Sec-WebSocket-Key: c2hvcnQ=", VERSION],
    code: "KEY_INVALID",
    status: 400,
  },
  {
    section: "RFC 6455 4.2.1",
    fault: "key of 15 bytes",
    lines: [GET, HOST, UPGRADE, CONNECTION, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j", VERSION],
    code: "KEY_INVALID",
    status: 400,
  },
  {
    section: "RFC 6455 4.2.1",
    fault: "key of 17 bytes",
    lines: [
      GET,
      HOST,
      UPGRADE,
      CONNECTION,
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZSE=",
      VERSION,
    ],
    code: "KEY_INVALID",
    status: 400,
  },
  {
    section: "RFC 4648 3.2",
    fault: "key without padding",
    lines: [GET, HOST, UPGRADE, CONNECTION, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ", VERSION],
    code: "KEY_INVALID",
    status: 400,
  },
  {
    section: "RFC 4648 5",
    fault: "key in the alphabet for URLs",
    lines: [
      GET,
      HOST,
      UPGRADE,
      CONNECTION,
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j-_==",
      VERSION,
    ],
    code: "KEY_INVALID",
    status: 400,
  },
  {
    section: "RFC 6455 11.3.1",
    fault: "two keys",
    lines: [GET, HOST, UPGRADE, CONNECTION, KEY, KEY, VERSION],
    code: "KEY_INVALID",
    status: 400,
  },
  {
    section: "RFC 6455 4.1",
    fault: "subprotocol that is not a token",
    lines: [...GOOD_HANDSHAKE, "Sec-WebSocket-Protocol: chat room"],
    code: "SUBPROTOCOL_INVALID",
    status: 400,
  },
  {
    section: "RFC 6455 4.1",
    fault: "subprotocol offered twice",
    lines: [...GOOD_HANDSHAKE, "Sec-WebSocket-Protocol: chat, chat"],
    code: "SUBPROTOCOL_INVALID",
    status: 400,
  },
  {
    section: "RFC 6455 11.3.4",
    fault: "empty list of subprotocols",
    lines: [...GOOD_HANDSHAKE, "Sec-WebSocket-Protocol: ,"],
    code: "SUBPROTOCOL_INVALID",
    status: 400,
  },
  {
    section: "RFC 6455 9.1",
    fault: "extension parameter without a name",
    lines: [...GOOD_HANDSHAKE, "Sec-WebSocket-Extensions: foo;"],
    code: "EXTENSIONS_INVALID",
    status: 400,
  },
  {
    section: "RFC 6455 9.1",
    fault: "quoted extension value that is not a token",
    lines: [...GOOD_HANDSHAKE, 'Sec-WebSocket-Extensions: foo; bar="two words"'],
    code: "EXTENSIONS_INVALID",
    status: 400,
  },
];
