import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import {
  OTHER_CERTIFICATE,
  OTHER_KEY,
  TEST_CERTIFICATE,
  TEST_KEY,
} from "../../../helpers/certificate.ts";
import { closed, echoed, stubborn } from "../../../helpers/echo_clients.ts";
import { FOURTUPLE, fourtuple, type Process, servedAt } from "../../../helpers/process.ts";
import { findPython } from "../../../helpers/programs.ts";
import { PseudoTerminal } from "../../../helpers/pseudo_terminal.ts";
import { serviceManager, systemdTest } from "../../../helpers/service_manager.ts";
import { opsPortOf, withFiles } from "../../../helpers/serving.ts";

// Signals come to a whole process, so these are tests of the whole program.

const ECHO = ["--app=echo", "--port=0"];
const ECHO_AND_OPS = [...ECHO, "--admin=127.0.0.1:0"];

/** Asks an ops port to do something. */
function post(url: URL, path: string, body: unknown, method = "POST"): Promise<Response> {
  return fetch(new URL(path, url), {
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

/** Ends a server in good order, and returns what it wrote to its log. */
async function logOf(process: Process): Promise<string> {
  process.signal("SIGTERM");
  const { code, err } = await process.ended();
  assertEquals(code, 0, err);
  return err;
}

// The ops port.

Deno.test("Operating says where the ops port is, and what was done there", () =>
  withFiles({}, async (path) => {
    await using process = fourtuple([...ECHO_AND_OPS, `--audit-log=${path("audit")}`]);
    const url = await opsPortOf(process);
    assertEquals(await (await fetch(new URL("/healthz", url))).json(), { status: "alive" });
    assertEquals(await (await fetch(new URL("/readyz", url))).json(), { ready: true, reasons: [] });
    const set = await post(url, "/api/v1/log-level", { level: "error" }, "PUT");
    assertEquals(await set.json(), { level: "error" });
    const closing = await post(url, "/api/v1/connections/close", { all: true });
    assertEquals((await closing.json()).closed, 0);
    const err = await logOf(process);
    // Whatever the level; but nothing else.
    const lines = err.trimEnd().split("\n");
    assertEquals(lines.length, 2, err);
    assertStringIncludes(lines[0]!, ' log-level.set {"level":"error"}: done ');
    assertStringIncludes(lines[1]!, " connections.close ");
    const records = (await Deno.readTextFile(path("audit"))).trimEnd().split("\n");
    assertEquals(
      records.map((line) => JSON.parse(line)).map(({ action, outcome }) => [action, outcome]),
      [["log-level.set", "done"], ["connections.close", "done"]],
    );
  }));

Deno.test("Operating demands the token that is set", () =>
  withFiles({ token: "0123456789abcdef\n" }, async (path) => {
    await using process = fourtuple([...ECHO_AND_OPS, `--admin-token-file=${path("token")}`]);
    const url = new URL("/api/v1/limits", await opsPortOf(process));
    const refused = await fetch(url);
    await refused.body?.cancel();
    assertEquals(refused.status, 401);
    const headers = { authorization: "Bearer 0123456789abcdef" };
    assertEquals((await (await fetch(url, { headers })).json()).handshakes, 1_024);
  }));

Deno.test("Operating keeps the ops port while it drains, and tells there that it does", async () => {
  await using process = fourtuple([...ECHO_AND_OPS, "--close-timeout=600000"]);
  const url = await opsPortOf(process);
  using client = await stubborn(await servedAt(process));
  process.signal("SIGTERM");
  await process.errLine("Draining 1 connection;");
  const ready = await fetch(new URL("/readyz", url));
  assertEquals([ready.status, (await ready.json()).reasons], [503, ["draining"]]);
  const { phase, left, connections } = await (await fetch(new URL("/api/v1/drain", url))).json();
  assertEquals([phase, left, connections], ["draining", 1, 1]);
  await client.sendClose(1001);
  await client.gone();
  client.close();
  const { code, err } = await process.ended();
  assertEquals(code, 0, err);
});

Deno.test("Operating ends the process when it was drained by the ops port, which says so before", async () => {
  await using process = fourtuple(ECHO_AND_OPS);
  const url = await opsPortOf(process);
  const socket = await echoed(await servedAt(process));
  const end = closed(socket);
  await (await post(url, "/api/v1/drain", {})).body?.cancel();
  assertEquals(await end, 1001);
  await process.errLine(" drained Drained: 1 closed, 0 cut");
  const { phase, result } = await (await fetch(new URL("/api/v1/drain", url))).json();
  assertEquals([phase, result], ["stopped", { closed: 1, cut: 0 }]);
  assertEquals((await process.ended()).code, 0);
});

// SIGHUP.

const hups = Deno.build.os !== "windows";

/** A test of SIGHUP. */
function hupTest(name: string, fn: () => Promise<void>): void {
  const why = hups ? "" : " (ignored: Windows has no SIGHUP to send)";
  Deno.test({ name: name + why, ignore: !hups, fn });
}

hupTest(
  "Operating reads the settings again at SIGHUP, and no connection notices",
  () =>
    withFiles({ "f.json": "{}" }, async (path) => {
      await using process = fourtuple([...ECHO, "--config", path("f.json")]);
      const socket = await echoed(await servedAt(process));
      await Deno.writeTextFile(path("f.json"), '{ "messageBytes": 5, "host": "::1" }');
      process.signal("SIGHUP");
      assertStringIncludes(
        await process.errLine(" reloaded "),
        "messageBytes 5 (was 1048576); what needs a restart: host",
      );
      socket.send("world");
      const answer = await new Promise((resolve) => socket.onmessage = ({ data }) => resolve(data));
      assertEquals(answer, "world");
      const end = closed(socket);
      socket.send("longer");
      assertEquals(await end, 1009);
      await logOf(process);
    }),
);

hupTest(
  "Operating names all that is wrong at SIGHUP, and goes on as it was",
  () =>
    withFiles({ "f.json": '{ "connections": 5 }' }, async (path) => {
      await using process = fourtuple([...ECHO, "--config", path("f.json")]);
      const socket = await echoed(await servedAt(process));
      const config = { connections: 0, logLevel: "loud", tlsKey: "k" };
      await Deno.writeTextFile(path("f.json"), JSON.stringify(config));
      process.signal("SIGHUP");
      const line = await process.errLine(" reload_failed ");
      for (
        const problem of ["connections: expected", "logLevel: expected", "tlsKey: needs tlsCert"]
      ) {
        assertStringIncludes(line, `${path("f.json")}: ${problem}`);
      }
      const end = closed(socket);
      await logOf(process);
      assertEquals(await end, 1001);
    }),
);

const tls = Deno.version.deno.localeCompare("2.9.6", "en", { numeric: true }) >= 0;

Deno.test({
  name: `Operating takes a new certificate at SIGHUP${tls ? "" : " (ignored: needs Deno 2.9.6)"}`,
  ignore: !tls || !hups,
  fn: () =>
    withFiles({ cert: TEST_CERTIFICATE, key: TEST_KEY }, async (path) => {
      const args = ["--tls-cert", path("cert"), "--tls-key", path("key")];
      await using process = fourtuple(["--port=0", ...args]);
      const url = await servedAt(process);
      using old = Deno.createHttpClient({ caCerts: [TEST_CERTIFICATE] });
      using fresh = Deno.createHttpClient({ caCerts: [OTHER_CERTIFICATE] });
      await (await fetch(url, { client: old })).body?.cancel();
      await Deno.writeTextFile(path("cert"), OTHER_CERTIFICATE);
      process.signal("SIGHUP");
      assertStringIncludes(await process.errLine(" reload_failed "), "it is not the key of");
      await (await fetch(url, { client: old })).body?.cancel();
      await Deno.writeTextFile(path("key"), OTHER_KEY);
      process.signal("SIGHUP");
      await process.errLine(" reloaded ");
      await (await fetch(url, { client: fresh })).body?.cancel();
    }),
});

const python = await findPython("pty");

Deno.test({
  name: "Operating drains when the terminal is closed that it was started from" +
    ("missing" in python ? ` (ignored: ${python.missing})` : ""),
  ignore: "missing" in python || !hups,
  async fn() {
    if ("missing" in python) return;
    const command = [...FOURTUPLE, ...ECHO];
    await using terminal = new PseudoTerminal(python, command, { columns: 200, rows: 20 });
    await terminal.until("says where it serves", ({ text }) => / on http:\S+ \(pid/.test(text));
    const [, url] = / on (http:\S+) \(pid/.exec(terminal.screen.text)!;
    const end = closed(await echoed(new URL(url!)));
    await terminal.hangUp();
    assertEquals(await end, 1001);
    assertEquals((await terminal.left()).code, 0);
  },
});

// systemd.

systemdTest(
  "Operating tells systemd when it is ready, reloads and stops, and what it holds",
  async () => {
    await using manager = await serviceManager("path");
    const env = { NOTIFY_SOCKET: manager.name };
    await using process = fourtuple(ECHO, { env });
    assertEquals(await manager.next(), "READY=1");
    assertEquals(await manager.next(), "STATUS=serving: 0 connections");
    process.signal("SIGHUP");
    assertMatch(await manager.next(), /^RELOADING=1\nMONOTONIC_USEC=\d+$/);
    assertEquals(await manager.next(), "READY=1");
    await logOf(process);
    assertEquals(await manager.next(), "STOPPING=1\nEXTEND_TIMEOUT_USEC=30000000");
  },
);

systemdTest(
  "Operating tells systemd at once that the ops port drains it, by workers too",
  async () => {
    for (const workers of [1, 2]) {
      await using manager = await serviceManager("path");
      const args = [...ECHO_AND_OPS, `--workers=${workers}`, "--close-timeout=600000"];
      await using process = fourtuple(args, { env: { NOTIFY_SOCKET: manager.name } });
      const ops = await opsPortOf(process);
      using client = await stubborn(await servedAt(process));
      const said: string[] = [];
      const next = async () => {
        const message = await manager.next();
        if (message.startsWith("EXTEND_")) return await next(); // on a very busy machine
        said.push(message);
        return message;
      };
      while (!(await next()).startsWith("STATUS=serving: "));
      await (await post(ops, "/api/v1/drain", {})).body?.cancel();
      while (!(await next()).startsWith("STOPPING=1"));
      // Sent when it changes, and looked at every ten seconds: 1 of 10 here.
      assertEquals(said.filter((it) => it.startsWith("STATUS=draining")), []);
      assertEquals(await next(), "STATUS=draining: 1 connection");
      await client.sendClose(1001);
      await client.gone();
      client.close();
      assertEquals((await process.ended()).code, 0);
    }
  },
);

systemdTest("Operating tells systemd why the server does not start", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const inUse =
    `Cannot listen on 127.0.0.1:${port}: the port is in use; choose another with --port`;
  const cases: [string[], string[]][] = [
    [["--port", String(port)], [`STATUS=${inUse}`, "ERRNO=98"]],
    [["--app=none"], ["STATUS=--app: expected "]],
  ];
  for (const [args, expected] of cases) {
    await using manager = await serviceManager("path");
    await using process = fourtuple(args, { env: { NOTIFY_SOCKET: manager.name } });
    for (const part of expected) assertStringIncludes(await manager.next(), part);
    assert((await process.ended()).code > 0);
  }
});

systemdTest("Operating feeds the watchdog", async () => {
  await using manager = await serviceManager("abstract");
  const env = { NOTIFY_SOCKET: manager.name, WATCHDOG_USEC: "20000" };
  await using process = fourtuple(ECHO, { env });
  assertEquals(await manager.next(), "READY=1");
  const said = new Set([await manager.next(), await manager.next(), await manager.next()]);
  assert(said.has("WATCHDOG=1"));
  await logOf(process);
});
