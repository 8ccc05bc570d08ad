import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { dashboardFile } from "../../../server/admin/dashboard.ts";

const FOLDER = new URL("../../../server/admin/dashboard/", import.meta.url);

Deno.test("dashboardFile() gives every file of the page under its type", async () => {
  const types: Record<string, string> = {
    html: "text/html",
    css: "text/css",
    js: "text/javascript",
    svg: "image/svg+xml",
  };
  let count = 0;
  for await (const { name } of Deno.readDir(FOLDER)) {
    const response = dashboardFile(name === "index.html" ? "/" : `/${name}`)!;
    assert(response, name);
    const type = types[name.split(".")[1] ?? ""];
    assertEquals(response.headers.get("content-type"), `${type}; charset=utf-8`);
    assertEquals(await response.text(), await Deno.readTextFile(new URL(name, FOLDER)));
    count++;
  }
  assert(count > 15);
});

Deno.test("dashboardFile() gives the charts' library", async () => {
  assertStringIncludes(await dashboardFile("/uplot.js")?.text() ?? "", "uPlot");
  assertStringIncludes(await dashboardFile("/uplot.css")?.text() ?? "", ".uplot");
});

Deno.test("dashboardFile() gives nothing else", () => {
  for (const path of ["", "/index.html", "/dashboard", "/dashboard.js/", "/../dashboard.ts"]) {
    assertEquals(dashboardFile(path), undefined, path);
  }
});

Deno.test("dashboardFile() gives 304 when the client has that very file", async () => {
  const { etag, other } = { etag: etagOf("/")!, other: etagOf("/dashboard.js")! };
  assert(etag !== other);
  for (const known of [etag, ` ${etag} `, `W/${etag}`, `${other}, ${etag}`, "*", `"a,b",${etag}`]) {
    const { status, headers, body } = dashboardFile("/", known)!;
    assertEquals([status, body, headers.get("etag")], [304, null, etag], known);
    assertEquals(headers.get("cache-control"), "no-cache");
    assertEquals(headers.get("content-type"), null);
    assertStringIncludes(headers.get("content-security-policy")!, "default-src 'none'");
  }
  for (
    const unknown of ["", other, etag.slice(1, -1), `${etag.slice(0, -1)},"`, `"${etag}"`, null]
  ) {
    const response = dashboardFile("/", unknown)!;
    assertEquals(response.status, 200, String(unknown));
    assertStringIncludes(await response.text(), "<!DOCTYPE html>");
  }
  assertEquals(dashboardFile("/nothing", "*"), undefined);
});

function etagOf(path: string): string | null | undefined {
  return dashboardFile(path)?.headers.get("etag");
}

Deno.test("dashboardFile() sends a strict policy with every file", async () => {
  for (const path of ["/", "/dashboard.js", "/uplot.css"]) {
    const { headers, body } = dashboardFile(path)!;
    await body?.cancel();
    const policy = headers.get("content-security-policy") ?? "";
    for (
      const directive of [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
      ]
    ) assert(policy.split("; ").includes(directive), directive);
    assert(!policy.includes("unsafe"), policy);
    assertEquals(headers.get("x-content-type-options"), "nosniff");
    assertEquals(headers.get("referrer-policy"), "no-referrer");
    assertEquals(headers.get("cache-control"), "no-cache");
    assertMatch(headers.get("etag") ?? "", /^"[\w-]{22}"$/);
  }
});

Deno.test("dashboardFile() names no foreign host in the page", async () => {
  for await (const { name } of Deno.readDir(FOLDER)) {
    const text = await Deno.readTextFile(new URL(name, FOLDER));
    const hosts = text.match(/\b(?:https?|wss?):\/\/[\w.]+/g) ?? [];
    assertEquals(hosts.filter((it) => it !== "http://www.w3.org"), [], name);
  }
});

Deno.test("dashboardFile() has no script that makes HTML of text", async () => {
  for await (const { name } of Deno.readDir(FOLDER)) {
    const text = await Deno.readTextFile(new URL(name, FOLDER));
    const found = text.match(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\bstyle="/g);
    assertEquals(found, null, name);
  }
});
