import { assert, assertEquals, assertRejects } from "@std/assert";
import { FOURTUPLE, fourtuple, Process, ROOT } from "../../helpers/process.ts";
import { RawClient } from "../../helpers/raw_client.ts";

/** A port that nobody listens on. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

for (const workers of [1, 2]) {
  for (const duplicate of ["", "duplicate,"]) {
    Deno.test(`dropServeVariables() keeps the ops port where --admin says when DENO_SERVE_ADDRESS is ${duplicate}tcp:…, with ${workers} processes that serve`, async () => {
      const port = freePort();
      await using child = fourtuple(
        ["--port", "0", "--admin", "127.0.0.1:0", "--app", "echo", "--workers", String(workers)],
        { env: { DENO_SERVE_ADDRESS: `${duplicate}tcp:0.0.0.0:${port}` } },
      );
      const url = new URL(/http:\S+/.exec(await child.outLine("Ops port"))![0]);
      assertEquals(url.hostname, "127.0.0.1");
      assert(Number(url.port) !== port);
      assertEquals((await (await fetch(new URL("/healthz", url))).json()).status, "alive");
      await assertRejects(
        () => Deno.connect({ hostname: "127.0.0.1", port }),
        Deno.errors.ConnectionRefused,
      );
      await child.errLine("variable_ignored DENO_SERVE_ADDRESS is ignored");
      child.signal("SIGTERM");
      assertEquals((await child.ended()).code, 0);
    });
  }
}

Deno.test("dropServeVariables() lets no request say where it comes from when DENO_TRUST_PROXY_HEADERS is set", async () => {
  await using child = fourtuple(["--port", "0", "--admin", "127.0.0.1:0", "--app", "echo"], {
    env: { DENO_TRUST_PROXY_HEADERS: "1", DENO_SERVE_AUTOMATIC_COMPRESSION: "1" },
  });
  const url = new URL(/http:\S+/.exec(await child.outLine("Ops port"))![0]);
  const addr: Deno.NetAddr = { transport: "tcp", hostname: "127.0.0.1", port: Number(url.port) };
  for (const claimed of ["nonsense", "[2001:db8::1]:1"]) {
    using client = await RawClient.connect(addr);
    await client.sendHead([
      "DELETE /api/v1/limits HTTP/1.1",
      "Host: 127.0.0.1",
      "Accept-Encoding: gzip",
      `X-Deno-Client-Address: ${claimed}`,
      "Connection: close",
    ]);
    const { status, headers } = await client.response();
    assertEquals([status, headers.get("content-encoding")], [405, undefined]);
  }
  const foreign = await fetch(new URL("/api/v1/drain", url), {
    method: "POST",
    body: "{}",
    headers: {
      "content-type": "application/json",
      origin: "https://elsewhere.example",
      "x-deno-client-address": "[2001:db8::1]:1",
    },
  });
  assertEquals([foreign.status, (await foreign.json()).status], [403, 403]);
  assert((await child.errLine("refused")).includes(" 127.0.0.1:"));
  child.signal("SIGTERM");
  assertEquals((await child.ended()).code, 0);
});

Deno.test("LastingServer does not serve elsewhere when Deno listens there", async () => {
  const module = new URL("server/admin/lasting_server.ts", ROOT);
  const program = `import { LastingServer } from "${module}";
    const yes = () => new Response("yes");
    new LastingServer({ hostname: "127.0.0.1", port: 0, handler: yes, onError: yes, fault() {} });`;
  for (const place of [`tcp:0.0.0.0:${freePort()}`, "tcp:[::1]:0"]) {
    await using child = new Process(FOURTUPLE[0]!, ["eval", program], {
      env: { DENO_SERVE_ADDRESS: place },
      cwd: ROOT,
    });
    const { code, err } = await child.ended();
    assertEquals(code, 1);
    assert(err.includes("which is not where it was told to"), err);
  }
});
