/**
 * The ops port by a name: behind proxies with TLS, and as Prometheus and haproxy's checks ask it.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { TEST_CERTIFICATE, TEST_KEY } from "../helpers/certificate.ts";
import { until } from "../helpers/events.ts";
import { OpsPort, TOKEN } from "../helpers/ops_port.ts";
import { Process } from "../helpers/process.ts";
import { findHaproxy, findNginx, findPrometheus, type Program } from "../helpers/programs.ts";
import { PROXY_ADDRESS, startCheckingHaproxy, startNginx } from "../helpers/proxies.ts";
import { RawClient, type RawResponse } from "../helpers/raw_client.ts";

const HAPROXY = await findHaproxy();
const NGINX = await findNginx();
const PROMETHEUS = await findPrometheus("prometheus");

const TLS = { cert: TEST_CERTIFICATE, key: TEST_KEY };
const NAMED = "Host: ops.example";
const WITH_TOKEN = `Authorization: Bearer ${TOKEN}`;
const COOKIE = "Cookie: session=1";

/** Registers a test that needs a program; without it the name says what is missing. */
function test(
  name: string,
  program: Program,
  fn: (program: Exclude<Program, { missing: string }>) => Promise<void>,
): void {
  if ("missing" in program) Deno.test.ignore(`${name} (ignored: ${program.missing})`, () => {});
  else Deno.test(name, () => fn(program));
}

/** Asks by TLS, with these lines as the request's head. */
async function ask(
  { hostname, port }: Deno.NetAddr,
  lines: readonly string[],
  body = "",
): Promise<RawResponse> {
  using client = new RawClient(
    await Deno.connectTls({ hostname, port, caCerts: [TEST_CERTIFICATE] }),
  );
  await client.sendHead([...lines, "Connection: close"]);
  if (body !== "") await client.send(body);
  return await client.response();
}

async function statusOf(addr: Deno.NetAddr, ...lines: string[]): Promise<number> {
  return (await ask(addr, lines)).status;
}

/** Changes a limit, as the dashboard at `https://ops.example` does, whose browser has a cookie of the proxy. */
async function change(addr: Deno.NetAddr, origin: string): Promise<number> {
  const body = '{"connections":5}';
  const head = [
    "PATCH /api/v1/limits HTTP/1.1",
    NAMED,
    WITH_TOKEN,
    COOKIE,
    `Origin: ${origin}`,
    "Content-Type: application/json",
    `Content-Length: ${body.length}`,
  ];
  return (await ask(addr, head, body)).status;
}

const CHECKS = {
  "as it asks by itself, over HTTP/1.0 without a Host": "option httpchk GET /readyz",
  "by a name": "option httpchk\n  http-check send meth GET uri /healthz ver HTTP/1.1 hdr Host ops",
};

for (const [how, checks] of Object.entries(CHECKS)) {
  test(
    `haproxy finds the ops port well ${how}, and passes on who asks by a name`,
    HAPROXY,
    async () => {
      await using port = new OpsPort({ token: TOKEN });
      await using proxy = await startCheckingHaproxy(
        HAPROXY,
        port.admin.addr,
        TEST_CERTIFICATE + TEST_KEY,
        checks,
      );
      let found = "";
      await until("haproxy has looked", async () => {
        found = await proxy.found();
        // While a check is under way, haproxy shows the last one's outcome with an asterisk before it.
        return found.includes(" L7") && !found.includes("*") || found.startsWith("DOWN");
      });
      assertEquals(found, "UP L7OK 200");
      const { addr } = proxy;
      assertEquals(await statusOf(addr, "GET /metrics HTTP/1.1", NAMED, WITH_TOKEN), 200);
      assertEquals(await statusOf(addr, "GET /metrics HTTP/1.1", NAMED), 401);
      assertEquals(await statusOf(addr, "GET /healthz HTTP/1.1", NAMED), 200);
      // For the page it has to know its name.
      assertEquals(await statusOf(addr, "GET / HTTP/1.1", NAMED), 421);
    },
  );
}

test("haproxy with TLS brings the dashboard by the name of --admin-host", HAPROXY, async () => {
  await using port = new OpsPort({ token: TOKEN, hosts: ["ops.example"] });
  const pem = TEST_CERTIFICATE + TEST_KEY;
  await using proxy = await startCheckingHaproxy(HAPROXY, port.admin.addr, pem, "");
  await until(
    "haproxy passes it on",
    async () => await statusOf(proxy.addr, "GET / HTTP/1.1", NAMED) === 200,
  );
  assertEquals(await change(proxy.addr, "https://ops.example"), 200);
  assertEquals(await change(proxy.addr, "https://evil.example"), 403);
});

test(
  "nginx with TLS brings the dashboard, its Host as it was or put in its place",
  NGINX,
  async () => {
    const hosts = ["ops.example"];
    const ways = [
      // What nginx does unless told otherwise: the ops port sees its own address.
      { host: "", options: { hosts } },
      { host: "proxy_set_header Host $http_host;", options: { hosts } },
      {
        host: "proxy_set_header X-Forwarded-Host $http_host;\n" +
          "proxy_set_header X-Forwarded-Proto $scheme;",
        options: { hosts, trustedProxies: [PROXY_ADDRESS] },
      },
    ];
    for (const { host, options } of ways) {
      await using port = new OpsPort({ token: TOKEN, ...options });
      await using proxy = await startNginx(NGINX, port.admin.addr, { tls: TLS, host });
      const { addr } = proxy;
      assertEquals(await statusOf(addr, "GET / HTTP/1.1", NAMED), 200, host);
      assertEquals(await change(addr, "https://ops.example"), 200, host);
      assertEquals(await change(addr, "https://evil.example"), 403, host);
      assertEquals(await change(addr, "https://ops.example:3000"), 403, host);
      // nginx serves any name, one that a page elsewhere had lead to it too: a proxy that is trusted
      // tells so, and without its word only the address can be seen that nginx has put in its place.
      const evil = await statusOf(addr, "GET / HTTP/1.1", "Host: evil.example");
      assertEquals(evil, host === "" ? 200 : 421, host);
    }
  },
);

test(
  "Prometheus scrapes the ops port by a name, as in Compose and Kubernetes",
  PROMETHEUS,
  async (it) => {
    await using port = new OpsPort({ token: TOKEN });
    const dir = await Deno.makeTempDir({ prefix: "fourtuple-prometheus-" });
    try {
      // Nobody here resolves the name; asked through a proxy, Prometheus leaves that to the proxy, and
      // the ops port sees the same request as by the name.
      await Deno.writeTextFile(`${dir}/token`, TOKEN);
      await Deno.writeTextFile(
        `${dir}/prometheus.yml`,
        `scrape_configs:
  - job_name: fourtuple
    scrape_interval: 100ms
    proxy_url: ${port.admin.url}
    authorization: { credentials_file: ${dir}/token }
    static_configs:
      - targets: ["fourtuple:6455"]
`,
      );
      await using process = new Process(it.command, [
        ...it.args,
        `--config.file=${dir}/prometheus.yml`,
        `--storage.tsdb.path=${dir}/data`,
        "--web.listen-address=127.0.0.1:0",
      ]);
      const [, address] = (await process.errLine('msg="Listening on"')).match(/address=(\S+)/)!;
      await process.errLine("Server is ready");
      let target: { health?: string; lastError?: string; scrapeUrl?: string } = {};
      await until("Prometheus has asked", async () => {
        const response = await fetch(`http://${address}/api/v1/targets`);
        [target = {}] = (await response.json()).data.activeTargets;
        return ["up", "down"].includes(target.health ?? "");
      });
      assertEquals([target.health, target.lastError], ["up", ""]);
      assert(target.scrapeUrl === "http://fourtuple:6455/metrics");
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
);
