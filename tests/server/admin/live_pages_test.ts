import { assert, assertEquals } from "@std/assert";
import { LivePages } from "../../../server/admin/live_pages.ts";
import { problemOf } from "../../../server/admin/problem.ts";
import { Snapshots } from "../../../server/admin/snapshots.ts";
import { until } from "../../helpers/events.ts";
import { FakeOperations } from "../../helpers/fake_operations.ts";
import { RawClient } from "../../helpers/raw_client.ts";

/** What a page offers. */
const LIVE = "Sec-WebSocket-Protocol: fourtuple.live";

/** Pages on a port. */
class Port implements AsyncDisposable {
  readonly operations = new FakeOperations();
  readonly faults: unknown[] = [];
  readonly pages: LivePages;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #abort = new AbortController();

  accepted = 0;

  constructor(
    times: { interval?: number; openTimeout?: number } = {},
    before: () => Promise<void> = () => Promise.resolve(),
  ) {
    this.pages = new LivePages({
      snapshots: new Snapshots(this.operations),
      fault: (error) => void this.faults.push(error),
      ...times,
    });
    const { signal } = this.#abort;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, signal, onListen: () => {} },
      async (request) => {
        await before();
        try {
          const response = this.pages.accept(request);
          this.accepted++;
          return response;
        } catch (error) {
          return problemOf(error).response();
        }
      },
    );
  }

  async open(): Promise<RawClient> {
    const client = await this.connect();
    const { headers } = await client.upgrade("/", LIVE);
    assertEquals(headers.get("sec-websocket-protocol"), "fourtuple.live");
    return client;
  }

  /** The status that a request for an upgrade with this line gets. */
  async statusOf(line: string): Promise<number> {
    using client = await this.connect();
    await client.sendUpgrade("/", line);
    return (await client.head()).status;
  }

  connect(): Promise<RawClient> {
    return RawClient.connect(this.#server.addr);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.pages.close();
    this.#abort.abort();
    await this.#server.finished;
    assertEquals(this.pages.size, 0);
  }
}

/** An interval that no test waits for. */
const NEVER = 1_000_000;

async function snapshotOf(client: RawClient): Promise<number> {
  return JSON.parse(await client.message() as string).at;
}

Deno.test("LivePages gives a page a snapshot at once, and then again and again", async () => {
  await using port = new Port({ interval: 1 });
  using client = await port.open();
  assertEquals(await snapshotOf(client), port.operations.now);
  port.operations.now++;
  await until("a new one comes", async () => await snapshotOf(client) === port.operations.now);
});

Deno.test("LivePages does nothing while there is no page", async () => {
  await using port = new Port({ interval: 1 });
  const client = await port.open();
  await client.message();
  client.close();
  await until("the page is forgotten", () => port.pages.size === 0);
  const { length } = port.operations.calls;
  // Another timer of the same length, begun later, is over later.
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve, 1));
  assertEquals(port.operations.calls.length, length);
});

Deno.test("LivePages goes on for the pages that stay when one leaves", async () => {
  await using port = new Port({ interval: 1 });
  using staying = await port.open();
  const leaving = await port.open();
  leaving.close();
  await until("one is forgotten", () => port.pages.size === 1);
  port.operations.now++;
  await until("a new one comes", async () => await snapshotOf(staying) === port.operations.now);
});

Deno.test("LivePages has all pages share a snapshot", async () => {
  await using port = new Port({ interval: NEVER });
  const gate = Promise.withResolvers<void>();
  port.operations.gate = gate.promise;
  using one = await port.open();
  using two = await port.open();
  await until("both are there", () => port.pages.size === 2);
  gate.resolve();
  assertEquals(await snapshotOf(one), await snapshotOf(two));
  assertEquals(port.operations.calls.length, 1);
});

Deno.test("LivePages refuses a 17th page with 429, before the switch", async () => {
  await using port = new Port({ interval: NEVER });
  const clients: RawClient[] = [];
  for (let i = 0; i < 16; i++) {
    clients.push(await port.open());
    await clients[i]!.message();
  }
  assertEquals(await port.statusOf(LIVE), 429);
  assertEquals(port.pages.size, 16);
  clients[0]!.close();
  await until("a place is free", () => port.pages.size === 15);
  assertEquals(await port.statusOf(LIVE), 101);
  for (const client of clients) client.close();
});

Deno.test("LivePages closes a page with 1008 that talks, and keeps its place until it has gone", async () => {
  await using port = new Port({ interval: NEVER });
  for (const message of ["Hello", '{"token":"left over"}', new Uint8Array(3)]) {
    using client = await port.open();
    await client.message();
    await client.sendMessage(message);
    const { code, reason } = await client.closeFrame();
    assertEquals([code, reason], [1008, "A page has nothing to say"]);
    assertEquals(port.pages.size, 1);
    await client.sendClose(1008);
    await until("it has gone", () => port.pages.size === 0);
  }
});

Deno.test("LivePages forgets a page that has gone before the switch", async () => {
  const upgrading = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  await using port = new Port({ interval: NEVER, openTimeout: 1 }, async () => {
    upgrading.resolve();
    await gone.promise;
  });
  const client = await port.connect();
  await client.sendUpgrade("/", LIVE);
  await upgrading.promise;
  client.close();
  gone.resolve();
  await until("it was taken on", () => port.accepted === 1);
  await until("it is forgotten", () => port.pages.size === 0);
});

Deno.test("LivePages forgets a page that does not open in time", async () => {
  const { upgradeWebSocket } = Deno;
  const socket = new EventTarget() as WebSocket;
  Deno.upgradeWebSocket = () => ({ socket, response: new Response() });
  try {
    await using port = new Port({ interval: NEVER, openTimeout: 1 });
    const headers = { upgrade: "websocket", "sec-websocket-protocol": "fourtuple.live" };
    port.pages.accept(new Request("http://localhost/", { headers }));
    assertEquals(port.pages.size, 1);
    await until("it is forgotten", () => port.pages.size === 0);
  } finally {
    Deno.upgradeWebSocket = upgradeWebSocket;
  }
});

Deno.test("LivePages sends no further snapshot to a page that has not taken the last", async () => {
  await using port = new Port({ interval: 1 });
  // Far more than sockets hold.
  const { snapshot } = port.operations;
  const large = "x".repeat(16 * 2 ** 20);
  let taken = 0;
  port.operations.snapshot = async () => {
    taken++;
    return { ...await snapshot.call(port.operations), large };
  };
  using slow = await port.open();
  await until("many were taken", () => taken > 10);
  const first = await slow.message() as string;
  assertEquals(JSON.parse(first).large.length, large.length);
  // One may have been on its way; the memory of ten would be here.
  assert(taken > 10);
  port.pages.close();
  let further = 0;
  for (let frame = await slow.frame(); frame?.opcode === 1; frame = await slow.frame()) further++;
  assert(further < 5, `${further} further ones came`);
});

Deno.test("LivePages goes on after a snapshot that could not be taken", async () => {
  await using port = new Port({ interval: 1 });
  port.operations.fault = new Error("no descriptor");
  using client = await port.open();
  await until("it was told", () => port.faults.length > 0);
  port.operations.fault = undefined;
  assert(await snapshotOf(client) > 0);
});

Deno.test("LivePages.accept() says 426 to what is no opening handshake", async () => {
  await using port = new Port();
  const lines = ["GET / HTTP/1.1", "Host: a", "Connection: Upgrade, close"];
  for (const further of [[], ["Upgrade: h2c"], ["Upgrade: websocket", LIVE]]) {
    using client = await port.connect();
    await client.sendHead([...lines, ...further]);
    assertEquals((await client.head()).status, 426, further.join());
  }
});

Deno.test("LivePages.accept() wants its subprotocol", async () => {
  await using port = new Port({ interval: NEVER });
  assertEquals(await port.statusOf("X: y"), 400);
  assertEquals(await port.statusOf("Sec-WebSocket-Protocol: fourtuple.live2, token.eA"), 400);
  assertEquals(await port.statusOf("Sec-WebSocket-Protocol: token.eA , fourtuple.live"), 101);
});

Deno.test("LivePages.close() closes all pages with 1001", async () => {
  await using port = new Port({ interval: NEVER });
  using client = await port.open();
  await client.message();
  port.pages.close();
  assertEquals((await client.closeFrame()).code, 1001);
});
