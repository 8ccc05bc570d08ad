import { assert, assertEquals } from "@std/assert";
import { NaiveHeadParser } from "../../../bench/micro/naive_head.ts";
import {
  isHost,
  type RequestHead,
  RequestHeadParser,
  requestUrl,
  serializeRequestHead,
} from "../../../protocol/mod.ts";
import type { Random } from "../../helpers/random.ts";
import { HEAD_LIMITS, HEADER_LINES, parseEveryWay } from "../heads.ts";
import { bytesOf, some, spoil, textOf } from "../inputs.ts";
import type { FuzzTarget } from "../target.ts";

const START_LINES = [
  "GET / HTTP/1.1",
  "GET /chat?a=b HTTP/1.1",
  "GET /chat HTTP/1.0",
  "GET http://example.com:80?x HTTP/1.1",
  "OPTIONS * HTTP/1.1",
  "GET  / HTTP/1.1",
  "GET /#a HTTP/1.1",
  "GET / HTTP/2.0",
  "GET / HTTP/1.1 ",
  "GET ftp://a/ HTTP/1.1",
  "GET //[?name=x HTTP/1.1",
  "GET /\\a/..//b@c:1 HTTP/1.1",
  "GET http://1.2.3.4.5/ HTTP/1.1",
  "GET http://user@host/ HTTP/1.1",
  `GET /${"a".repeat(136)} HTTP/1.1`,
  `GET /${"a".repeat(137)} HTTP/1.1`,
];

/** The head of a request, as it comes from a client. */
export const requestHead: FuzzTarget = {
  name: "request-head",
  make(random: Random) {
    const start = random.pick(random.oneIn(2) ? START_LINES.slice(0, 5) : START_LINES);
    const host = random.oneIn(8) ? [] : ["Host: server.example.com"];
    const lines = [
      start,
      ...host,
      ...some(HEADER_LINES.slice(2, random.pick([7, 8, 9, 14])), 14, random),
    ];
    const before = random.oneIn(8) ? random.pick(["\r\n", "\r\n\r\n", "\n"]) : "";
    const after = random.oneIn(3) ? "\x81\x80....GET /" : "";
    return spoil(bytesOf(`${before}${lines.join("\r\n")}\r\n\r\n${after}`), random);
  },
  check(input, random) {
    const { head, rest, outcome } = parseEveryWay(
      input,
      random,
      () => new RequestHeadParser(HEAD_LIMITS),
      // A head is written as HTTP/1.1.
      (head) => head.minorVersion === 1 ? write(head) : undefined,
    );
    if (head === undefined) return outcome;
    assert(/^[!-~]+$/.test(head.target) && /^(?:\/.*|\*)$/.test(head.path), head.target);
    assert(head.host === undefined ? head.minorVersion === 0 : isHost(head.host), head.host);
    if (head.path !== "*") checkUrl(head);
    if (rest === "") checkTwin(head, input);
    return outcome;
  },
};

/** Every head that is accepted has a URL, and nothing of its path becomes something else. */
function checkUrl(head: RequestHead): void {
  const { pathname, search, hash, username, host } = requestUrl(head, "http");
  assert(pathname.startsWith("/") && hash === "" && username === "", head.path);
  assertEquals(
    search,
    /\?.+/.exec(head.path)?.[0].replaceAll("'", "%27").replace(/["<>]/g, encodeURIComponent) ?? "",
  );
  assertEquals(host, requestUrl({ host: head.host, path: "/" }, "http").host);
}

function write({ method, target, headers }: RequestHead): Uint8Array | undefined {
  const bytes = serializeRequestHead(method, target, headers);
  // It may have come with less between a name and its value.
  return bytes.length <= HEAD_LIMITS.headBytes && longestLine(bytes) <= HEAD_LIMITS.headLineBytes
    ? bytes
    : undefined;
}

function longestLine(bytes: Uint8Array): number {
  return Math.max(...textOf(bytes).split("\r\n").map(({ length }) => length));
}

/** The twin splits at the end of each line, and knows ASCII only. */
function checkTwin({ method, target, headers }: RequestHead, input: Uint8Array): void {
  if (input[0] === 0x0d || input.some((byte) => byte > 0x7f)) return;
  const twin = new NaiveHeadParser().push(input)!;
  assertEquals([twin.method, twin.target], [method, target]);
  assertEquals(twin.headers, new Map(headers));
}
