import { RequestHeadParser } from "../../protocol/mod.ts";
import { BROWSER_HEAD } from "./browser_head.ts";
import { compare } from "./compare.ts";
import { cut } from "./inputs.ts";
import { NaiveHeadParser } from "./naive_head.ts";

/** A parsed head, ours or the twin's. */
interface Head {
  readonly method: string;
  readonly target: string;
  readonly headers: Iterable<[name: string, value: string]>;
}

function ours(chunks: readonly Uint8Array[]): Head | undefined {
  const parser = new RequestHeadParser();
  let head: Head | undefined;
  for (const chunk of chunks) head = parser.push(chunk);
  return head;
}

function twin(chunks: readonly Uint8Array[]): Head | undefined {
  const parser = new NaiveHeadParser();
  let head: Head | undefined;
  for (const chunk of chunks) head = parser.push(chunk);
  return head;
}

const WAYS = {
  "whole": BROWSER_HEAD.length,
  "in two pieces": BROWSER_HEAD.length / 2 + 1,
  "byte by byte": 1,
};

for (const [way, size] of Object.entries(WAYS)) {
  compare({
    group: `parse a browser's head ${way}`,
    input: cut(BROWSER_HEAD, Math.floor(size)),
    ways: { "RequestHeadParser": ours, "naive twin": twin },
    view: (head) => head && [head.method, head.target, [...head.headers]],
  });
}
