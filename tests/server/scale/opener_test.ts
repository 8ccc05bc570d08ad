import { assert, assertEquals } from "@std/assert";
import { serve } from "../../../server/server.ts";
import { Opener, type OpenerOptions } from "../../../server/scale/opener.ts";
import { until } from "../../helpers/events.ts";

const LINUX = Deno.build.os === "linux";
const addresses = LINUX ? "" : ": only Linux has 127.0.0.2";

/** Where a server of this test is, from where the kernel likes. */
function to(port: number, options: Partial<OpenerOptions> = {}): OpenerOptions {
  const ports = { first: 32_768, last: 60_999 };
  return {
    hosts: ["127.0.0.1"],
    port,
    path: "/",
    sources: [],
    ports,
    firstPort: ports.first,
    ...options,
  };
}

/** Closes an opener when the server has seen it. */
async function close(opener: Opener): Promise<void> {
  opener.close();
  await until("all connections are closed", () => opener.count.open === 0);
}

Deno.test("Opener opens as many connections as asked, and more when asked again", async () => {
  await using server = serve({ port: 0, log: () => {} });
  const opener = new Opener(to(server.addr.port));
  assertEquals(await opener.open(20), { open: 20, failures: {}, lost: {} });
  assertEquals(server.registry.size, 20);
  assertEquals((await opener.open(100)).open, 100);
  assertEquals([...opener.sockets].length, 100);
  assertEquals((await opener.open(50)).open, 100, "it never closes one to have fewer");
  await close(opener);
});

Deno.test({
  name: `Opener uses each source port from every address${addresses}`,
  ignore: !LINUX,
  async fn() {
    await using server = serve({ port: 0, log: () => {} });
    const sources = ["127.0.0.2", "127.0.0.3", "127.0.0.4"];
    const ports = { first: 61_100, last: 61_300 };
    const opener = new Opener(to(server.addr.port, { sources, ports, firstPort: 61_290 }));
    await opener.open(60);
    const uses = new Map<number, Set<string>>();
    for (const { key } of server.registry.list()) {
      const [address = "", port] = key.split("-")[0]!.split(":");
      uses.set(Number(port), (uses.get(Number(port)) ?? new Set()).add(address));
    }
    assert([...uses.keys()].every((port) => port >= ports.first && port <= ports.last));
    assert([...uses.values()].some((from) => from.size === 3));
    await close(opener);
  },
});

Deno.test({
  name: `Opener takes the next port where one is in use${addresses}`,
  ignore: !LINUX,
  async fn() {
    using taken = Deno.listen({ hostname: "127.0.0.2", port: 0 });
    const { port } = taken.addr;
    const ports = { first: port, last: Math.min(65_535, port + 20) };
    await using server = serve({ port: 0, log: () => {} });
    const opener = new Opener(
      to(server.addr.port, { sources: ["127.0.0.2"], ports, firstPort: port }),
    );
    const { open, failures } = await opener.open(5);
    assertEquals(open, 5);
    assert((failures.EADDRINUSE ?? 0) >= 1);
    await close(opener);
  },
});

Deno.test({
  name: `Opener never takes the port that the server has${addresses}`,
  ignore: !LINUX,
  async fn() {
    await using server = serve({ port: 0, log: () => {} });
    const { port } = server.addr;
    const ports = { first: port, last: Math.min(65_535, port + 20) };
    const opener = new Opener(to(port, { sources: ["127.0.0.2"], ports, firstPort: port }));
    assertEquals((await opener.open(3)).open, 3);
    for (const { key } of server.registry.list()) {
      assert(!key.startsWith(`127.0.0.2:${port}-`), key);
    }
    await close(opener);
  },
});

Deno.test({
  name: `Opener tries again after a refusal, however many ports were in use before${addresses}`,
  ignore: !LINUX,
  async fn() {
    using taken = Deno.listen({ hostname: "127.0.0.3", port: 0 });
    const { port } = taken.addr;
    let refused = 0;
    await using server = serve({
      port: 0,
      log: () => {},
      upgrade: () => refused++ === 0 ? new Response(null, { status: 503 }) : undefined,
    });
    // More ports in use in a row than failures would be allowed; all but the last two are the same.
    const ports = { first: port, last: Math.min(65_535, port + 20) };
    const held = Array.from({ length: 15 }, (_, at) => hold(port + 1 + at));
    const opener = new Opener(
      to(server.addr.port, { sources: ["127.0.0.3"], ports, firstPort: port }),
    );
    const { open, failures } = await opener.open(1);
    assertEquals([open, failures["HTTP 503"]], [1, 1]);
    assert(failures.EADDRINUSE! >= 10, `${failures.EADDRINUSE} ports were in use`);
    for (const listener of held) listener?.close();
    await close(opener);
  },
});

/** Uses a port of 127.0.0.3; another program may do so already. */
function hold(port: number): Deno.Listener | undefined {
  try {
    return Deno.listen({ hostname: "127.0.0.3", port });
  } catch {
    return undefined;
  }
}

Deno.test("Opener gives up where nothing succeeds any more, and keeps what is open", async () => {
  await using server = serve({ port: 0, limits: { connections: 5 }, log: () => {} });
  const opener = new Opener(to(server.addr.port));
  const { open, failures } = await opener.open(8);
  assertEquals(open, 5);
  assert(failures["HTTP 503"]! >= 3);
  await close(opener);
});

Deno.test("Opener counts what it has lost", async () => {
  const server = serve({ port: 0, log: () => {} });
  const opener = new Opener(to(server.addr.port));
  await opener.open(3);
  await server.drain();
  await until("all are lost", () => opener.count.open === 0);
  assertEquals(opener.count.lost, { "closed with 1001": 3 });
  opener.close();
});

Deno.test("stop() returns without what is not open yet", async () => {
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const opener = new Opener(to(silent.addr.port));
  const opening = opener.open(10);
  const conn = await silent.accept();
  opener.stop();
  assertEquals(await opening, { open: 0, failures: {}, lost: {} });
  conn.close();
  opener.close();
});

Deno.test("Opener gives up where each connection is closed as soon as it is open", async () => {
  await using server = serve({
    port: 0,
    open: (connection) => connection.close(4000),
    log: () => {},
  });
  const opener = new Opener(to(server.addr.port));
  const { lost, failures } = await opener.open(500);
  assertEquals([failures, Object.keys(lost)], [{}, ["closed with 4000"]]);
  await close(opener);
});
