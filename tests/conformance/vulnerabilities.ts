import type { Proof, Vulnerability } from "./rule.ts";

const HERE = "conformance/vulnerabilities_test.ts";
const HEAD_PARSER = "protocol/head_parser_test.ts";
const DECODER = "protocol/frame_decoder_test.ts";
const SERVER = "server/server_test.ts";
const HTTP_CONNECTION = "server/http/http_connection_test.ts";
const OPS_PORT = "server/admin/admin_test.ts";
const HOST_CHECK = "server/admin/host_check_test.ts";
const TALK = "server/apps/talk_test.ts";

/** The tests of this room that send it. */
function here(...names: readonly string[]): Proof[] {
  return names.map((name): Proof => [HERE, name]);
}

/** What has brought other servers and clients down, in the order of what it abuses. */
export const VULNERABILITIES: readonly Vulnerability[] = [
  {
    name: "CVE-2026-48779, CVE-2026-62389",
    where: "ws before 8.21.0 and 8.21.1",
    input: "Very many tiny or empty fragments of a message that never ends.",
    lesson:
      "Bound the number of fragments too, the empty ones counted, and join them in one buffer.",
    tests: [
      ...here("a server closes with 1008 when … fragments never end"),
      [
        "protocol/message_assembler_test.ts",
        "MessageAssembler copies little over and over, whatever the fragments' number (10.4)",
      ],
    ],
  },
  {
    name: "CVE-2026-12151, CVE-2026-9675",
    where: "undici, as a client",
    input: "The same from a server, and fragments that are small one by one and huge in sum.",
    lesson: "The limit counts all fragments of a message together, in both roles.",
    tests: [
      ...here("a server closes with 1009 when small fragments sum up to more than the limit"),
      [DECODER, "FrameDecoder as client counts a message's bytes over its fragments (10.4)"],
      [DECODER, "FrameDecoder as client counts a message's frames, empty ones too (10.4)"],
    ],
  },
  {
    name:
      "CVE-2018-1000518, CVE-2016-10544, CVE-2026-62963, CVE-2026-39804, CVE-2026-27571, CVE-2026-1526",
    where: "websockets for Python, uws, Centrifugo, Bandit, nats-server, undici",
    input: "A small compressed frame that inflates to a thousand times its size.",
    lesson: "Count what comes out while it inflates, before anybody has logged in too.",
    tests: [
      ...here("a server inflates nothing that was not agreed on"),
      [
        "conformance/deflate_server_test.ts",
        "a server with deflate closes with 1009 when a small frame inflates to more than its limit",
      ],
      [
        "server/connection/deflate/inflater_test.ts",
        "Inflater gives up a bomb when it has become more than the limit, and not later",
      ],
      [
        "server/connection/deflate/inflater_test.ts",
        "Inflater takes one final block in a message, as each costs more than its bytes (7.2.3.4)",
      ],
    ],
  },
  {
    name: "CVE-2026-2229",
    where: "undici",
    input: "A window size outside of 8 to 15 in the negotiation of permessage-deflate.",
    lesson: "Read it as a whole number in its range; no error of zlib gets out.",
    tests: [
      [
        "conformance/deflate_server_test.ts",
        "a server with deflate declines an offer with …, and serves on (7)",
      ],
      [
        "conformance/deflate_client_test.ts",
        "a client with deflate does not connect when the answer has a window … (7)",
      ],
      [
        "server/connection/deflate/inflater_test.ts",
        "Inflater lets nothing but protocol errors out, whatever it is given",
      ],
    ],
  },
  {
    name: "CVE-2026-1528, CVE-2020-13935, CVE-2020-27813, CVE-2026-69210",
    where: "undici, Tomcat, gorilla/websocket before 1.4.1, http4s",
    input:
      "A 64-bit length with its top bit set, near 2 to the power of 64, or negative once it is signed.",
    lesson:
      "Refuse the top bit, and compare with the limit before anything is set aside or added up.",
    tests: [
      ...here(
        "a server closes with 1002 at a frame that announces … bytes",
        "a server closes with 1009 at a frame that announces … bytes",
        "a server adds up no lengths beyond its limit over fragments",
      ),
      [DECODER, "FrameDecoder as client refuses 5.2: 2^63…, without a byte more than the header"],
      [DECODER, "FrameDecoder as … sums up lengths beyond 2^53 without a wrap"],
    ],
  },
  {
    name: "CVE-2024-37890",
    where: "ws before 8.17.1",
    input: "So many headers that those behind them, Upgrade for one, are dropped.",
    lesson: "Too many headers are an error, and any header may be missing.",
    tests: [
      ...here("a server refuses more headers than it reads, rather than lose some of them"),
      [HTTP_CONNECTION, "HttpConnection refuses a handshake with no Upgrade with …"],
    ],
  },
  {
    name: "CVE-2023-43669",
    where: "tungstenite up to 0.20.0",
    input: "A huge head in tiny pieces, each of which has all of it parsed again.",
    lesson: "Parse each byte once, bound the head, and give the handshake a deadline.",
    tests: [
      ...here("a server refuses a huge head that comes byte by byte"),
      [
        HEAD_PARSER,
        "HeadParser does work in proportion to the bytes when they dribble in (CVE-2023-43669)",
      ],
      [
        HTTP_CONNECTION,
        "HttpConnection cuts a client that does not finish its head, at the deadline",
      ],
    ],
  },
  {
    name: "CVE-2023-26103, CVE-2021-32640, CVE-2020-7662, CVE-2020-7663",
    where: "Deno before 1.31, ws, websocket-extensions for Node and for Ruby",
    input:
      "Long runs of spaces, or a quote that never ends, in Connection, Sec-WebSocket-Protocol or Sec-WebSocket-Extensions.",
    lesson: "No regular expression that goes back: read headers character by character.",
    tests: here("a server refuses … with 400, without backtracking"),
  },
  {
    name: "GHSA-5v72-xg48-5rpm",
    where: "ws before 3.3.1",
    input: "An extension by the name of constructor.",
    lesson: "Names of a peer are keys of a Map, never of an object with a prototype.",
    tests: [
      ...here("a server takes … for a name like any other"),
      [
        "protocol/client_handshake_test.ts",
        "checkUpgradeResponse() refuses an offered extension and another (RFC 6455 4.1)",
      ],
      [
        "protocol/head_fields_test.ts",
        "HeadFields.append() takes names that are properties of objects",
      ],
    ],
  },
  {
    name: "CVE-2026-45736",
    where: "ws before 8.20.1",
    input:
      "An application closes with a typed array as the reason, and memory that was never written goes out.",
    lesson: "Check types where a value enters; send no buffer that was not filled.",
    tests: [
      ...here("Connection.close() refuses a reason that is not text, and sends nothing of it"),
      [
        "protocol/close_payload_test.ts",
        "serializeClosePayload() refuses a reason that is no string (CVE-2026-45736)",
      ],
    ],
  },
  {
    name: "GHSA-2mhh-w6q8-5hxw, CVE-2016-10518",
    where: "ws before 1.0.1",
    input: "An application pings, or sends, with a number, and as many bytes of old memory go out.",
    lesson: "The same.",
    tests: here(
      "Connection.send() refuses what is neither text nor bytes, and sends nothing of it",
      "Connection.ping() sends no bytes but those that it was given",
    ),
  },
  {
    name: "CVE-2016-10542",
    where: "ws up to 1.1.0",
    input: "A message without a limit.",
    lesson: "A small limit where none is set.",
    tests: here(
      "a server closes with 1009 at a frame that announces 00 00 00 00 00 10 00 01 bytes",
    ),
  },
  {
    name: "CVE-2022-21676, CVE-2022-41940, CVE-2023-31125, CVE-2024-38355",
    where: "engine.io, socket.io",
    input:
      "An odd upgrade, or a reset in the middle of one, and an error that nobody handles ends the process.",
    lesson: "Handle errors of a socket from its first moment on: no peer ends the process.",
    tests: [
      ...here("a server outlives resets at every moment of the handshake"),
      [SERVER, "Server outlives 200 hostile peers and forgets them all"],
    ],
  },
  {
    name: "CVE-2026-33151, CVE-2022-2421, CVE-2023-32695",
    where: "socket.io-parser",
    input: "A packet that announces any number of attachments, or of the wrong shape.",
    lesson: "Bound and check what is above the frames as well.",
    notOurs:
      "There are no packets with attachments. The one app with a format of its own, talk, checks it:",
    tests: [
      [TALK, "talk() names the fault of a wrong message, and the connection lives"],
      [TALK, "talk() stops passing on a flood, and says so once in a window"],
    ],
  },
  {
    name: "CVE-2021-45945",
    where: "uWebSockets 19.0 to 20.8",
    input: "A request that makes the HTTP parser write behind its buffer.",
    lesson: "Fuzz the parser.",
    tests: [
      [HEAD_PARSER, "HeadParser gives a damaged head the same verdict however it is cut"],
      [SERVER, "Server outlives 200 hostile peers and forgets them all"],
    ],
  },
  {
    name: "CVE-2026-59898, CVE-2026-69243, CVE-2026-2833",
    where: "Netty, aiohttp before 3.14.2, Pingora",
    input:
      "A handshake without Upgrade, of an old version, with a body, or with a request behind it before the 101.",
    lesson:
      "Version 13 alone, both headers, no body; close after a refusal, so that nothing behind it is a request.",
    tests: here(
      "a server answers a handshake … once, and no request behind it",
      "a server takes what comes before its 101 for frames, and never for a request",
    ),
  },
  {
    name:
      "CVE-2022-42975, CVE-2026-44211, GHSA-cf66-xwfp-gvc4, CVE-2026-112085, GHSA-frjg-g767-7363",
    where: "Phoenix, Cline, webpack-dev-server, code-server and others",
    input:
      "A page of another site connects to a server that its reader can reach, or whose check of the origin takes part of a name for the whole.",
    lesson:
      "Pages of the same origin alone, the ops port's too; compare parsed hosts; check the Host where the server knows its names.",
    tests: [
      ...here(
        'a server refuses the page of the origin "…" with 403',
        "a server with listed origins refuses a page whose name was bound to its address",
      ),
      [OPS_PORT, "the ops port lets no page elsewhere act"],
      [HOST_CHECK, "checkHost() refuses every other name with 421"],
      [HOST_CHECK, "checkOrigin() refuses pages of other origins with 403"],
    ],
  },
  {
    name: "Centrifugo 1.4.3",
    where: "Centrifugo",
    input: "Anybody connects to the admin socket.",
    lesson: "The ops port is off unless asked for, on loopback alone without a token.",
    tests: [
      [OPS_PORT, "startAdmin() wants a token where others can reach it"],
      [
        "server/admin/probe_endpoints_test.ts",
        "GET live asks for the token before the protocol is switched",
      ],
    ],
  },
  {
    name: "CVE-2026-32301",
    where: "Centrifugo",
    input: "A token whose unverified claims become a part of an address that the server asks.",
    lesson: "Build no address out of what was not verified.",
    notOurs: "There are no such tokens, and the server asks no address that a peer has named.",
  },
  {
    name: "Changes in websocketd 0.5: slow heads",
    where: "websocketd",
    input: "A head that never ends.",
    lesson: "A deadline for the head, and a bound for how many are unfinished.",
    tests: [
      [
        HTTP_CONNECTION,
        "HttpConnection cuts a client that does not finish its head, at the deadline",
      ],
      [HTTP_CONNECTION, "HttpConnection cuts the oldest handshake when there are too many"],
    ],
  },
  {
    name: "Changes in websocketd 0.5: frames without a limit",
    where: "websocketd",
    input: "A frame of any size.",
    lesson: "A small limit where none is set.",
    tests: here("a server closes with 1009 at a frame that announces … bytes"),
  },
  {
    name: "Changes in websocketd 0.5: very many processes",
    where: "websocketd",
    input: "Very many connections, each of which starts a process.",
    lesson: "Bound what a connection costs.",
    notOurs: "A connection starts no process. How many there may be is bounded:",
    tests: [
      [SERVER, "Server refuses connections beyond the limit with 503, says so once, and recovers"],
    ],
  },
  {
    name: "Changes in websocketd 0.5: script in the developers' console",
    where: "websocketd",
    input: "A path with HTML in it, which the console shows as it is.",
    lesson: "What a peer sends is text wherever it is shown.",
    tests: [
      ["server/admin/dashboard_test.ts", "dashboardFile() has no script that makes HTML of text"],
      ["server/admin/dashboard_test.ts", "dashboardFile() sends a strict policy with every file"],
      ["server/escape_test.ts", "escapeControls() writes what cannot be seen as escapes"],
    ],
  },
  {
    name: "Changes in websocketd 0.5: links out of the directory",
    where: "websocketd",
    input: "A path that leads out of the directory of static files.",
    lesson: "Serve files by a list.",
    tests: [
      ["server/admin/dashboard_test.ts", "dashboardFile() gives nothing else"],
      [TALK, "talk() serves the page and its policy, and nothing else"],
    ],
  },
  {
    name: "Not filed: seen in Deno 2.9.6",
    where: "Deno.upgradeWebSocket",
    input:
      "Frames without a mask, control frames of 126 bytes, handshakes without a version, a Host or a good key, fragments without a limit in sum.",
    lesson: "Test what the common suites leave out.",
    tests: [
      ...here(
        "a server refuses a handshake … that Deno's own takes",
        "a server refuses a … of 126 bytes that Deno's own takes",
        "a server closes with 1009 when small fragments sum up to more than the limit",
      ),
      [
        "conformance/wire_test.ts",
        "a server answers an unmasked frame of each opcode with 1002 (5.1)",
      ],
    ],
  },
];
