import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { completeSettings } from "../../../server/cli/settings.ts";
import { startApp, startFault } from "../../../server/cli/start_app.ts";
import { RawClient } from "../../helpers/raw_client.ts";

const PLACE = { hostname: "127.0.0.1", port: 0, log: () => {} };

for (const [app, status] of [["echo", 426], ["broadcast", 426], ["talk", 200]] as const) {
  Deno.test(`startApp() starts ${app} with the settings, at the place that is given`, async () => {
    const settings = completeSettings({ app, host: "192.0.2.1", port: 1, connections: 1 });
    await using server = startApp(settings, PLACE);
    {
      using client = await RawClient.connect(server.addr);
      await client.sendHead(["GET / HTTP/1.1", "Host: a"]);
      assertEquals((await client.head()).status, status);
    }
    assertEquals((await server.report()).maxConnections, 1);
  });
}

Deno.test("startApp() names the file of a certificate that cannot be read", () => {
  const settings = completeSettings({ app: "echo", tlsCert: "/nowhere", tlsKey: "/nowhere" });
  assertThrows(() => startApp(settings, PLACE), Error, 'Cannot read "/nowhere": there is no');
});

Deno.test("startFault() says in one line why nobody listens", async () => {
  const at = (host: string, port = 80): { host: string; port: number } => ({ host, port });
  const { AddrInUse, AddrNotAvailable, PermissionDenied } = Deno.errors;
  assertEquals(
    [
      startFault(new AddrInUse(), at("::1")),
      startFault(new AddrNotAvailable(), at("192.0.2.1")),
      startFault(new PermissionDenied(), at("a.example")),
      startFault(new Error("one\ntwo"), at("a")),
    ],
    [
      "Cannot listen on [::1]:80: the port is in use",
      "Cannot listen on 192.0.2.1:80: this host has no such address",
      "Cannot listen on a.example:80: ports below 1024 need root or CAP_NET_BIND_SERVICE",
      "one",
    ],
  );
  const lookup = await assertRejects(() => Deno.connect({ hostname: "-", port: 1 }));
  assertEquals(startFault(lookup, at("-")), "Cannot listen on -:80: this host cannot be found");
});
