import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { VERSION } from "../../../server/cli/version.ts";
import { TEST_CERTIFICATE, TEST_KEY } from "../../helpers/certificate.ts";
import { childrenOf } from "../../helpers/children_of.ts";
import { clusterTest } from "../../helpers/clusters.ts";
import { closed, echoed, stubborn } from "../../helpers/echo_clients.ts";
import { until } from "../../helpers/events.ts";
import { gone } from "../../helpers/gone.ts";
import { FOURTUPLE, fourtuple, Process, servedAt } from "../../helpers/process.ts";
import { RawClient } from "../../helpers/raw_client.ts";

/** Makes a directory with these files, runs the test, and removes it. */
async function withFiles(
  files: Record<string, string>,
  body: (path: (name: string) => string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${directory}/${name}`, text);
    }
    await body((name) => `${directory}/${name}`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Shows that the echo app behind an address works. */
async function assertServes(url: URL): Promise<void> {
  const socket = await echoed(url);
  const end = closed(socket);
  socket.close(1000);
  assertEquals(await end, 1000);
}

/** Shows that a command line does not start anything, and says why in one line. */
async function assertRefuses(args: string[], code: number, reason: string): Promise<void> {
  await using process = fourtuple(["serve", ...args]);
  await assertEndsWith(process, code, reason);
}

async function assertEndsWith(process: Process, code: number, reason: string): Promise<void> {
  const ended = await process.ended();
  assertEquals([ended.code, ended.out], [code, ""], ended.err);
  const lines = ended.err.split("\n").filter((line) => line !== "");
  assertEquals(lines.length, code === 2 ? 2 : 1, ended.err);
  assertStringIncludes(lines[0]!, "fourtuple serve: ");
  assertStringIncludes(lines[0]!, reason);
}

// The banner.

Deno.test("serve says where it listens, its pid and version, and then really answers", async () => {
  await using process = fourtuple(["serve", "--app", "echo", "--port", "0"]);
  const url = await servedAt(process);
  const line = await process.outLine(" serves ");
  assertEquals(line, `Fourtuple ${VERSION} serves echo on ${url} (pid ${process.pid})`);
  assertEquals([url.protocol, url.hostname], ["http:", "127.0.0.1"]);
  await assertServes(url);
});

Deno.test("serve is the command where none is named, and talk the app", async () => {
  await using process = fourtuple(["--port", "0"]);
  const url = await servedAt(process);
  assertStringIncludes(await process.outLine(" serves "), " serves talk on ");
  const page = await fetch(url);
  assertEquals(page.status, 200);
  assertStringIncludes(await page.text(), "<title>");
});

Deno.test("serve says how many connections the descriptors allow", async () => {
  await using process = fourtuple(["--app", "echo", "--port", "0"]);
  const line = await process.outLine("File descriptors: ");
  if (Deno.build.os !== "linux") {
    assertStringIncludes(line, "their limit cannot be read on this system");
    return;
  }
  const limits = await Deno.readTextFile(`/proc/${process.pid}/limits`);
  const [, soft] = limits.match(/^Max open files +(\d+)/m)!;
  const [, allowed, most] = line.match(/: (\d+) allowed, so at most (\d+) connections$/)!;
  assertEquals(allowed, soft);
  assert(Number(most) < Number(soft) && Number(most) > 0, line);
});

Deno.test("serve says the number of connections that was set", async () => {
  await using process = fourtuple(["--port", "0", "--connections", "5"]);
  assertEquals(await process.outLine("Connections: "), "Connections: at most 5, as was set");
});

for (
  const [host, addresses] of [["0.0.0.0", "IPv4 addresses"], ["::", "addresses"]] as const
) {
  Deno.test(`serve says that it listens on all addresses with --host ${host}`, async () => {
    await using process = fourtuple(["--app", "echo", "--host", host, "--port", "0"]);
    const { port } = await servedAt(process);
    assertEquals(
      await process.outLine("It listens"),
      `It listens on port ${port} of all ${addresses} of this host (${host})`,
    );
  });
}

Deno.test("serve writes an IPv6 address in brackets", async () => {
  await using process = fourtuple(["--app", "echo", "--host", "::1", "--port", "0"]);
  const url = await servedAt(process);
  assertEquals(url.hostname, "[::1]");
  await assertServes(url);
});

// Settings.

Deno.test("serve prefers flags to FOURTUPLE_* variables, and those to the --config file", () =>
  withFiles({ "f.json": '{ "app": "broadcast", "port": 0 }' }, async (path) => {
    const env = { FOURTUPLE_APP: "echo" };
    await using file = fourtuple(["--config", path("f.json")]);
    await using variable = fourtuple([], { env: { ...env, FOURTUPLE_CONFIG: path("f.json") } });
    await using flag = fourtuple(["--config", path("f.json"), "--app=talk"], { env });
    assertStringIncludes(await file.outLine(" serves "), "serves broadcast on");
    assertStringIncludes(await variable.outLine(" serves "), "serves echo on");
    assertStringIncludes(await flag.outLine(" serves "), "serves talk on");
  }));

Deno.test("serve lists all that is wrong in flags, variables and file, and starts nothing", () =>
  withFiles({ "f.json": '{ "ap": "echo", "origin": ["a.example"] }' }, async (path) => {
    const config = path("f.json");
    await using process = fourtuple(["--port=-1", "--nope", "--config", config], {
      env: { FOURTUPLE_PORTS: "1", FOURTUPLE_LOG_LEVEL: "" },
    });
    assertEquals(await process.ended(), {
      code: 2,
      out: "",
      err: `\
fourtuple serve: --nope: no such option
fourtuple serve: ${config}: origin[0]: expected an origin such as https://a.example, or "*", received "a.example"
fourtuple serve: ${config}: ap: no such setting
fourtuple serve: FOURTUPLE_LOG_LEVEL: expected one of debug, info, warning, error, received ""
fourtuple serve: FOURTUPLE_PORTS: no such setting
fourtuple serve: --port: expected an integer from 0 to 65535, received -1
Try: fourtuple serve --help
`,
    });
  }));

Deno.test("serve lets pages connect from the origins that are set, and from no others", async () => {
  const args = ["--app=echo", "--port=0", "--origin=https://a.example,https://b.example"];
  await using process = fourtuple(args);
  const url = await servedAt(process);
  for (
    const [origin, status] of [
      ["https://a.example", 101],
      ["https://b.example", 101],
      ["https://c.example", 403],
    ] as const
  ) {
    const addr = { transport: "tcp", hostname: url.hostname, port: Number(url.port) } as const;
    using client = await RawClient.connect(addr);
    await client.sendUpgrade("/", `Origin: ${origin}`);
    assertEquals((await client.head()).status, status, origin);
  }
});

// What keeps it from starting.

Deno.test("serve exits 1 when the port is in use", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  await assertRefuses(["--port", `${port}`], 1, `127.0.0.1:${port}: the port is in use`);
});

Deno.test("serve exits 1 when the address is not this host's", () =>
  assertRefuses(["--host=192.0.2.1", "--port=0"], 1, "192.0.2.1:0: this host has no such address"));

Deno.test("serve exits 1 when the host's name cannot be found", () =>
  // No host is called so, and no resolver asks the network for it.
  assertRefuses(["--host=-", "--port=0"], 1, "-:0: this host cannot be found"));

/** A command line that takes the right to low ports away, or why a test cannot do without it. */
function unprivileged(): { prefix: string[] } | { missing: string } {
  if (Deno.build.os !== "linux") return { missing: "needs Linux" };
  const first = Deno.readTextFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start").trim();
  if (Number(first) < 2) return { missing: "this host lets everybody use port 1" };
  const drop = ["setpriv", "--bounding-set=-net_bind_service"];
  if (Deno.uid() !== 0) return { prefix: [] };
  try {
    const [command = "", ...args] = drop;
    const { success } = new Deno.Command(command, { args: [...args, "true"] }).outputSync();
    if (success) return { prefix: drop };
  } catch {
    // There is no such program.
  }
  return { missing: "needs setpriv, or another user than root" };
}

const low = unprivileged();

Deno.test({
  name: "serve exits 1 when the port needs rights that it lacks" +
    ("missing" in low ? ` (ignored: ${low.missing})` : ""),
  ignore: "missing" in low,
  fn: async () => {
    const prefix = "prefix" in low ? low.prefix : [];
    const [command = "", ...args] = [...prefix, ...FOURTUPLE, "--port", "1"];
    await using process = new Process(command, args);
    await assertEndsWith(process, 1, "127.0.0.1:1: ports below 1024 need root or CAP_NET");
  },
});

/** The key of no certificate here. */
const OTHER_KEY = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIHKEGTTwC9blNei15MRAuxVQoTDz+8MBc3GlgwzBGeNr
-----END PRIVATE KEY-----
`;

Deno.test("serve names the file when the certificate or its key cannot be used", () =>
  withFiles(
    { cert: TEST_CERTIFICATE, key: TEST_KEY, other: OTHER_KEY, garbage: "garbage\n", empty: "" },
    async (path) => {
      const refuses = (cert: string, key: string, reason: string) =>
        assertRefuses(
          ["--port=0", "--tls-cert", path(cert), "--tls-key", path(key)],
          1,
          reason,
        );
      await refuses("none", "key", `Cannot read "${path("none")}": there is no such file`);
      await refuses("cert", ".", `Cannot read "${path(".")}": it is a directory`);
      await refuses("garbage", "key", `Cannot use "${path("garbage")}": it holds no certificate`);
      await refuses("empty", "key", `Cannot use "${path("empty")}": it holds no certificate`);
      await refuses("cert", "garbage", `Cannot use "${path("garbage")}": it holds no private key`);
      await refuses("key", "cert", `Cannot use "${path("key")}": it holds no certificate`);
      await refuses("cert", "other", `Cannot use "${path("other")}": it is not the key of`);
    },
  ));

Deno.test("serve exits 2 when there is a certificate without a key", () =>
  assertRefuses(["--tls-cert=c.pem"], 2, "--tls-cert: needs --tls-key too"));

const tls = Deno.version.deno.localeCompare("2.9.6", "en", { numeric: true }) >= 0;

Deno.test({
  name: `serve speaks TLS${tls ? "" : " (ignored: needs Deno 2.9.6)"}`,
  ignore: !tls,
  fn: () =>
    withFiles({ cert: TEST_CERTIFICATE, key: TEST_KEY }, async (path) => {
      const args = ["--port=0", "--tls-cert", path("cert"), "--tls-key", path("key")];
      await using process = fourtuple(args);
      const url = await servedAt(process);
      assertEquals(url.protocol, "https:");
      using client = Deno.createHttpClient({ caCerts: [TEST_CERTIFICATE] });
      const page = await fetch(url, { client });
      assertStringIncludes(await page.text(), "<title>");
    }),
});

// Workers.

/** Starts two workers of the echo app that log JSON lines. */
function twoWorkers(...args: string[]): Process {
  return fourtuple(["--workers=2", "--app=echo", "--port=0", "--log-format=json", ...args]);
}

/** The process of a worker, from the log. */
async function pidOf(process: Process, worker: number): Promise<number> {
  const line = await process.errLine(`"event":"worker_started","worker":${worker}`);
  return Number(/pid (\d+)/.exec(line)![1]);
}

clusterTest("serve --workers says by how many, and what each and all can hold", async () => {
  await using process = twoWorkers();
  const url = await servedAt(process);
  assertEquals(
    await process.outLine(" serves "),
    `Fourtuple ${VERSION} serves echo on ${url} by 2 workers (pid ${process.pid})`,
  );
  const line = await process.outLine("File descriptors: ");
  const [, each, all] = /at most (\d+) connections; by each worker, so (\d+) in all$/.exec(line)!;
  assertEquals(Number(all), 2 * Number(each));
  await assertServes(url);
  await using limited = twoWorkers("--connections=5");
  assertEquals(
    await limited.outLine("Connections: "),
    "Connections: at most 5, as was set; by each worker, so 10 in all",
  );
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  clusterTest(`serve --workers drains all of them at ${signal}, and exits 0`, async () => {
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

clusterTest("serve --workers exits 0 when they die of the signal while they start", async () => {
  await withFiles({}, async (path) => {
    // A worker that reads its certificate from here waits for ever.
    await new Deno.Command("mkfifo", { args: [path("fifo")] }).output();
    await using process = twoWorkers("--tls-cert", path("fifo"), "--tls-key", path("fifo"));
    await until("they start", async () => (await childrenOf(process.pid)).length === 2);
    process.signal("SIGTERM");
    await process.errLine('"event":"draining"');
    for (const pid of await childrenOf(process.pid)) Deno.kill(pid, "SIGKILL");
    const { code, err } = await process.ended();
    assertEquals(code, 0, err);
    assertStringIncludes(err, "Drained: 0 closed, 0 cut");
  });
});

clusterTest(
  "serve --workers leaves SIGHUP to the first process, and the others drain",
  async () => {
    await using process = twoWorkers();
    const url = await servedAt(process);
    const pids = await Promise.all([pidOf(process, 1), pidOf(process, 2)]);
    const sockets = await Promise.all(Array.from({ length: 12 }, () => echoed(url)));
    const ends = sockets.map(closed);
    // As a terminal does that is closed.
    for (const pid of pids) Deno.kill(pid, "SIGHUP");
    process.signal("SIGHUP");
    assertEquals(await Promise.all(ends), sockets.map(() => 1001));
    for (const pid of pids) await gone(pid);
  },
);

// As without workers, it takes a real second until another signal is another.
clusterTest("serve --workers kills them at a second signal", async () => {
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

clusterTest("serve --workers rolls them at SIGUSR2", async () => {
  await using process = twoWorkers();
  const url = await servedAt(process);
  process.signal("SIGUSR2");
  const line = await process.errLine('"event":"rolled"');
  assertMatch(JSON.parse(line).message, /^Rolled 2 workers, at most \d+ connections were reset$/);
  await Promise.all([pidOf(process, 3), pidOf(process, 4)]);
  await assertServes(url);
});

clusterTest("serve --workers exits 1 when they keep dying", async () => {
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

clusterTest("serve --workers exits 1 when the port is in use, also by other workers", async () => {
  await using process = twoWorkers();
  const { port } = await servedAt(process);
  const reason = `127.0.0.1:${port}: the port is in use`;
  await assertRefuses(["--workers=2", "--port", port], 1, reason);
  await assertRefuses(["--port", port], 1, reason);
});

clusterTest(
  "serve --workers exits 1 with a worker's reason when none can serve",
  () =>
    withFiles({ garbage: "garbage" }, async (path) => {
      const tls = ["--tls-cert", path("garbage"), "--tls-key", path("garbage")];
      const reason = `Cannot use "${path("garbage")}": it holds no certificate`;
      await assertRefuses(["--workers=2", "--port=0", ...tls], 1, reason);
    }),
);

Deno.test("serve exits 2 when the number of workers is none", () =>
  assertRefuses(["--workers=0"], 2, '--workers: expected an integer from 1 to 1024, or "auto"'));

clusterTest("serve logs which worker says a line", async () => {
  await using process = fourtuple(["--workers=2", "--app=echo", "--port=0", "--log-level=debug"]);
  await assertServes(await servedAt(process));
  assertMatch(await process.errLine(" opened "), / debug +w[12] opened /);
});

// Streams that nobody reads.

/** Starts the echo app through a shell on a free port, for where the banner cannot be read. */
async function throughShell(
  script: string,
  body: (process: Process, url: URL) => Promise<void>,
): Promise<void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const args = ["-c", script, "sh", ...FOURTUPLE, "--app=echo", `--port=${port}`];
  await using process = new Process("sh", args);
  await until("the server listens", async () => {
    try {
      (await Deno.connect({ port })).close();
      return true;
    } catch {
      return false;
    }
  });
  await body(process, new URL(`http://127.0.0.1:${port}/`));
}

for (const streams of [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"]) {
  Deno.test(`serve goes on with closed streams: ${streams}`, () =>
    throughShell(`exec "$@" ${streams}`, async (process, url) => {
      await assertServes(url);
      process.signal("SIGTERM");
      assertEquals((await process.ended()).code, 0);
    }));
}

Deno.test("serve goes on when the readers of its streams leave, and at SIGPIPE", async () => {
  await using process = fourtuple(["--app=echo", "--port=0", "--log-level=debug"]);
  const url = await servedAt(process);
  await process.leaveOut();
  await process.leaveErr();
  process.signal("SIGPIPE");
  await assertServes(url);
  process.signal("SIGTERM");
  assertEquals((await process.ended()).code, 0);
});

Deno.test({
  name: "serve goes on, drains and ends when its log's reader is stuck" +
    (Deno.build.os === "linux" ? "" : " (ignored: needs Linux's dd and mkfifo)"),
  ignore: Deno.build.os !== "linux",
  // The server waits for the reader for one second before it ends.
  fn: () =>
    withFiles({}, async (path) => {
      const fill = 'dd if=/dev/zero of="$0" oflag=nonblock bs=4096 count=1024 2>/dev/null';
      const script = `mkfifo "$0"; exec 2<>"$0"; ${fill}; exec "$@"`;
      const args = ["-c", script, path("pipe"), ...FOURTUPLE, "--app=echo", "--port=0"];
      await using process = new Process("sh", args);
      const socket = await echoed(await servedAt(process));
      const end = closed(socket);
      process.signal("SIGTERM");
      assertEquals(await end, 1001);
      assertEquals((await process.ended()).code, 0);
    }),
});

// The log.

Deno.test("serve logs one JSON object a line with --log-format json", async () => {
  await using process = fourtuple(["--app=echo", "--port=0", "--log-format=json"]);
  await assertServes(await servedAt(process));
  process.signal("SIGTERM");
  const { code, err } = await process.ended();
  assertEquals(code, 0);
  const entries = err.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(entries.map(({ event }) => event).slice(-2), ["draining", "drained"]);
  for (const { "@timestamp": time, level, message, logger } of entries) {
    assertMatch(time, /^\d{4}-\d\d-\d\dT/);
    assertEquals([level, logger, typeof message], ["INFO", "fourtuple", "string"]);
  }
});

Deno.test("serve logs nothing below --log-level", async () => {
  await using process = fourtuple(["--app=echo", "--port=0", "--log-level=error"]);
  await servedAt(process);
  process.signal("SIGTERM");
  const { code, err } = await process.ended();
  assertEquals([code, err], [0, ""]);
});
