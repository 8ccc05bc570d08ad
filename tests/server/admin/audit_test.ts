import { assertEquals } from "@std/assert";
import { type AuditEntry, AuditTrail } from "../../../server/admin/audit.ts";

const WHO = { address: "127.0.0.1:5", token: "none" } as const;

Deno.test("AuditTrail.record() adds the time", () => {
  const entries: AuditEntry[] = [];
  const trail = new AuditTrail((entry) => entries.push(entry), () => 1_760_000_000_000);
  const entry = { who: WHO, action: "drain", target: {}, outcome: "done", result: {} } as const;
  trail.record(entry);
  assertEquals(entries, [{ at: "2025-10-09T08:53:20.000Z", ...entry }]);
});

Deno.test("AuditTrail.record() writes all that is done, and of what is refused 100 in 10 s", () => {
  let now = 5_000;
  const entries: AuditEntry[] = [];
  const trail = new AuditTrail((entry) => entries.push(entry), () => now);
  const record = (outcome: AuditEntry["outcome"]) =>
    trail.record({ who: WHO, action: "drain", target: {}, outcome, result: "" });
  for (let i = 0; i < 250; i++) record("refused");
  assertEquals(entries.length, 100);
  for (let i = 0; i < 200; i++) record(i % 2 === 0 ? "done" : "failed");
  assertEquals(entries.length, 300);
  assertEquals(entries[100]!.omitted, 150);
  assertEquals(entries[101]!.omitted, undefined);
  record("refused");
  now += 10_000;
  record("refused");
  assertEquals(entries.length, 301);
  assertEquals(entries.at(-1)!.omitted, 1);
});
