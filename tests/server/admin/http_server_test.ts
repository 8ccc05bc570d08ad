import { assert, assertEquals } from "@std/assert";
import { addressText, serveHttp } from "../../../server/admin/http_server.ts";
import { until } from "../../helpers/events.ts";
import { OpsPort, TOKEN } from "../../helpers/ops_port.ts";
import { RawClient } from "../../helpers/raw_client.ts";

Deno.test("serveHttp() looks at the Host as it came", async () => {
  await using port = new OpsPort();
  const status = (...hosts: string[]) =>
    port.statusOf("GET /openapi.json HTTP/1.1", ...hosts.map((host) => `Host: ${host}`));
  const { port: number } = port.admin.addr;
  for (const host of ["127.0.0.1", `[::1]:${number}`, "localhost", "LocalHost:1", "192.0.2.7"]) {
    assertEquals(await status(host), 200, host);
  }
  for (
    const host of ["evil.example", `evil.example:${number}`, "127.0.0.1.evil.example", "127.1"]
  ) {
    assertEquals(await status(host), 421, host);
  }
  const malformed = ["", "a b", "[::1", "[::1%25lo]", "127.0.0.1@evil.example", "127.0.0.1/", "é"];
  for (const host of [...malformed, "127.0.0.1:99999", "127.0.0.1#"]) {
    assertEquals(await status(host), 400, host);
  }
  assertEquals(await status(), 400);
  assertEquals(await status("127.0.0.1", "evil.example"), 400);
  assertEquals(await port.statusOf("GET /openapi.json HTTP/1.0"), 400);
  assertEquals(port.book.entries(), []);
});

Deno.test("serveHttp() answers probes by whatever name, and by none", async () => {
  await using port = new OpsPort({ token: TOKEN });
  for (const path of ["/healthz", "/readyz"]) {
    assertEquals(await port.statusOf(`GET ${path} HTTP/1.1`, "Host: fourtuple:6455"), 200);
    assertEquals(await port.statusOf(`HEAD ${path} HTTP/1.1`, "Host: fourtuple:6455"), 200);
    assertEquals(await port.statusOf(`GET ${path} HTTP/1.0`), 200);
    assertEquals(await port.statusOf(`GET ${path} HTTP/1.1`, "Host: a b"), 400);
  }
});

Deno.test("serveHttp() answers who shows the token by whatever name, but no page elsewhere", async () => {
  await using port = new OpsPort({ token: TOKEN, hosts: ["ops.example"] });
  const token = `Authorization: Bearer ${TOKEN}`;
  const metrics = (...lines: string[]) => port.statusOf("GET /metrics HTTP/1.1", ...lines);
  const named = "Host: fourtuple:6455";
  assertEquals(await metrics(named, token), 200);
  assertEquals(await port.statusOf("GET /metrics HTTP/1.0", token), 200);
  assertEquals(await metrics(named), 401);
  assertEquals(await metrics(named, "Authorization: Bearer wrong"), 401);
  // A proxy may have added the token for whoever has its cookie.
  assertEquals(await metrics(named, token, "Cookie: session=1"), 421);
  assertEquals(await metrics("Host: ops.example:6455", token, "Cookie: session=1"), 200);
  assertEquals(await metrics(named, token, "Sec-Fetch-Site: cross-site"), 403);
  const patch = async (...lines: string[]) => {
    const head = ["PATCH /api/v1/limits HTTP/1.1", "Content-Type: application/json"];
    const body = '{"connections":5}';
    const length = `Content-Length: ${body.length}`;
    return (await port.askRaw([...head, length, token, ...lines], body)).status;
  };
  // As it comes where a proxy has put our address for the name that the page has.
  const rewritten = ["Host: 127.0.0.1:6455", "Origin: https://ops.example"];
  assertEquals(await patch(...rewritten), 200);
  assertEquals(await patch(...rewritten, "Cookie: session=1"), 200);
  const cookie = [...rewritten.slice(0, 1), "Cookie: session=1"];
  assertEquals(await patch(...cookie, "Origin: https://evil.example"), 403);
  assertEquals(await patch(...cookie, "Origin: https://ops.example:3000"), 403);
});

Deno.test("serveHttp() lets no page of another origin watch, though a proxy adds the token", async () => {
  await using port = new OpsPort({ token: TOKEN });
  const live = (origin: string) =>
    port.statusOf(
      "GET /api/v1/live HTTP/1.1",
      "Host: 127.0.0.1:6455",
      `Authorization: Bearer ${TOKEN}`,
      "Upgrade: websocket",
      `Origin: ${origin}`,
    );
  assertEquals(await live("https://evil.example"), 403);
  assertEquals(await live("http://127.0.0.1:6455"), 400); // for want of the subprotocol
});

Deno.test("serveHttp() is not to be talked round by an absolute target", async () => {
  await using port = new OpsPort();
  const ask = (target: string, host: string) =>
    port.statusOf(`GET ${target} HTTP/1.1`, `Host: ${host}`);
  assertEquals(await ask("http://127.0.0.1/openapi.json", "evil.example"), 421);
  assertEquals(await ask("http://evil.example/openapi.json", "127.0.0.1"), 200);
  for (const target of ["http://1.2.3.4.5/openapi.json", "http://[/", "http://a:99999/"]) {
    assertEquals(await ask(target, "127.0.0.1"), 400, target);
  }
  assertEquals(port.book.entries(), []);
  assertEquals(await port.statusOf("CONNECT 127.0.0.1:80 HTTP/1.1", "Host: 127.0.0.1"), 405);
});

Deno.test("serveHttp() sets safe headers on all answers", async () => {
  await using port = new OpsPort();
  const { url } = port.admin;
  for (const path of ["/healthz", "/nothing", "/api/v1/limits", "/api/v1/connections?limit=0"]) {
    const { headers } = await port.ask(path);
    assertEquals(headers.get("x-content-type-options"), "nosniff");
    assertEquals(headers.get("referrer-policy"), "no-referrer");
    assertEquals(headers.get("cache-control"), "no-store");
  }
  const raw = await port.askRaw(["GET / HTTP/1.1", "Host: evil.example"]);
  assertEquals(raw.headers.get("x-content-type-options"), "nosniff");
  assert(url.startsWith("http://127.0.0.1:"));
});

Deno.test("serveHttp() answers 503 to more than 64 requests at once, but answers probes", async () => {
  await using port = new OpsPort();
  const gate = Promise.withResolvers<void>();
  port.operations.gate = gate.promise;
  const asked = Array.from({ length: 64 }, () => port.ask("/api/v1/limits"));
  await until("all are under way", () => port.operations.calls.length === 64);
  const { status, headers } = await port.ask("/api/v1/limits");
  assertEquals([status, headers.get("retry-after")], [503, "1"]);
  assertEquals((await port.ask("/healthz")).status, 200);
  const ready = port.ask("/readyz");
  gate.resolve();
  assertEquals((await ready).status, 200);
  for (const answer of asked) assertEquals((await answer).status, 200);
  assertEquals((await port.ask("/api/v1/limits")).status, 200);
});

Deno.test("HttpServer.close() ends pages and taps, and waits for nobody who only keeps a connection", async () => {
  const port = new OpsPort();
  const { addr, url } = port.admin;
  const { key } = port.operations.connections[0]!;
  using page = await RawClient.connect(addr);
  await page.upgrade("/api/v1/live", "Sec-WebSocket-Protocol: fourtuple.live");
  await page.message();
  const tap = await fetch(`${url}/api/v1/connections/${key}/tap`);
  using silent = await RawClient.connect(addr);
  using half = await RawClient.connect(addr);
  await half.send("GET /healthz HTTP/1.1\r\n");
  using kept = await RawClient.connect(addr);
  await kept.sendHead(["GET /healthz HTTP/1.1", "Host: 127.0.0.1"]);
  await kept.head();
  await port.admin.close();
  assertEquals(await tap.text(), "");
  assertEquals((await page.closeFrame()).code, 1001);
  for (const client of [silent, half, kept]) await client.gone();
  await port.admin.close();
});

Deno.test("HttpServer.close() lets answers be sent that are under way", async () => {
  const port = new OpsPort();
  const gate = Promise.withResolvers<void>();
  port.operations.gate = gate.promise;
  const asked = port.ask("/api/v1/drain", { body: {} });
  await until("it is under way", () => port.operations.calls.length === 1);
  const closed = port.admin.close();
  gate.resolve();
  assertEquals((await asked).status, 200);
  await closed;
});

Deno.test("serveHttp() tells a fault of the routes to nobody but the operator", async () => {
  const faults: unknown[] = [];
  const bug = new Error("secret");
  const server = serveHttp({
    hostname: "127.0.0.1",
    port: 0,
    app: { fetch: () => Promise.reject(bug) },
    fault: (error) => void faults.push(error),
    end: () => Promise.resolve(),
  });
  const response = await fetch(`http://${addressText(server.addr)}/`);
  const { status, detail } = await response.json();
  assertEquals([status, detail], [500, "The server met a fault of its own"]);
  assertEquals(faults, [bug]);
  await server.close();
});
