import { assertEquals, assertRejects } from "@std/assert";
import { type ClientConnection, connect, ConnectError, serve } from "../../mod.ts";
import { OTHER_CERTIFICATE, TEST_CERTIFICATE, TEST_KEY } from "../helpers/certificate.ts";
import { Events } from "../helpers/events.ts";
import { listen, RawServer } from "../helpers/raw_server.ts";

// RFC 6455 4.1, step 2: one connection to a host at a time runs through the opening handshake.

/** Reads the requests of a listener's connections as they come, and answers none by itself. */
class Requests implements Disposable {
  readonly #listener = listen();
  readonly arrived = new Events<RawServer>();
  /** How many TCP connections were accepted. */
  accepted = 0;

  constructor() {
    this.#accept();
  }

  async #accept(): Promise<void> {
    for await (const conn of this.#listener) {
      this.accepted++;
      RawServer.greet(conn).then(this.arrived.push, () => conn.close());
    }
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  url(path: string, host = "127.0.0.1"): string {
    return `ws://${host}:${this.port}${path}`;
  }

  /** The next request, which is for this path. */
  async next(path: string): Promise<RawServer> {
    const server = await this.arrived.next();
    assertEquals(server.request.target, path);
    return server;
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    for (const { conn } of this.arrived.all) conn.close();
  }
}

/** Connects to another server, which takes all the steps that somebody who waits must not take meanwhile. */
async function meanwhile(): Promise<void> {
  for (let count = 0; count < 3; count++) {
    await using server = serve({ port: 0 });
    await using _ = await connect(server.url);
  }
}

/** Cuts connections, and waits until they are over. */
async function end(...connections: ClientConnection[]): Promise<void> {
  for (const connection of connections) {
    connection.terminate();
    await connection.closed;
  }
}

Deno.test("connect() opens one connection to an address and port at a time, in the order of the calls", async () => {
  using requests = new Requests();
  const paths = ["/1", "/2", "/3"];
  const connecting = paths.map((path) => connect(requests.url(path)));
  for (const [at, path] of paths.entries()) {
    const server = await requests.next(path);
    await meanwhile();
    assertEquals(requests.accepted, at + 1);
    await server.answer();
    await end(await connecting[at]!);
  }
});

Deno.test("connect() waits for another name of the same address too, before it sends anything", async () => {
  using requests = new Requests();
  const hosts = ["127.0.0.1", "localhost", "0.0.0.0", "[::ffff:127.0.0.1]"];
  const connecting = hosts.map((host) => connect(requests.url("/", host)));
  for (let count = 1; count <= hosts.length; count++) {
    const server = await requests.next("/");
    await meanwhile();
    assertEquals(requests.arrived.all.length, count);
    await server.answer();
  }
  await end(...await Promise.all(connecting));
});

Deno.test("connect() begins with TLS when its turn has come", async () => {
  using listener = listen();
  const { port } = listener.addr;
  const options = { limits: { handshakeTimeout: 10_000 } };
  const names = ["127.0.0.1", "localhost"];
  const connecting = names.map((name) =>
    assertRejects(() => connect(`wss://${name}:${port}/`, options), ConnectError)
  );
  using first = await listener.accept();
  using second = await listener.accept();
  const came = new Events<Deno.TcpConn>();
  const reading = [first, second].map(async (conn) => {
    while (await conn.read(new Uint8Array(4_096)) !== null) came.push(conn);
  });
  const earlier = await came.next();
  await meanwhile();
  assertEquals(came.all.some((conn) => conn !== earlier), false);
  await earlier.write(new TextEncoder().encode("this is no TLS"));
  const later = await came.find((conn) => conn !== earlier);
  await later.write(new TextEncoder().encode("this is no TLS"));
  await Promise.all([...connecting, ...reading]);
});

const FAILURES: [what: string, fail: (server: RawServer) => unknown][] = [
  [
    "is refused",
    ({ conn }) => conn.write(new TextEncoder().encode("HTTP/1.1 403 No\r\n\r\n")),
  ],
  ["is answered wrongly", ({ conn }) => conn.write(new TextEncoder().encode("what?\r\n"))],
  ["is cut", ({ conn }) => conn.closeWrite()],
];

for (const [what, fail] of FAILURES) {
  Deno.test(`connect() goes on with the next one when the one before ${what}`, async () => {
    using requests = new Requests();
    const failing = assertRejects(() => connect(requests.url("/1")), ConnectError);
    const next = connect(requests.url("/2"));
    await fail(await requests.next("/1"));
    await (await requests.next("/2")).answer();
    await failing;
    await end(await next);
  });
}

Deno.test("connect() goes on with the next one when the one before has taken too long", async () => {
  using requests = new Requests();
  const limits = { handshakeTimeout: 20 };
  const failing = assertRejects(
    () => connect(requests.url("/1"), { limits }),
    ConnectError,
    "Handshake took more than 20 ms",
  );
  const next = connect(requests.url("/2"));
  const server = await requests.arrived.find(({ request }) => request.target === "/2");
  await failing; // it was first, whether or not its request came
  await server.answer();
  await end(await next);
});

Deno.test("connect() goes on with the next one when the TLS handshake of the one before has failed", async () => {
  await using server = serve({ port: 0, cert: TEST_CERTIFICATE, key: TEST_KEY });
  const url = `wss://localhost:${server.addr.port}/`;
  const failing = assertRejects(() => connect(url, { caCerts: [OTHER_CERTIFICATE] }), ConnectError);
  await using next = await connect(url, { caCerts: [TEST_CERTIFICATE] });
  assertEquals(next.open, true);
  await failing;
});

Deno.test("connect() gives up its place when its signal is aborted or its time is over", async () => {
  using requests = new Requests();
  const controller = new AbortController();
  const first = connect(requests.url("/1"));
  const server = await requests.next("/1");
  const aborted = connect(requests.url("/2"), { signal: controller.signal });
  const late = connect(requests.url("/3"), { limits: { handshakeTimeout: 20 } });
  const last = connect(requests.url("/4"));
  controller.abort(new RangeError("no more"));
  await assertRejects(() => aborted, RangeError, "no more");
  await assertRejects(
    () => late,
    ConnectError,
    `Waiting for other connections to 127.0.0.1:${requests.port} took more than 20 ms`,
  );
  assertEquals(requests.accepted, 1);
  await server.answer();
  await (await requests.next("/4")).answer();
  await end(await first, await last);
});

Deno.test("connect() leaves its turn to the next one when it is aborted in the middle of it", async () => {
  using requests = new Requests();
  const controller = new AbortController();
  const failing = assertRejects(
    () => connect(requests.url("/1"), { signal: controller.signal }),
    RangeError,
  );
  const next = connect(requests.url("/2"));
  await requests.next("/1");
  controller.abort(new RangeError("no more"));
  await (await requests.next("/2")).answer();
  await failing;
  await end(await next);
});

Deno.test("connect() keeps nobody waiting while it reads why it was refused", async () => {
  using requests = new Requests();
  const refused = assertRejects(() => connect(requests.url("/1")), ConnectError, "status 503");
  const next = connect(requests.url("/2"));
  const server = await requests.next("/1");
  await server.send(new TextEncoder().encode("HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbu"));
  await (await requests.next("/2")).answer();
  await server.send(new TextEncoder().encode("sy"));
  await refused;
  await end(await next);
});
