import { assert } from "@std/assert";
import { ResponseHeadParser, serializeResponseHead } from "../../../protocol/mod.ts";
import { HEAD_LIMITS, HEADER_LINES, parseEveryWay } from "../heads.ts";
import { bytesOf, some, spoil } from "../inputs.ts";
import type { FuzzTarget } from "../target.ts";

const START_LINES = [
  "HTTP/1.1 101 Switching Protocols",
  "HTTP/1.1 404 ",
  "HTTP/1.0 200 OK\u00ff",
  "HTTP/1.1 404",
  "HTTP/1.1 099 x",
  "HTTP/1.1 600 x",
  "HTTP/1.1 1e2 x",
  "HTTP/1.1  200 OK",
  "HTTP/2.0 200 OK",
  "http/1.1 200 OK",
  "HTTP/1.1 200 " + "x".repeat(138),
  "HTTP/1.1 200 " + "x".repeat(137),
];

/** The head of a response, as it comes from a server. */
export const responseHead: FuzzTarget = {
  name: "response-head",
  make(random) {
    const start = random.pick(random.oneIn(2) ? START_LINES.slice(0, 3) : START_LINES);
    const lines = [start, ...some(HEADER_LINES.slice(0, random.pick([7, 8, 9, 14])), 14, random)];
    const before = random.oneIn(16) ? "\r\n" : "";
    const after = random.oneIn(3) ? "\x81\x00HTTP" : "";
    // A response's lines may end in LF alone.
    const end = (): string => random.oneIn(16) ? "\n" : "\r\n";
    const head = lines.map((line) => line + end()).join("") + end();
    return spoil(bytesOf(before + head + after), random);
  },
  check(input, random) {
    const { head, outcome } = parseEveryWay(
      input,
      random,
      () => new ResponseHeadParser(HEAD_LIMITS),
      ({ status, statusText, minorVersion, headers }) => {
        // A status text is trimmed by nobody, a version is always 1.1, and lines may grow.
        if (minorVersion !== 1 || headers.size > 3) return undefined;
        if ([...headers].some(([name, value]) => name.length + value.length > 140)) {
          return undefined;
        }
        return serializeResponseHead(status, headers, statusText);
      },
    );
    if (head !== undefined) assert(head.status >= 100 && head.status <= 599, `${head.status}`);
    return outcome;
  },
};
