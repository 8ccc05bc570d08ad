import { assertEquals } from "@std/assert";
import { isOriginAllowed } from "../../server/origin.ts";

/** Checks verdicts on origins, and names the one that is wrong. */
function check(
  expected: boolean,
  host: string,
  origins: readonly string[],
  allowed?: readonly string[] | "*",
): void {
  for (const origin of origins) {
    assertEquals(isOriginAllowed(origin, host, allowed), expected, `${origin} to ${host}`);
  }
}

Deno.test("isOriginAllowed() lets requests through that no page is behind", () => {
  assertEquals(isOriginAllowed(undefined, "good.example", undefined), true);
  assertEquals(isOriginAllowed(undefined, "good.example", []), true);
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
  check(false, "good.example", ["null"], ["null"]);
});

Deno.test("isOriginAllowed() refuses when the host is none", () => {
  for (const host of ["", ":80", "good example", "[::1", "good.example:99999"]) {
    check(false, host, ["http://good.example"]);
  }
});

Deno.test("isOriginAllowed() takes a list instead of the host, compared as parsed", () => {
  const allowed = ["https://Good.example/", "http://other.example:8080", "no origin", "*"];
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

Deno.test("isOriginAllowed() lets every page through only when asked to", () => {
  check(true, "good.example", ["http://evil.example", "null", "garbage"], "*");
});
