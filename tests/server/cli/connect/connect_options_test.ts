import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  CONNECT_HELP,
  readConnectOptions,
} from "../../../../server/cli/connect/connect_options.ts";

/** Reads a good command line. */
function read(...args: string[]) {
  const problems: string[] = [];
  const options = readConnectOptions(args, problems);
  assertEquals(problems, []);
  return options;
}

for (
  const [word, url] of [
    ["ws://example.com", "ws://example.com/"],
    ["wss://example.com/chat?a=1", "wss://example.com/chat?a=1"],
    ["http://example.com:8080/", "ws://example.com:8080/"],
    ["HTTPS://example.com", "wss://example.com/"],
    ["https://example.com:80", "wss://example.com:80/"],
    ["localhost:8080/chat", "ws://localhost:8080/chat"],
    ["[::1]:8080", "ws://[::1]:8080/"],
  ] as const
) {
  Deno.test(`readConnectOptions() takes ${word} for ${url}`, () => {
    assertEquals(read(word).url.href, url);
  });
}

Deno.test("readConnectOptions() has defaults", () => {
  const { headers, subprotocols, execute, timeout, head, atEnd, wait, ping, ...rest } = read("a");
  assertEquals(head, { headLineBytes: 65_536, headHeaders: 256, headBytes: 262_144 });
  assertEquals([[...headers], subprotocols, execute], [[], [], []]);
  assertEquals([timeout, atEnd, wait, ping], [10_000, "wait", undefined, undefined]);
  const { url: _, ...switches } = rest;
  assert(Object.values(switches).every((value) => value === false), JSON.stringify(switches));
});

Deno.test("readConnectOptions() reads the limits of a head by the names that serve has", () => {
  const args = ["--head-line-bytes=100", "--head-headers=2", "--head-bytes=300", "localhost"];
  assertEquals(read(...args).head, { headLineBytes: 100, headHeaders: 2, headBytes: 300 });
  const { headLineBytes } = read("--head-bytes=300", "localhost").head;
  assertEquals(headLineBytes, 300, "no longer than the head");
});

Deno.test("readConnectOptions() reads long and short names alike", () => {
  const long = read(
    ...["--header=A: b", "--subprotocol=chat", "--origin=https://a.example", "--execute=hello"],
    ...["--one-message", "--wait=1.5", "--show-pings", "localhost"],
  );
  const short = read(
    ...["-H", "A: b", "-s", "chat", "-o", "https://a.example", "-x", "hello", "-1", "-w", "1.5"],
    ...["-P", "localhost"],
  );
  assertEquals([...long.headers], [["a", "b"], ["origin", "https://a.example"]]);
  assertEquals([...short.headers], [...long.headers]);
  assertEquals({ ...short, headers: 0 }, { ...long, headers: 0 });
  assertEquals([long.oneMessage, long.wait, long.showPings], [true, 1500, true]);
  assertEquals([read("-v", "a").verbose, read("-q", "a").quiet], [true, true]);
  assertEquals([read("-b", "a").binary, read("-n", "a").atEnd, read("-E", "a").atEnd], [
    true,
    "stay",
    "close",
  ]);
  assertEquals([read("--no-close", "a").atEnd, read("--exit-on-eof", "a").atEnd], [
    "stay",
    "close",
  ]);
});

Deno.test("readConnectOptions() takes what may come several times", () => {
  const { headers, subprotocols, execute } = read(
    ...["-H", "A: b", "-H", "A: c", "-s", "one,two", "-s", "three", "-x", "1", "--execute=", "a"],
  );
  assertEquals(headers.get("a"), "b, c");
  assertEquals([subprotocols, execute], [["one", "two", "three"], ["1", ""]]);
});

Deno.test("readConnectOptions() takes a name and a password from where they are given last", () => {
  const basic = (text: string) => `Basic ${btoa(text)}`;
  const url = "ws://me:a%20b@localhost/";
  assertEquals(read(url).headers.get("authorization"), basic("me:a b"));
  assertEquals(read(url).url.href, "ws://localhost/");
  assertEquals(read("-H", "Authorization: Bearer x", url).headers.get("authorization"), "Bearer x");
  assertEquals(read("--auth", "you:c:d", url).headers.get("authorization"), basic("you:c:d"));
});

for (
  const [args, problem] of [
    [[], "expected a URL"],
    [["http://"], "the URL cannot be read"],
    [["ws://me:secret@:80"], "the URL cannot be read"],
    [["ws://me:%ff@localhost"], "the URL cannot be read"],
    [["ftp://localhost"], 'expected a URL with ws:// or wss://, received "ftp:"'],
    [["localhost#part"], "expected a URL without a fragment"],
    [
      ["--head-line-bytes=301", "--head-bytes=300", "a"],
      "--head-line-bytes: expected at most headBytes, which is 300",
    ],
    [["-H", "secret", "a"], '--header: expected "Name: value"'],
    [["-H", "A: secret\nB: c", "a"], '--header: expected "Name: value"'],
    [["--auth", "secret", "a"], "--auth: expected NAME:PASSWORD"],
    [["-o", "a b", "a"], "--origin: expected such as"],
    [["-s", "a b", "a"], "--subprotocol: expected a name"],
    [["-s", "a,a", "a"], "--subprotocol: expected different names"],
    [["--timeout", "soon", "a"], "--timeout: expected an integer"],
    [["--wait", "-1", "a"], "--wait: expected seconds"],
    [["--ping", "0", "a"], "--ping: expected seconds from 0.01"],
    [["-n", "-E", "a"], "--no-close and --exit-on-eof: expected one of these"],
    [["-n", "-w", "1", "a"], "--no-close and --wait: expected one of these"],
    [["-x", "a", "-b", "a"], "--execute: goes without"],
    [["--json", "-b", "a"], "--json: goes without"],
    [["a", "--nope"], "--nope: no such option"],
    [["a", "b"], '"b": unexpected argument'],
  ] as const
) {
  Deno.test(`readConnectOptions() says what is wrong with ${JSON.stringify(args)}`, () => {
    const problems: string[] = [];
    readConnectOptions(args, problems);
    assertEquals(problems.length, 1, problems.join("; "));
    assertStringIncludes(problems[0]!, problem);
    assert(!problems[0]!.includes("secret"));
  });
}

Deno.test("readConnectOptions() wants no URL beside --help", () => {
  assertEquals(read("--help").help, true);
  assert(CONNECT_HELP.split("\n").every((line) => line.length <= 84));
});
