import { assert, assertEquals, assertRejects } from "@std/assert";
import type { ClusterRecord } from "../../../server/cluster/cluster_report.ts";
import { clusterOf, clusterTest, connectToAll, type Placed } from "../../helpers/clusters.ts";
import { until } from "../../helpers/events.ts";
import { HandshakeLoad } from "../../helpers/handshake_load.ts";
import { RawClient } from "../../helpers/raw_client.ts";

function leave(placed: readonly Placed[]): void {
  for (const { client } of placed) client.close();
}

clusterTest("Cluster list(), describe(), report() and totals() cover all workers", async () => {
  await using it = await clusterOf("echo");
  const { cluster } = it;
  const placed = await connectToAll(cluster, 2);
  const records: ClusterRecord[] = [];
  for (let page = await cluster.list({ limit: 3 }); page.length > 0;) {
    records.push(...page);
    page = await cluster.list({ limit: 3, after: page.at(-1)! });
  }
  const sorted = placed.toSorted((a, b) => a.worker - b.worker);
  assertEquals(
    records.map(({ key, worker }) => [worker, key]),
    sorted.map(({ key, worker }) => [worker, key]),
  );
  assertEquals((await cluster.list()).length, placed.length);
  assertEquals((await cluster.list({ after: { worker: 2, id: 1_000 } })).length, 0);
  for (const { key, worker } of placed) {
    const description = await cluster.describe(key);
    assertEquals([description?.key, description?.worker], [key, worker]);
    assertEquals(description?.kernel?.state, "ESTABLISHED");
  }
  assertEquals(await cluster.describe("127.0.0.1:1-127.0.0.1:2"), undefined);
  await assertRejects(() => cluster.describe("nonsense"), SyntaxError);

  const report = await cluster.report();
  assertEquals(
    [report.connections, report.fourTuples, report.serverPorts],
    [placed.length, placed.length, 1],
  );
  assertEquals(
    report.workers.map(({ worker, pid, since }) => ({ worker, pid, since })),
    cluster.workers,
  );
  assertEquals(
    report.workers.map(({ connections }) => connections),
    [1, 2].map((worker) => placed.filter((it) => it.worker === worker).length),
  );
  assertEquals((await cluster.totals()).opened, placed.length);
  leave(placed);
});

clusterTest("Cluster totals() keep what workers have counted that are gone", async () => {
  await using it = await clusterOf("echo");
  const { cluster } = it;
  const placed = await connectToAll(cluster);
  for (const { client } of placed) {
    await client.sendMessage("hello");
    assertEquals(await client.message(), "hello");
  }
  leave(placed);
  await cluster.roll();
  const { opened, closed, messagesIn } = await cluster.totals();
  assertEquals([opened, closed, messagesIn], [placed.length, placed.length, placed.length]);
  assertEquals(cluster.workers.map(({ worker }) => worker), [3, 4]);
});

clusterTest(
  "Cluster broadcast() and that of its workers reach all clients, complete and in order",
  async () => {
    await using it = await clusterOf("broadcast");
    const { cluster } = it;
    const placed = await connectToAll(cluster, 2);
    const [publishers, messages] = [placed.slice(0, 4), 100];
    const sending = publishers.map(async ({ client }, publisher) => {
      for (let number = 0; number < messages; number++) {
        // Large ones too, which take another way through the link.
        const filler = number % 10 === 0 ? " ".repeat(50_000) : "";
        await client.sendMessage(`${publisher} ${number} ${filler}`);
      }
    });
    const expected = publishers.map(() => Array.from({ length: messages }, (_, number) => number));
    const receiving = placed.map(async ({ client }) => {
      const got: number[][] = publishers.map(() => []);
      for (let count = 0; count < publishers.length * messages; count++) {
        const [publisher, number] = String(await client.message()).split(" ").map(Number);
        got[publisher!]!.push(number!);
      }
      return got;
    });
    await Promise.all(sending);
    for (const got of await Promise.all(receiving)) assertEquals(got, expected);

    cluster.broadcast("from the supervisor");
    cluster.broadcast(Uint8Array.of(1, 2));
    for (const { client } of placed) {
      assertEquals(await client.message(), "from the supervisor");
      assertEquals(await client.message(), Uint8Array.of(1, 2));
    }
    assertEquals((await cluster.report()).relayDropped, 0);
    leave(placed);
  },
);

clusterTest(
  "Cluster drops messages for a worker that takes none, and others get them",
  async () => {
    await using it = await clusterOf("broadcast");
    const { cluster, book } = it;
    const placed = await connectToAll(cluster);
    const { client } = placed.find(({ worker }) => worker === 1)!;
    const { pid } = cluster.workers[1]!;
    Deno.kill(pid, "SIGSTOP");
    const message = new Uint8Array(65_536);
    // 24 MiB, in parts that fit into the client's own queue.
    for (let part = 0; part < 48; part++) {
      for (let count = 0; count < 8; count++) cluster.broadcast(message);
      for (let count = 0; count < 8; count++) assertEquals(await client.message(), message);
    }
    Deno.kill(pid, "SIGCONT");
    const { relayDropped, workers } = await cluster.report();
    assert(relayDropped > 0 && relayDropped < 8 * 16 + 8, `${relayDropped} were dropped`);
    assertEquals(workers.length, 2);
    assertEquals(book.entries("relay_dropped").map(({ worker }) => worker), [2]);
    leave(placed);
  },
);

clusterTest("Cluster broadcast() of very large messages ends no worker", async () => {
  await using it = await clusterOf("echo");
  const { cluster, book } = it;
  // The first one still waits when the second one comes, which is larger than any limit here.
  for (const size of [8, 144]) cluster.broadcast(new Uint8Array(size * 1_048_576));
  const { workers } = await cluster.report();
  assertEquals(workers.map(({ worker }) => worker), [1, 2]);
  assertEquals(book.entries("worker_ended"), []);
});

clusterTest(
  "Cluster starts a killed worker again under load, and the others do not notice",
  async () => {
    await using it = await clusterOf("echo");
    const { cluster, book } = it;
    const placed = await connectToAll(cluster, 2);
    const load = new HandshakeLoad(cluster.addr, 8);
    const { worker, pid } = cluster.workers[0]!;
    await book.next("worker_started");
    await book.next("worker_started");
    Deno.kill(pid, "SIGKILL");
    // What is asked meanwhile is answered by those who live.
    const report = await cluster.report();
    assert(report.workers.some((it) => it.worker === 2));
    assertEquals((await book.next("worker_ended")).worker, worker);
    assertEquals((await book.next("worker_started")).worker, 3);
    for (const { client, worker } of placed) {
      if (worker === 2) {
        await client.sendMessage("still here");
        assertEquals(await client.message(), "still here");
      } else {
        await client.gone();
        using again = await RawClient.open(cluster.addr);
        await again.sendMessage("again");
        assertEquals(await again.message(), "again");
      }
    }
    const before = load.succeeded;
    await until("clients come again", () => load.succeeded > before + 20);
    await load.stop();
    assertEquals(cluster.workers.map(({ worker }) => worker), [2, 3]);
    leave(placed);
  },
);

clusterTest("Cluster drains a worker that gets SIGTERM, and starts another one", async () => {
  await using it = await clusterOf("echo");
  const { cluster, book } = it;
  const placed = await connectToAll(cluster);
  Deno.kill(cluster.workers[0]!.pid, "SIGINT");
  Deno.kill(cluster.workers[0]!.pid, "SIGTERM");
  for (const { client, worker } of placed) {
    if (worker === 1) {
      assertEquals((await client.closeFrame()).code, 1001);
      await client.sendClose(1001);
      await client.gone();
      client.close();
    } else {
      await client.sendMessage("still here");
      assertEquals(await client.message(), "still here");
    }
  }
  assertEquals((await book.next("worker_ended")).level, "info");
  await until("the other one serves", () => cluster.workers.length === 2);
  assertEquals(cluster.workers.map(({ worker }) => worker), [2, 3]);
  leave(placed);
});

clusterTest("Cluster drain() says goodbye on all workers, and says how that went", async () => {
  const { cluster, book } = await clusterOf("echo");
  const placed = await connectToAll(cluster);
  const drained = cluster.drain();
  await assertRejects(() => cluster.roll(), Error, "The cluster is ending");
  for (const { client } of placed) {
    assertEquals((await client.closeFrame()).code, 1001);
    await client.sendClose(1001);
    await client.gone();
    client.close();
  }
  assertEquals(await drained, { closed: placed.length, cut: 0 });
  assertEquals(cluster.workers, []);
  await cluster.finished;
  assertEquals(book.entries("rolling"), []);
});
