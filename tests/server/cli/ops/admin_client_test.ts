import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { AdminClient, AdminError } from "../../../../server/cli/ops/admin_client.ts";
import { startAdminPort } from "../../../helpers/admin_port.ts";
import { fakeConnections, FakeOperations } from "../../../helpers/fake_operations.ts";

const TOKEN = "a-token-of-some-length";
const NEVER = new AbortController().signal;
const GONE = "192.0.2.1:1-192.0.2.2:2";

function clientOf(place: string, token?: string): AdminClient {
  return new AdminClient({ url: new URL(`http://${place}/`), ...token !== undefined && { token } });
}

/** Some other server, which answers all with this. */
function stranger(answer: (request: Request) => Response | Promise<Response>) {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, answer);
  return {
    client: clientOf(`127.0.0.1:${server.addr.port}`),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

async function problem(asking: Promise<unknown>): Promise<AdminError> {
  return await assertRejects(() => asking, AdminError);
}

Deno.test("AdminClient asks for all that the ops port has", async () => {
  const operations = new FakeOperations(fakeConnections(3));
  await using port = startAdminPort(operations, TOKEN);
  const client = clientOf(port.place, TOKEN);
  const [first] = operations.connections;
  assertEquals((await client.snapshot()).sum.report.connections, 3);
  assertEquals((await client.host()).capacity.length, 2);
  assertEquals((await client.describe(first!.key)).id, 1);
  assertEquals((await client.fds({ flagged: true })).rows.length, 1);
  assertEquals((await client.closeOne(first!.key, { code: 4000, reason: "off" })).closed, 1);
  assertEquals((await client.closeMatching({}, { dryRun: true })).closed, 2);
  assertEquals((await client.drain(5_000)).phase, "draining");
  assertEquals((await client.drainProgress()).left, 2);
});

Deno.test("AdminClient.connections() follows the pages, and passes conditions on", async () => {
  const operations = new FakeOperations(fakeConnections(25));
  await using port = startAdminPort(operations);
  const client = clientOf(port.place);
  const keys = new Set<string>();
  let cursor: string | undefined;
  do {
    const page = await client.connections({ limit: 10, reverse: false }, cursor);
    for (const { key } of page.connections) keys.add(key);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  assertEquals(keys.size, 25);
  const some = await client.connections({ subprotocol: "", state: "open", reverse: true });
  assertEquals(some.matched, 13);
});

Deno.test("AdminClient says what to do about a token", async () => {
  await using port = startAdminPort(new FakeOperations(), TOKEN);
  const none = await problem(clientOf(port.place).snapshot());
  assertEquals(none.exitCode, 3);
  assertStringIncludes(none.message, "wants a token: give --token, --token-file or");
  const wrong = await problem(clientOf(port.place, "another").snapshot());
  assertEquals(
    [wrong.exitCode, wrong.message],
    [3, `The ops port at ${port.place} does not take this token`],
  );
});

Deno.test("AdminClient says how to start a server where there is none", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const place = `127.0.0.1:${listener.addr.port}`;
  listener.close();
  const { message, exitCode } = await problem(clientOf(place).snapshot());
  assertEquals([message, exitCode], [
    `Cannot reach the ops port at ${place}: connection refused. ` +
    `Is there a server, started with --admin ${place}?`,
    3,
  ]);
});

Deno.test("AdminClient tells what is missing from what is wrong and what failed", async () => {
  const operations = new FakeOperations();
  await using port = startAdminPort(operations);
  const client = clientOf(port.place);
  const missing = await problem(client.describe(GONE));
  assertEquals([missing.exitCode, missing.missing], [1, true]);
  assertEquals((await problem(client.closeOne(GONE, {}))).missing, true);
  assertEquals((await problem(client.tap(GONE, 0, NEVER).next())).missing, true);
  const wrong = await problem(client.connections({ source: "everywhere" }));
  assertEquals(wrong.exitCode, 2);
  assertStringIncludes(wrong.message, "source");
  operations.fault = new Error("secret");
  const failed = await problem(client.host());
  assertEquals([failed.exitCode, failed.message.includes("secret")], [1, false]);
});

for (
  const [name, answer, part] of [
    [
      "a page",
      () => new Response("<html>", { headers: { "content-type": "text/html" } }),
      "200 text/html",
    ],
    ["nothing", () => new Response(null, { status: 204 }), "received 204"],
    ["another kind of 404", () => new Response("no", { status: 404 }), "received 404 text/plain"],
    ["another place", () => Response.redirect("http://127.0.0.1:9/"), "received 302"],
    ["other JSON", () => Response.json({ hello: 1 }), "unexpected answer: at: "],
    [
      "broken JSON",
      () => new Response("{", { headers: { "content-type": "application/json" } }),
      "its answer is not JSON",
    ],
    [
      "too much",
      () =>
        new Response(" ".repeat(33 * 2 ** 20), { headers: { "content-type": "application/json" } }),
      "expected at most 33554432 bytes",
    ],
  ] as const
) {
  Deno.test(`AdminClient knows a server that is no ops port by ${name}`, async () => {
    await using other = stranger(answer);
    const { message, exitCode } = await problem(other.client.snapshot());
    assertEquals(exitCode, 3);
    assertStringIncludes(message, "is no ops port of this release: ");
    assertStringIncludes(message, part);
  });
}

Deno.test("AdminClient sends the token nowhere else", async () => {
  const seen: (string | null)[] = [];
  await using other = stranger((request) => {
    seen.push(request.headers.get("authorization"));
    return Response.redirect(new URL("/elsewhere", request.url));
  });
  await problem(other.client.snapshot());
  assertEquals(seen, [null]);
});

Deno.test("AdminClient.until() gives up what is under way", async () => {
  const operations = new FakeOperations();
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  operations.gate = gate;
  await using port = startAdminPort(operations);
  const stop = new AbortController();
  const asking = assertRejects(() => clientOf(port.place).until(stop.signal).host());
  stop.abort();
  await asking;
  open();
});

Deno.test("AdminClient.tap() shows frames until the end of the connection", async () => {
  const operations = new FakeOperations();
  await using port = startAdminPort(operations);
  const events = clientOf(port.place)
    .tap(operations.connections[0]!.key, 3, NEVER);
  const first = events.next();
  while (operations.taps.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  const [tap] = operations.taps;
  tap!.pushText("hello");
  const { value } = await first;
  assertEquals(value?.type === "frame" && value.text, "hel");
  tap!.push({ type: "end", at: 1, code: 1000, reason: "" });
  assertEquals((await events.next()).value?.type, "end");
  assertEquals((await events.next()).done, true);
  assertEquals(port.audit.map(({ action }) => action), ["tap.payload"]);
});

Deno.test("AdminClient.tap() refuses lines that are no events", async () => {
  const headers = { "content-type": "application/jsonl" };
  for (const body of ["nonsense\n", '{"type":"other"}\n', "1".repeat(70_000)]) {
    await using other = stranger(() => new Response(body, { headers }));
    const tap = other.client.tap(GONE, 0, NEVER);
    assertEquals((await problem(tap.next())).exitCode, 3);
  }
});
