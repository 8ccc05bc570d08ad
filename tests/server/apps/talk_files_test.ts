import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { talkFiles } from "../../../server/apps/talk_files.ts";

const TALK = new URL("../../../server/apps/talk/", import.meta.url);
const CLIENT = new URL("../../../client/", import.meta.url);

function get(path: string, headers: HeadersInit = {}): Response {
  return talkFiles(new Request(new URL(path, "http://127.0.0.1/"), { headers }));
}

Deno.test("talkFiles() serves every file of the page under its type", async () => {
  const types: Record<string, string> = {
    html: "text/html; charset=utf-8",
    css: "text/css; charset=utf-8",
    js: "text/javascript; charset=utf-8",
    svg: "image/svg+xml",
  };
  let count = 0;
  for await (const { name } of Deno.readDir(TALK)) {
    const response = get(name === "index.html" ? "/" : name);
    assertEquals(response.status, 200, name);
    assertEquals(response.headers.get("content-type"), types[name.split(".")[1] ?? ""]);
    // The client's folder is beside this one only in the checkout.
    const source = await Deno.readTextFile(new URL(name, TALK));
    assertEquals(await response.text(), source.replace('from "../../../client/', 'from "./'));
    count++;
  }
  assert(count >= 9);
});

Deno.test("talkFiles() serves the client's very files, and all that they and the page import", async () => {
  const waiting = ["talk.js"];
  const seen = new Set<string>();
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    const response = get(name);
    assertEquals(response.status, 200, name);
    const text = await response.text();
    for (const [, specifier = ""] of text.matchAll(/^(?:import|export) [^;]* from "(.+)";$/gm)) {
      assertMatch(specifier, /^\.\/\w+\.js$/, name);
      waiting.push(specifier.slice(2));
    }
  }
  const shared: string[] = [];
  for await (const { name } of Deno.readDir(CLIENT)) if (seen.has(name)) shared.push(name);
  assertEquals(shared.sort(), [
    "backoff.js",
    "offline_queue.js",
    "reconnecting.js",
    "reconnecting_events.js",
  ]);
  for (const name of shared) {
    assertEquals(await get(name).text(), await Deno.readTextFile(new URL(name, CLIENT)));
  }
});

Deno.test("talkFiles() serves nothing else", async () => {
  const paths = [
    "/index.html",
    "/talk",
    "/talk.js/",
    "/../talk.ts",
    "/%2e%2e/talk.ts",
    "/favicon.ico",
  ];
  for (const path of paths) {
    const response = get(path);
    assertEquals(response.status, 404, path);
    assertStringIncludes(await response.text(), "There is nothing here");
  }
});

Deno.test("talkFiles() sends a strict policy with every answer", async () => {
  for (const path of ["/", "/talk.js", "/nothing"]) {
    const { headers, body } = get(path);
    await body?.cancel();
    const policy = headers.get("content-security-policy") ?? "";
    for (
      const directive of [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
      ]
    ) assert(policy.split("; ").includes(directive), directive);
    assertEquals(headers.get("x-content-type-options"), "nosniff");
    assertEquals(headers.get("referrer-policy"), "no-referrer");
  }
});

Deno.test("talkFiles() answers 304 to a browser that has the file, and 200 to an older copy", async () => {
  const first = get("/talk.css");
  await first.body?.cancel();
  const etag = first.headers.get("etag") ?? "";
  assertMatch(etag, /^"[\w-]{22}"$/);
  assertEquals(first.headers.get("cache-control"), "no-cache");
  const again = get("/talk.css", { "if-none-match": etag });
  assertEquals([again.status, again.body], [304, null]);
  const other = get("/talk.js", { "if-none-match": etag });
  await other.body?.cancel();
  assertEquals(other.status, 200);
});
