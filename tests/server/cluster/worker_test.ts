import { assertEquals, assertRejects } from "@std/assert";
import { serve } from "../../../mod.ts";
import { runWorker } from "../../../server/cluster/worker.ts";
import { clusterTest } from "../../helpers/clusters.ts";
import { gone } from "../../helpers/gone.ts";
import { fourtuple, servedAt } from "../../helpers/process.ts";
import { RawClient } from "../../helpers/raw_client.ts";

clusterTest(
  "runWorker() drains and ends when its supervisor is killed: nobody keeps the port",
  async () => {
    await using process = fourtuple(["--workers=2", "--app=echo", "--port=0"]);
    const { hostname, port } = await servedAt(process);
    const lines = await Promise.all(["w1 ", "w2 "].map((who) => process.errLine(who)));
    const pids = lines.map((line) => Number(/pid (\d+)/.exec(line)![1]));
    using client = await RawClient.open({ transport: "tcp", hostname, port: Number(port) });
    process.signal("SIGKILL");
    assertEquals((await client.closeFrame()).code, 1001);
    await client.sendClose(1001);
    await client.gone();
    client.close();
    for (const pid of pids) await gone(pid);
    using _listener = Deno.listen({ hostname, port: Number(port) });
  },
);

Deno.test({
  name: "runWorker() fails in a process that no supervisor has started" +
    (Deno.build.os === "windows" ? " (ignored: needs SIGTERM)" : ""),
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const start = () => serve({ port: 0 });
    await assertRejects(() => runWorker({ log: () => {}, start }), Error, "no parent to join");
  },
});
