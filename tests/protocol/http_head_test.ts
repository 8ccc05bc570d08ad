import { assertEquals, assertThrows } from "@std/assert";
import { HandshakeError, type HandshakeErrorCode } from "../../protocol/errors.ts";
import {
  type RequestHead,
  RequestHeadParser,
  type ResponseHead,
  ResponseHeadParser,
} from "../../protocol/http_head.ts";
import { forEveryChunking } from "../helpers/chunks.ts";

const UTF8 = new TextEncoder();

function request(text: string): RequestHead {
  let result: RequestHead | undefined;
  forEveryChunking(UTF8.encode(text), (chunks) => {
    const parser = new RequestHeadParser();
    result = chunks.map((chunk) => parser.push(chunk)).at(-1);
  });
  if (result === undefined) throw new Error("The head did not end");
  return result;
}

function response(text: string): ResponseHead {
  let result: ResponseHead | undefined;
  forEveryChunking(UTF8.encode(text), (chunks) => {
    const parser = new ResponseHeadParser();
    result = chunks.map((chunk) => parser.push(chunk)).at(-1);
  });
  if (result === undefined) throw new Error("The head did not end");
  return result;
}

function assertFails(
  makeParser: () => RequestHeadParser | ResponseHeadParser,
  text: string,
  code: HandshakeErrorCode,
): void {
  forEveryChunking(UTF8.encode(text), (chunks) => {
    const parser = makeParser();
    const error = assertThrows(() => {
      for (const chunk of chunks) parser.push(chunk);
    }, HandshakeError);
    assertEquals(error.code, code);
  });
}

Deno.test("RequestHeadParser reads a request (RFC 9112 3)", () => {
  const head = request("GET /a/b?c=%20d HTTP/1.1\r\nHost: example.com:8080\r\n\r\n");
  assertEquals({ ...head, headers: [...head.headers] }, {
    method: "GET",
    target: "/a/b?c=%20d",
    path: "/a/b?c=%20d",
    host: "example.com:8080",
    minorVersion: 1,
    headers: [["host", "example.com:8080"]],
  });
});

Deno.test("RequestHeadParser keeps header names that are properties of objects apart", () => {
  const names = ["__proto__", "constructor", "toString", "hasOwnProperty"];
  const head = request(
    `GET / HTTP/1.1\r\nHost: a\r\n${names.map((name) => `${name}: own\r\n`).join("")}\r\n`,
  );
  for (const name of names) assertEquals(head.headers.get(name.toLowerCase()), "own");
  assertEquals(request("GET / HTTP/1.1\r\nHost: a\r\n\r\n").headers.get("constructor"), undefined);
});

for (
  const [target, host, path] of [
    ["http://b.example", "b.example", "/"],
    ["http://b.example/", "b.example", "/"],
    ["HTTPS://b.example:444/x?y", "b.example:444", "/x?y"],
    ["http://[::1]:80?y=/", "[::1]:80", "/?y=/"],
    ["*", "a.example", "*"],
  ] as const
) {
  Deno.test(`RequestHeadParser takes host and path from the target ${target} (RFC 9112 3.2)`, () => {
    const head = request(`OPTIONS ${target} HTTP/1.1\r\nHost: a.example\r\n\r\n`);
    assertEquals([head.target, head.host, head.path], [target, host, path]);
  });
}

for (
  const line of [
    "GET",
    "GET /",
    "GET / ",
    "GET / HTTP/1.1 ",
    " GET / HTTP/1.1",
    "GET  / HTTP/1.1",
    "GET /  HTTP/1.1",
    "GET\t/ HTTP/1.1",
    "GET / x HTTP/1.1",
    "G(T / HTTP/1.1",
    "G\u00c9T / HTTP/1.1",
    "GET / http/1.1",
    "GET / HTTP/1",
    "GET / HTTP/1.10",
    "GET / HTTP/11.0",
    "GET / HTTP/x.1",
    "GET / HTTP/1.x",
    "GET / HTTP-1.1",
    "GET / HTTP/1-1",
    "GET / HTTPS/1.1",
    "GET example.com:80 HTTP/1.1",
    "GET ftp://example.com/ HTTP/1.1",
    "GET ** HTTP/1.1",
    "GET x/ HTTP/1.1",
    "GET /\u00e9 HTTP/1.1",
    "GET /# HTTP/1.1",
  ]
) {
  Deno.test(`RequestHeadParser refuses the request line "${line}" (RFC 9112 3)`, () => {
    assertFails(
      () => new RequestHeadParser(),
      `${line}\r\nHost: a\r\n\r\n`,
      "MALFORMED_HEAD",
    );
  });
}

for (const version of ["0.9", "2.0", "3.0", "9.9"]) {
  Deno.test(`RequestHeadParser refuses HTTP/${version} with 505 (RFC 9110 15.6.6)`, () => {
    assertFails(
      () => new RequestHeadParser(),
      `GET / HTTP/${version}\r\nHost: a\r\n\r\n`,
      "HTTP_VERSION_UNSUPPORTED",
    );
  });
}

Deno.test("RequestHeadParser refuses CONNECT with 501, whatever its target (RFC 9112 3.2.3)", () => {
  for (const target of ["a:443", "/", "http://a/"]) {
    const text = `CONNECT ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;
    assertFails(() => new RequestHeadParser(), text, "METHOD_NOT_IMPLEMENTED");
  }
});

Deno.test("RequestHeadParser says of a target what is wrong with it", () => {
  const lines: [string, string][] = [
    ["GET /a b HTTP/1.1", "holds a blank"],
    ["GET /\u00e9 HTTP/1.1", "is not ASCII"],
    ["GET /#a HTTP/1.1", "holds a #"],
  ];
  for (const [line, part] of lines) {
    const bytes = UTF8.encode(`${line}\r\nHost: a\r\n\r\n`);
    const parse = () => new RequestHeadParser().push(bytes);
    assertThrows(parse, HandshakeError, `Request target ${part}`);
  }
});

Deno.test("RequestHeadParser refuses the preface of HTTP/2 with 505 (RFC 9113 3.4)", () => {
  assertFails(
    () => new RequestHeadParser(),
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP_VERSION_UNSUPPORTED",
  );
});

Deno.test("RequestHeadParser accepts every minor version of HTTP/1 (RFC 9110 2.5)", () => {
  for (let minor = 0; minor <= 9; minor++) {
    assertEquals(request(`GET / HTTP/1.${minor}\r\nHost: a\r\n\r\n`).minorVersion, minor);
  }
});

Deno.test("RequestHeadParser accepts HTTP/1.0 without Host (RFC 9112 3.2)", () => {
  assertEquals(request("GET / HTTP/1.0\r\n\r\n").host, undefined);
});

for (
  const [what, text] of [
    ["HTTP/1.1 without Host", "GET / HTTP/1.1\r\n\r\n"],
    ["an absolute target without Host", "GET http://a/ HTTP/1.1\r\n\r\n"],
    ["two Hosts that are the same", "GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n"],
    ["two Hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"],
    ["an empty Host", "GET / HTTP/1.1\r\nHost: \r\n\r\n"],
    ["a list of hosts", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"],
    ["a Host that is bad in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a/b\r\n\r\n"],
    ["a bad Host beside an absolute target", "GET http://a/ HTTP/1.1\r\nHost: b@c\r\n\r\n"],
    ["an absolute target without host", "GET http:/// HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["user information in the target", "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n"],
  ] as const
) {
  Deno.test(`RequestHeadParser refuses ${what} (RFC 9112 3.2)`, () => {
    assertFails(() => new RequestHeadParser(), text, "HOST_INVALID");
  });
}

Deno.test("ResponseHeadParser reads a response (RFC 9112 4)", () => {
  const head = response("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n");
  assertEquals({ ...head, headers: [...head.headers] }, {
    status: 101,
    statusText: "Switching Protocols",
    minorVersion: 1,
    headers: [["upgrade", "websocket"]],
  });
});

Deno.test("ResponseHeadParser accepts an empty reason and no headers (RFC 9112 4)", () => {
  for (const line of ["HTTP/1.0 599 ", "HTTP/1.0 599"]) {
    const head = response(`${line}\r\n\r\n`);
    assertEquals([head.status, head.statusText, head.minorVersion], [599, "", 0], line);
  }
});

Deno.test("ResponseHeadParser accepts an empty line before, and lines that end in LF (RFC 9112 2.2)", () => {
  const lines = ["", "HTTP/1.1 101 X", "A: b", "C: d", "", ""];
  for (const ends of [["\n"], ["\r\n", "\n"], ["\n", "\r\n"]]) {
    const text = lines.map((line, i) => i === 5 ? line : line + ends[i % ends.length]).join("");
    assertEquals([...response(text).headers], [["a", "b"], ["c", "d"]]);
  }
  assertFails(() => new ResponseHeadParser(), "\n\n", "MALFORMED_HEAD");
  assertFails(() => new ResponseHeadParser(), "HTTP/1.1 101 X\rA", "MALFORMED_HEAD");
});

Deno.test("ResponseHeadParser joins folded lines (RFC 9112 5.2)", () => {
  const text = "HTTP/1.1 101 X\r\nA: b\r\n  c \r\n\td\r\nE:\r\n f\r\n \r\n\r\n";
  assertEquals([...response(text).headers], [["a", "b c d"], ["e", "f"]]);
  assertFails(() => new ResponseHeadParser(), "HTTP/1.1 101 X\r\n A: b\r\n\r\n", "MALFORMED_HEAD");
});

for (
  const line of [
    "",
    "HTTP/1.1",
    "HTTP/1.1  101 OK",
    "HTTP/1.1 10 OK",
    "HTTP/1.1 1e2 OK",
    "HTTP/1.1 099 OK",
    "HTTP/1.1 600 OK",
    "HTTP/1.1 +10 OK",
    "HTTP/1.1 1010 OK",
    "HTTP/1.1\t101 OK",
    " HTTP/1.1 101 OK",
    "http/1.1 101 OK",
  ]
) {
  Deno.test(`ResponseHeadParser refuses the status line "${line}" (RFC 9112 4)`, () => {
    assertFails(() => new ResponseHeadParser(), `${line}\r\n\r\n`, "MALFORMED_HEAD");
  });
}

Deno.test("ResponseHeadParser refuses HTTP/2.0 (RFC 9110 2.5)", () => {
  assertFails(
    () => new ResponseHeadParser(),
    "HTTP/2.0 101 OK\r\n\r\n",
    "HTTP_VERSION_UNSUPPORTED",
  );
});

Deno.test("ResponseHeadParser refuses a status line that is too long", () => {
  assertFails(
    () => new ResponseHeadParser({ headLineBytes: 20, headHeaders: 1, headBytes: 100 }),
    "HTTP/1.1 101 Switching",
    "HEADER_LINE_TOO_LONG",
  );
});
