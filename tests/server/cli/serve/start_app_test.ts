import { assertEquals, assertRejects } from "@std/assert";
import { completeSettings } from "../../../../server/cli/serve/settings.ts";
import {
  limitsOf,
  readCertificate,
  startApp,
  startProblem,
} from "../../../../server/cli/serve/start_app.ts";
import { RawClient } from "../../../helpers/raw_client.ts";

const PROXY_LINE = "PROXY TCP4 192.0.2.7 192.0.2.8 4711 443\r\n";
const PLACE = { hostname: "127.0.0.1", port: 0, log: () => {} };

for (
  const [app, status] of [["echo", 426], ["broadcast", 426], ["relay", 426], ["talk", 404]] as const
) {
  Deno.test(`startApp() starts ${app} with the settings, at the place that is given`, async () => {
    const settings = completeSettings({ app, host: "192.0.2.1", port: 1, connections: 1 });
    await using server = await startApp(settings, PLACE);
    {
      using client = await RawClient.connect(server.addr);
      await client.sendHead(["GET /none HTTP/1.1", "Host: a"]);
      assertEquals((await client.head()).status, status);
    }
    assertEquals((await server.report()).maxConnections, 1);
  });
}

Deno.test("startApp() believes the proxies that are set", async () => {
  const proxied = { app: "echo", trustedProxy: ["127.0.0.0/8"] };
  const asked = {
    [PROXY_LINE]: { ...proxied, proxyProtocol: true },
    "": { ...proxied, forwardedHeader: "x-forwarded-for" },
  };
  for (const [header, values] of Object.entries(asked)) {
    await using server = await startApp(completeSettings(values), PLACE);
    using client = await RawClient.connect(server.addr);
    await client.send(header);
    await client.upgrade("/", "X-Forwarded-For: 192.0.2.7");
    assertEquals(server.registry.list()[0]?.client?.address, "192.0.2.7");
  }
});

Deno.test("startApp() names the file of a certificate that cannot be read", async () => {
  const settings = completeSettings({ app: "echo", tlsCert: "/nowhere", tlsKey: "/nowhere" });
  await assertRejects(
    () => startApp(settings, PLACE),
    Error,
    'Cannot read "/nowhere": there is no',
  );
});

Deno.test("limitsOf() gives the limits that the app holds", async () => {
  for (const app of ["echo", "broadcast", "relay", "talk"] as const) {
    const settings = completeSettings({ app, closeTimeout: 100, connections: 7 });
    await using server = await startApp(settings, PLACE);
    assertEquals(limitsOf(settings), await server.operations.limits());
    const plain = completeSettings({ app });
    await using other = await startApp(plain, PLACE);
    assertEquals(limitsOf(plain), await other.operations.limits());
  }
});

Deno.test("readCertificate() reads nothing where no certificate is set", async () => {
  assertEquals(await readCertificate({}), undefined);
});

Deno.test("startProblem() says in one line why nobody listens", async () => {
  const at = (host: string, port = 80): { host: string; port: number } => ({ host, port });
  const { AddrInUse, AddrNotAvailable, PermissionDenied } = Deno.errors;
  assertEquals(
    [
      startProblem(new AddrInUse(), at("::1")),
      startProblem(new AddrNotAvailable(), at("192.0.2.1")),
      startProblem(new PermissionDenied(), at("a.example")),
      startProblem(new Error("one\ntwo"), at("a")),
    ],
    [
      "Cannot listen on [::1]:80: the port is in use; choose another with --port",
      "Cannot listen on 192.0.2.1:80: this host has no such address",
      "Cannot listen on a.example:80: ports below 1024 need root or CAP_NET_BIND_SERVICE",
      "one",
    ],
  );
  const lookup = await assertRejects(() => Deno.connect({ hostname: "-", port: 1 }));
  assertEquals(startProblem(lookup, at("-")), "Cannot listen on -:80: this host cannot be found");
});
