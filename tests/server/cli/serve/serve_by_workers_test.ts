import { assertAlmostEquals, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { VERSION } from "../../../../server/cli/version.ts";
import { TEST_CERTIFICATE, TEST_KEY } from "../../../helpers/certificate.ts";
import { childrenOf } from "../../../helpers/children_of.ts";
import { clusterTest } from "../../../helpers/clusters.ts";
import { closed, echoed, stubborn } from "../../../helpers/echo_clients.ts";
import { until } from "../../../helpers/events.ts";
import { gone } from "../../../helpers/gone.ts";
import { fourtuple, servedAt } from "../../../helpers/process.ts";
import { RawClient } from "../../../helpers/raw_client.ts";
import {
  assertRefuses,
  assertServes,
  opsPortOf,
  pidOf,
  twoWorkers,
  withFiles,
} from "../../../helpers/serving.ts";

clusterTest("serveByWorkers() says by how many, and what each and all can hold", async () => {
  await using process = twoWorkers();
  const url = await servedAt(process);
  assertEquals(
    await process.outLine(" serves "),
    `Fourtuple ${VERSION} serves echo on ${url} by 2 workers (pid ${process.pid})`,
  );
  const line = await process.outLine("File descriptors: ");
  const [, each, all] = /at most (\d+) connections; by each worker, so (\d+) in all$/.exec(line)!;
  // A worker may have a descriptor more open than the other at its start.
  assertAlmostEquals(Number(all), 2 * Number(each), 4);
  await assertServes(url);
  await using limited = twoWorkers("--connections=5");
  assertEquals(
    await limited.outLine("Connections: "),
    "Connections: at most 5, as was set; by each worker, so 10 in all",
  );
});

for (const signal of ["SIGTERM", "SIGINT", "SIGQUIT"] as const) {
  clusterTest(`serveByWorkers() drains all of them at ${signal}, and exits 0`, async () => {
    await using process = twoWorkers();
    const url = await servedAt(process);
    const pids = await Promise.all([pidOf(process, 1), pidOf(process, 2)]);
    const sockets = await Promise.all(Array.from({ length: 12 }, () => echoed(url)));
    const ends = sockets.map(closed);
    // As a terminal and systemd do: all get it, and the supervisor decides.
    for (const pid of pids) Deno.kill(pid, signal);
    process.signal(signal);
    assertEquals(await Promise.all(ends), sockets.map(() => 1001));
    const { code, err } = await process.ended();
    assertEquals(code, 0, err);
    assertStringIncludes(err, '"event":"drained"');
    for (const pid of pids) await gone(pid);
  });
}

clusterTest("serveByWorkers() exits 0 when they die of the signal while they start", async () => {
  await using process = twoWorkers();
  await until("they start", async () => {
    const pids = await childrenOf(process.pid);
    for (const pid of pids) Deno.kill(pid, "SIGSTOP"); // long before they serve
    return pids.length === 2;
  });
  process.signal("SIGTERM");
  await process.errLine('"event":"draining"');
  for (const pid of await childrenOf(process.pid)) Deno.kill(pid, "SIGKILL");
  const { code, err } = await process.ended();
  assertEquals(code, 0, err);
  assertStringIncludes(err, "Drained: 0 closed, 0 cut");
});

clusterTest(
  "serveByWorkers() has one ops port for all, and ends when it was drained there",
  async () => {
    await using process = twoWorkers("--admin=127.0.0.1:0");
    const [url, ops] = [await servedAt(process), await opsPortOf(process)];
    const sockets = await Promise.all(Array.from({ length: 12 }, () => echoed(url)));
    const ends = sockets.map(closed);
    const page = await (await fetch(new URL("/api/v1/connections", ops))).json();
    assertEquals([page.total, page.connections.length], [12, 12]);
    const headers = { "content-type": "application/json" };
    const drain = await fetch(new URL("/api/v1/drain", ops), {
      method: "POST",
      headers,
      body: "{}",
    });
    await drain.body?.cancel();
    assertEquals(await Promise.all(ends), sockets.map(() => 1001));
    const { code, err } = await process.ended();
    assertEquals(code, 0, err);
    assertStringIncludes(err, "Drained: 12 closed, 0 cut");
  },
);

clusterTest("serveByWorkers() changes the level of the workers' logs too", async () => {
  await using process = twoWorkers("--admin=127.0.0.1:0");
  const [url, ops] = [await servedAt(process), await opsPortOf(process)];
  const set = await fetch(new URL("/api/v1/log-level", ops), {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: '{"level":"debug"}',
  });
  await set.body?.cancel();
  await assertServes(url);
  assertMatch(await process.errLine('"event":"opened"'), /"level":"DEBUG".*"worker":[12]/);
});

clusterTest("serveByWorkers() starts no worker when the ops port cannot be had", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const admin = `127.0.0.1:${taken.addr.port}`;
  const reason = `Ops port: Cannot listen on ${admin}: the port is in use`;
  await assertRefuses(["--workers=2", "--port=0", "--admin", admin], 1, reason);
});

clusterTest(
  "serveByWorkers() reads the settings again at SIGHUP, for all workers",
  () =>
    withFiles({ "f.json": "{}" }, async (path) => {
      await using process = twoWorkers("--config", path("f.json"));
      const url = await servedAt(process);
      const pids = await Promise.all([pidOf(process, 1), pidOf(process, 2)]);
      const sockets = await Promise.all(Array.from({ length: 12 }, () => echoed(url)));
      const ends = sockets.map(closed);
      await Deno.writeTextFile(path("f.json"), '{ "messageBytes": 5 }');
      // A signal to all by name is left to the first process.
      for (const pid of pids) Deno.kill(pid, "SIGHUP");
      process.signal("SIGHUP");
      assertStringIncludes(
        await process.errLine('"event":"reloaded"'),
        "messageBytes 5 (was 1048576)",
      );
      for (const socket of sockets) socket.send("longer");
      assertEquals(await Promise.all(ends), sockets.map(() => 1009));
    }),
);

clusterTest(
  "serveByWorkers() starts a worker again with good settings when the file is wrong by then",
  () =>
    withFiles({ "f.json": '{ "messageBytes": 5 }' }, async (path) => {
      await using process = twoWorkers("--config", path("f.json"));
      const url = await servedAt(process);
      const pid = await pidOf(process, 1);
      await Deno.writeTextFile(path("f.json"), '{ "messageBytes": 6 }');
      process.signal("SIGHUP");
      await process.errLine('"event":"reloaded"');
      await Deno.writeTextFile(path("f.json"), "wrong");
      process.signal("SIGHUP");
      await process.errLine('"event":"reload_failed"');
      process.signal("SIGUSR2");
      assertStringIncludes(await process.errLine('"event":"roll_failed"'), "are not replaced");
      Deno.kill(pid, "SIGKILL");
      await pidOf(process, 3);
      await Deno.writeTextFile(path("f.json"), '{ "messageBytes": 7, "app": "broadcast" }');
      process.signal("SIGUSR2");
      await process.errLine('"event":"rolled"');
      await Promise.all([pidOf(process, 4), pidOf(process, 5)]);
      const socket = await echoed(url);
      const end = closed(socket);
      socket.send("too long");
      assertEquals(await end, 1009);
    }),
);

clusterTest(
  "serveByWorkers() starts a worker again with the certificate that was read last, whatever the files hold",
  () =>
    withFiles({ cert: TEST_CERTIFICATE, key: TEST_KEY }, async (path) => {
      const tls = ["--tls-cert", path("cert"), "--tls-key", path("key")];
      await using process = twoWorkers("--admin=127.0.0.1:0", ...tls);
      const url = await servedAt(process);
      const ops = await opsPortOf(process);
      const [first, second] = await Promise.all([pidOf(process, 1), pidOf(process, 2)]);
      await Deno.writeTextFile(path("cert"), "damaged");
      for (const pid of [first, second]) Deno.kill(pid, "SIGKILL");
      await Promise.all([pidOf(process, 3), pidOf(process, 4)]);
      using client = Deno.createHttpClient({ caCerts: [TEST_CERTIFICATE] });
      const response = await fetch(`https://localhost:${url.port}`, { client });
      await response.body?.cancel();
      assertEquals(response.status, 200);
      process.signal("SIGUSR2");
      assertStringIncludes(await process.errLine('"event":"roll_failed"'), "are not replaced");
      const ready = await (await fetch(new URL("/readyz", ops))).json();
      assertEquals(ready.workers, { desired: 2, serving: 2, restarts: 2 });
    }),
);

clusterTest(
  "serveByWorkers() gives new workers the limits of the app that is named by then, and old ones not",
  () =>
    withFiles({ "f.json": '{ "app": "echo" }' }, async (path) => {
      const args = ["--workers=2", "--port=0", "--log-format=json", "--admin=127.0.0.1:0"];
      await using process = fourtuple([...args, "--config", path("f.json")]);
      const ops = await opsPortOf(process);
      const limits = async () => {
        const { messageBytes } = await (await fetch(new URL("/api/v1/limits", ops))).json();
        return messageBytes;
      };
      const ofEcho = await limits();
      await Deno.writeTextFile(path("f.json"), '{ "app": "talk" }');
      process.signal("SIGHUP");
      await process.errLine('"event":"reloaded"');
      assertEquals(await limits(), ofEcho);
      process.signal("SIGUSR2");
      await process.errLine('"event":"rolled"');
      await until("they have the limits of the new app", async () => await limits() !== ofEcho);
    }),
);

// As without workers, it takes a real second until another signal is another.
clusterTest("serveByWorkers() kills them at a second signal", async () => {
  await using process = twoWorkers("--close-timeout=600000", "--drain-deadline=600000");
  using _client = await stubborn(await servedAt(process));
  const pids = await Promise.all([pidOf(process, 1), pidOf(process, 2)]);
  process.signal("SIGTERM");
  await process.errLine('"event":"draining"');
  await new Promise((resolve) => setTimeout(resolve, 1_050));
  process.signal("SIGTERM");
  assertEquals((await process.ended()).code, 143);
  for (const pid of pids) await gone(pid);
});

clusterTest("serveByWorkers() rolls them at SIGUSR2", async () => {
  await using process = twoWorkers();
  const url = await servedAt(process);
  process.signal("SIGUSR2");
  const line = await process.errLine('"event":"rolled"');
  assertMatch(JSON.parse(line).message, /^Rolled 2 workers, at most \d+ connections? reset$/);
  await Promise.all([pidOf(process, 3), pidOf(process, 4)]);
  await assertServes(url);
});

clusterTest("serveByWorkers() exits 1 when they keep dying", async () => {
  await using process = twoWorkers();
  await servedAt(process);
  let ended = false;
  const end = process.ended().finally(() => ended = true);
  for (let worker = 1; !ended; worker++) {
    const pid = await pidOf(process, worker).catch(() => undefined); // there is no such worker
    if (pid !== undefined) Deno.kill(pid, "SIGKILL");
  }
  const { code, err } = await end;
  assertEquals(code, 1, err);
  assertStringIncludes(err, '"event":"gave_up"');
});

clusterTest("serveByWorkers() exits 1 when the port is in use, also by other workers", async () => {
  await using process = twoWorkers();
  const { port } = await servedAt(process);
  const reason = `127.0.0.1:${port}: the port is in use`;
  await assertRefuses(["--workers=2", "--port", port], 1, reason);
  await assertRefuses(["--port", port], 1, reason);
});

clusterTest(
  "serveByWorkers() exits 1 with a worker's reason when none can serve",
  () =>
    withFiles({ garbage: "garbage" }, async (path) => {
      const tls = ["--tls-cert", path("garbage"), "--tls-key", path("garbage")];
      const reason = `Cannot use "${path("garbage")}": it holds no certificate`;
      await assertRefuses(["--workers=2", "--port=0", ...tls], 1, reason);
    }),
);

Deno.test("serveByWorkers() exits 2 when the number of workers is none", () =>
  assertRefuses(["--workers=0"], 2, '--workers: expected an integer from 1 to 1024, or "auto"'));

const tooOld = Deno.version.deno.localeCompare("2.9.6", "en", { numeric: true }) < 0;
const withTls = tooOld
  ? (name: string) => Deno.test.ignore(`${name} (needs Deno 2.9.6)`, () => {})
  : clusterTest;

withTls("serveByWorkers() loses none to what is no TLS behind a PROXY header", async () => {
  await withFiles({ "cert.pem": TEST_CERTIFICATE, "key.pem": TEST_KEY }, async (path) => {
    await using process = twoWorkers(
      ...["--tls-cert", path("cert.pem"), "--tls-key", path("key.pem")],
      ...["--proxy-protocol", "--trusted-proxy=127.0.0.1", "--log-level=debug"],
    );
    const { hostname, port } = await servedAt(process);
    const addr: Deno.NetAddr = { transport: "tcp", hostname, port: Number(port) };
    for (let count = 0; count < 20; count++) {
      using client = await RawClient.connect(addr);
      await client.send("PROXY TCP4 192.0.2.1 192.0.2.2 0 443\r\nGET / HTTP/1.1\r\n\r\n");
      await client.gone();
    }
    process.signal("SIGTERM");
    const { code, err } = await process.ended();
    assertEquals([code, err.match(/"event":"(?:problem|worker_restarting)"/)], [0, null], err);
    assertEquals(err.match(/does not speak TLS.*"event":"refused"/g)?.length, 20);
  });
});

clusterTest("serveAsWorker() logs which worker says a line", async () => {
  await using process = fourtuple(["--workers=2", "--app=echo", "--port=0", "--log-level=debug"]);
  await assertServes(await servedAt(process));
  assertMatch(await process.errLine(" opened "), / debug +w[12] opened /);
});
