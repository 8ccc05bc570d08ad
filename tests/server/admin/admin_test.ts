import type { z } from "@hono/zod-openapi";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { serve } from "../../../mod.ts";
import { type AdminOptions, startAdmin } from "../../../server/admin/admin.ts";
import * as schemas from "../../../server/admin/answer_schemas.ts";
import { FakeOperations } from "../../helpers/fake_operations.ts";
import { OpsPort, TOKEN } from "../../helpers/ops_port.ts";
import { Random } from "../../helpers/random.ts";
import { RawClient } from "../../helpers/raw_client.ts";

const OPTIONS: AdminOptions = {
  hostname: "127.0.0.1",
  port: 0,
  operations: new FakeOperations(),
  log: () => {},
  audit: () => {},
  logLevel: { get: () => "info", set: () => {} },
  version: "0",
};

Deno.test("startAdmin() wants a token where others can reach it", () => {
  for (const hostname of ["0.0.0.0", "::", "192.0.2.7", "ops.example"]) {
    assertThrows(() => startAdmin({ ...OPTIONS, hostname }), TypeError, "needs a token");
  }
  assertThrows(() => startAdmin({ ...OPTIONS, token: "" }), TypeError, "printable");
});

Deno.test("startAdmin() listens on others' addresses with a token", async () => {
  await using admin = startAdmin({ ...OPTIONS, hostname: "0.0.0.0", token: TOKEN });
  const response = await fetch(`http://127.0.0.1:${admin.addr.port}/api/v1/drain`);
  assertEquals([response.status, (await response.json()).status], [401, 401]);
});

Deno.test("startAdmin() listens on IPv6, and says where", async () => {
  await using admin = startAdmin({ ...OPTIONS, hostname: "::1" });
  assertEquals(admin.url, `http://[::1]:${admin.addr.port}`);
  const response = await fetch(`${admin.url}/healthz`);
  assertEquals(await response.json(), { status: "alive" });
});

Deno.test("startAdmin() throws when the port is taken", async () => {
  await using admin = startAdmin(OPTIONS);
  const { port } = admin.addr;
  assertThrows(() => startAdmin({ ...OPTIONS, port }), Deno.errors.AddrInUse);
});

Deno.test("the ops port lets no page elsewhere act", async () => {
  await using port = new OpsPort();
  const drain = async (...further: string[]) => {
    const head = ["POST /api/v1/drain HTTP/1.1", "Host: 127.0.0.1:6455", "Content-Length: 2"];
    return (await port.askRaw([...head, ...further], "{}")).status;
  };
  const json = "Content-Type: application/json";
  assertEquals(await drain(json, "Origin: http://evil.example"), 403);
  assertEquals(await drain(json, "Origin: http://127.0.0.1:3000"), 403);
  assertEquals(await drain(json, "Origin: null"), 403);
  assertEquals(await drain(json, "Sec-Fetch-Site: cross-site"), 403);
  assertEquals(await drain("Content-Type: text/plain"), 415);
  assertEquals(await drain(), 415);
  assertEquals(port.operations.callsOf("drain"), []);
  assertEquals(await drain(json, "Origin: http://127.0.0.1:6455"), 200);
  assertEquals(port.audits.all.map(({ outcome }) => outcome), [
    ...new Array(6).fill("refused"),
    "done",
  ]);
});

Deno.test("the ops port gives no other origin leave to read", async () => {
  await using port = new OpsPort();
  for (const path of ["/healthz", "/", "/openapi.json", "/api/v1/snapshot"]) {
    const { headers } = await port.ask(path, {
      headers: { origin: "http://evil.example" },
    });
    const names = [...headers.keys()];
    assertEquals(names.filter((name) => name.startsWith("access-control-")), []);
    assertEquals(headers.get("cross-origin-resource-policy"), "same-origin");
  }
});

Deno.test("the ops port bounds bodies", async () => {
  await using port = new OpsPort();
  const reason = "x".repeat(140_000);
  assertEquals((await port.ask("/api/v1/connections/close", { body: { reason } })).status, 413);
  const response = await port.askRaw([
    "POST /api/v1/drain HTTP/1.1",
    "Host: 127.0.0.1",
    "Content-Type: application/json",
    "Transfer-Encoding: chunked",
  ], `222e0\r\n${reason}\r\n0\r\n\r\n`);
  assertEquals(response.status, 413);
  assertEquals(port.audits.all.map(({ outcome }) => outcome), ["refused", "refused"]);
});

Deno.test("the ops port logs when the audit fails, and goes on", async () => {
  const port = new OpsPort();
  const admin = startAdmin({
    ...OPTIONS,
    log: port.book.log,
    audit: () => {
      throw new Error("the disk is full");
    },
  });
  const response = await fetch(`${admin.url}/api/v1/drain`, { method: "POST" });
  assertEquals((await response.json()).status, 415);
  assertEquals(port.book.entries("admin_fault").length, 1);
  await admin.close();
  await port.admin.close();
});

Deno.test("the ops port answers as it is described over a real server", async () => {
  await using server = serve({
    port: 0,
    hostname: "127.0.0.1",
    message: (connection, message) => void connection.send(message),
  });
  await using admin = startAdmin({ ...OPTIONS, operations: server.operations });
  using client = await RawClient.open(server.addr, "/chat?x=1");
  const get = async (path: string) => await (await fetch(`${admin.url}/api/v1/${path}`)).json();
  const keeps = (schema: z.ZodType, data: unknown) => assertEquals(schema.parse(data), data);
  const page = await get("connections?sort=rate");
  keeps(schemas.connectionsSchema, page);
  const [{ key }] = page.connections;
  keeps(schemas.descriptionSchema, await get(`connections/${key}`));
  keeps(schemas.snapshotSchema, await get("snapshot"));
  keeps(schemas.hostSchema, await get("host"));
  keeps(schemas.descriptorsSchema, await get("fds?limit=1000"));
  keeps(schemas.limitsSchema, await get("limits"));
  keeps(schemas.drainSchema, await get("drain"));
  const tap = await fetch(`${admin.url}/api/v1/connections/${key}/tap?payload=true`);
  await client.sendMessage("Hello");
  assertEquals(await client.message(), "Hello");
  const kicked = await fetch(`${admin.url}/api/v1/connections/${key}/close`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"code":4001,"reason":"Out"}',
  });
  assertEquals(await kicked.json(), { closed: 1, examples: [key] });
  assertEquals(await client.closeFrame(), { code: 4001, reason: "Out" });
  await client.sendClose(4001);
  const events = (await tap.text()).trimEnd().split("\n").map((line) => JSON.parse(line));
  for (const event of events) keeps(schemas.tapEventSchema, event);
  assertEquals(events.map(({ direction, name, type }) => `${direction} ${name ?? type}`), [
    "in text",
    "out text",
    "out close",
    "in close",
    "undefined end",
  ]);
});

/** What the ops port may say to nonsense. */
const REFUSALS = [400, 401, 403, 404, 405, 413, 415, 421, 426];

const PIECES = [
  "/",
  "api",
  "v1",
  "connections",
  "close",
  "tap",
  "ping",
  "fds",
  "drain",
  "log-level",
  "limits",
  "live",
  "healthz",
  "127.0.0.1:1-127.0.0.1:2",
  "[::1]:1-[::1]:2",
  "..",
  ".",
  "%2e%2e",
  "%00",
  "%",
  "%zz",
  "%ff",
  "%252f",
  "\\",
  ";",
  "{key}",
  ":key",
  "*",
  "__proto__",
  "constructor",
  "?",
  "&",
  "=",
  "limit",
  "1000",
  "-1",
  "1e9",
  "cursor",
  "WzAsMCwxXQ",
  "W10",
  "sort",
  "age",
  "payload",
  "true",
  "source",
  "0.0.0.0/0",
  "x".repeat(500),
];

Deno.test("the ops port answers nonsense with problems alone, and does nothing", async () => {
  await using port = new OpsPort();
  const random = new Random(20_261_120);
  const bodies = ["", "{", "[]", "null", "0", '"x"', '{"__proto__":{"all":true}}', '{"match":[]}'];
  for (let round = 0; round < 1_500; round++) {
    const length = random.below(6);
    const start = random.pick(["/", "/api/v1/", "/api/v1/connections/", "/api/v1/connections?"]);
    const join = start.endsWith("?") ? "" : random.pick(["/", ""]);
    const target = start + Array.from({ length }, () => random.pick(PIECES)).join(join);
    const method = random.pick([
      "GET",
      "POST",
      "PUT",
      "PATCH",
      "DELETE",
      "OPTIONS",
      "TRACE",
      "FOO",
    ]);
    const body = random.pick(bodies);
    const { status, headers, body: text } = await port.askRaw([
      `${method} ${target} HTTP/1.1`,
      "Host: 127.0.0.1",
      ...body === "" ? [] : [`Content-Length: ${body.length}`],
      random.pick(["Content-Type: application/json", "Content-Type: text/html", "Accept: */*"]),
      random.pick(["X: y", "X: y", "X: y", "Origin: null", "Authorization: Bearer x"]),
    ], body);
    const name = `${method} ${target} ${body}: ${status}`;
    if (status === 200) {
      assertEquals(method, "GET", name);
      continue;
    }
    assert(REFUSALS.includes(status), name);
    assertEquals(headers.get("content-type"), "application/problem+json", name);
    assertEquals(JSON.parse(text).status, status, name);
  }
  assertEquals(port.book.entries(), []);
  const done = port.operations.calls.map(({ name }) => name);
  for (const name of ["close", "reconfigure", "drain", "tap"]) {
    assert(!done.includes(name as never));
  }
  assert(port.audits.all.every(({ outcome }) => outcome === "refused"));
});
