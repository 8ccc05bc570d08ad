import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { decodeBase64 } from "@std/encoding/base64";
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
import { Random } from "../helpers/random.ts";
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

/** The independent twin: a decoder takes all 24 characters and gives 16 bytes. */
function decodesToKey(text: string): boolean {
  try {
    const bytes: Uint8Array = decodeBase64(text);
    return text.length === 24 && bytes.length === 16;
  } catch {
    return false;
  }
}

Deno.test("isKey() judges any character at any place as a decoder does (RFC 4648 4)", () => {
  const key = "dGhlIHNhbXBsZSBub25jZQ==";
  const further = [0x13d, 0x1041, 0x2028, 0xd800, 0xff21, 0xfffd, 0xffff];
  for (const code of [...Array(0x101).keys(), ...further]) {
    for (let at = 0; at < key.length; at++) {
      const text = key.slice(0, at) + String.fromCharCode(code) + key.slice(at + 1);
      assertEquals(isKey(text), decodesToKey(text), `code ${code} at ${at}`);
    }
  }
});

Deno.test("isKey() agrees with a decoder on any length and any padding (RFC 4648 3.2)", () => {
  const random = new Random(4648);
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const digit = () =>
    random.oneIn(200) ? random.pick([..."=-_, \0\xe9€"]) : random.pick([...digits]);
  for (let length = 0; length <= 28; length++) {
    for (let padding = 0; padding <= 4; padding++) {
      const text = Array.from({ length }, digit).join("") + "=".repeat(padding);
      assertEquals(isKey(text), decodesToKey(text), text);
    }
  }
  let keys = 0;
  for (let round = 0; round < 2_000; round++) {
    const text = `${Array.from({ length: 22 }, digit).join("")}==`;
    if (isKey(text)) keys++;
    assertEquals(isKey(text), decodesToKey(text), `round ${round} of seed 4648: ${text}`);
  }
  assert(keys > 500 && keys < 1_990, `The input is one-sided: ${keys} of 2000 are keys`);
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
