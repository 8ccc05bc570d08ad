import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { capacityLine } from "../../../server/cli/serve.ts";
import { VERSION } from "../../../server/cli/version.ts";
import type { Report } from "../../../server/report.ts";
import { TEST_CERTIFICATE, TEST_KEY } from "../../helpers/certificate.ts";
import { until } from "../../helpers/events.ts";
import { FOURTUPLE, fourtuple, Process, ROOT, servedAt } from "../../helpers/process.ts";
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

/** A client that is connected, and has had an answer from the echo app. */
async function echoed(url: URL): Promise<WebSocket> {
  const socket = new WebSocket(url);
  socket.onopen = () => socket.send("hello");
  const answer = await new Promise((resolve, reject) => {
    socket.onmessage = ({ data }) => resolve(data);
    socket.onclose = () => reject(new Error("Connection ended without an answer"));
  });
  assertEquals(answer, "hello");
  return socket;
}

/** Waits until a connection has ended, and returns the code. */
function closed(socket: WebSocket): Promise<number> {
  return new Promise((resolve) => socket.onclose = ({ code }) => resolve(code));
}

/** Shows that the echo app behind an address works. */
async function assertServes(url: URL): Promise<void> {
  const socket = await echoed(url);
  const end = closed(socket);
  socket.close(1000);
  assertEquals(await end, 1000);
}

/** A client that answers nothing, Close neither. */
async function stubborn(url: URL): Promise<RawClient> {
  return await RawClient.open({
    transport: "tcp",
    hostname: url.hostname,
    port: Number(url.port),
  });
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

/** The report of a server without connections. */
const REPORT: Report = {
  connections: 0,
  exchanges: 0,
  sourceAddresses: 0,
  serverPorts: 0,
  fourTuples: 0,
  queuedBytes: 0,
  memory: { resident: 0, heapUsed: 0, heapTotal: 0, external: 0 },
};

Deno.test("capacityLine() says when descriptors allow fewer connections than were set", () => {
  const report = { ...REPORT, maxConnections: 1_000, descriptors: { soft: 1_000, open: 20 } };
  const line = "Connections: at most 1000, as was set; but 1000 file descriptors allow only 948";
  assertEquals(capacityLine(report, 1_000), line);
  assertEquals(capacityLine(report, 949), line.replace("most 1000", "most 949"));
  assertEquals(capacityLine(report, 948), "Connections: at most 948, as was set");
  assertEquals(capacityLine(REPORT, 948), "Connections: at most 948, as was set");
});

Deno.test("capacityLine() says what the descriptors allow, one connection too", () => {
  const report = { ...REPORT, maxConnections: 1, descriptors: { soft: 60, open: 40 } };
  const line = "File descriptors: 60 allowed, so at most 1 connection";
  assertEquals(capacityLine(report, undefined), line);
  assertEquals(
    capacityLine({ ...report, maxConnections: 2 }, undefined),
    line.replace("1 c", "2 c") + "s",
  );
});

Deno.test({
  name: "capacityLine() says that it takes a permission to read the limit",
  permissions: { read: false },
  fn: () => {
    const reason = Deno.build.os === "linux"
      ? "can be read only with --allow-all"
      : "cannot be read on this system";
    assertEquals(
      capacityLine(REPORT, undefined),
      `File descriptors: their limit ${reason}, so nothing bounds the connections but --connections`,
    );
  },
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

// Signals.

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`serve drains at ${signal}: clients get 1001, exit code 0`, async () => {
    await using process = fourtuple(["--app=echo", "--port=0"]);
    const socket = await echoed(await servedAt(process));
    const end = closed(socket);
    process.signal(signal);
    assertEquals(await end, 1001);
    const { code, err } = await process.ended();
    assertEquals(code, 0);
    assertStringIncludes(err, "Draining 1 connections\n");
    assertStringIncludes(err, "Drained: 1 closed, 0 cut\n");
  });
}

Deno.test("serve cuts at the deadline whoever does not answer Close, and exits 0", async () => {
  await using process = fourtuple(["--app=echo", "--port=0", "--drain-deadline=0"]);
  using client = await stubborn(await servedAt(process));
  process.signal("SIGTERM");
  await client.gone();
  const { code, err } = await process.ended();
  assertEquals(code, 0);
  assertStringIncludes(err, "Drained: 0 closed, 1 cut\n");
});

const PATIENT = ["--app=echo", "--port=0", "--close-timeout=600000", "--drain-deadline=600000"];

/**
 * Sends two signals at once, the second by `again`, and shows that the server still waits for its
 * client. On a very busy machine a second may pass in between: then nothing was shown.
 *
 * @returns Whether something was shown.
 */
async function drainsStill(process: Process, again: (pid: number) => void): Promise<boolean> {
  const url = await servedAt(process);
  const [, pid] = (await process.outLine(" serves ")).match(/\(pid (\d+)\)/)!;
  try {
    using client = await stubborn(url);
    const start = performance.now();
    process.signal("SIGINT");
    await process.errLine("Draining 1 connections");
    again(Number(pid));
    await client.sendClose(1001).catch(() => {}); // fails where the server has ended too early
    await client.gone();
    client.close();
    const { code } = await process.ended();
    if (code === 130 && performance.now() - start > 900) return false;
    assertEquals(code, 0);
    return true;
  } catch (error) {
    // Behind `deno task` the server is a child's child, which would outlive the test.
    try {
      Deno.kill(Number(pid), "SIGKILL");
    } catch {
      // It has ended, as it should.
    }
    throw error;
  }
}

Deno.test("serve takes a second signal within a second for the same Ctrl-C", async () => {
  for (let shown = false; !shown;) {
    await using process = fourtuple(PATIENT);
    shown = await drainsStill(process, () => process.signal("SIGINT"));
  }
});

Deno.test("serve takes the Ctrl-C that deno task start delivers twice for one", async () => {
  for (let shown = false; !shown;) {
    await using task = new Process(Deno.execPath(), ["task", "start", ...PATIENT], { cwd: ROOT });
    shown = await drainsStill(task, (pid) => Deno.kill(pid, "SIGINT"));
  }
});

// The one real wait of these tests: what a second signal means depends on the clock alone.
Deno.test("serve ends at once at a second signal more than a second later", async () => {
  await using interrupted = fourtuple(PATIENT);
  await using terminated = fourtuple(PATIENT);
  using _one = await stubborn(await servedAt(interrupted));
  using _two = await stubborn(await servedAt(terminated));
  interrupted.signal("SIGINT");
  terminated.signal("SIGINT");
  await Promise.all([interrupted, terminated].map((it) => it.errLine("Draining 1 connections")));
  await new Promise((resolve) => setTimeout(resolve, 1_050));
  interrupted.signal("SIGINT");
  terminated.signal("SIGTERM");
  assertEquals((await interrupted.ended()).code, 130);
  assertEquals((await terminated.ended()).code, 143);
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
