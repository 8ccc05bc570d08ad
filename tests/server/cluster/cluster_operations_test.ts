import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Cluster } from "../../../server/cluster/cluster.ts";
import type { SupervisorOptions } from "../../../server/cluster/supervisor.ts";
import type { Limits } from "../../../server/limits.ts";
import type {
  ConnectionQuery,
  DescriptorPage,
  OperatedConnection,
  Snapshot,
} from "../../../server/operations/operations.ts";
import { programOf } from "../../../server/process/program.ts";
import {
  clusterOf,
  clusterTest,
  connectToAll,
  type Placed,
  type TestCluster,
} from "../../helpers/clusters.ts";
import { until } from "../../helpers/events.ts";

function start(options: Partial<SupervisorOptions> = {}): Promise<TestCluster> {
  const program = programOf(import.meta.resolve("../../helpers/worker_program.ts"));
  return clusterOf("echo", { program, args: ["serve"], ...options });
}

function leave(placed: readonly Placed[]): void {
  for (const { client } of placed) client.close();
}

/** One client of each worker. */
function oneOfEach(placed: readonly Placed[]): Placed[] {
  return [...new Map(placed.map((it) => [it.worker, it])).values()];
}

/** The limits of each worker, as it says to a client. */
function limitsOfEach(placed: readonly Placed[]): Promise<Limits[]> {
  return Promise.all(
    oneOfEach(placed).map(async ({ client }) => {
      await client.sendMessage("limits");
      return JSON.parse(String(await client.message()));
    }),
  );
}

async function pages(cluster: Cluster, query: ConnectionQuery): Promise<OperatedConnection[]> {
  const all: OperatedConnection[] = [];
  let wanted: ConnectionQuery | undefined = query;
  while (wanted !== undefined) {
    const { connections, next } = await cluster.operations.query(wanted);
    all.push(...connections);
    wanted = next && { ...query, after: next };
  }
  return all;
}

function sums({ sum: { totals, measured } }: Snapshot) {
  return [
    totals.accepted,
    totals.opened,
    totals.closed,
    totals.messagesIn,
    totals.bytesIn,
    measured.framesIn.text.frames,
    measured.handshakes.counts.reduce((sum, count) => sum + count, 0),
  ];
}

clusterTest("ClusterOperations query() pages through the connections of all workers", async () => {
  await using it = await start();
  const { cluster } = it;
  const placed = await connectToAll(cluster, 3);
  const keys = placed.map(({ key }) => key);
  const found = await pages(cluster, { limit: 2 });
  const page = await cluster.operations.query({ limit: 2 });
  assertEquals(
    [page.connections.length, page.matched, page.total, page.missing],
    [2, keys.length, keys.length, undefined],
  );
  assertEquals(
    found.map(({ key, worker }) => `${worker} ${key}`).toSorted(),
    placed.map(({ key, worker }) => `${worker} ${key}`).toSorted(),
  );
  const times = found.map(({ connectedAt }) => connectedAt);
  assertEquals(times, times.toSorted((a, b) => a - b));
  const reverse = await pages(cluster, { limit: 3, reverse: true });
  assertEquals(reverse.map(({ key }) => key), found.map(({ key }) => key).toReversed());
  const ofSecond = await cluster.operations.query({ worker: 2 });
  const wanted = placed.filter(({ worker }) => worker === 2);
  assertEquals(ofSecond.connections.map(({ key }) => key), wanted.map(({ key }) => key));
  assertEquals([ofSecond.matched, ofSecond.total], [wanted.length, keys.length]);
  await assertRejects(() => cluster.operations.query({ source: "nonsense" }), SyntaxError);
  leave(placed);
});

clusterTest("ClusterOperations finds the worker that has a connection", async () => {
  await using it = await start();
  const { operations } = it.cluster;
  const placed = await connectToAll(it.cluster);
  for (const { key, worker, client } of oneOfEach(placed)) {
    const description = await operations.describe(key);
    assertEquals([description?.key, description?.worker], [key, worker]);
    assertEquals(description?.kernel?.state, "ESTABLISHED");
    const pinged = operations.ping(key);
    const ping = await client.frame();
    await client.sendFrame(0xa, ping!.payload);
    const outcome = await pinged;
    assertEquals(Object.keys(outcome ?? {}), ["roundTrip"]);
  }
  const nobody = "127.0.0.1:1-127.0.0.1:2";
  assertEquals(await operations.describe(nobody), undefined);
  assertEquals(await operations.ping(nobody), undefined);
  assertEquals(await operations.tap(nobody), undefined);
  for (const name of ["describe", "ping", "tap"] as const) {
    await assertRejects(async () => await operations[name]("nonsense"), SyntaxError);
  }
  leave(placed);
});

clusterTest("ClusterOperations close() closes those that match on all workers", async () => {
  await using it = await start();
  const { operations } = it.cluster;
  // More than ten, of whom the answer names no more than ten.
  const placed = await connectToAll(it.cluster, 6);
  const dry = await operations.close({}, { dryRun: true });
  assertEquals([dry.closed, dry.examples.length], [placed.length, 10]);
  const none = { closed: 0, examples: [] };
  assertEquals(await operations.close({ path: "/elsewhere" }, {}), none);
  await assertRejects(() => operations.close({}, { code: 1006 }), RangeError);
  const ofFirst = placed.filter(({ worker }) => worker === 1);
  const outcome = await operations.close({ worker: 1 }, { code: 4000, reason: "out" });
  assertEquals(outcome.closed, ofFirst.length);
  assertEquals(outcome.examples.length, Math.min(10, ofFirst.length));
  const keys = ofFirst.map(({ key }) => key);
  assertEquals(outcome.examples.filter((key) => !keys.includes(key)), []);
  for (const { client } of ofFirst) {
    assertEquals(await client.closeFrame(), { code: 4000, reason: "out" });
  }
  for (const { client, worker } of placed) {
    if (worker === 1) continue;
    await client.sendMessage("still here");
    assertEquals(await client.message(), "still here");
  }
  leave(placed);
});

clusterTest("ClusterOperations close() closes those that are named, on all workers", async () => {
  await using it = await start();
  const { operations } = it.cluster;
  const placed = await connectToAll(it.cluster, 2);
  const named = oneOfEach(placed);
  const keys = [...named.map(({ key }) => key), "127.0.0.1:1-127.0.0.1:2"];
  await assertRejects(() => operations.close({ keys: [...keys, "nonsense"] }, {}), SyntaxError);
  for (const order of [{ dryRun: true }, { code: 4000 }]) {
    const { closed, examples } = await operations.close({ keys }, order);
    assertEquals([closed, [...examples].sort()], [named.length, keys.slice(0, -1).sort()]);
  }
  for (const { client } of named) assertEquals((await client.closeFrame())?.code, 4000);
  assertEquals((await operations.query({ state: "open" })).matched, placed.length - named.length);
  leave(placed);
});

clusterTest("ClusterOperations tap() shows the frames of a connection of any worker", async () => {
  await using it = await start();
  const { operations, workers } = it.cluster;
  const placed = await connectToAll(it.cluster);
  for (const { key, client, worker } of oneOfEach(placed)) {
    const events = (await operations.tap(key, { payloadBytes: 8 }))!.getReader();
    await client.sendMessage("hello");
    for (const expected of ["in", "out"]) {
      const { value } = await events.read();
      if (value?.type !== "frame") throw new Error(`Not a frame: ${value?.type}`);
      const { direction, name, length, text } = value;
      assertEquals([direction, name, length, text], [expected, "text", 5, "hello"]);
    }
    Deno.kill(workers.find((it) => it.worker === worker)!.pid, "SIGKILL");
    const { value: end } = await events.read();
    assertEquals(end?.type === "end" && end.code, 1006);
    assertEquals((await events.read()).done, true);
  }
  leave(placed);
});

clusterTest(
  "ClusterOperations tap() drops and counts what a slow reader does not take",
  async () => {
    await using it = await start({ workers: 1 });
    const placed = await connectToAll(it.cluster);
    const [{ key, client }] = placed as [Placed];
    const stream = (await it.cluster.operations.tap(key))!;
    const messages = 3_000;
    for (let count = 0; count < messages; count++) {
      await client.sendMessage("m");
      assertEquals(await client.message(), "m");
    }
    await client.sendClose(1000);
    let [frames, dropped] = [0, 0];
    for await (const event of stream) {
      if (event.type === "dropped") dropped += event.frames;
      else if (event.type === "frame") frames++;
      else assertEquals(event.code, 1000);
    }
    assert(dropped > 0 && frames > 1_000, `${dropped} dropped, ${frames} shown`);
    // The Close frames of both sides are among them.
    assertEquals(frames + dropped, 2 * messages + 2);
    leave(placed);
  },
);

clusterTest(
  "ClusterOperations snapshot() adds up, and never counts back when a worker is killed or drains",
  async () => {
    await using it = await start();
    const { cluster, book } = it;
    const { operations } = cluster;
    const placed = await connectToAll(cluster, 2);
    for (const { client } of placed) {
      await client.sendMessage("hello");
      await client.message();
    }
    const before = await operations.snapshot();
    const { sum, processes, phase, supervisor, missing } = before;
    const { length } = placed;
    assertEquals(sums(before).slice(0, 4), [length, length, 0, length]);
    assertEquals([sum.report.connections, sum.report.fourTuples], [length, length]);
    assertEquals(typeof sum.report.nextLimit?.connections, "number");
    assertEquals(sum.report.sourceAddresses, undefined);
    assertEquals([phase, supervisor?.pid, missing], ["serving", Deno.pid, undefined]);
    assertEquals(
      processes.map(({ worker, pid, since }) => ({ worker, pid, since })),
      cluster.workers,
    );
    assertEquals(
      processes.map(({ report }) => report.connections),
      [1, 2].map((worker) => placed.filter((it) => it.worker === worker).length),
    );

    Deno.kill(cluster.workers[0]!.pid, "SIGKILL");
    let last = before;
    const check = async () => {
      const now = await operations.snapshot();
      const [less, more] = [sums(last), sums(now)];
      assert(less.every((count, index) => count <= more[index]!), `${less} became ${more}`);
      last = now;
    };
    while (book.entries("worker_started").length < 3) await check();
    leave(placed);
    await cluster.roll();
    await check();
    assertEquals(sums(last).slice(0, 4), [length, length, length, length]);
    assertEquals((await cluster.totals()).messagesIn, length);
  },
);

clusterTest("ClusterOperations answers without a worker that is stopped", async () => {
  await using it = await start();
  const { cluster } = it;
  const { operations } = cluster;
  const placed = await connectToAll(cluster, 2);
  const before = await operations.snapshot();
  const [first, second] = cluster.workers;
  Deno.kill(first!.pid, "SIGSTOP");
  const [snapshot, page, limits, gone, outcome, fds] = await Promise.all([
    operations.snapshot(),
    operations.query({}),
    operations.limits(),
    operations.describe("127.0.0.1:1-127.0.0.1:2"),
    operations.close({}, { dryRun: true }),
    operations.descriptors(),
    cluster.setLogLevel("debug"),
  ]);
  const ofSecond = placed.filter(({ worker }) => worker === 2).length;
  assertEquals(snapshot.missing, [1]);
  assertEquals(snapshot.processes.map(({ worker }) => worker), [second!.worker]);
  assertEquals(sums(snapshot).slice(0, 3), sums(before).slice(0, 3));
  assertEquals(snapshot.sum.report.connections, placed.length);
  assertEquals([page.missing, page.matched, page.connections.length], [[1], ofSecond, ofSecond]);
  assertEquals([limits.missedPings, gone, outcome.closed], [2, undefined, ofSecond]);
  assertEquals([outcome.missing, fds.missing], [[1], [1]]);
  assertEquals((await operations.close({ worker: 2 }, { dryRun: true })).missing, undefined);
  assertEquals((await operations.close({ worker: 1 }, { dryRun: true })).missing, [1]);
  // It follows when it goes on.
  await operations.reconfigure({ limits: { missedPings: 9 } });
  Deno.kill(first!.pid, "SIGCONT");
  assertEquals((await limitsOfEach(placed)).map(({ missedPings }) => missedPings), [9, 9]);
  assertEquals((await operations.snapshot()).missing, undefined);
  leave(placed);
});

clusterTest(
  "ClusterOperations has all rows in a page that is asked for again when a worker goes on",
  async () => {
    await using it = await start();
    const { cluster } = it;
    const { operations } = cluster;
    const placed = await connectToAll(cluster, 2);
    const query = { limit: 1 };
    const { next: after } = await operations.query(query);
    const { next: behind } = await operations.descriptors(query);
    const wanted = () =>
      Promise.all([
        operations.query({ after: after! }),
        operations.descriptors({ limit: 1_000, after: behind! }),
      ]);
    const [second] = cluster.workers.slice(1);
    Deno.kill(second!.pid, "SIGSTOP");
    const [page, fds] = await wanted();
    assertEquals([page.missing, fds.missing], [[2], [2]]);
    Deno.kill(second!.pid, "SIGCONT");
    await until("it answers", async () => (await operations.query({})).missing === undefined);
    const [all, allFds] = await wanted();
    assertEquals([all.missing, allFds.missing], [undefined, undefined]);
    assertEquals(all.connections.length, placed.length - 1);
    assertEquals(allFds.rows.filter(({ id }) => id !== undefined).length, placed.length);
    leave(placed);
  },
);

clusterTest("ClusterOperations descriptors() pages through those of all workers", async () => {
  await using it = await start();
  const { operations } = it.cluster;
  const placed = await connectToAll(it.cluster, 2);
  const pages: DescriptorPage[] = [await operations.descriptors({ limit: 7 })];
  for (let { next } = pages[0]!; next !== undefined; { next } = pages.at(-1)!) {
    pages.push(await operations.descriptors({ limit: 7, after: next }));
  }
  const rows = pages.flatMap((page) => page.rows);
  assertEquals(pages.slice(0, -1).filter((page) => page.rows.length !== 7), []);
  const places = rows.map(({ worker, descriptor }) => worker! * 100_000 + descriptor);
  assertEquals(places, [...new Set(places)].toSorted((a, b) => a - b));
  assertEquals(
    rows.filter(({ id }) => id !== undefined).map(({ key }) => key).toSorted(),
    placed.map(({ key }) => key).toSorted(),
  );
  const sums = pages.map(({ at, connections, flagged }) => [at, connections, flagged]);
  assertEquals(new Set(sums.map(String)), new Set([`${pages[0]!.at},${placed.length},0`]));
  leave(placed);
});

clusterTest("ClusterOperations says so when no worker answers", async () => {
  await using it = await start();
  const { cluster } = it;
  const { operations } = cluster;
  const placed = await connectToAll(cluster);
  await operations.snapshot();
  for (const { pid } of cluster.workers) Deno.kill(pid, "SIGSTOP");
  const [{ missing, processes, sum }, outcome, page] = await Promise.all([
    operations.snapshot(),
    operations.close({}, {}),
    operations.query({}),
    assertRejects(() => operations.limits(), Deno.errors.TimedOut, "No worker answers"),
    assertRejects(() => operations.reconfigure({ limits: {} }), Deno.errors.TimedOut),
  ]);
  assertEquals([missing, processes, outcome.missing, page.missing], [[1, 2], [], [1, 2], [1, 2]]);
  // What they have said last goes on to count.
  assertEquals([sum.report.connections, sum.totals.opened], [placed.length, placed.length]);
  // Told to drain, they do not hear it: they are killed soon, with what they have.
  assertEquals(await cluster.drain({ deadline: 0 }), { closed: 0, cut: placed.length });
  leave(placed);
});

clusterTest("ClusterOperations has nothing of a worker that there is not", async () => {
  await using it = await start();
  const { cluster } = it;
  const { operations } = cluster;
  const placed = await connectToAll(cluster);
  for (const worker of [0, 99]) {
    assertEquals((await operations.query({ worker })).matched, 0);
    assertEquals(await operations.close({ worker }, {}), { closed: 0, examples: [] });
    assertEquals((await operations.descriptors({ worker })).open, 0);
  }
  const [all, first, second] = await Promise.all([
    operations.descriptors(),
    operations.descriptors({ worker: 1 }),
    operations.descriptors({ worker: 2 }),
  ]);
  assertEquals(first.connections + second.connections, all.connections);
  assertEquals(new Set(first.rows.map(({ worker }) => worker)), new Set([1]));
  leave(placed);
});

clusterTest("ClusterOperations reconfigure() takes null for what held at the start", async () => {
  await using it = await start();
  const { cluster } = it;
  const placed = await connectToAll(cluster);
  const before = await limitsOfEach(placed);
  await cluster.operations.reconfigure({ limits: { missedPings: 9, connections: 500 } });
  await cluster.operations.reconfigure({ limits: { missedPings: null, connections: null } });
  assertEquals(await limitsOfEach(placed), before);
  leave(placed);
});

clusterTest(
  "ClusterOperations reconfigure() changes all workers, those too that start later",
  async () => {
    await using it = await start();
    const { cluster, book } = it;
    const { operations } = cluster;
    const placed = await connectToAll(cluster);
    const pings = (limits: Limits[]) => limits.map(({ missedPings }) => missedPings);
    const changed = await Promise.all([
      operations.reconfigure({ limits: { missedPings: 5, connectionsPerAddress: 1_000 } }),
      operations.reconfigure({ limits: { missedPings: 7 } }),
    ]);
    assertEquals(pings(changed), [5, 7]);
    assertEquals(pings(await limitsOfEach(placed)), [7, 7]);
    const wrong = { missedPings: -1, closeTimeout: 6_000, pingInterval: 0 };
    const error = await assertRejects(
      () => operations.reconfigure({ limits: wrong }),
      RangeError,
      "limits.missedPings",
    );
    assert(error.message.includes("limits.pingInterval"));
    await assertRejects(
      () => operations.reconfigure({ certificate: { cert: "none", key: "none" } }),
      TypeError,
    );
    assertEquals(
      (await limitsOfEach(placed)).map(({ closeTimeout }) => closeTimeout),
      [5_000, 5_000],
    );
    Deno.kill(cluster.workers[0]!.pid, "SIGKILL");
    await book.next("worker_ended");
    await until("another one serves", () => cluster.workers.length === 2);
    leave(placed);
    await cluster.roll();
    const again = await connectToAll(cluster);
    assertEquals(
      (await limitsOfEach(again)).map((it) => [it.missedPings, it.connectionsPerAddress]),
      [[7, 1_000], [7, 1_000]],
    );
    assertEquals((await operations.limits()).missedPings, 7);
    leave(again);
  },
);

clusterTest(
  "ClusterOperations reconfigure() replaces a worker that refuses what another took",
  async () => {
    const folder = await Deno.makeTempDir();
    await using it = await start({ args: ["quarrel", folder] });
    const { cluster, book } = it;
    const limits = await cluster.operations.reconfigure({ limits: { missedPings: 4 } });
    assertEquals(limits.missedPings, 4);
    const refused = await book.next("worker_refused");
    assert(refused.message.endsWith("Not with me"));
    assertEquals((await book.next("worker_ended")).worker, refused.worker);
    await until("another one serves", () => cluster.workers.length === 2);
    assert(cluster.workers.every(({ worker }) => worker !== refused.worker));
    const placed = await connectToAll(cluster);
    assertEquals((await limitsOfEach(placed)).map(({ missedPings }) => missedPings), [4, 4]);
    leave(placed);
    await Deno.remove(folder, { recursive: true });
  },
);

clusterTest("Cluster setLogLevel() tells all workers, those too that start later", async () => {
  await using it = await start();
  const { cluster } = it;
  const levels = async (placed: readonly Placed[]) => {
    for (const { client } of placed) await client.sendMessage("level");
    return await Promise.all(placed.map(({ client }) => client.message()));
  };
  const placed = await connectToAll(cluster);
  await cluster.setLogLevel("warning");
  assertEquals(await levels(oneOfEach(placed)), ["warning", "warning"]);
  leave(placed);
  await cluster.roll();
  const again = await connectToAll(cluster);
  assertEquals(await levels(oneOfEach(again)), ["warning", "warning"]);
  leave(again);
});

clusterTest("ClusterOperations descriptors() and host() are those of all workers", async () => {
  await using it = await start();
  const { operations } = it.cluster;
  const placed = await connectToAll(it.cluster);
  const all = await operations.descriptors({ limit: 1_000 });
  const sockets = all.rows.filter(({ id }) => id !== undefined);
  assertEquals(
    sockets.map(({ worker, key }) => `${worker} ${key}`).toSorted(),
    placed.map(({ worker, key }) => `${worker} ${key}`).toSorted(),
  );
  assertEquals([all.connections, all.flagged, all.next], [placed.length, 0, undefined]);
  const half = await operations.descriptors({ limit: 20 });
  const rest = await operations.descriptors({ limit: 1_000, after: half.next! });
  const placeOf = ({ worker, descriptor }: typeof all.rows[number]) => `${worker} ${descriptor}`;
  // A descriptor for reading the list comes and goes.
  const places = new Set([...half.rows, ...rest.rows].map(placeOf));
  assert(sockets.every((row) => places.has(placeOf(row))));
  const { capacity, limits, report } = await operations.host();
  assertEquals(report.connections, placed.length);
  const descriptors = capacity.find(({ name }) => name === "descriptors")!;
  assertEquals([descriptors.unit, descriptors.value], [
    "descriptors of each worker",
    limits.descriptors?.soft,
  ]);
  assert(descriptors.connections > descriptors.value);
  leave(placed);
});

clusterTest("ClusterOperations drain() begins a drain, and tells how far it is", async () => {
  await using it = await start();
  const { operations } = it.cluster;
  const placed = await connectToAll(it.cluster);
  const { length } = placed;
  assertEquals(await operations.drainProgress(), { phase: "serving", left: length });
  const { phase, began, deadline, connections, left } = await operations.drain({
    deadline: 20_000,
  });
  assertEquals([phase, connections, left], ["draining", length, length]);
  assertEquals(deadline! - began!, 20_000);
  assertEquals((await operations.drain()).deadline, deadline);
  for (const { client } of placed) {
    assertEquals((await client.closeFrame()).code, 1001);
    await client.sendClose(1001);
    await client.gone();
    client.close();
  }
  await it.cluster.finished;
  await until("the result is there", async () => {
    return (await operations.drainProgress()).result !== undefined;
  });
  assertEquals(await operations.drainProgress(), {
    phase: "stopped",
    began: began!,
    deadline: deadline!,
    connections: length,
    left: 0,
    result: { closed: length, cut: 0 },
  });
  const { processes, sum } = await operations.snapshot();
  assertEquals([processes, sum.totals.closed], [[], length]);
});
