import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { createHash } from "node:crypto";
import { HandshakeError } from "../../protocol/errors.ts";
import {
  checkUpgradeRequest,
  chooseSubprotocol,
  computeAccept,
  isKey,
  isUpgradeRequest,
  serializeUpgradeResponse,
} from "../../protocol/handshake.ts";
import { HeadFields } from "../../protocol/head_fields.ts";
import { type RequestHead, RequestHeadParser } from "../../protocol/http_head.ts";
import { forEveryChunking } from "../helpers/chunks.ts";
import { BAD_HANDSHAKES, GOOD_HANDSHAKE } from "../vectors/bad_handshakes.ts";

const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

function bytesOf(lines: readonly string[]): Uint8Array {
  return new TextEncoder().encode(lines.map((line) => `${line}\r\n`).join("") + "\r\n");
}

function parse(lines: readonly string[]): RequestHead {
  const head = new RequestHeadParser().push(bytesOf(lines));
  if (head === undefined) throw new Error("The head did not end");
  return head;
}

/** The good handshake with the line of one header replaced. */
function handshakeWith(line: string): readonly string[] {
  const name = line.slice(0, line.indexOf(":") + 1);
  return GOOD_HANDSHAKE.map((good) => good.startsWith(name) ? line : good);
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

Deno.test("checkUpgradeRequest() accepts the handshake of RFC 6455 1.3", () => {
  forEveryChunking(bytesOf(GOOD_HANDSHAKE), (chunks) => {
    const parser = new RequestHeadParser();
    const head = chunks.map((chunk) => parser.push(chunk)).at(-1);
    assertEquals(head && checkUpgradeRequest(head), {
      key: "dGhlIHNhbXBsZSBub25jZQ==",
      subprotocols: [],
      extensions: [],
    });
  });
});

for (const { section, fault, lines, code, status } of BAD_HANDSHAKES) {
  Deno.test(`checkUpgradeRequest() refuses a handshake with this fault: ${fault} (${section})`, () => {
    forEveryChunking(bytesOf(lines), (chunks) => {
      const parser = new RequestHeadParser();
      const error = assertThrows(() => {
        for (const chunk of chunks) {
          const head = parser.push(chunk);
          if (head !== undefined) checkUpgradeRequest(head);
        }
      }, HandshakeError);
      assertEquals([error.code, error.status], [code, status]);
    });
  });
}

for (
  const line of [
    "Upgrade: WebSocket",
    "Upgrade: h2c, websocket",
    "Upgrade: HTTP/2.0 ,\tWEBSOCKET",
    "Connection: upgrade",
    "Connection: keep-alive, Upgrade",
    "Connection: UPGRADE,keep-alive",
    "Connection: , Upgrade ,",
  ]
) {
  Deno.test(`checkUpgradeRequest() accepts "${line}" (RFC 6455 4.2.1)`, () => {
    assertEquals(checkUpgradeRequest(parse(handshakeWith(line))).subprotocols, []);
  });
}

Deno.test("checkUpgradeRequest() accepts a list that comes in two lines (RFC 9110 5.3)", () => {
  const head = parse([...handshakeWith("Connection: keep-alive"), "Connection: Upgrade"]);
  assertEquals(checkUpgradeRequest(head).extensions, []);
});

Deno.test("checkUpgradeRequest() accepts HTTP/1.2, a higher version than 1.1 (RFC 6455 4.1)", () => {
  const head = parse(["GET /chat HTTP/1.2", ...GOOD_HANDSHAKE.slice(1)]);
  assertEquals(checkUpgradeRequest(head).key, "dGhlIHNhbXBsZSBub25jZQ==");
});

Deno.test("checkUpgradeRequest() accepts an absolute target (RFC 6455 4.2.1)", () => {
  const head = parse(["GET http://other.example/chat HTTP/1.1", ...GOOD_HANDSHAKE.slice(1)]);
  assertEquals(checkUpgradeRequest(head).key, "dGhlIHNhbXBsZSBub25jZQ==");
  assertEquals([head.host, head.path], ["other.example", "/chat"]);
});

Deno.test("checkUpgradeRequest() accepts Content-Length 0, which is no body (RFC 9112 6)", () => {
  const head = parse([...GOOD_HANDSHAKE, "Content-Length: 0"]);
  assertEquals(checkUpgradeRequest(head).key, "dGhlIHNhbXBsZSBub25jZQ==");
});

Deno.test("checkUpgradeRequest() refuses a head without a host that no parser has seen", () => {
  const head: RequestHead = {
    method: "GET",
    target: "/",
    path: "/",
    host: undefined,
    minorVersion: 1,
    headers: new HeadFields(),
  };
  const error = assertThrows(() => checkUpgradeRequest(head), HandshakeError);
  assertEquals(error.code, "HOST_INVALID");
});

Deno.test("checkUpgradeRequest() names the method that is allowed (RFC 9110 15.5.6)", () => {
  const head = parse(["POST /chat HTTP/1.1", ...GOOD_HANDSHAKE.slice(1)]);
  const error = assertThrows(() => checkUpgradeRequest(head), HandshakeError);
  assertEquals(error.headers, { Allow: "GET" });
});

Deno.test("checkUpgradeRequest() names the version that is spoken (RFC 6455 4.4)", () => {
  const head = parse(handshakeWith("Sec-WebSocket-Version: 25"));
  const error = assertThrows(() => checkUpgradeRequest(head), HandshakeError);
  assertEquals(error.headers, { "Upgrade": "websocket", "Sec-WebSocket-Version": "13" });
});

Deno.test("checkUpgradeRequest() gives the offers of several lines in their order (RFC 6455 11.3)", () => {
  const head = parse([
    ...GOOD_HANDSHAKE,
    "Sec-WebSocket-Protocol: chat.v2, chat.v1",
    "Sec-WebSocket-Extensions: constructor",
    "Sec-WebSocket-Protocol: Chat.v1",
    "Sec-WebSocket-Extensions: foo; bits=10, __proto__",
  ]);
  assertEquals(checkUpgradeRequest(head), {
    key: "dGhlIHNhbXBsZSBub25jZQ==",
    subprotocols: ["chat.v2", "chat.v1", "Chat.v1"],
    extensions: [
      { name: "constructor", parameters: [] },
      { name: "foo", parameters: [["bits", "10"]] },
      { name: "__proto__", parameters: [] },
    ],
  });
});

Deno.test("isUpgradeRequest() is true for whatever attempts WebSocket", () => {
  const attempts = ["Upgrade: WebSocket", "Sec-WebSocket-Key: x", "Sec-WebSocket-Version: 8"];
  for (const line of attempts) {
    assert(isUpgradeRequest(parse(["GET / HTTP/1.1", "Host: a", line])), line);
  }
});

Deno.test("isUpgradeRequest() is false for a plain request", () => {
  const head = parse(["GET / HTTP/1.1", "Host: a", "Upgrade: h2c", "Connection: Upgrade"]);
  assertEquals(isUpgradeRequest(head), false);
});

Deno.test("isKey() accepts every digit of base64 (RFC 4648 4)", () => {
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (let i = 0; i < digits.length; i += 22) {
    const key = `${digits.slice(i, i + 22).padEnd(22, "A")}==`;
    assert(isKey(key), key);
  }
});

Deno.test("isKey() refuses each neighbour of the digits of base64 (RFC 4648 4)", () => {
  for (const character of "@[`{:*,.=-_ ") {
    assertEquals(isKey(`${character.padEnd(22, "A")}==`), false, character);
    assertEquals(isKey(`${character.padStart(22, "A")}==`), false, character);
  }
});

Deno.test("isKey() accepts any unused bits in the last digit (RFC 4648 3.5)", () => {
  assert(isKey("dGhlIHNhbXBsZSBub25jZR=="));
});

Deno.test("chooseSubprotocol() follows our order and never echoes theirs (RFC 6455 4.2.2)", () => {
  assertEquals(chooseSubprotocol(["a", "b"], ["b", "a"]), "b");
  assertEquals(chooseSubprotocol(["a", "b"], ["c", "a"]), "a");
  assertEquals(chooseSubprotocol(["a"], ["A"]), undefined);
  assertEquals(chooseSubprotocol(["a"], []), undefined);
  assertEquals(chooseSubprotocol([], ["a"]), undefined);
});

Deno.test("computeAccept() gives the value of RFC 6455 1.3", () => {
  const sha1 = (text: string) => createHash("sha1").update(text).digest("base64");
  assertStrictEquals(computeAccept("dGhlIHNhbXBsZSBub25jZQ==", sha1), ACCEPT);
});

Deno.test("serializeUpgradeResponse() writes the answer of RFC 6455 4.2.2", () => {
  assertEquals(
    textOf(serializeUpgradeResponse({
      accept: ACCEPT,
      subprotocol: "chat",
      extensions: [{ name: "foo", parameters: [["bits", "10"]] }],
      headers: [["Set-Cookie", "a=1"], ["Set-Cookie", "b=2"]],
    })),
    [
      "HTTP/1.1 101 Switching Protocols",
      "Upgrade: websocket",
      "Connection: Upgrade",
      `Sec-WebSocket-Accept: ${ACCEPT}`,
      "Sec-WebSocket-Protocol: chat",
      "Sec-WebSocket-Extensions: foo; bits=10",
      "Set-Cookie: a=1",
      "Set-Cookie: b=2",
      "\r\n",
    ].join("\r\n"),
  );
});

Deno.test("serializeUpgradeResponse() leaves out what was not agreed (RFC 6455 4.2.2)", () => {
  assertEquals(
    textOf(serializeUpgradeResponse({ accept: ACCEPT, extensions: [], headers: [] })),
    textOf(serializeUpgradeResponse({ accept: ACCEPT })),
  );
});

Deno.test("serializeUpgradeResponse() refuses headers that the handshake owns", () => {
  const owned = ["Upgrade", "CONNECTION", "Sec-WebSocket-Accept", "Sec-WebSocket-Protocol"].concat(
    ["Sec-WebSocket-Extensions", "Sec-WebSocket-Version", "Content-Length", "Transfer-Encoding"],
  );
  for (const name of owned) {
    assertThrows(
      () => serializeUpgradeResponse({ accept: ACCEPT, headers: [[name, "x"]] }),
      TypeError,
      "belongs to the handshake",
      name,
    );
  }
});

Deno.test("serializeUpgradeResponse() refuses to inject a header line", () => {
  assertThrows(
    () => serializeUpgradeResponse({ accept: ACCEPT, headers: [["X", "a\r\nSet-Cookie: b"]] }),
    TypeError,
  );
  assertThrows(
    () => serializeUpgradeResponse({ accept: ACCEPT, subprotocol: "a\r\nSet-Cookie: b" }),
    TypeError,
  );
});
