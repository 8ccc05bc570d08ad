import { assertEquals, assertThrows } from "@std/assert";
import { LastingServer } from "../../../server/admin/lasting_server.ts";
import { until } from "../../helpers/events.ts";
import { FOURTUPLE, Process } from "../../helpers/process.ts";
import { RawClient } from "../../helpers/raw_client.ts";

const OPTIONS = {
  hostname: "127.0.0.1",
  port: 0,
  handler: () => new Response("yes"),
  onError: () => new Response("no"),
  fault: () => {},
};

Deno.test("LastingServer answers, and closes once", async () => {
  const server = new LastingServer(OPTIONS);
  const url = `http://127.0.0.1:${server.addr.port}/`;
  assertEquals(await (await fetch(url)).text(), "yes");
  using kept = await RawClient.connect(server.addr);
  await Promise.all([server.close(), server.close()]);
  await kept.gone();
});

Deno.test("LastingServer throws when the port is taken", async () => {
  const server = new LastingServer(OPTIONS);
  const { port } = server.addr;
  assertThrows(() => new LastingServer({ ...OPTIONS, port }), Deno.errors.AddrInUse);
  await server.close();
});

for (const workers of [1, 2]) {
  Deno.test(`LastingServer outlives that descriptors run out, with ${workers} processes that serve`, async () => {
    const [deno = "", ...args] = FOURTUPLE;
    const flags = ["serve", "--port", "0", "--admin", "127.0.0.1:0", "--app", "echo"];
    const more = ["--workers", String(workers), "--log-format", "json"];
    const script = 'ulimit -n 200 && exec "$0" "$@"';
    await using child = new Process("sh", ["-c", script, deno, ...args, ...flags, ...more]);
    const opsUrl = /http:\S+/.exec(await child.outLine("Ops port"))![0];
    const addr: Deno.NetAddr = {
      transport: "tcp",
      hostname: "127.0.0.1",
      port: Number(new URL(opsUrl).port),
    };
    const isAlive = async (client: RawClient) => {
      await client.sendHead(["GET /healthz HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]);
      assertEquals((await client.response()).status, 200);
    };
    using early = await RawClient.connect(addr);
    const idle: RawClient[] = [];
    try {
      while (idle.length < 400) idle.push(await RawClient.connect(addr));
    } catch {
      // Nobody listens any more.
    }
    await child.errLine("Too many open files");
    await isAlive(early);
    for (const client of idle) client.close();
    await until("somebody new is answered", async () => {
      try {
        using late = await RawClient.connect(addr);
        await isAlive(late);
        return true;
      } catch {
        return false;
      }
    });
    child.signal("SIGTERM");
    const { code, err } = await child.ended();
    assertEquals(code, 0);
    const faults = err.split("\n").filter((line) => line.includes("admin_fault"));
    assertEquals(faults.length, 1, err);
  });
}
