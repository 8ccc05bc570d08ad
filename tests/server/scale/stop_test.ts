import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { HostLimits } from "../../../server/host/host.ts";
import { planScale } from "../../../server/scale/plan.ts";
import { abortStop, memoryStop, stopOf } from "../../../server/scale/stop.ts";

const LIMITS: HostLimits = {
  descriptors: { soft: 1_024, hard: 1_024 },
  fileMax: 100_000,
  memoryTotal: 8 * 2 ** 30,
  memoryAvailable: 6 * 2 ** 30,
};

const AROUND = { limits: LIMITS, cores: 2, reusePort: true, varied: "source" } as const;
const PLAN = planScale({ connections: 3_000 }, AROUND);
const OTHERS = planScale({ connections: 3_000, url: "ws://127.0.0.1:1/" }, AROUND);

function stop(failures: Record<string, number>, lost: Record<string, number> = {}, plan = PLAN) {
  return stopOf(failures, lost, plan);
}

Deno.test("stopOf() names the limit behind the failure that came most often", () => {
  for (
    const [fault, limit] of [
      ["EMFILE", "descriptors"],
      ["ENFILE", "fs.file-max"],
      ["EADDRNOTAVAIL", "source ports"],
      ["EADDRINUSE", "source ports"],
      ["ENOBUFS", "memory"],
      ["HTTP 503", "descriptors"],
      ["ECONNRESET", "server"],
      ["no answer", "server"],
    ] as const
  ) {
    const named = stop({ other: 3, [fault]: 1_280 });
    assertEquals(named.limit, limit, fault);
    assertStringIncludes(named.message, `(${fault}, 1,280 times)`);
    assertEquals(named.raise.length > 0, limit !== "server", fault);
  }
});

Deno.test("stopOf() does not know the limits of another's server", () => {
  assertEquals(stop({ "HTTP 503": 9 }, {}, OTHERS).limit, "server");
});

Deno.test("stopOf() tells of connections that were lost where none failed to open", () => {
  const { limit, message } = stop({}, { ECONNRESET: 4 });
  assertEquals(limit, "server");
  assertStringIncludes(message, "ECONNRESET, 4 times");
});

Deno.test("memoryStop() stops before the host has no memory left", () => {
  assertEquals(memoryStop(LIMITS, PLAN), undefined);
  assertEquals(memoryStop({}, PLAN), undefined, "nobody knows");
  const found = memoryStop({ ...LIMITS, memoryAvailable: 100 * 2 ** 20 }, PLAN);
  assertEquals(found?.limit, "memory");
  assertStringIncludes(found!.message, "100 MiB");
  assert(found!.raise.length > 0);
  // A small host is not stopped by a bound that it could never be above.
  const small = { memoryTotal: 2 ** 30, memoryAvailable: 100 * 2 ** 20 };
  assertEquals(memoryStop(small, PLAN), undefined);
});

Deno.test("abortStop() tells time that was over from an interruption", () => {
  assertEquals(abortStop(new DOMException("Over", "TimeoutError")).limit, "time");
  assertEquals(abortStop(new DOMException("Ended", "AbortError")).limit, "interrupted");
  assertEquals(abortStop(undefined).limit, "interrupted");
});
