import { assertEquals, assertThrows } from "@std/assert";
import {
  checkUpgradeResponse,
  type ClientHandshake,
  serializeUpgradeRequest,
  type UpgradeExpectations,
} from "../../protocol/client_handshake.ts";
import { HandshakeError, type HandshakeErrorCode } from "../../protocol/errors.ts";
import { checkUpgradeRequest, serializeUpgradeResponse } from "../../protocol/handshake.ts";
import {
  RequestHeadParser,
  type ResponseHead,
  ResponseHeadParser,
} from "../../protocol/http_head.ts";
import { forEveryChunking } from "../helpers/chunks.ts";

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
const PLAIN: ClientHandshake = { host: "example.com", path: "/", key: KEY };

const STATUS = "HTTP/1.1 101 Switching Protocols";
const UPGRADE = "Upgrade: websocket";
const CONNECTION = "Connection: Upgrade";
const ACCEPTED = `Sec-WebSocket-Accept: ${ACCEPT}`;
const GOOD = [STATUS, UPGRADE, CONNECTION, ACCEPTED];

const OFFERED: UpgradeExpectations = {
  accept: ACCEPT,
  subprotocols: ["chat.v2", "chat.v1"],
  extensions: [{ name: "foo", parameters: [] }, { name: "bar", parameters: [] }],
};

function parse(lines: readonly string[]): ResponseHead {
  const bytes = new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`);
  let head: ResponseHead | undefined;
  forEveryChunking(bytes, (chunks) => {
    const parser = new ResponseHeadParser();
    head = chunks.map((chunk) => parser.push(chunk)).at(-1);
  });
  if (head === undefined) throw new Error("The head did not end");
  return head;
}

Deno.test("serializeUpgradeRequest() writes every part (RFC 6455 4.1)", () => {
  const bytes = serializeUpgradeRequest({
    host: "[::1]:8080",
    path: "/chat?room=1",
    key: KEY,
    subprotocols: ["chat.v2", "chat.v1"],
    extensions: [{ name: "foo", parameters: [["bits", "10"]] }, { name: "bar", parameters: [] }],
    headers: [["Origin", "http://example.com"]],
  });
  assertEquals(
    new TextDecoder().decode(bytes),
    [
      "GET /chat?room=1 HTTP/1.1",
      "Host: [::1]:8080",
      "Upgrade: websocket",
      "Connection: Upgrade",
      `Sec-WebSocket-Key: ${KEY}`,
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Protocol: chat.v2, chat.v1",
      "Sec-WebSocket-Extensions: foo; bits=10, bar",
      "Origin: http://example.com",
      "\r\n",
    ].join("\r\n"),
  );
});

Deno.test("serializeUpgradeRequest() writes what checkUpgradeRequest() accepts (RFC 6455 4)", () => {
  const subprotocols = ["a", "b"];
  const head = new RequestHeadParser().push(serializeUpgradeRequest({ ...PLAIN, subprotocols }));
  assertEquals(head && checkUpgradeRequest(head), { key: KEY, subprotocols, extensions: [] });
});

for (
  const [fault, change] of [
    ["a host with a path", { host: "example.com/x" }],
    ["a host with a line break", { host: "a\r\nX: y" }],
    ["a path without its slash", { path: "chat" }],
    ["an absolute URL as the path", { path: "http://example.com/" }],
    ["a path with a fragment", { path: "/#top" }],
    ["a path with a line break", { path: "/\r\nX: y" }],
    ["a key that is too short", { key: "c2hvcnQ=" }],
    ["a subprotocol that is not a token", { subprotocols: ["a b"] }],
    ["an empty subprotocol", { subprotocols: [""] }],
    ["a subprotocol that comes twice", { subprotocols: ["a", "b", "a"] }],
    ["an extension that is not a token", { extensions: [{ name: "a,b", parameters: [] }] }],
    ["a header with a line break", { headers: [["X", "a\nb"]] }],
    ["a header that the handshake owns", { headers: [["host", "x"]] }],
    ["another version", { headers: [["Sec-WebSocket-Version", "8"]] }],
    ["a body", { headers: [["Content-Length", "1"]] }],
  ] satisfies [string, Partial<ClientHandshake>][]
) {
  Deno.test(`serializeUpgradeRequest() refuses ${fault} (RFC 6455 4.1)`, () => {
    assertThrows(() => serializeUpgradeRequest({ ...PLAIN, ...change }), TypeError);
  });
}

Deno.test("checkUpgradeResponse() accepts a plain answer (RFC 6455 4.1)", () => {
  assertEquals(checkUpgradeResponse(parse(GOOD), OFFERED), {
    subprotocol: undefined,
    extensions: [],
  });
});

Deno.test("checkUpgradeResponse() accepts what serializeUpgradeResponse() writes (RFC 6455 4)", () => {
  const answer = {
    subprotocol: "chat.v1",
    extensions: [{ name: "bar", parameters: [["bits", "10"]] as const }],
  };
  const head = new ResponseHeadParser().push(
    serializeUpgradeResponse({ accept: ACCEPT, ...answer }),
  );
  assertEquals(head && checkUpgradeResponse(head, OFFERED), answer);
});

Deno.test("checkUpgradeResponse() ignores case and order where it may (RFC 6455 4.1)", () => {
  const head = parse([
    "HTTP/1.2 101 ",
    "connection: keep-alive, UPGRADE",
    `SEC-WEBSOCKET-ACCEPT:\t${ACCEPT} `,
    "upgrade: WebSocket",
  ]);
  assertEquals(checkUpgradeResponse(head, { accept: ACCEPT }).subprotocol, undefined);
});

for (
  const [fault, lines, code] of [
    ["status 200", ["HTTP/1.1 200 OK", UPGRADE, CONNECTION, ACCEPTED], "STATUS_UNEXPECTED"],
    ["status 100", ["HTTP/1.1 100 Continue"], "STATUS_UNEXPECTED"],
    ["status 403", ["HTTP/1.1 403 Forbidden"], "STATUS_UNEXPECTED"],
    ["no Upgrade", [STATUS, CONNECTION, ACCEPTED], "UPGRADE_MISSING"],
    ["another Upgrade", [STATUS, "Upgrade: h2c", CONNECTION, ACCEPTED], "UPGRADE_MISSING"],
    [
      "a list as Upgrade",
      [STATUS, "Upgrade: websocket, h2c", CONNECTION, ACCEPTED],
      "UPGRADE_MISSING",
    ],
    ["two Upgrades", [STATUS, UPGRADE, UPGRADE, CONNECTION, ACCEPTED], "UPGRADE_MISSING"],
    ["no Connection", [STATUS, UPGRADE, ACCEPTED], "CONNECTION_MISSING"],
    [
      "Connection without Upgrade",
      [STATUS, UPGRADE, "Connection: close", ACCEPTED],
      "CONNECTION_MISSING",
    ],
    ["no Accept", [STATUS, UPGRADE, CONNECTION], "ACCEPT_INVALID"],
    [
      "a wrong Accept",
      [STATUS, UPGRADE, CONNECTION, "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA="],
      "ACCEPT_INVALID",
    ],
    [
      "an Accept in another case",
      [STATUS, UPGRADE, CONNECTION, `Sec-WebSocket-Accept: ${ACCEPT.toLowerCase()}`],
      "ACCEPT_INVALID",
    ],
    ["two Accepts", [...GOOD, ACCEPTED], "ACCEPT_INVALID"],
    [
      "an extension that was not offered",
      [...GOOD, "Sec-WebSocket-Extensions: baz"],
      "EXTENSION_UNEXPECTED",
    ],
    [
      "an offered extension and another",
      [...GOOD, "Sec-WebSocket-Extensions: foo, constructor"],
      "EXTENSION_UNEXPECTED",
    ],
    [
      "an extension that is used twice",
      [...GOOD, "Sec-WebSocket-Extensions: foo, foo"],
      "EXTENSION_UNEXPECTED",
    ],
    [
      "malformed extensions",
      [...GOOD, "Sec-WebSocket-Extensions: foo bar"],
      "EXTENSIONS_INVALID",
    ],
    [
      "two lines of extensions",
      [...GOOD, "Sec-WebSocket-Extensions: foo", "Sec-WebSocket-Extensions: bar"],
      "EXTENSIONS_INVALID",
    ],
    [
      "a subprotocol that was not offered",
      [...GOOD, "Sec-WebSocket-Protocol: chat.v3"],
      "SUBPROTOCOL_UNEXPECTED",
    ],
    [
      "a subprotocol in another case",
      [...GOOD, "Sec-WebSocket-Protocol: Chat.v1"],
      "SUBPROTOCOL_UNEXPECTED",
    ],
    ["an empty subprotocol", [...GOOD, "Sec-WebSocket-Protocol:"], "SUBPROTOCOL_UNEXPECTED"],
    [
      "a list of subprotocols",
      [...GOOD, "Sec-WebSocket-Protocol: chat.v1, chat.v2"],
      "SUBPROTOCOL_UNEXPECTED",
    ],
    [
      "two subprotocols",
      [...GOOD, "Sec-WebSocket-Protocol: chat.v1", "Sec-WebSocket-Protocol: chat.v1"],
      "SUBPROTOCOL_UNEXPECTED",
    ],
  ] satisfies [string, string[], HandshakeErrorCode][]
) {
  Deno.test(`checkUpgradeResponse() refuses ${fault} (RFC 6455 4.1)`, () => {
    const error = assertThrows(() => checkUpgradeResponse(parse(lines), OFFERED), HandshakeError);
    assertEquals(error.code, code);
  });
}

Deno.test("checkUpgradeResponse() refuses any choice when nothing was offered (RFC 6455 4.1)", () => {
  const codeFor = (line: string) =>
    assertThrows(
      () => checkUpgradeResponse(parse([...GOOD, line]), { accept: ACCEPT }),
      HandshakeError,
    ).code;
  assertEquals(codeFor("Sec-WebSocket-Protocol: chat.v1"), "SUBPROTOCOL_UNEXPECTED");
  assertEquals(codeFor("Sec-WebSocket-Extensions: foo"), "EXTENSION_UNEXPECTED");
});
