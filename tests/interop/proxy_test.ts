import { assertEquals } from "@std/assert";
import { parseFourTuple, serve, type ServeOptions, type Server } from "../../mod.ts";
import { Opcode } from "../../protocol/mod.ts";
import { echo } from "../../server/apps/echo.ts";
import { TEST_CERTIFICATE, TEST_KEY } from "../helpers/certificate.ts";
import { Events, until } from "../helpers/events.ts";
import { findHaproxy, findNginx, type Program } from "../helpers/programs.ts";
import {
  healthCheckOf,
  IDLE_CUT,
  PROXY_ADDRESS,
  type RunningProxy,
  startHaproxy,
  startNginx,
} from "../helpers/proxies.ts";
import { type ClientStream, connectFrom, RawClient } from "../helpers/raw_client.ts";

const HAPROXY = await findHaproxy();
const NGINX = await findNginx();

/** A source address can be chosen, and TLS of ours works, since Deno 2.9.6. */
const TOO_OLD = Deno.version.deno.localeCompare("2.9.6", "en", { numeric: true }) < 0;

/** Registers a test that needs a program; without it the name says what is missing. */
function test(name: string, program: Program, fn: () => Promise<void>): void {
  const reason = "missing" in program
    ? program.missing
    : TOO_OLD
    ? "needs Deno 2.9.6 or newer"
    : undefined;
  Deno.test({
    name: reason === undefined ? name : `${name} (ignored: ${reason})`,
    ignore: reason !== undefined,
    fn,
  });
}

/** A way in which a proxy tells the client. */
interface Way {
  readonly name: string;
  readonly program: Program;
  readonly proxies: Omit<NonNullable<ServeOptions["proxies"]>, "trusted">;
  /** Whether it tells the client's port too. */
  readonly tellsPort: boolean;
  start(server: Deno.NetAddr): Promise<RunningProxy>;
}

const WAYS: readonly Way[] = [
  ...["send-proxy", "send-proxy-v2", "send-proxy-v2 proxy-v2-options unique-id,crc32c"]
    .map((option): Way => ({
      name: `haproxy ${option}`,
      program: HAPROXY,
      proxies: { protocol: true },
      tellsPort: true,
      start: (server) => startHaproxy(HAPROXY, server, option),
    })),
  {
    name: "nginx",
    program: NGINX,
    proxies: { header: "x-forwarded-for" },
    tellsPort: false,
    start: (server) => startNginx(NGINX, server),
  },
  {
    name: "nginx with a Forwarded header without quotes",
    program: NGINX,
    proxies: { header: "forwarded" },
    tellsPort: true,
    start: (server) =>
      startNginx(NGINX, server, { header: 'Forwarded "for=$remote_addr:$remote_port;proto=http"' }),
  },
];

function start(way: Way, options: ServeOptions<undefined> = {}): Server<undefined> {
  return serve<undefined>({
    port: 0,
    log: () => {},
    proxies: { trusted: [PROXY_ADDRESS], ...way.proxies },
    message: (connection, data) => void connection.send(data),
    ...options,
  });
}

async function connect(proxy: RunningProxy, localAddress: string): Promise<RawClient> {
  const { hostname: host, port } = proxy.addr;
  return new RawClient(await connectFrom({ host, port, localAddress }));
}

for (const way of WAYS) {
  test(
    `${way.name} tells the client's address, and the 4-tuple is the proxy's`,
    way.program,
    async () => {
      await using server = start(way);
      await using proxy = await way.start(server.addr);
      const { hostname: host, port } = proxy.addr;
      const stream = await connectFrom({ host, port, localAddress: "127.0.0.3" });
      using client = new RawClient(stream);
      // What the client itself says counts for nothing.
      await client.upgrade("/", "X-Forwarded-For: 203.0.113.1");
      const [record] = server.registry.list();
      assertEquals(record?.client, {
        address: "127.0.0.3",
        ...way.tellsPort && { port: stream.port },
      });
      assertEquals(parseFourTuple(record!.key).sourceAddress, PROXY_ADDRESS);
      await client.sendMessage("hello");
      assertEquals(await client.message(), "hello");
      await client.sendClose(1000);
      assertEquals((await client.closed()).code, 1000);
      assertEquals(server.registry.totals().refused, {});
      assertEquals(server.registry.totals().forwardedMalformed, 0);
    },
  );

  test(`${way.name} has the limit per address count its clients`, way.program, async () => {
    await using server = start(way, { limits: { connectionsPerAddress: 1 } });
    await using proxy = await way.start(server.addr);
    using first = await connect(proxy, "127.0.0.3");
    await first.upgrade();
    using second = await connect(proxy, "127.0.0.3");
    await second.sendUpgrade();
    assertEquals((await second.head()).status, 429);
    using other = await connect(proxy, "127.0.0.4");
    await other.upgrade();
    assertEquals(server.registry.totals().refused, { ADDRESS_LIMIT: 1 });
  });
}

// The tunnel that is idle.

for (const way of [WAYS[0]!, WAYS.find(({ program }) => program === NGINX)!]) {
  test(`${way.name} cuts no connection whose pings come often enough`, way.program, async () => {
    const pingInterval = IDLE_CUT / 10;
    await using server = start(way, { limits: { pingInterval } });
    await using proxy = await way.start(server.addr);
    using client = await connect(proxy, "127.0.0.3");
    await client.upgrade();
    // So many pings take longer than an idle tunnel lives.
    for (let pings = 0; pings * pingInterval < 1.5 * IDLE_CUT; pings++) {
      const ping = await client.frame();
      assertEquals(ping?.opcode, Opcode.Ping);
      await client.sendFrame(Opcode.Pong, ping!.payload);
    }
    await client.sendMessage("still there");
    let frame = await client.frame();
    while (frame?.opcode === Opcode.Ping) frame = await client.frame();
    assertEquals(new TextDecoder().decode(frame?.payload), "still there");
  });

  test(`${way.name} cuts an idle connection, and the server notices`, way.program, async () => {
    const closed = new Events<number>();
    await using server = start(way, { close: (_, code) => closed.push(code) });
    await using proxy = await way.start(server.addr);
    using client = await connect(proxy, "127.0.0.3");
    await client.upgrade();
    await client.gone();
    assertEquals(await closed.next(), 1006);
    await until("the registry is empty", () => server.registry.size === 0);
  });
}

// What is haproxy's alone.

for (const way of WAYS.filter(({ program }) => program === HAPROXY)) {
  test(`${way.name} goes ahead of TLS`, HAPROXY, async () => {
    await using server = start(way, { cert: TEST_CERTIFICATE, key: TEST_KEY });
    await using proxy = await way.start(server.addr);
    const { hostname, port } = proxy.addr;
    const conn = await Deno.connectTls({ hostname, port, caCerts: [TEST_CERTIFICATE] });
    using client = new RawClient(conn satisfies ClientStream);
    await client.upgrade();
    const own = conn.localAddr as Deno.NetAddr;
    assertEquals(server.registry.list()[0]?.client, { address: own.hostname, port: own.port });
    await client.sendMessage(new Uint8Array(100_000));
    assertEquals((await client.message()).length, 100_000);
  });
}

test(
  "haproxy without send-proxy is refused where it has to say who its client is",
  HAPROXY,
  async () => {
    await using server = start(WAYS[0]!);
    await using proxy = await startHaproxy(HAPROXY, server.addr, "");
    using client = await connect(proxy, "127.0.0.3");
    await client.sendUpgrade();
    assertEquals((await client.head()).status, 400);
    assertEquals(server.registry.totals().refused, { PROXY_HEADER_MISSING: 1 });
  },
);

/** The health checks of haproxy: what is said of them, what they ask, and the status that is right. */
const CHECKS: [what: string, options: string, backend: string, status: string][] = [
  ["option httpchk alone", "", "option httpchk", "204"],
  ["a check by GET", "", "option httpchk GET /", "200"],
  ["a check behind a PROXY line", "send-proxy check-send-proxy", "option httpchk", "204"],
  ["a check behind a PROXY block", "send-proxy-v2 check-send-proxy", "option httpchk GET /", "200"],
];

for (const [what, options, backend, status] of CHECKS) {
  test(`haproxy takes echo for up by ${what}`, HAPROXY, async () => {
    const proxies = { trusted: [PROXY_ADDRESS], protocol: true } as const;
    await using server = echo({ port: 0, log: () => {}, ...options !== "" && { proxies } });
    const check = `${options} check inter 50ms`;
    await using proxy = await startHaproxy(HAPROXY, server.addr, check, backend);
    let found = await healthCheckOf(proxy);
    await until("it was checked", async () => {
      found = await healthCheckOf(proxy);
      return found[2] !== "";
    });
    assertEquals(found, ["UP", "L7OK", status]);
    assertEquals(server.registry.totals().refused, {});
  });
}
