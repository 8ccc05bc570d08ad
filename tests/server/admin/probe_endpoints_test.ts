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

Deno.test("GET readyz says how many workers serve, of how many", async () => {
  await using port = new OpsPort({ token: TOKEN });
  port.operations.connections = port.operations.connections.map((it, at) => ({
    ...it,
    worker: 1 + at % 2,
  }));
  port.operations.absent = 1;
  const response = await fetch(`${port.admin.url}/readyz`);
  const workers = { desired: 3, serving: 2, restarts: 0 };
  assertEquals([response.status, await response.json()], [200, {
    ready: true,
    reasons: [],
    workers,
  }]);
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
  await client.sendUpgrade("/api/v1/live", "Sec-WebSocket-Protocol: fourtuple.live", ...headers);
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

Deno.test("GET live asks for the token before the protocol is switched", async () => {
  await using port = new OpsPort({ token: TOKEN });
  const status = async (...protocols: string[]) => {
    using client = await RawClient.connect(port.admin.addr);
    await client.sendUpgrade("/api/v1/live", `Sec-WebSocket-Protocol: ${protocols.join(", ")}`);
    const { status, headers } = await client.head();
    if (status !== 101) return status;
    assertEquals(headers.get("sec-websocket-protocol"), "fourtuple.live");
    assertEquals(JSON.parse(await client.message() as string).phase, "serving");
    return status;
  };
  const right = `token.${btoa(TOKEN).replaceAll("=", "")}`;
  assertEquals(await status("fourtuple.live", right), 101);
  assertEquals(await status(right, "fourtuple.live"), 101);
  assertEquals(await status("fourtuple.live"), 401);
  assertEquals(await status("fourtuple.live", `token.${TOKEN}`), 401);
  assertEquals(await status("fourtuple.live", `token.${btoa("wrong")}`), 401);
  assertEquals(await status("fourtuple.live", "token.!", right), 401);
  assertEquals(await status(right), 400);
});
