import { assertEquals, assertStringIncludes } from "@std/assert";
import { requestUrl, splitTarget, targetFault } from "../../protocol/request_target.ts";

Deno.test("targetFault() accepts all visible ASCII but the number sign (RFC 9112 3.2)", () => {
  for (let code = 0; code < 0x100; code++) {
    const isVisible = code > 0x20 && code < 0x7f && code !== 0x23;
    const fault = targetFault(`/${String.fromCharCode(code)}`);
    assertEquals(fault === undefined, isVisible, `code ${code}`);
  }
});

/** A target, its host, its path, and the path of its URL. */
const TARGETS: [string, string | undefined, string, string][] = [
  ["/chat?a=b", undefined, "/chat?a=b", "/chat"],
  ["//[?name=x", undefined, "//[?name=x", "//["],
  ["//evil.example/chat", undefined, "//evil.example/chat", "//evil.example/chat"],
  ["///", undefined, "///", "///"],
  ["/\\evil.example", undefined, "/\\evil.example", "//evil.example"],
  ["/a/../b", undefined, "/a/../b", "/b"],
  ["/http://b.example/", undefined, "/http://b.example/", "/http://b.example/"],
  ["/@b.example:80", undefined, "/@b.example:80", "/@b.example:80"],
  ["http://b.example", "b.example", "/", "/"],
  ["HTTPS://b.example:81?x", "b.example:81", "/?x", "/"],
  ["http://b.example//[", "b.example", "//[", "//["],
  ["ws://b.example/chat", "b.example", "/chat", "/chat"],
  ["WSS://b.example:81", "b.example:81", "/", "/"],
];

for (const [target, host, path, pathname] of TARGETS) {
  Deno.test(`splitTarget() and requestUrl() find host and path of ${target}`, () => {
    assertEquals(targetFault(target), undefined);
    assertEquals(splitTarget(target), { host, path });
    const url = requestUrl({ host: "a.example", path }, "https");
    assertEquals([url.origin, url.pathname], ["https://a.example", pathname]);
  });
}

Deno.test("requestUrl() is on localhost where HTTP/1.0 has no host", () => {
  assertEquals(requestUrl({ host: undefined, path: "/" }, "http").href, "http://localhost/");
});

Deno.test("targetFault() says what is wrong, and what was expected", () => {
  const faults: [string, string][] = [
    ["/a b", "blank"],
    ["/caf\xc3\xa9", "percent signs"],
    ["/#top", "%23"],
    ["/a\tb", "control character"],
    ["ftp://a/", "neither a path nor a URL"],
    ["a.example:80", "neither a path nor a URL"],
  ];
  for (const [target, part] of faults) assertStringIncludes(targetFault(target)!, part);
});
