import { assert, assertEquals } from "@std/assert";
import { TokenCheck } from "../../../server/admin/auth.ts";
import { LivePages } from "../../../server/admin/live_pages.ts";
import { problemOf } from "../../../server/admin/problem.ts";
import { Snapshots } from "../../../server/admin/snapshots.ts";
import { until } from "../../helpers/events.ts";
import { FakeOperations } from "../../helpers/fake_operations.ts";
import { TOKEN } from "../../helpers/ops_port.ts";
import { RawClient } from "../../helpers/raw_client.ts";

/** Pages on a port. */
class Port implements AsyncDisposable {
  readonly operations = new FakeOperations();
  readonly faults: unknown[] = [];
  readonly pages: LivePages;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #abort = new AbortController();

  constructor(
    { token, ...times }: { token?: string; interval?: number; tokenTimeout?: number } = {},
  ) {
    this.pages = new LivePages({
      snapshots: new Snapshots(this.operations),
      token: new TokenCheck(token),
      fault: (error) => void this.faults.push(error),
      ...times,
    });
    const { signal } = this.#abort;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, signal, onListen: () => {} },
      (request) => {
        try {
          return this.pages.accept(request);
        } catch (error) {
          return problemOf(error).response();
        }
      },
    );
  }

  open(): Promise<RawClient> {
    return RawClient.open(this.#server.addr);
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

Deno.test("LivePages wants the token first where there is one", async () => {
  await using port = new Port({ token: TOKEN, interval: NEVER });
  using client = await port.open();
  await client.sendMessage(JSON.stringify({ token: TOKEN }));
  assertEquals(await snapshotOf(client), port.operations.now);
});

Deno.test("LivePages turns a page away with 1008 that shows another token", async () => {
  await using port = new Port({ token: TOKEN, interval: NEVER });
  const wrong = [
    '{"token":"wrong"}',
    `{"token":"${TOKEN}x"}`,
    '{"token":1}',
    "{}",
    "null",
    "[",
    TOKEN,
    new TextEncoder().encode(JSON.stringify({ token: TOKEN })),
    `{"token":"${"x".repeat(2_000)}"}`,
  ];
  for (const message of wrong) {
    using client = await port.open();
    await client.sendMessage(message);
    const { code, reason } = await client.closeFrame();
    assertEquals([code, reason], [1008, "The token is wrong"]);
  }
  assertEquals(port.operations.calls, []);
});

Deno.test("LivePages turns a page away with 1008 whose token does not come in time", async () => {
  await using port = new Port({ token: TOKEN, interval: NEVER, tokenTimeout: 1 });
  using client = await port.open();
  assertEquals((await client.closeFrame()).code, 1008);
  assertEquals(port.operations.calls, []);
});

Deno.test("LivePages cuts the oldest page without a token when a fifth comes", async () => {
  await using port = new Port({ token: TOKEN, interval: NEVER });
  const clients: RawClient[] = [];
  for (let i = 0; i < 5; i++) clients.push(await port.open());
  assertEquals((await clients[0]!.closeFrame()).code, 1013);
  await clients[4]!.sendMessage(JSON.stringify({ token: TOKEN }));
  assert(await snapshotOf(clients[4]!) > 0);
  for (const client of clients) client.close();
});

Deno.test("LivePages turns a 17th page away with 1013", async () => {
  await using port = new Port({ interval: NEVER });
  const clients: RawClient[] = [];
  for (let i = 0; i < 16; i++) {
    clients.push(await port.open());
    await clients[i]!.message();
  }
  using last = await port.open();
  assertEquals((await last.closeFrame()).code, 1013);
  assertEquals(port.pages.size, 16);
  for (const client of clients) client.close();
});

Deno.test("LivePages turns a page away with 1008 that talks", async () => {
  await using port = new Port({ interval: NEVER });
  using client = await port.open();
  await client.message();
  // A token that nobody asked for may come.
  await client.sendMessage('{"token":"left over"}');
  await client.sendMessage("Hello");
  assertEquals((await client.closeFrame()).code, 1008);
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
  for (const further of [[], ["Upgrade: h2c"], ["Upgrade: websocket"]]) {
    using client = await port.connect();
    await client.sendHead([...lines, ...further]);
    assertEquals((await client.head()).status, 426, further.join());
  }
});

Deno.test("LivePages.close() closes all pages with 1001", async () => {
  await using port = new Port({ interval: NEVER });
  using client = await port.open();
  await client.message();
  port.pages.close();
  assertEquals((await client.closeFrame()).code, 1001);
});
