import { assert, assertEquals } from "@std/assert";
import { fakeConnections, FakeOperations } from "../../helpers/fake_operations.ts";
import { OpsPort } from "../../helpers/ops_port.ts";

const PATH = "/api/v1/connections";
const NOBODY = "192.0.2.9:1-192.0.2.9:2";

function manyConnections(count: number): FakeOperations {
  return new FakeOperations(fakeConnections(count));
}

Deno.test("GET connections pages through 10,000 without missing one", async () => {
  await using port = new OpsPort({ operations: manyConnections(10_000) });
  for (const order of ["", "&sort=queued", "&sort=roundTrip&reverse=true", "&sort=rate"]) {
    const ids = new Set<number>();
    let pages = 0;
    let cursor = "";
    do {
      const { json } = await port.ask(`${PATH}?limit=1000${order}${cursor}`);
      assertEquals([json.matched, json.total], [10_000, 10_000]);
      for (const { id } of json.connections) ids.add(id);
      pages++;
      cursor = json.next === null ? "" : `&cursor=${json.next}`;
    } while (cursor !== "");
    assertEquals([ids.size, pages], [10_000, 10], order);
  }
});

Deno.test("GET connections hands filter and order over", async () => {
  await using port = new OpsPort();
  const query = "source=127.0.0.0%2F8&path=%2F&subprotocol=&state=open&worker=3&limit=5";
  const { status, json } = await port.ask(`${PATH}?${query}&sort=idle&reverse=true`);
  assertEquals([status, json], [200, { connections: [], matched: 0, total: 10, next: null }]);
  assertEquals(port.operations.callsOf("query")[0]!.args, [{
    source: "127.0.0.0/8",
    path: "/",
    subprotocol: "",
    state: "open",
    worker: 3,
    limit: 5,
    sort: "idle",
    reverse: true,
  }]);
  await port.ask(`${PATH}?key=${port.operations.connections[0]!.key}`);
  assertEquals(port.operations.callsOf("query")[1]!.args, [
    { key: port.operations.connections[0]!.key },
  ]);
});

Deno.test("GET connections refuses a query that is wrong", async () => {
  await using port = new OpsPort();
  const { status, json } = await port.ask(`${PATH}?limit=0&sort=name&cursor=x&page=2`);
  assertEquals(status, 400);
  assertEquals(json.errors.map(({ where }: { where: string }) => where).sort(), [
    "query.cursor",
    "query.limit",
    "query.page",
    "query.sort",
  ]);
  assertEquals(port.operations.calls, []);
});

Deno.test("GET connections/{key} describes a connection, in any spelling of its key", async () => {
  await using port = new OpsPort();
  const { key } = port.operations.connections[0]!;
  for (const spelling of [key, encodeURIComponent(key)]) {
    const { status, json } = await port.ask(`${PATH}/${spelling}`);
    assertEquals([status, json.key, json.kernel.descriptor], [200, key, 11]);
  }
  assertEquals((await port.ask(`${PATH}/${NOBODY}`)).status, 404);
  assertEquals((await port.ask(`${PATH}/[::1]:5-[::1]:6`)).status, 404);
  for (const none of ["x", "1.2.3.4:5", "1.2.3.4:99999-1.2.3.4:1", "%00", "%ff", "%"]) {
    assertEquals((await port.ask(`${PATH}/${none}`)).status, 400, none);
  }
});

Deno.test("POST connections/{key}/close closes one, and is audited", async () => {
  await using port = new OpsPort();
  const { key } = port.operations.connections[0]!;
  const body = { code: 4_000, reason: "Bye" };
  const { status, json } = await port.ask(`${PATH}/${key}/close`, { body });
  assertEquals([status, json], [200, { closed: 1, examples: [key] }]);
  assertEquals(port.operations.callsOf("close")[0]!.args, [{ key }, body]);
  const entry = await port.audits.next();
  assertEquals([entry.action, entry.outcome], ["connections.close", "done"]);
  assertEquals([entry.target, entry.result], [{ key, ...body }, json]);
  assert(entry.who.address.startsWith("127.0.0.1:"));
  // Gone, and never there.
  for (const other of [key, NOBODY]) {
    assertEquals((await port.ask(`${PATH}/${other}/close`, { body: {} })).status, 404);
    const { outcome, target } = await port.audits.next();
    assertEquals([outcome, target], ["refused", { key: other }]);
  }
});

Deno.test("POST connections/{key}/close is done when the connection closes already", async () => {
  await using port = new OpsPort({ operations: manyConnections(50) });
  const closing = port.operations.connections.find(({ state }) => state === "closing")!;
  const { status, json } = await port.ask(`${PATH}/${closing.key}/close`, { body: {} });
  assertEquals([status, json], [200, { closed: 0, examples: [] }]);
});

Deno.test("POST connections/close closes what matches, and says so first on a dry run", async () => {
  await using port = new OpsPort({ operations: manyConnections(100) });
  const match = { subprotocol: "chat.v1", path: "/" };
  const dry = await port.ask(`${PATH}/close`, { body: { match, dryRun: true } });
  assertEquals([dry.status, port.operations.connections.length], [200, 100]);
  assert(dry.json.closed > 0 && dry.json.examples.length === 10);
  const done = await port.ask(`${PATH}/close`, { body: { match, code: 1012 } });
  assertEquals(done.json, dry.json);
  assertEquals(port.audits.all.map(({ action }) => action), [
    "connections.close.dry-run",
    "connections.close",
  ]);
  assertEquals(port.operations.connections.length, 100 - dry.json.closed);
  assertEquals(port.operations.callsOf("close")[1]!.args, [match, { code: 1012 }]);
  assertEquals(port.audits.all.map(({ outcome }) => outcome), ["done", "done"]);
});

Deno.test("POST connections/close closes those that are named, in one request", async () => {
  await using port = new OpsPort({ operations: manyConnections(2_000) });
  // As long as they can be.
  const others = Array.from(
    { length: 998 },
    (_, at) => `[2001:db8:1111:2222:3333:4444:5555:6666]:${60_000 + at}-[2001:db8::1]:60000`,
  );
  const keys = port.operations.connections.slice(0, 2).map(({ key }) => key);
  const body = { match: { keys: [...keys, ...others] }, code: 4_000 };
  const dry = await port.ask(`${PATH}/close`, { body: { ...body, dryRun: true } });
  const done = await port.ask(`${PATH}/close`, { body });
  for (const { status, json } of [dry, done]) {
    assertEquals([status, json], [200, { closed: 2, examples: keys }]);
  }
  assertEquals(port.operations.connections.length, 1_998);
  assertEquals(port.operations.callsOf("close")[1]!.args, [body.match, { code: 4_000 }]);
  assertEquals(port.audits.all.map(({ action, target }) => ({ action, target })), [
    { action: "connections.close.dry-run", target: { ...body, dryRun: true } },
    { action: "connections.close", target: body },
  ]);
});

Deno.test("POST connections/close names the 4-tuple that is none, and closes nobody", async () => {
  await using port = new OpsPort();
  const { key } = port.operations.connections[0]!;
  const body = { match: { keys: [key, "1.2.3.4:5", key, "nonsense"] } };
  const { status, headers, json } = await port.ask(`${PATH}/close`, { body });
  assertEquals([status, headers.get("content-type")], [400, "application/problem+json"]);
  assertEquals(json.errors.map(({ where }: { where: string }) => where), [
    "body.match.keys.1",
    "body.match.keys.3",
  ]);
  const tooMany = { match: { keys: new Array(1_001).fill(key) } };
  const refused = await port.ask(`${PATH}/close`, { body: tooMany });
  assertEquals([refused.status, refused.json.errors], [400, [
    { where: "body.match.keys", message: "Expected at most 1000 entries" },
  ]]);
  assertEquals(port.operations.calls, []);
  assertEquals(port.audits.all.map(({ outcome }) => outcome), ["refused", "refused"]);
});

Deno.test("POST connections/close closes nobody without a condition, and all only by name", async () => {
  await using port = new OpsPort();
  for (const body of [{}, { match: {} }, { all: false }, { match: { souce: "::1" } }]) {
    assertEquals((await port.ask(`${PATH}/close`, { body })).status, 400);
  }
  assertEquals(port.operations.calls, []);
  assertEquals(port.audits.all.map(({ outcome }) => outcome), new Array(4).fill("refused"));
  assertEquals((await port.ask(`${PATH}/close`, { body: { all: true } })).json.closed, 10);
});

Deno.test("POST connections/{key}/ping tells the round trip, or why there is none", async () => {
  await using port = new OpsPort();
  const { key } = port.operations.connections[0]!;
  assertEquals((await port.ask(`${PATH}/${key}/ping`, { body: {} })).json, { roundTrip: 1.5 });
  port.operations.pingOutcome = { failure: "unanswered" };
  const { json } = await port.ask(`${PATH}/${key}/ping`, { body: {} });
  assertEquals(json, { failure: "unanswered" });
  assertEquals((await port.ask(`${PATH}/${NOBODY}/ping`, { body: {} })).status, 404);
  assertEquals(port.audits.all.map(({ action, outcome }) => `${action} ${outcome}`), [
    "connections.ping done",
    "connections.ping done",
    "connections.ping refused",
  ]);
});

async function openTap(port: OpsPort, query = "", accept?: string): Promise<Response> {
  const { key } = port.operations.connections[0]!;
  return await fetch(`${port.admin.url}${PATH}/${key}/tap${query}`, {
    ...accept !== undefined && { headers: { accept } },
  });
}

Deno.test("GET tap shows frames without payload, and is not audited for that", async () => {
  await using port = new OpsPort();
  const response = await openTap(port);
  assertEquals(response.headers.get("content-type"), "application/jsonl");
  const tap = port.operations.taps[0]!;
  assertEquals(tap.options, {});
  tap.pushText("secret");
  tap.push({ type: "end", at: 0, code: 1000, reason: "" });
  const lines = (await response.text()).trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines.map(({ type, hex }) => [type, hex]), [["frame", undefined], [
    "end",
    undefined,
  ]]);
  assertEquals(port.audits.all, []);
});

Deno.test("GET tap shows payload when asked to, and is audited for that", async () => {
  await using port = new OpsPort();
  const response = await openTap(port, "?payload=true&bytes=3");
  port.operations.taps[0]!.pushText("secret");
  const reader = response.body!.getReader();
  const line = JSON.parse(new TextDecoder().decode((await reader.read()).value));
  assertEquals([line.text, line.length], ["sec", 6]);
  const { action, target, outcome } = await port.audits.next();
  const { key } = port.operations.connections[0]!;
  assertEquals([action, outcome], ["tap.payload", "done"]);
  assertEquals(target, { key, payload: true, bytes: 3 });
  await reader.cancel();
  await port.operations.taps[0]!.cancelled;
  await (await openTap(port, "?payload=true")).body!.cancel();
  assertEquals(port.operations.taps[1]!.options, { payloadBytes: 64 });
});

Deno.test("GET tap writes server-sent events only to who prefers them by name", async () => {
  await using port = new OpsPort();
  const types: [string | undefined, string][] = [
    ["text/event-stream", "text/event-stream"],
    ["text/event-stream, application/jsonl;q=0.5", "text/event-stream"],
    ["application/jsonl, text/event-stream;q=0.5", "application/jsonl"],
    ["*/*", "application/jsonl"],
    ["text/html;q=x,,;", "application/jsonl"],
    [undefined, "application/jsonl"],
  ];
  for (const [accept, type] of types) {
    const response = await openTap(port, "", accept);
    assertEquals(response.headers.get("content-type"), type, accept);
    await response.body!.cancel();
    await port.operations.taps.at(-1)!.cancelled;
  }
});

Deno.test("GET tap is refused when there are too many, or no such connection", async () => {
  await using port = new OpsPort();
  const opened = await Promise.all([1, 2, 3, 4].map(() => openTap(port)));
  const { status, headers } = await port.ask(
    `${PATH}/${port.operations.connections[0]!.key}/tap?payload=true`,
  );
  assertEquals([status, headers.get("retry-after")], [429, "1"]);
  assertEquals((await port.ask(`${PATH}/${NOBODY}/tap?payload=true`)).status, 404);
  assertEquals((await port.ask(`${PATH}/${NOBODY}/tap?payload=true&bytes=0`)).status, 400);
  assertEquals(port.audits.all.map(({ action, outcome }) => `${action} ${outcome}`), [
    "tap.payload refused",
    "tap.payload refused",
    "tap.payload refused",
  ]);
  for (const { body } of opened) await body!.cancel();
});

Deno.test("GET tap opens 16 at most, whatever the server would take", async () => {
  await using port = new OpsPort();
  port.operations.maxTaps = 1_000;
  const opened = await Promise.all(Array.from({ length: 16 }, () => openTap(port)));
  const refused = await openTap(port);
  assertEquals([refused.status, (await refused.json()).title], [429, "Too Many Requests"]);
  await port.operations.taps[16]!.cancelled;
  await opened[0]!.body!.cancel();
  await port.operations.taps[0]!.cancelled;
  const again = await openTap(port);
  assertEquals(again.status, 200);
  for (const { body } of [again, ...opened.slice(1)]) await body!.cancel();
});

Deno.test("HEAD tap opens none", async () => {
  await using port = new OpsPort();
  const { key } = port.operations.connections[0]!;
  assertEquals((await port.ask(`${PATH}/${key}/tap?payload=true`, { method: "HEAD" })).status, 200);
  assertEquals((await port.ask(`${PATH}/${NOBODY}/tap`, { method: "HEAD" })).status, 404);
  assertEquals([port.operations.taps, port.audits.all], [[], []]);
});
