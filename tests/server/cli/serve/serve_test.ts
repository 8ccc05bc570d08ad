import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { VERSION } from "../../../../server/cli/version.ts";
import { closed, echoed } from "../../../helpers/echo_clients.ts";
import { until } from "../../../helpers/events.ts";
import { FOURTUPLE, fourtuple, Process, servedAt } from "../../../helpers/process.ts";
import { RawClient } from "../../../helpers/raw_client.ts";
import { assertServes, withFiles } from "../../../helpers/serving.ts";

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
fourtuple serve: ${config}: origin[0]: expected an origin such as https://a.example or https://*.a.example, or "*" alone for all, received "a.example"
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

Deno.test({
  name: "serve goes on when the disk is full that its log and its audit log are on" +
    (Deno.build.os === "linux" ? "" : " (ignored: needs Linux's /dev/full)"),
  ignore: Deno.build.os !== "linux",
  fn: () =>
    throughShell(
      'exec "$@" --log-level=debug --admin=127.0.0.1:0 --audit-log=/dev/full >&- 2>/dev/full',
      async (process, url) => {
        await assertServes(url);
        process.signal("SIGHUP");
        await assertServes(url);
        process.signal("SIGTERM");
        // Nobody could be told of the lines that are lost.
        assertEquals((await process.ended()).code, 1);
      },
    ),
});

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
      assertEquals((await process.ended()).code, 1); // its last lines are lost
    }),
});

// The log.

Deno.test("serve logs one JSON object a line with --log-format json", async () => {
  await using process = fourtuple(["--app=echo", "--port=0", "--log-format=json"]);
  await assertServes(await servedAt(process));
  process.signal("SIGTERM");
  const { code, out, err } = await process.ended();
  assertEquals(code, 0);
  const entries = err.trimEnd().split("\n").map((line) => JSON.parse(line));
  const events = entries.map(({ event }) => event);
  assertEquals([events[0], ...events.slice(-3)], ["started", "draining", "drained", "stopped"]);
  assertEquals(out, "");
  for (const { "@timestamp": time, level, message, logger } of entries) {
    assertMatch(time, /^\d{4}-\d\d-\d\dT/);
    assertEquals([level, logger, typeof message], ["INFO", "fourtuple", "string"]);
  }
});

Deno.test("serve says in JSON why it does not start, where that is the format that is asked for", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const port = `--port=${taken.addr.port}`;
  const cases: [string[], number, string[]][] = [
    [["--port=x", "--no-such"], 2, ["--no-such", "--port: "]],
    [[port], 1, ["the port is in use"]],
    [[port, "--workers=2"], 1, ["the port is in use"]],
    [["--port=0", "--tls-cert=/nowhere", "--tls-key=/nowhere"], 1, ["there is no such file"]],
    [["--port=0", "--admin=127.0.0.1:0", "--audit-log=/nowhere/f"], 1, ["/nowhere/f"]],
  ];
  for (const [args, expected, reasons] of cases) {
    await using process = fourtuple([...args, "--log-format=json", "--log-level=error"]);
    const { code, out, err } = await process.ended();
    assertEquals([code, out], [expected, ""], err);
    const entries = err.trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals(entries.map(({ event }) => event), reasons.map(() => "start_failed"), err);
    for (const [at, reason] of reasons.entries()) assertStringIncludes(entries[at].message, reason);
  }
});

Deno.test("serve logs nothing below --log-level", async () => {
  await using process = fourtuple(["--app=echo", "--port=0", "--log-level=error"]);
  await servedAt(process);
  process.signal("SIGTERM");
  const { code, err } = await process.ended();
  assertEquals([code, err], [0, ""]);
});
