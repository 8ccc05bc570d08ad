import { assertEquals } from "@std/assert";
import type { LogLevel } from "../../../../server/cli/serve/log.ts";
import { readSettings } from "../../../../server/cli/serve/read_settings.ts";
import { reloadedSettings, Reloader } from "../../../../server/cli/serve/reload.ts";
import { completeSettings, type Settings } from "../../../../server/cli/serve/settings.ts";
import { limitsOf } from "../../../../server/cli/serve/start_app.ts";
import type { Limits } from "../../../../server/limits.ts";
import type { LogEntry } from "../../../../server/log.ts";
import type { Reconfiguration } from "../../../../server/operations/operations.ts";
import {
  OTHER_CERTIFICATE,
  OTHER_KEY,
  TEST_CERTIFICATE,
  TEST_KEY,
} from "../../../helpers/certificate.ts";
import { until } from "../../../helpers/events.ts";
import { withFiles } from "../../../helpers/serving.ts";

/** A server whose settings are read again, and all that comes of it. */
class Reloaded {
  readonly files: Record<string, unknown>;
  readonly log: LogEntry[] = [];
  readonly changes: Reconfiguration[] = [];
  readonly reloader: Reloader;
  level: LogLevel = "info";
  limits: Limits;
  /** What `null` is to stand for. */
  initial: Limits | undefined = undefined;
  /** What it throws when it is to change something. */
  problem: Error | undefined = undefined;
  /** When a change is done. */
  held: Promise<void> = Promise.resolve();
  auditProblem: Error | undefined = undefined;
  reopened = 0;

  /** @param config What the file holds at the start. */
  constructor(config: Record<string, unknown>, args: readonly string[] = []) {
    this.files = { f: config };
    const all = [...args, "--config=f"];
    const surroundings = {
      env: { FOURTUPLE_PING_INTERVAL: "20000" },
      readFile: (path: string) => {
        if (this.files[path] === undefined) throw new Deno.errors.NotFound();
        return JSON.stringify(this.files[path]);
      },
    };
    const read = readSettings(all, surroundings);
    const settings: Settings = "settings" in read ? read.settings : completeSettings({});
    this.limits = limitsOf(settings);
    this.reloader = new Reloader({
      args: all,
      surroundings,
      settings,
      operations: Promise.resolve({
        limits: () => Promise.resolve(this.limits),
        reconfigure: ({ initial, ...changes }) => {
          if (this.problem !== undefined) return Promise.reject(this.problem);
          this.changes.push(changes);
          this.initial = initial;
          return this.held.then(() => this.limits);
        },
      }),
      logLevel: { get: () => this.level, set: (level) => void (this.level = level) },
      reopenAudit: () => {
        this.reopened++;
        if (this.auditProblem !== undefined) throw this.auditProblem;
      },
      log: (entry) => this.log.push(entry),
    });
  }

  /** Reads the settings again, from a file that holds this now. */
  async with(config: Record<string, unknown>): Promise<LogEntry> {
    this.files.f = config;
    await this.reloader.reload();
    return this.log.at(-1)!;
  }
}

function reloaded(message: string): LogEntry {
  return { level: "info", event: "reloaded", message: `Settings were read again: ${message}` };
}

function failed(message: string): LogEntry {
  const event = "reload_failed";
  return { level: "error", event, message: `Settings stay as they were: ${message}` };
}

Deno.test("Reloader changes the limits that are others now, and says which", async () => {
  const server = new Reloaded({ connections: 5, closeTimeout: 100 });
  assertEquals(
    await server.with({ connections: 6, closeTimeout: 100, whenFull: "drop" }),
    reloaded("whenFull drop (was wait), connections 6 (was 5)"),
  );
  assertEquals(server.changes, [{ limits: { whenFull: "drop", connections: 6 } }]);
});

Deno.test("Reloader takes a limit back to its default that is not set any more", async () => {
  const set = { connections: 5, messageBytes: 100, closeTimeout: 100 };
  const talk = new Reloaded(set);
  const echo = new Reloaded({ ...set, app: "echo" });
  await talk.with({});
  await echo.with({ app: "echo" });
  assertEquals(talk.changes, [
    { limits: { messageBytes: 4_194_304, closeTimeout: 5_000, connections: null } },
  ]);
  assertEquals(echo.changes, [
    { limits: { messageBytes: 1_048_576, closeTimeout: 5_000, connections: null } },
  ]);
  // From now on that is what they go back to.
  const { messageBytes, connections } = echo.initial!;
  assertEquals([messageBytes, connections], [1_048_576, undefined]);
});

Deno.test("Reloader undoes what was changed in other ways", async () => {
  const server = new Reloaded({ connections: 5 });
  server.limits = { ...server.limits, connections: 9, connectionsPerAddress: 1 };
  server.level = "debug";
  assertEquals(
    await server.with({ connections: 5 }),
    reloaded(
      "connections 5 (was 9), connectionsPerAddress not set (was 1), logLevel info (was debug)",
    ),
  );
  assertEquals(server.level, "info");
});

Deno.test("Reloader lets flags and variables win as at the start", async () => {
  const server = new Reloaded({}, ["--connections=3"]);
  const entry = await server.with({ connections: 4, pingInterval: 10, logLevel: "error" });
  assertEquals(entry, reloaded("logLevel error (was info)"));
  assertEquals([server.changes, server.level], [[{ limits: {} }], "error"]);
  const again = await server.with({ connections: 4, pingInterval: 10, logLevel: "error" });
  assertEquals(again, reloaded("nothing has changed"));
  assertEquals(server.reopened, 2);
});

Deno.test("Reloader leaves a running app what it holds without, whichever app is named by now", async () => {
  for (const [before, after] of [["relay", "echo"], ["echo", "relay"], ["talk", "relay"]]) {
    const it = new Reloaded({ app: before });
    const limits = { ...it.limits };
    const { level, message } = await it.with({ app: after, closeTimeout: 100 });
    assertEquals(level, "warning");
    assertEquals(
      message,
      "Settings were read again: closeTimeout 100 (was 5000); what needs a restart: app",
    );
    assertEquals(it.changes, [{ limits: { closeTimeout: 100 } }]);
    assertEquals(it.initial, { ...limits, closeTimeout: 100 });
  }
});

Deno.test("Reloader.replaced() has it compare with what was started since", async () => {
  const it = new Reloaded({ app: "echo" });
  it.reloader.replaced(completeSettings({ app: "talk" }));
  it.limits = limitsOf(completeSettings({ app: "talk", pingInterval: 20_000 }));
  const { message } = await it.with({ app: "talk" });
  assertEquals(message, "Settings were read again: nothing has changed");
});

Deno.test("Reloader names what it cannot change", async () => {
  const server = new Reloaded({ port: 1, figures: false });
  const { level, message } = await server.with({
    port: 2,
    admin: "127.0.0.1:1",
    origin: ["*"],
    connections: 5,
  });
  assertEquals(level, "warning");
  assertEquals(
    message,
    "Settings were read again: connections 5 (was not set); " +
      "what needs a restart: port, figures, admin, origin",
  );
});

Deno.test("Reloader names all that is wrong, and changes nothing", async () => {
  const server = new Reloaded({});
  server.auditProblem = new Error('Cannot write to "a": it is a directory');
  assertEquals(
    await server.with({ connections: 0, logLevel: "loud", nope: 1, tlsCert: "c" }),
    failed(
      'f: logLevel: expected one of debug, info, warning, error, received "loud"; ' +
        "f: connections: expected an integer from 1 to 9007199254740991, received 0; " +
        "f: nope: no such setting; f: tlsCert: needs tlsKey too; " +
        'Cannot write to "a": it is a directory',
    ),
  );
  server.auditProblem = undefined;
  delete server.files.f;
  await server.reloader.reload();
  assertEquals(server.log.at(-1), failed("f: cannot be read: there is no such file"));
  server.problem = new RangeError("Cannot change limits: why\nmore");
  assertEquals(await server.with({ logLevel: "debug" }), failed("Cannot change limits: why"));
  assertEquals([server.changes, server.level], [[], "info"]);
});

Deno.test("Reloader reads the certificate again, from other files too", () =>
  withFiles(
    {
      ...{ c: TEST_CERTIFICATE, k: TEST_KEY, oc: OTHER_CERTIFICATE, ok: OTHER_KEY, bad: "bad" },
      both: TEST_KEY + TEST_CERTIFICATE,
    },
    async (path) => {
      const server = new Reloaded({ tlsCert: path("c"), tlsKey: path("k") });
      const { message } = await server.with({ tlsCert: path("oc"), tlsKey: path("ok") });
      assertEquals(server.changes, [
        { limits: {}, certificate: { cert: OTHER_CERTIFICATE, key: OTHER_KEY } },
      ]);
      assertEquals(/: certificate valid until 2\d{3}-\d\d-\d\d$/.test(message), true, message);
      assertEquals(
        await server.with({ tlsCert: path("bad"), tlsKey: path("k") }),
        failed(`Cannot use "${path("bad")}": it holds no certificate in PEM`),
      );
      assertEquals(
        await server.with({ tlsCert: path("c"), tlsKey: path("none") }),
        failed(`Cannot read "${path("none")}": there is no such file`),
      );
      assertEquals(server.changes.length, 1);
      const both = await server.with({ tlsCert: path("both"), tlsKey: path("both") });
      assertEquals(both.event, "reloaded", both.message);
      assertEquals(server.changes[1], {
        limits: {},
        certificate: { cert: TEST_CERTIFICATE, key: TEST_KEY },
      });
    },
  ));

Deno.test("Reloader does not turn TLS on or off", () =>
  withFiles({ c: TEST_CERTIFICATE, k: TEST_KEY }, async (path) => {
    const tls = { tlsCert: path("c"), tlsKey: path("k") };
    const [off, on] = [new Reloaded({}), new Reloaded(tls)];
    const needed = "Settings were read again: nothing has changed; " +
      "what needs a restart: tlsCert, tlsKey";
    assertEquals((await off.with(tls)).message, needed);
    assertEquals((await on.with({})).message, needed);
    assertEquals([...off.changes, ...on.changes], [{ limits: {} }, { limits: {} }]);
  }));

Deno.test("Reloader reloads once more after a reload that is under way, however often it is asked", async () => {
  const server = new Reloaded({});
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  server.held = held;
  const first = server.reloader.reload();
  await until("it is under way", () => server.changes.length === 1);
  const more = [server.reloader.reload(), server.reloader.reload(), server.reloader.reload()];
  assertEquals(server.changes.length, 1);
  release();
  await Promise.all([first, ...more]);
  assertEquals(server.changes.length, 2);
  assertEquals(server.log.map(({ event }) => event), ["reloaded", "reloaded"]);
});

Deno.test("Reloader.reload() gives the settings as they are now, unless it is refused", async () => {
  const server = new Reloaded({ port: 1 });
  server.files.f = { port: 2, connections: 5 };
  const { port, limits } = (await server.reloader.reload())!;
  assertEquals([port, limits.connections], [2, 5]);
  server.files.f = { port: "x" };
  assertEquals(await server.reloader.reload(), undefined);
});

Deno.test("reloadedSettings() takes from the later settings what is reloaded, and no more", () => {
  const old = completeSettings({ port: 1, connections: 5, closeTimeout: 100 });
  const tls = { tlsCert: "c", tlsKey: "k" };
  const later = completeSettings({ port: 2, connections: 6, logLevel: "debug", ...tls });
  const both = { port: 1, connections: 6, logLevel: "debug" };
  assertEquals(reloadedSettings(old, later), completeSettings(both));
  const [before, after] = [{ tlsCert: "a", tlsKey: "b" }, { ...both, ...tls }];
  assertEquals(reloadedSettings({ ...old, ...before }, later), completeSettings(after));
  assertEquals(
    reloadedSettings({ ...old, ...before }, completeSettings({})),
    completeSettings({ port: 1, ...before }),
  );
});
