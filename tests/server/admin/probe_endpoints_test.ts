import { assertEquals, assertMatch } from "@std/assert";
import { METRICS_TYPE } from "../../../server/admin/metrics.ts";
import { OpsPort, TOKEN } from "../../helpers/ops_port.ts";
import { RawClient } from "../../helpers/raw_client.ts";

Deno.test("GET healthz says that the process is alive, whatever the server says", async () => {
  await using port = new OpsPort({ token: TOKEN });
  port.operations.fault = new Error("no descriptor");
  const response = await fetch(`${port.admin.url}/healthz`);
  assertEquals([response.status, await response.json()], [200, { status: "alive" }]);
});

Deno.test("GET readyz says 503 and why when no connections should come", async () => {
  await using port = new OpsPort({ token: TOKEN });
  const ask = async () => {
    const response = await fetch(`${port.admin.url}/readyz`);
    return [response.status, await response.json()];
  };
  assertEquals(await ask(), [200, { ready: true, reasons: [] }]);
  for (const phase of ["starting", "draining", "stopped"] as const) {
    port.operations.phase = phase;
    assertEquals(await ask(), [503, { ready: false, reasons: [phase] }]);
  }
  port.operations.phase = "serving";
  port.operations.descriptorsOpen = port.operations.descriptorLimit - 1;
  assertEquals(await ask(), [503, { ready: false, reasons: ["out_of_descriptors"] }]);
});

Deno.test("GET metrics needs the token and answers in Prometheus' format", async () => {
  await using port = new OpsPort({ token: TOKEN });
  const refused = await port.ask("/metrics", { headers: { authorization: "Bearer x" } });
  assertEquals(refused.status, 401);
  const { status, headers, json: text } = await port.ask("/metrics");
  assertEquals([status, headers.get("content-type")], [200, METRICS_TYPE]);
  assertMatch(text, /^fourtuple_info\{version="1\.2\.3"\} 1$/m);
});

async function openLive(port: OpsPort, ...headers: string[]): Promise<number> {
  using client = await RawClient.connect(port.admin.addr);
  await client.sendUpgrade("/api/v1/live", ...headers);
  return (await client.head()).status;
}

Deno.test("GET live takes pages that came from here, and what is no page", async () => {
  await using port = new OpsPort();
  assertEquals(await openLive(port), 101);
  assertEquals(await openLive(port, "Origin: http://127.0.0.1"), 101);
  assertEquals(await openLive(port, "Origin: http://evil.example"), 403);
  assertEquals(await openLive(port, "Origin: null"), 403);
  assertEquals((await port.ask("/api/v1/live")).status, 426);
  assertEquals((await port.ask("/api/v1/live", { method: "HEAD" })).status, 426);
});

Deno.test("GET live asks for the token within the connection", async () => {
  await using port = new OpsPort({ token: TOKEN });
  using client = await RawClient.open(port.admin.addr, "/api/v1/live");
  await client.sendMessage(JSON.stringify({ token: TOKEN }));
  assertEquals(JSON.parse(await client.message() as string).phase, "serving");
  using other = await RawClient.open(port.admin.addr, "/api/v1/live");
  await other.sendMessage('{"token":"wrong"}');
  assertEquals((await other.closeFrame()).code, 1008);
});
