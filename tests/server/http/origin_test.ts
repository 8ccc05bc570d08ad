import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  AllowedOrigins,
  isOriginAllowed,
  originProblem,
  shownOrigin,
} from "../../../server/http/origin.ts";

/** Checks verdicts on origins, and names the one that is wrong. */
function check(
  expected: boolean,
  host: string,
  origins: readonly string[],
  allowed?: readonly string[] | "*",
): void {
  const list = Array.isArray(allowed) ? new AllowedOrigins(allowed) : allowed as "*" | undefined;
  for (const origin of origins) {
    assertEquals(isOriginAllowed(origin, host, list), expected, `${origin} to ${host}`);
  }
}

Deno.test("isOriginAllowed() lets requests through that no page is behind", () => {
  assertEquals(isOriginAllowed(undefined, "good.example", undefined), true);
  assertEquals(isOriginAllowed(undefined, "good.example", new AllowedOrigins([])), true);
});

Deno.test("isOriginAllowed() allows pages of the host that the request is for", () => {
  check(true, "good.example", [
    "http://good.example",
    "https://good.example",
    "HTTP://Good.EXAMPLE",
    "http://good.example:80",
    "https://good.example:443",
  ]);
  check(true, "Good.Example:8080", ["http://good.example:8080"]);
});

Deno.test("isOriginAllowed() knows the default port of the page's scheme", () => {
  check(true, "good.example:80", ["http://good.example"]);
  check(true, "good.example:443", ["https://good.example"]);
  check(false, "good.example:80", ["https://good.example"]);
  check(false, "good.example:443", ["http://good.example"]);
});

Deno.test("isOriginAllowed() compares addresses, not their spelling", () => {
  check(true, "[::1]:8080", ["http://[::1]:8080", "http://[0:0:0:0:0:0:0:1]:8080"]);
  check(true, "127.0.0.1:8080", ["http://127.0.0.1:8080"]);
  check(false, "[::1]:8080", ["http://[::1]", "http://[::2]:8080", "http://127.0.0.1:8080"]);
  check(false, "127.0.0.1:8080", ["http://localhost:8080", "http://127.0.0.1:80800"]);
});

Deno.test("isOriginAllowed() refuses pages of other hosts, however alike they look", () => {
  check(false, "good.example", [
    "http://evil.example",
    "http://good.example@evil.example",
    "http://good.example:80@evil.example",
    "http://evil.example/good.example",
    "http://evil.example?good.example",
    "http://evil.example#good.example",
    "http://evil.example\\@good.example",
    "http://good.example.evil.example",
    "http://evilgood.example",
    "http://sub.good.example",
    "http://good.example.",
    "http://good.example:8080",
    "http://good.exampl\u0435",
  ]);
});

Deno.test("isOriginAllowed() refuses origins that are nobody's, or no origins", () => {
  const origins = ["null", "", "*", "good.example", "//good.example", "http://", "http:///"];
  origins.push(
    "http://good.example http://good.example",
    "http://good.example, http://evil.example",
  );
  origins.push(
    "file:///",
    "data:,x",
    "about:blank",
    "javascript:1",
    "x://good.example",
    "http://[",
  );
  check(false, "good.example", origins);
  check(false, "", ["null", "", "http://", "file:///", "x://"]);
  check(false, "null", ["null"]);
});

Deno.test("isOriginAllowed() refuses when the host is none", () => {
  for (const host of ["", ":80", "good example", "[::1", "good.example:99999"]) {
    check(false, host, ["http://good.example"]);
  }
});

Deno.test("isOriginAllowed() takes a list instead of the host, compared as parsed", () => {
  const allowed = ["https://Good.example/", "http://other.example:8080"];
  check(true, "any.example", ["https://good.example", "https://good.example:443"], allowed);
  check(true, "any.example", ["http://other.example:8080"], allowed);
  check(false, "any.example", [
    "http://good.example",
    "https://good.example:8443",
    "http://other.example",
    "http://any.example",
    "https://good.example@evil.example",
    "null",
  ], allowed);
  check(false, "good.example", ["http://good.example"], []);
});

Deno.test("isOriginAllowed() takes origins that no URL parser knows as they are listed", () => {
  check(true, "a.example", ["chrome-extension://abc"], ["chrome-extension://abc"]);
  check(false, "a.example", ["chrome-extension://abcd"], ["chrome-extension://abc"]);
});

Deno.test("isOriginAllowed() takes origins of other schemes, and pages without one, as they are listed", () => {
  const others = ["file://", "capacitor://localhost", "tauri://localhost", "ionic://localhost:81"];
  for (const origin of [...others, "null"]) {
    check(true, "a.example", [origin], [origin]);
    check(false, "a.example", [origin], ["https://a.example"]);
    check(false, "a.example", ["https://a.example", "http://localhost", `${origin}x`], [origin]);
  }
  check(false, "a.example", ["file://", "data:,", "%"], ["null"]);
});

Deno.test("isOriginAllowed() takes subdomains of any depth where a star is listed, by scheme and port", () => {
  const allowed = ["https://*.a.example", "http://*.localhost:8080"];
  check(true, "x", [
    "https://b.a.example",
    "https://c.b.a.example",
    "https://B.A.Example:443",
    "http://b.localhost:8080",
  ], allowed);
  check(false, "x", [
    "https://a.example",
    "http://b.a.example",
    "https://b.a.example:444",
    "https://ba.example",
    "https://b.a.example.evil.example",
    "https://evil.example/.a.example",
    "https://b.a.example@evil.example",
    "https://evil.example#.a.example",
    "https://*.a.example.",
    "http://b.localhost",
    "null",
  ], allowed);
});

Deno.test("originProblem() finds nothing wrong with what may be listed", () => {
  const good = [
    "https://a.example",
    "https://a.example/",
    "HTTP://A.example:81",
    "http://[::1]:80",
  ];
  good.push("https://*.a.example", "http://*.localhost:8080", "https://*.b\u00fccher.example");
  good.push("null", "file://", "capacitor://localhost", "chrome-extension://abc", "app://-");
  assertEquals(good.map(originProblem), good.map(() => undefined));
});

const FAULTS: [problem: string, ...texts: string[]][] = [
  ["expected an origin", "", "*", "a.example", "http://", "a b://c", "data:,x"],
  ["expected an origin", "file:///", "x://a/b", "//a.example", "https://a b", "*.a.example"],
  ["the page's own origin", "ws://a.example", "wss://*.a.example"],
  [
    "scheme, host and port alone",
    "https://a.example/b",
    "https://u@a.example",
    "https://a.example?",
  ],
  ["scheme, host and port alone", "https://*.a.example/b", "https://a.example/#"],
  [
    "only at the beginning",
    "https://a.*.example",
    "https://*a.example",
    "https://*:80",
    "https://*",
  ],
  ['a name behind "*."', "https://*.*.example", "https://*.10.0.0.1"],
  ["two labels at least", "https://*.example", "http://*.com:80"],
];

for (const [problem, ...texts] of FAULTS) {
  Deno.test(`originProblem() says "${problem}" of ${texts.join(" ")}`, () => {
    for (const text of texts) {
      assert(originProblem(text)?.includes(problem), `${text}: ${originProblem(text)}`);
    }
  });
}

Deno.test("AllowedOrigins names everything that is wrong at once", () => {
  const list = ["https://a.example", "b.example", 1 as unknown as string];
  const error = assertThrows(() => new AllowedOrigins(list), TypeError);
  assert(/origins\[1\]: .*; origins\[2\]: expected a text$/.test(error.message), error.message);
});

Deno.test("shownOrigin() is ASCII in quotes, and bounded", () => {
  assertEquals(shownOrigin('a"\x1b\u202e\xe4'), String.raw`"a\"\u001b\u202e\u00e4"`);
  assert(shownOrigin("\x1b".repeat(10_000)).length <= 620);
});

Deno.test("isOriginAllowed() lets every page through only when asked to", () => {
  check(true, "good.example", ["http://evil.example", "null", "garbage"], "*");
});
