import { assertEquals, assertThrows } from "@std/assert";
import { AuditLog, type AuditRecord } from "../../../../server/cli/serve/audit_log.ts";
import type { LogEntry } from "../../../../server/log.ts";
import { until } from "../../../helpers/events.ts";
import { withFiles } from "../../../helpers/serving.ts";

const RECORD: AuditRecord = {
  at: "2026-11-20T00:00:00.000Z",
  who: { address: "127.0.0.1:51324" },
  action: "connections.close",
  target: { path: "/\u001b[2J\u009b" },
  outcome: "done",
  result: { closed: 2 },
};

/** A log that keeps what it gets. */
class KeptLog {
  readonly entries: LogEntry[] = [];
  readonly audited: [message: string, audit: unknown][] = [];
  write = (entry: LogEntry): void => void this.entries.push(entry);
  audit(message: string, audit: unknown): void {
    this.audited.push([message, audit]);
  }
}

const linux = Deno.build.os === "linux";

/** A test of what only Linux has. */
function linuxTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: name + (linux ? "" : " (ignored: needs Linux)"), ignore: !linux, fn });
}

Deno.test("AuditLog writes to the log alone where no file is named", async () => {
  const log = new KeptLog();
  using audit = new AuditLog(undefined, log);
  audit.write(RECORD);
  audit.reopen();
  await audit.flush();
  const message = '127.0.0.1:51324 connections.close {"path":"/\\u001b[2J\u009b"}: ' +
    'done {"closed":2}';
  assertEquals(log.audited, [[message, RECORD]]);
});

Deno.test("AuditLog adds JSON lines to the file, and leaves what is there", () =>
  withFiles({ f: "before\n" }, async (path) => {
    const log = new KeptLog();
    using audit = new AuditLog(path("f"), log);
    audit.write(RECORD);
    audit.write({ ...RECORD, outcome: "refused", result: "Why" });
    await audit.flush();
    const [before, first = "", second = "", end] = (await Deno.readTextFile(path("f"))).split("\n");
    assertEquals([before, end], ["before", ""]);
    assertEquals(JSON.parse(first), RECORD);
    assertEquals(JSON.parse(second).result, "Why");
    assertEquals(/\p{Cc}/u.test(first), false, "no raw control characters");
    assertEquals(log.audited.length, 2);
  }));

Deno.test({
  name: "AuditLog makes a file that only its owner can read" +
    (Deno.build.os === "windows" ? " (ignored: Windows has no modes)" : ""),
  ignore: Deno.build.os === "windows",
  fn: () =>
    withFiles({}, async (path) => {
      using audit = new AuditLog(path("f"), new KeptLog());
      await audit.flush();
      assertEquals((await Deno.stat(path("f"))).mode! & 0o777, 0o600);
    }),
});

Deno.test("AuditLog names a file that cannot be opened", () =>
  withFiles({}, (path) => {
    const open = () => new AuditLog(path("none/f"), new KeptLog());
    assertThrows(open, Error, `Cannot write to "${path("none/f")}": there is no such file`);
    const directory = () => new AuditLog(path("."), new KeptLog());
    assertThrows(directory, Error, `Cannot write to "${path(".")}": it is a directory`);
    return Promise.resolve();
  }));

Deno.test("AuditLog.reopen() leaves a file that was moved away, with all its lines", () =>
  withFiles({}, async (path) => {
    using audit = new AuditLog(path("f"), new KeptLog());
    audit.write({ ...RECORD, action: "first" });
    await Deno.rename(path("f"), path("old"));
    audit.reopen();
    audit.write({ ...RECORD, action: "second" });
    await audit.flush();
    const actionIn = async (name: string) =>
      (JSON.parse(await Deno.readTextFile(path(name))) as AuditRecord).action;
    await until("the old one has its line", async () => (await Deno.stat(path("old"))).size > 0);
    assertEquals([await actionIn("old"), await actionIn("f")], ["first", "second"]);
  }));

Deno.test("AuditLog.reopen() goes on with the old file where the new one cannot be", () =>
  withFiles({}, async (path) => {
    await Deno.mkdir(path("d"));
    using audit = new AuditLog(path("d/f"), new KeptLog());
    await Deno.rename(path("d"), path("moved"));
    assertThrows(() => audit.reopen(), Error, "there is no such file");
    audit.write(RECORD);
    await audit.flush();
    assertEquals(JSON.parse(await Deno.readTextFile(path("moved/f"))), RECORD);
  }));

linuxTest("AuditLog goes on when the disk is full, and says so in the log", async () => {
  const log = new KeptLog();
  using audit = new AuditLog("/dev/full", log);
  for (let i = 0; i < 3; i++) {
    audit.write(RECORD);
    await audit.flush();
  }
  assertEquals(log.audited.length, 3);
  assertEquals(log.entries.map(({ level, event }) => `${level} ${event}`), [
    "error audit_failed",
    "error audit_failed",
    "error audit_failed",
  ]);
});

linuxTest(
  "AuditLog never waits for a pipe that is full and that nobody reads",
  () =>
    withFiles({}, async (path) => {
      const { success } = await new Deno.Command("mkfifo", { args: [path("p")] }).output();
      assertEquals(success, true);
      const log = new KeptLog();
      const audit = new AuditLog(path("p"), log); // nobody has it open for reading
      const target = "x".repeat(1_000);
      for (let i = 0; i < 2_000; i++) audit.write({ ...RECORD, target });
      assertEquals(log.audited.length, 2_000);
      // A reader gets what had room, whole lines, and how many had none.
      using reader = await Deno.open(path("p"));
      let text = "";
      const buffer = new Uint8Array(65_536);
      while (!text.includes('"dropped"')) {
        text += new TextDecoder().decode(buffer.subarray(0, await reader.read(buffer) ?? 0));
      }
      const lines = text.trimEnd().split("\n").map((line) => JSON.parse(line));
      const { dropped } = lines.at(-1);
      assertEquals(lines.length - 1 + dropped, 2_000);
      await audit.flush();
      audit[Symbol.dispose]();
      await audit.flush();
    }),
);
