import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { countWorkers, serveCluster } from "../../../server/cluster/serve_cluster.ts";
import { programOf } from "../../../server/process/program.ts";
import { clusterTest } from "../../helpers/clusters.ts";
import { Process } from "../../helpers/process.ts";
import { RawClient } from "../../helpers/raw_client.ts";

const { command, args } = programOf(import.meta.resolve("../../helpers/serve_cluster_program.ts"));

clusterTest(
  "serveCluster() serves in workers of the program, and goes on only in the first process",
  async () => {
    await using process = new Process(command, [...args, "2", "0"]);
    const [, port] = (await process.outLine("after ")).split(" ");
    const clients = new Map<string, RawClient>();
    while (clients.size < 2) {
      const client = await RawClient.open({
        transport: "tcp",
        hostname: "127.0.0.1",
        port: Number(port),
      });
      await client.sendMessage("hello");
      const [pid = "", text] = String(await client.message()).split(" ");
      assertEquals(text, "hello");
      if (clients.has(pid)) client.close();
      else clients.set(pid, client);
    }
    const pids = new Set(clients.keys());
    // A handler publishes to the connections of both workers.
    const [sender, other] = [...clients.values()] as [RawClient, RawClient];
    await sender.sendMessage("all");
    const published = String(await sender.message());
    assert(["from 1", "from 2"].includes(published), published);
    assertEquals(await other.message(), published);
    for (const client of clients.values()) client.close();
    assertStringIncludes(await process.outLine("again "), "a second time in one program");
    process.signal("SIGTERM");
    const { code, out, err } = await process.ended();
    assertEquals([code, err], [0, ""]);
    const lines = out.trimEnd().split("\n");
    const began = lines.filter((line) => line.startsWith("before ")).map((line) => line.slice(7));
    assertEquals(began.length, 3);
    assert(!pids.has(String(process.pid)) && [...pids].every((pid) => began.includes(pid)));
    assertEquals(lines.filter((line) => line.startsWith("after ")).length, 1);
    assertEquals(lines.at(-1), "finished");
    for (const worker of [1, 2]) {
      for (const event of ["worker_started", "worker_ended"]) {
        assert(lines.includes(`log ${event} ${worker}`), out);
      }
    }
  },
);

clusterTest("serveCluster() refuses a second call at once, also in a worker", async () => {
  await using process = new Process(command, [...args, "1", "0", "twice"]);
  const { code, out, err } = await process.ended();
  assertEquals([code, err], [0, ""]);
  const words = out.trimEnd().split("\n").map((line) => line.split(" ")[0]);
  assertEquals(words.sort(), ["before", "before", "second", "second"]);
});

clusterTest("serveCluster() fails in the first process when the port is taken", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using process = new Process(command, [...args, "2", `${listener.addr.port}`]);
  const { code, out, err } = await process.ended();
  assertEquals([code, out.trimEnd().split("\n").length], [1, 1]);
  assertStringIncludes(err, "AddrInUse");
});

Deno.test("countWorkers() gives a number, or one for each core", () => {
  assertEquals([countWorkers(3), countWorkers("auto")], [3, navigator.hardwareConcurrency]);
  for (const workers of [0, -1, 1.5, NaN, Infinity]) {
    assertThrows(() => countWorkers(workers), RangeError, `or "auto": ${workers}`);
  }
});

Deno.test("serveCluster() names what is wrong with the number of workers", async () => {
  await assertRejects(() => serveCluster({ workers: 0 }), RangeError, "positive integer");
});

Deno.test({
  name: "serveCluster() names the permission that it lacks, or the system that it needs",
  permissions: "none",
  fn: async () => {
    const reason = Deno.build.os === "linux" ? "it needs --allow-all" : "it needs Linux";
    await assertRejects(() => serveCluster({ workers: 2, port: 0 }), Error, reason);
  },
});
