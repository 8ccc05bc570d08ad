import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Cluster } from "../../../server/cluster/cluster.ts";
import type { LogEntry } from "../../../server/log.ts";
import { programOf } from "../../../server/process/program.ts";
import { clusterOf, clusterTest, connectToAll, type TestCluster } from "../../helpers/clusters.ts";
import { until } from "../../helpers/events.ts";
import { gone } from "../../helpers/gone.ts";
import { LogBook } from "../../helpers/log_book.ts";
import { RawClient } from "../../helpers/raw_client.ts";

/** Starts workers that do a deed. */
function clusterDoing(deed: string, workers = 1): Promise<TestCluster> {
  const program = programOf(import.meta.resolve("../../helpers/worker_program.ts"));
  return clusterOf("echo", { program, args: [deed], workers });
}

async function assertAnswers(cluster: Cluster): Promise<void> {
  using client = await RawClient.open(cluster.addr);
  await client.sendMessage("hello");
  assertEquals(await client.message(), "hello");
}

clusterTest("Supervisor gives up when no worker serves and each has died six times", async () => {
  const { cluster, book } = await clusterDoing("die");
  await assertRejects(() => cluster.finished, Error, "No worker serves, and none starts");
  // On a very busy machine one dies before it has said that it listens.
  const events = book.entries().flatMap(({ event }) =>
    event === "worker_failed" ? ["worker_started", "worker_ended"] : [event]
  );
  const round = ["worker_started", "worker_ended", "worker_restarting"];
  assertEquals(events, [
    ...Array.from({ length: 5 }, () => round).flat(),
    "worker_started",
    "worker_ended",
    "gave_up",
    "draining",
  ]);
  assertEquals(book.entries("gave_up")[0]!.level, "error");
  assertEquals(
    book.entries("worker_restarting").map(({ message }) => message.split("; ")[1]),
    Array(5).fill("0 of 1 workers serve"),
  );
  assertEquals(cluster.workers, []);
});

clusterTest(
  "Supervisor does not start where a worker cannot serve, and leaves none behind",
  async () => {
    await assertRejects(() => clusterDoing("refuse", 3), Error, "Cannot serve today");
  },
);

/** Runs a cluster of two whose workers start as long as a file is there, and lets the test break it. */
async function withFragile(
  body: (
    it: TestCluster,
    fragile: { spoil(): Promise<void>; mend(): Promise<void> },
  ) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/file`;
  const mend = () => Deno.writeTextFile(file, "");
  await mend();
  const program = programOf(import.meta.resolve("../../helpers/worker_program.ts"));
  {
    await using it = await clusterOf("echo", { program, args: ["trust", file] });
    await body(it, { spoil: () => Deno.remove(file), mend });
  }
  await Deno.remove(folder, { recursive: true });
}

clusterTest(
  "Supervisor goes on with the workers that serve when one cannot start, and tries it again",
  () =>
    withFragile(async ({ cluster, book }, { spoil, mend }) => {
      const placed = await connectToAll(cluster);
      await spoil();
      const [lost, kept] = cluster.workers;
      Deno.kill(lost!.pid, "SIGKILL");
      // More than any place had before its supervisor gave up.
      for (let failures = 0; failures < 7; failures++) {
        await book.next("worker_failed");
        await cluster.setLogLevel("info"); // which hurries
      }
      assertEquals(cluster.workers, [kept!]);
      const { phase, supervisor } = await cluster.operations.snapshot();
      assertEquals([phase, supervisor?.serving, supervisor?.desired], ["serving", 1, 2]);
      assert(supervisor!.restarts >= 7, `${supervisor!.restarts} restarts`);
      assertEquals(
        book.entries("worker_restarting").at(-1)!.message.split("; ")[1],
        "1 of 2 workers serve",
      );
      for (const { client, worker } of placed) {
        if (worker !== kept!.worker) {
          await client.gone();
          continue;
        }
        await client.sendMessage("still here");
        assertEquals(await client.message(), "still here");
      }
      // One that is to be rolled is tried at once, and that is no end of the others.
      await assertRejects(() => cluster.roll(), Error, "file");
      assertEquals(cluster.workers, [kept!]);
      await mend();
      // And so it is when all are told of something.
      await cluster.setLogLevel("error");
      await until("both serve", () => cluster.workers.length === 2);
      await assertAnswers(cluster);
      for (const { client } of placed) client.close();
    }),
);

clusterTest(
  "Supervisor gives up when the last worker dies and none starts",
  () =>
    withFragile(async ({ cluster, book }, { spoil }) => {
      await spoil();
      for (const { pid } of cluster.workers) Deno.kill(pid, "SIGKILL");
      await assertRejects(() => cluster.finished, Error, "No worker serves, and none starts");
      assertEquals(book.entries("gave_up").length, 1);
    }),
);

clusterTest(
  "Supervisor starts where one of several workers cannot, and tries that one again",
  async () => {
    const folder = await Deno.makeTempDir();
    {
      const program = programOf(import.meta.resolve("../../helpers/worker_program.ts"));
      await using it = await clusterOf("echo", { program, args: ["second", folder] });
      const { cluster, book } = it;
      assertEquals(book.entries("worker_failed").map(({ message }) => message), [
        "Worker did not start: Cannot serve yet",
      ]);
      await until("both serve", () => cluster.workers.length === 2);
      await assertAnswers(cluster);
    }
    await Deno.remove(folder, { recursive: true });
  },
);

clusterTest(
  "Supervisor does not share a port, neither with a server nor with other workers",
  async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    await assertRejects(() => clusterOf("echo", { port }), Deno.errors.AddrInUse);
    await using it = await clusterOf("echo");
    const taken = it.cluster.addr.port;
    await assertRejects(() => clusterOf("echo", { port: taken }), Deno.errors.AddrInUse);
    await assertAnswers(it.cluster);
  },
);

clusterTest(
  "Supervisor roll() replaces workers one after the other, and drains the old ones",
  async () => {
    await using it = await clusterOf("echo");
    const { cluster, book } = it;
    const placed = await connectToAll(cluster);
    const rolling = cluster.roll();
    await assertRejects(() => cluster.roll(), Error, "they are rolling already");
    const goodbyes = placed.map(async ({ client }) => {
      const { code } = await client.closeFrame();
      await client.sendClose(code);
      await client.gone();
      client.close();
      return code;
    });
    assertEquals(await Promise.all(goodbyes), placed.map(() => 1001));
    assertEquals(typeof await rolling, "number");
    const story = book.entries().map(({ event, worker }) => `${event} ${worker ?? ""}`.trimEnd());
    assertEquals(story.slice(2), [
      "rolling",
      "roll_failed", // the second roll, refused
      "worker_started 3",
      "worker_ended 1",
      "worker_started 4",
      "worker_ended 2",
      "rolled",
    ]);
    await assertAnswers(cluster);
  },
);

clusterTest(
  "Supervisor roll() says what was lost with a worker that had to be killed",
  async () => {
    await using it = await clusterOf("echo", { workers: 1, drainDeadline: 0 });
    const { cluster, book } = it;
    const placed = await connectToAll(cluster, 2);
    await cluster.operations.snapshot();
    Deno.kill(cluster.workers[0]!.pid, "SIGSTOP");
    assertEquals(await cluster.roll(), 0);
    const { level, message } = await book.next("rolled");
    assertEquals(level, "warning");
    const lost = `, ${placed.length} connections lost with workers that had to be killed`;
    assert(message.endsWith(lost), message);
    for (const { client } of placed) client.close();
  },
);

clusterTest("Supervisor roll() leaves the old workers where a new one does not start", async () => {
  const folder = await Deno.makeTempDir();
  await using it = await clusterDoing(`${folder}/started`);
  const { cluster, book } = it;
  const { workers } = cluster;
  await assertRejects(() => cluster.roll(), Error, "ended before it had joined: exit code 4");
  assertEquals(cluster.workers, workers);
  assertEquals(book.entries("roll_failed")[0]!.level, "error");
  await assertAnswers(cluster);
  await Deno.remove(folder, { recursive: true });
});

clusterTest("Supervisor tells a worker that asks what all workers hold", async () => {
  await using it = await clusterDoing("serve", 2);
  using client = await RawClient.open(it.cluster.addr);
  await client.sendMessage("report");
  const { connections, workers, supervisor } = JSON.parse(String(await client.message()));
  assertEquals([connections, workers.length, supervisor.pid], [1, 2, Deno.pid]);
});

clusterTest("Supervisor drain() kills a worker that does not listen yet", async () => {
  await using it = await clusterOf("echo", { workers: 1 });
  const { cluster, book } = it;
  Deno.kill(cluster.workers[0]!.pid, "SIGKILL");
  await book.next("worker_restarting");
  assertEquals(await cluster.drain(), { closed: 0, cut: 0 });
  await cluster.finished;
  assertEquals(cluster.workers, []);
});

clusterTest("Supervisor goes on when its log fails", async () => {
  const book = new LogBook();
  const log = (entry: LogEntry) => {
    book.log(entry);
    throw new Error("The log is full");
  };
  await using it = await clusterOf("echo", { workers: 1, log });
  Deno.kill(it.cluster.workers[0]!.pid, "SIGKILL");
  for (const event of ["worker_ended", "worker_started"]) await book.next(event);
  await assertAnswers(it.cluster);
});

clusterTest("Supervisor start() kills workers that hang when its signal is aborted", async () => {
  const folder = await Deno.makeTempDir();
  const ending = new AbortController();
  const program = programOf(import.meta.resolve("../../helpers/worker_program.ts"));
  const args = ["hang", `${folder}/started`];
  const starting = clusterOf("echo", { program, args, workers: 1, signal: ending.signal });
  starting.catch(() => {});
  let pid = 0;
  await until("the worker hangs", async () => {
    const text = await Deno.readTextFile(args[1]!).catch(() => "");
    pid = Number(text);
    return text !== "";
  });
  ending.abort();
  await assertRejects(() => starting, Error, "ended before it listened: ended by SIGKILL");
  await gone(pid);
  await Deno.remove(folder, { recursive: true });
});

clusterTest("Supervisor close() kills all workers at once", async () => {
  const { cluster } = await clusterOf("echo");
  const pids = cluster.workers.map(({ pid }) => pid);
  const placed = await connectToAll(cluster);
  await cluster.close();
  await cluster.finished;
  for (const pid of pids) await gone(pid);
  for (const { client } of placed) {
    await client.gone();
    client.close();
  }
});
