import { assertEquals } from "@std/assert";
import { isRequestTarget, requestUrl, splitTarget } from "../../protocol/request_target.ts";

Deno.test("isRequestTarget() accepts all visible ASCII but the number sign (RFC 9112 3.2)", () => {
  for (let code = 0; code < 0x100; code++) {
    const isVisible = code > 0x20 && code < 0x7f && code !== 0x23;
    assertEquals(isRequestTarget(`/${String.fromCharCode(code)}`), isVisible, `code ${code}`);
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
];

for (const [target, host, path, pathname] of TARGETS) {
  Deno.test(`splitTarget() and requestUrl() find host and path of ${target}`, () => {
    assertEquals(isRequestTarget(target), true);
    assertEquals(splitTarget(target), { host, path });
    const url = requestUrl({ host: "a.example", path }, "https");
    assertEquals([url.origin, url.pathname], ["https://a.example", pathname]);
  });
}

Deno.test("requestUrl() is on localhost where HTTP/1.0 has no host", () => {
  assertEquals(requestUrl({ host: undefined, path: "/" }, "http").href, "http://localhost/");
});
