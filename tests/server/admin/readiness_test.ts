import { assertEquals } from "@std/assert";
import { unreadyReasons } from "../../../server/admin/readiness.ts";
import { DESCRIPTOR_RESERVE } from "../../../server/host/capacity.ts";
import type { Report } from "../../../server/host/report.ts";
import { FAKE_REPORT, fakeProcess, fakeSnapshot } from "../../helpers/fake_snapshot.ts";

function processWith(descriptors: Report["descriptors"]): ReturnType<typeof fakeProcess> {
  const { descriptors: _, ...rest } = FAKE_REPORT;
  return fakeProcess({ report: { ...rest, ...descriptors && { descriptors } } });
}

Deno.test("unreadyReasons() gives none while the server serves", () => {
  assertEquals(unreadyReasons(fakeSnapshot()), []);
});

Deno.test("unreadyReasons() names any other phase", () => {
  for (const phase of ["starting", "draining", "stopped"] as const) {
    assertEquals(unreadyReasons(fakeSnapshot({ phase })), [phase]);
  }
});

Deno.test("unreadyReasons() tells when one process has no descriptors left but the reserve", () => {
  const reasonsAt = (open: number) =>
    unreadyReasons(fakeSnapshot({
      processes: [fakeProcess(), processWith({ open, soft: 1_000 })],
    }));
  assertEquals(reasonsAt(1_000 - DESCRIPTOR_RESERVE - 1), []);
  assertEquals(reasonsAt(1_000 - DESCRIPTOR_RESERVE), ["out_of_descriptors"]);
  assertEquals(reasonsAt(1_000), ["out_of_descriptors"]);
});

Deno.test("unreadyReasons() tells when no worker answers", () => {
  const missing = [1, 2];
  assertEquals(unreadyReasons(fakeSnapshot({ processes: [], missing })), ["no_answer"]);
  assertEquals(unreadyReasons(fakeSnapshot({ phase: "stopped", processes: [] })), ["stopped"]);
  assertEquals(unreadyReasons(fakeSnapshot({ missing })), []);
});

Deno.test("unreadyReasons() gives all reasons at once", () => {
  const processes = [processWith({ open: 64, soft: 64 })];
  assertEquals(unreadyReasons(fakeSnapshot({ phase: "draining", processes })), [
    "draining",
    "out_of_descriptors",
  ]);
});

Deno.test("unreadyReasons() takes descriptors that cannot be read for enough", () => {
  for (const descriptors of [undefined, {}, { open: 5 }, { soft: 5 }]) {
    assertEquals(unreadyReasons(fakeSnapshot({ processes: [processWith(descriptors)] })), []);
  }
});
