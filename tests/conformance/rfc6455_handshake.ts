import type { Proof, Rule } from "./rule.ts";

const REQUEST = "protocol/handshake_test.ts";
const CLIENT = "protocol/client_handshake_test.ts";
const HEAD = "protocol/http_head_test.ts";
const HEAD_PARSER = "protocol/head_parser_test.ts";
const EXTENSIONS = "protocol/extensions_test.ts";
const HTTP_CONNECTION = "server/http/http_connection_test.ts";
const TLS = "server/net/tls_test.ts";
const CONNECT = "client/connect_test.ts";
const TURNS = "client/connect_one_at_a_time_test.ts";
const ORDER = "client/one_at_a_time_test.ts";
const WIRE = "conformance/client_wire_test.ts";

/** Both that the head is judged so, and that a server answers so over a socket. */
function refused(fault: string): Proof[] {
  return [
    [REQUEST, `checkUpgradeRequest() refuses a handshake with this fault: ${fault} (…)`],
    [HTTP_CONNECTION, `HttpConnection refuses a handshake with ${fault} with …`],
  ];
}

/** RFC 6455, sections 3 and 4: addresses and the opening handshake. */
export const HANDSHAKE_RULES: readonly Rule[] = [
  {
    section: "3",
    who: "client",
    rule: "An address has no fragment identifier.",
    tests: [
      [CLIENT, "serializeUpgradeRequest() refuses a path with a fragment (RFC 6455 4.1)"],
      [
        CONNECT,
        "connect() says so when nobody listens, and refuses what is no URL for it",
      ],
    ],
  },
  {
    section: "3",
    who: "both",
    rule: "A number sign that begins no fragment is written as %23.",
    tests: [
      [
        "protocol/request_target_test.ts",
        "targetFault() accepts all visible ASCII but the number sign (RFC 9112 3.2)",
      ],
      ...refused("fragment in the target"),
      [
        WIRE,
        "a client writes a number sign that was escaped in ASCII as an address has it (3, 4.1, 11.1)",
      ],
    ],
  },
  {
    section: "4.1",
    who: "client",
    rule: "To connect it opens a connection, sends the handshake and reads the answer.",
    tests: [
      [WIRE, "a client sends its handshake, and nothing behind it before the answer (4.1)"],
      [
        CONNECT,
        "connect() sends and receives messages, and closes with await using",
      ],
    ],
  },
  {
    section: "4.1, step 1",
    who: "client",
    rule: "Host, port, resource name and scheme are valid; if not, connecting fails.",
    tests: [[CONNECT, "connect() says so when nobody listens, and refuses what is no URL for it"]],
  },
  {
    section: "4.1, step 2",
    who: "client",
    rule:
      "While it is connecting to an address and port, another attempt there waits until that one has succeeded or failed.",
    tests: [
      [
        TURNS,
        "connect() opens one connection to an address and port at a time, in the order of the calls",
      ],
      [TURNS, "connect() goes on with the next one when the one before …"],
      [
        TURNS,
        "connect() goes on with the next one when the TLS handshake of the one before has failed",
      ],
    ],
  },
  {
    section: "4.1, step 2",
    who: "client",
    rule: "At most one connection to an address is in the state CONNECTING.",
    tests: [
      [
        TURNS,
        "connect() opens one connection to an address and port at a time, in the order of the calls",
      ],
      [TURNS, "connect() waits for another name of the same address too, before it sends anything"],
      [TURNS, "connect() begins with TLS when its turn has come"],
    ],
  },
  {
    section: "4.1, step 2",
    who: "client",
    rule: "Several attempts at the same time to one address come one after the other.",
    tests: [
      [
        TURNS,
        "connect() opens one connection to an address and port at a time, in the order of the calls",
      ],
      [ORDER, "OneAtATime lets those with one key go on in the order in which they came"],
    ],
  },
  {
    section: "4.1, step 2",
    who: "client",
    rule: "Where only a proxy knows the address, each host name counts as a host of its own.",
    notOurs: "The client connects directly: it has no proxies.",
  },
  {
    section: "4.1, step 3",
    who: "browser",
    rule: "A script that configures proxies is handed the ws or wss address.",
    notOurs: "There are no proxies and no such scripts.",
  },
  {
    section: "4.1, step 4",
    who: "client",
    rule: "When the connection cannot be opened, connecting fails.",
    tests: [[CONNECT, "connect() says so when nobody listens, and refuses what is no URL for it"]],
  },
  {
    section: "4.1, step 5",
    who: "client",
    rule: "For wss, the TLS handshake comes before any byte of the opening handshake.",
    tests: [[WIRE, "a client begins with TLS for wss, and names the host in it (4.1)"]],
  },
  {
    section: "4.1, step 5",
    who: "client",
    rule: "When the TLS handshake fails, so does connecting.",
    tests: [
      [WIRE, "a client begins with TLS for wss, and names the host in it (4.1)"],
      [
        CONNECT,
        "connect() speaks TLS, and trusts only what it is told to",
      ],
    ],
  },
  {
    section: "4.1, step 5",
    who: "client",
    rule: "Everything after the TLS handshake goes through the encrypted channel.",
    tests: [[CONNECT, "connect() speaks TLS, and trusts only what it is told to"]],
  },
  {
    section: "4.1, step 5",
    who: "client",
    rule: "The TLS handshake names the host (Server Name Indication).",
    tests: [[WIRE, "a client begins with TLS for wss, and names the host in it (4.1)"]],
  },
  {
    section: "4.1",
    who: "client",
    rule: "It sends the opening handshake once the connection stands.",
    tests: [[WIRE, "a client sends its handshake, and nothing behind it before the answer (4.1)"]],
  },
  {
    section: "4.1, request 1",
    who: "client",
    rule: "The handshake is a valid request in HTTP.",
    tests: [
      [CLIENT, "serializeUpgradeRequest() writes what checkUpgradeRequest() accepts (RFC 6455 4)"],
      [
        "protocol/head_serializer_test.ts",
        "serializeRequestHead() writes what RequestHeadParser reads (RFC 9112 3)",
      ],
      [CLIENT, "serializeUpgradeRequest() refuses … (RFC 6455 4.1)"],
    ],
  },
  {
    section: "4.1, request 2",
    who: "client",
    rule: "The method is GET.",
    tests: [
      [CLIENT, "serializeUpgradeRequest() writes every part (RFC 6455 4.1)"],
      [
        WIRE,
        "a client sends its handshake, and nothing behind it before the answer (4.1)",
      ],
    ],
  },
  {
    section: "4.1, request 2",
    who: "client",
    rule: "The version of HTTP is 1.1 or higher.",
    tests: [
      [CLIENT, "serializeUpgradeRequest() writes every part (RFC 6455 4.1)"],
      [
        WIRE,
        "a client sends its handshake, and nothing behind it before the answer (4.1)",
      ],
    ],
  },
  {
    section: "4.1, request 3",
    who: "client",
    rule: "The target is the resource name of the address.",
    tests: [
      [CLIENT, "serializeUpgradeRequest() writes every part (RFC 6455 4.1)"],
      [WIRE, "a client sends its handshake, and nothing behind it before the answer (4.1)"],
      [CLIENT, "serializeUpgradeRequest() refuses a path without its slash (RFC 6455 4.1)"],
    ],
  },
  {
    section: "4.1, request 4",
    who: "client",
    rule: "There is a Host header with the host, and with the port unless it is the default one.",
    tests: [
      [CLIENT, "serializeUpgradeRequest() writes every part (RFC 6455 4.1)"],
      [WIRE, "a client sends its handshake, and nothing behind it before the answer (4.1)"],
      [CLIENT, "serializeUpgradeRequest() refuses a host with a path (RFC 6455 4.1)"],
    ],
  },
  {
    section: "4.1, request 5",
    who: "client",
    rule: "There is an Upgrade header.",
    tests: [
      [CLIENT, "serializeUpgradeRequest() writes every part (RFC 6455 4.1)"],
      [
        WIRE,
        "a client sends its handshake, and nothing behind it before the answer (4.1)",
      ],
    ],
  },
  {
    section: "4.1, request 5",
    who: "client",
    rule: "The Upgrade header names websocket.",
    tests: [
      [CLIENT, "serializeUpgradeRequest() writes every part (RFC 6455 4.1)"],
      [
        WIRE,
        "a client sends its handshake, and nothing behind it before the answer (4.1)",
      ],
    ],
  },
  {
    section: "4.1, request 6",
    who: "client",
    rule: "There is a Connection header.",
    tests: [
      [CLIENT, "serializeUpgradeRequest() writes every part (RFC 6455 4.1)"],
      [
        WIRE,
        "a client sends its handshake, and nothing behind it before the answer (4.1)",
      ],
    ],
  },
  {
    section: "4.1, request 6",
    who: "client",
    rule: "The Connection header names Upgrade.",
    tests: [
      [CLIENT, "serializeUpgradeRequest() writes every part (RFC 6455 4.1)"],
      [
        WIRE,
        "a client sends its handshake, and nothing behind it before the answer (4.1)",
      ],
    ],
  },
  {
    section: "4.1, request 7",
    who: "client",
    rule: "There is a Sec-WebSocket-Key header.",
    tests: [
      [CLIENT, "serializeUpgradeRequest() writes every part (RFC 6455 4.1)"],
      [
        WIRE,
        "a client sends its handshake, and nothing behind it before the answer (4.1)",
      ],
    ],
  },
  {
    section: "4.1, request 7",
    who: "client",
    rule: "The key is 16 bytes in base64.",
    tests: [
      [CLIENT, "serializeUpgradeRequest() refuses a key that is too short (RFC 6455 4.1)"],
      [REQUEST, "isKey() agrees with a decoder on any length and any padding (RFC 4648 3.2)"],
    ],
  },
  {
    section: "4.1, request 7",
    who: "client",
    rule: "The key is drawn at random for each connection.",
    tests: [[WIRE, "a client draws a key of 16 bytes for each connection (4.1)"]],
  },
  {
    section: "4.1, request 8",
    who: "browser",
    rule: "A browser sends the Origin header.",
    notOurs: "Browsers do it. Who uses our client may give an Origin among the headers.",
  },
  {
    section: "4.1, request 9",
    who: "client",
    rule: "There is a Sec-WebSocket-Version header.",
    tests: [
      [CLIENT, "serializeUpgradeRequest() writes every part (RFC 6455 4.1)"],
      [
        WIRE,
        "a client sends its handshake, and nothing behind it before the answer (4.1)",
      ],
    ],
  },
  {
    section: "4.1, request 9",
    who: "client",
    rule: "The version is 13.",
    tests: [
      [CLIENT, "serializeUpgradeRequest() writes every part (RFC 6455 4.1)"],
      [WIRE, "a client sends its handshake, and nothing behind it before the answer (4.1)"],
      [CLIENT, "serializeUpgradeRequest() refuses another version (RFC 6455 4.1)"],
    ],
  },
  {
    section: "4.1, request 10",
    who: "client",
    rule: "The subprotocols are tokens, and not empty.",
    tests: [
      [
        CLIENT,
        "serializeUpgradeRequest() refuses a subprotocol that is not a token (RFC 6455 4.1)",
      ],
      [CLIENT, "serializeUpgradeRequest() refuses an empty subprotocol (RFC 6455 4.1)"],
      ...refused("subprotocol that is not a token"),
    ],
  },
  {
    section: "4.1, request 10",
    who: "client",
    rule: "No subprotocol comes twice.",
    tests: [
      [CLIENT, "serializeUpgradeRequest() refuses a subprotocol that comes twice (RFC 6455 4.1)"],
      ...refused("subprotocol offered twice"),
    ],
  },
  {
    section: "4.1",
    who: "client",
    rule: "After the handshake it sends nothing more before the answer has come.",
    tests: [[WIRE, "a client sends its handshake, and nothing behind it before the answer (4.1)"]],
  },
  {
    section: "4.1, response",
    who: "client",
    rule: "It checks the answer.",
    tests: [
      [CLIENT, "checkUpgradeResponse() accepts a plain answer (RFC 6455 4.1)"],
      [CLIENT, "checkUpgradeResponse() refuses … (RFC 6455 4.1)"],
    ],
  },
  {
    section: "4.1, response 2",
    who: "client",
    rule: "Connecting fails when Upgrade is not there, or is not websocket in any case of letters.",
    tests: [
      [CLIENT, "checkUpgradeResponse() refuses no Upgrade (RFC 6455 4.1)"],
      [CLIENT, "checkUpgradeResponse() ignores case and order where it may (RFC 6455 4.1)"],
    ],
  },
  {
    section: "4.1, response 3",
    who: "client",
    rule: "Connecting fails when Connection is not there, or does not name Upgrade.",
    tests: [[CLIENT, "checkUpgradeResponse() refuses no Connection (RFC 6455 4.1)"]],
  },
  {
    section: "4.1, response 4",
    who: "client",
    rule: "Connecting fails when Sec-WebSocket-Accept is not there, or does not answer the key.",
    tests: [[CLIENT, "checkUpgradeResponse() refuses … Accept (RFC 6455 4.1)"]],
  },
  {
    section: "4.1, response 5",
    who: "client",
    rule: "Connecting fails when the server uses an extension that was not offered.",
    tests: [
      [CLIENT, "checkUpgradeResponse() refuses an extension that was not offered (RFC 6455 4.1)"],
      [CLIENT, "checkUpgradeResponse() refuses any choice when nothing was offered (RFC 6455 4.1)"],
    ],
  },
  {
    section: "4.1, response 6",
    who: "client",
    rule: "Connecting fails when the server chose a subprotocol that was not offered.",
    tests: [
      [CLIENT, "checkUpgradeResponse() refuses a subprotocol that was not offered (RFC 6455 4.1)"],
      [CLIENT, "checkUpgradeResponse() refuses any choice when nothing was offered (RFC 6455 4.1)"],
    ],
  },
  {
    section: "4.1",
    who: "client",
    rule: "Connecting fails when the answer breaks any other rule for it.",
    tests: [
      [CLIENT, "checkUpgradeResponse() refuses … (RFC 6455 4.1)"],
      [CONNECT, "connect() fails when the answer …"],
      [CONNECT, "connect() refuses an answer with …, as others do (RFC 6455 4.1)"],
      [HEAD, 'ResponseHeadParser refuses the status line "…" (RFC 9112 4)'],
    ],
  },
  {
    section: "4.2.1",
    who: "server",
    rule:
      "When the handshake breaks a rule or its grammar, it stops and answers with an HTTP error.",
    tests: [
      [REQUEST, "checkUpgradeRequest() refuses a handshake with this fault: … (…)"],
      [HTTP_CONNECTION, "HttpConnection refuses a handshake with … with … (…)"],
      [HEAD_PARSER, "HeadParser refuses … (…)"],
      [HTTP_CONNECTION, "HttpConnection answers 400 when the head breaks off"],
    ],
  },
  {
    section: "4.2.1, item 1",
    who: "server",
    rule: "It is a GET request (refused otherwise).",
    tests: [
      ...refused("method POST"),
      ...refused("method HEAD"),
      ...refused("method get in lower case"),
    ],
  },
  {
    section: "4.2.1, item 1",
    who: "server",
    rule: "It is in HTTP/1.1 or higher.",
    tests: [
      ...refused("HTTP/1.0"),
      [REQUEST, "checkUpgradeRequest() accepts HTTP/1.2, a higher version than 1.1 (RFC 6455 4.1)"],
    ],
  },
  {
    section: "4.2.1, item 1",
    who: "server",
    rule: "Its target is a resource name, or an absolute address that holds one.",
    tests: [
      ...refused("the target *"),
      [REQUEST, "checkUpgradeRequest() accepts an absolute target (RFC 6455 4.2.1)"],
    ],
  },
  {
    section: "4.2.1, item 2",
    who: "server",
    rule: "It has a Host header.",
    tests: [
      ...refused("no Host"),
      ...refused("two Hosts"),
      ...refused("empty Host"),
      ...refused("a Host that no URL can have"),
    ],
  },
  {
    section: "4.2.1, item 3",
    who: "server",
    rule: "It has an Upgrade header with websocket, in any case of letters.",
    tests: [
      ...refused("no Upgrade"),
      ...refused("Upgrade to something else"),
      [REQUEST, 'checkUpgradeRequest() accepts "Upgrade: …" (RFC 6455 4.2.1)'],
    ],
  },
  {
    section: "4.2.1, item 4",
    who: "server",
    rule: "It has a Connection header that names Upgrade, in any case of letters.",
    tests: [
      ...refused("no Connection"),
      ...refused("Connection without Upgrade"),
      [REQUEST, 'checkUpgradeRequest() accepts "Connection: …" (RFC 6455 4.2.1)'],
    ],
  },
  {
    section: "4.2.1, item 5",
    who: "server",
    rule: "It has a key that is 16 bytes in base64.",
    tests: [
      ...refused("no key"),
      ...refused("empty key"),
      ...refused("key of 5 bytes"),
      ...refused("key of 15 bytes"),
      ...refused("key of 17 bytes"),
      ...refused("key without padding"),
    ],
  },
  {
    section: "4.2.1, item 6",
    who: "server",
    rule: "It has the version 13.",
    tests: [...refused("no version"), ...refused("version 8"), ...refused("version 013")],
  },
  {
    section: "4.2.2",
    who: "server",
    rule: "To accept, it takes all the steps of this section.",
    tests: [
      [HTTP_CONNECTION, "HttpConnection accepts the handshake that the bad ones are made from"],
      [HTTP_CONNECTION, "HttpConnection accepts a handshake that comes byte by byte"],
    ],
  },
  {
    section: "4.2.2, step 1",
    who: "server",
    rule:
      "On a port with TLS everything after the TLS handshake goes through the encrypted channel.",
    tests: [
      [TLS, "TlsTransport carries messages of every size, and both closes"],
      [TLS, "TlsTransport survives what is no TLS, and other errors of TLS"],
    ],
  },
  {
    section: "4.2.2, step 4, origin",
    who: "server",
    rule: "To refuse an origin it answers with an HTTP error, and there is no handshake.",
    tests: [
      [HTTP_CONNECTION, "HttpConnection answers 403 to the origin: another host"],
      [HTTP_CONNECTION, "HttpConnection answers 403 to the origin: null"],
      [HTTP_CONNECTION, "HttpConnection answers 403 to the origin: an unlisted one"],
    ],
  },
  {
    section: "4.2.2, step 4, version",
    who: "server",
    rule: "A version that it does not speak gets an HTTP error with the versions that it does.",
    tests: [
      [REQUEST, "checkUpgradeRequest() names the version that is spoken (RFC 6455 4.4)"],
      ...refused("version 8"),
    ],
  },
  {
    section: "4.2.2, step 4, resource name",
    who: "server",
    rule:
      "Where there is no such service, it answers with an HTTP error and there is no handshake.",
    tests: [
      [
        HTTP_CONNECTION,
        "HttpConnection refuses with the … that the upgrade hook returns, its headers and its body",
      ],
    ],
  },
  {
    section: "4.2.2, step 4, subprotocol",
    who: "server",
    rule: "The subprotocol is one of those that the client has offered.",
    tests: [
      [REQUEST, "chooseSubprotocol() follows our order and never echoes theirs (RFC 6455 4.2.2)"],
      [HTTP_CONNECTION, "HttpConnection chooses the subprotocol in the server's order, or none"],
      [
        HTTP_CONNECTION,
        "HttpConnection answers 500 and logs it when the upgrade hook takes a subprotocol that was not offered",
      ],
    ],
  },
  {
    section: "4.2.2, step 4, subprotocol",
    who: "server",
    rule: "Without an agreement the answer has no Sec-WebSocket-Protocol.",
    tests: [
      [REQUEST, "serializeUpgradeResponse() leaves out what was not agreed (RFC 6455 4.2.2)"],
      [HTTP_CONNECTION, "HttpConnection chooses the subprotocol in the server's order, or none"],
    ],
  },
  {
    section: "4.2.2, step 4, extensions",
    who: "server",
    rule: "The extensions are chosen out of what the client has offered.",
    tests: [
      [
        EXTENSIONS,
        "negotiateExtensions() takes the first acceptable offer, and only one (RFC 6455 9.1)",
      ],
      [
        EXTENSIONS,
        "negotiateExtensions() ignores names that the server does not have (RFC 6455 9.1)",
      ],
    ],
  },
  {
    section: "4.2.2, step 4, extensions",
    who: "server",
    rule: "An extension that the client did not list is not listed.",
    tests: [
      [EXTENSIONS, "negotiateExtensions() keeps the order of the offers (RFC 6455 9.1)"],
      [REQUEST, "serializeUpgradeResponse() leaves out what was not agreed (RFC 6455 4.2.2)"],
    ],
  },
  {
    section: "4.2.2, step 5",
    who: "server",
    rule: "To accept, it answers with a valid response: status 101, Upgrade, Connection.",
    tests: [[REQUEST, "serializeUpgradeResponse() writes the answer of RFC 6455 4.2.2"]],
  },
  {
    section: "4.2.2, step 5.4",
    who: "server",
    rule: "Sec-WebSocket-Accept is the base64 of the SHA-1 of the key and the fixed text.",
    tests: [
      [REQUEST, "computeAccept() gives the value of RFC 6455 1.3"],
      [HTTP_CONNECTION, "HttpConnection accepts the handshake that the bad ones are made from"],
    ],
  },
  {
    section: "4.3",
    who: "both",
    rule: "The value of an extension's parameter is a token, also when it comes in quotes.",
    tests: [
      [EXTENSIONS, "parseExtensions() reads quoted values that are tokens (RFC 6455 9.1)"],
      ...refused("quoted extension value that is not a token"),
      [EXTENSIONS, "serializeExtensions() refuses what is not a token (RFC 6455 9.1)"],
    ],
  },
  {
    section: "4.4",
    who: "server",
    rule: "A version that it does not speak is answered with all the versions that it does.",
    tests: [
      [REQUEST, "checkUpgradeRequest() names the version that is spoken (RFC 6455 4.4)"],
      ...refused("list of versions"),
    ],
  },
];
