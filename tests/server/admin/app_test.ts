import { assert, assertEquals } from "@std/assert";
import { OpsPort, TOKEN } from "../../helpers/ops_port.ts";

/** What the issue wants to be there, beside the dashboard. */
const ROUTES = [
  "GET /healthz",
  "GET /readyz",
  "GET /metrics",
  "GET /openapi.json",
  "GET /api/v1/snapshot",
  "GET /api/v1/host",
  "GET /api/v1/connections",
  "POST /api/v1/connections/close",
  "GET /api/v1/connections/{key}",
  "POST /api/v1/connections/{key}/close",
  "POST /api/v1/connections/{key}/ping",
  "GET /api/v1/connections/{key}/tap",
  "GET /api/v1/fds",
  "GET /api/v1/limits",
  "PATCH /api/v1/limits",
  "GET /api/v1/log-level",
  "PUT /api/v1/log-level",
  "GET /api/v1/drain",
  "POST /api/v1/drain",
  "GET /api/v1/live",
];

/** All values of one property, however deep. */
function valuesOf(name: string, data: unknown): unknown[] {
  if (typeof data !== "object" || data === null) return [];
  return Object.entries(data).flatMap(([key, value]) =>
    key === name ? [value] : valuesOf(name, value)
  );
}

// deno-lint-ignore no-explicit-any -- a document of any shape is what is looked at
type Document = any;

async function readDocument(port: OpsPort): Promise<Document> {
  const response = await fetch(`${port.admin.url}/openapi.json`);
  assertEquals(response.status, 200);
  return await response.json();
}

Deno.test("GET openapi.json describes every route, and only those", async () => {
  await using port = new OpsPort({ token: TOKEN });
  const { openapi, info, paths } = await readDocument(port);
  assertEquals([openapi, info.version], ["3.1.0", "1.2.3"]);
  const described = Object.entries<object>(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`)
  );
  assertEquals(described.sort(), [...ROUTES].sort());
  for (const route of described) {
    const [method, path] = route.split(" ") as [string, string];
    // Without anything that it needs, so that nothing is done; but it is there.
    const { status } = await port.ask(path.replace("{key}", "x"), { method });
    assert(![404, 405, 500].includes(status), `${route}: ${status}`);
  }
});

Deno.test("GET openapi.json has no reference that leads nowhere", async () => {
  await using port = new OpsPort();
  const document = await readDocument(port);
  const references = valuesOf("$ref", document) as string[];
  assert(references.length > 10);
  for (const reference of references) {
    const [root, ...steps] = reference.split("/");
    assertEquals(root, "#");
    const target = steps.reduce((data: Document, step) => data?.[step], document);
    assertEquals(typeof target, "object", reference);
  }
});

Deno.test("GET openapi.json says what each route takes and answers", async () => {
  await using port = new OpsPort({ token: TOKEN });
  const { paths, components } = await readDocument(port);
  for (const [path, methods] of Object.entries<Document>(paths)) {
    for (const [method, route] of Object.entries<Document>(methods)) {
      const name = `${method} ${path}`;
      assert(route.summary.length > 10, name);
      assertEquals(
        Object.keys(route.responses.default.content),
        ["application/problem+json"],
        name,
      );
      const isOpen = ["/healthz", "/readyz", "/openapi.json"].includes(path);
      assertEquals(route.security, isOpen ? undefined : [{ token: [] }], name);
      assertEquals(route.requestBody?.required, method === "get" ? undefined : true, name);
      const inPath = (route.parameters ?? []).filter((one: Document) => one.in === "path");
      assertEquals(
        inPath.map((one: Document) => `{${one.name}}`),
        path.match(/\{\w+\}/g) ?? [],
        name,
      );
    }
  }
  const query = paths["/api/v1/connections"].get.parameters;
  assertEquals(query.some(({ required }: Document) => required), false);
  assertEquals(query.find(({ name }: Document) => name === "limit").schema, {
    type: "integer",
    minimum: 1,
    maximum: 1_000,
  });
  assertEquals(components.schemas.CloseMany.additionalProperties, false);
  assertEquals(components.securitySchemes.token, { type: "http", scheme: "bearer" });
});

Deno.test("a path where there is nothing is a 404 problem", async () => {
  await using port = new OpsPort();
  for (
    const path of ["/nothing", "/api", "/api/v1/", "/healthz/", "//healthz", "/api/v1/drain/x"]
  ) {
    const { status, headers, json } = await port.ask(path);
    assertEquals([status, json.status, json.title], [404, 404, "Not Found"], path);
    assertEquals(headers.get("content-type"), "application/problem+json");
  }
});

Deno.test("a method that a path does not have is a 405 problem with Allow", async () => {
  await using port = new OpsPort();
  const allow = async (method: string, path: string) => {
    const { status, headers } = await port.ask(path, { method });
    return `${status} ${headers.get("allow")}`;
  };
  assertEquals(await allow("DELETE", "/api/v1/drain"), "405 GET, HEAD, POST");
  assertEquals(await allow("GET", "/api/v1/connections/a/ping"), "405 POST");
  assertEquals(await allow("OPTIONS", "/api/v1/limits"), "405 GET, HEAD, PATCH");
  assertEquals(await allow("POST", "/healthz"), "405 GET, HEAD");
  assertEquals(await allow("POST", "/"), "405 GET, HEAD");
  assertEquals(await allow("DELETE", "/nothing"), "404 null");
});

Deno.test("a file of the dashboard is there without a token, but not by another host", async () => {
  await using port = new OpsPort({ token: TOKEN });
  const response = await fetch(`${port.admin.url}/`);
  assert((await response.text()).startsWith("<!DOCTYPE html>"));
  assertEquals(response.headers.get("x-content-type-options"), "nosniff");
  assert(response.headers.get("content-security-policy")!.includes("default-src 'none'"));
  assertEquals(await port.statusOf("GET / HTTP/1.1", "Host: evil.example"), 421);
  assertEquals(await port.statusOf("GET /nothing HTTP/1.1", "Host: evil.example"), 421);
});

Deno.test("a file of the dashboard that the client has is not sent again", async () => {
  await using port = new OpsPort();
  const first = await port.ask("/dashboard.js");
  const known = { "if-none-match": first.headers.get("etag")! };
  for (const method of ["GET", "HEAD"]) {
    const again = await port.ask("/dashboard.js", { method, headers: known });
    assertEquals([again.status, again.json], [304, ""], method);
    assertEquals(again.headers.get("etag"), known["if-none-match"]);
  }
  assertEquals((await port.ask("/dom.js", { headers: known })).status, 200);
  assertEquals((await port.ask("/dashboard.js", { method: "POST", headers: known })).status, 405);
});

Deno.test("HEAD gets what GET does, without the body", async () => {
  await using port = new OpsPort();
  for (const path of ["/", "/healthz", "/metrics", "/openapi.json", "/api/v1/connections"]) {
    const { status, json } = await port.ask(path, { method: "HEAD" });
    assertEquals([status, json], [200, ""], path);
  }
  assertEquals((await port.ask("/nothing", { method: "HEAD" })).status, 404);
});
