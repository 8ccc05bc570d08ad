import { assert, assertEquals } from "@std/assert";
import { escapeHtml, page } from "../../bench/page.ts";

Deno.test("escapeHtml() escapes what could end a text or an attribute", () => {
  assertEquals(
    escapeHtml(`<a href='b' title="c">&`),
    "&lt;a href=&#39;b&#39; title=&quot;c&quot;&gt;&amp;",
  );
});

Deno.test("page() escapes its title and headings, and keeps its HTML and their order", () => {
  const html = page("a < b", [
    { heading: "one & two", html: "<p>first</p>" },
    { heading: "three", html: "<p>second</p>" },
  ]);
  const body = html.slice(html.indexOf("<body>"));
  assertEquals(body.split("\n").filter((line) => /<(?:h1|h2|p)>/.test(line)), [
    "<h1>a &lt; b</h1>",
    "<h2>one &amp; two</h2>",
    "<p>first</p>",
    "<h2>three</h2>",
    "<p>second</p>",
  ]);
  assert(html.includes("<title>a &lt; b</title>"));
});

Deno.test("page() refers to nothing outside itself, and has a dark side", () => {
  const html = page("title", []);
  assertEquals(html.match(/https?:|@import|\bsrc=|<link|<script|url\(/g), null);
  assert(html.includes("@media (prefers-color-scheme: dark)"));
});
