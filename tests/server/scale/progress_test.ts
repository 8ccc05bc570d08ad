import { assert, assertEquals } from "@std/assert";
import { planScale } from "../../../server/scale/plan.ts";
import { ProgressMeter } from "../../../server/scale/progress.ts";
import type { ScaleProgress, ScaleStep } from "../../../server/scale/result.ts";

const PLAN = planScale({ connections: 2_000, steps: [1_000] }, {
  limits: {},
  cores: 2,
  reusePort: true,
  varied: "source",
});

const STEP: ScaleStep = {
  target: 1_000,
  connections: 1_000,
  at: 1,
  handshakes: { opened: 1_000, seconds: 1, perSecond: 1_000, failures: {} },
  clients: { processes: 1, descriptors: 1_030 },
  kernelMemory: {},
  perConnection: {},
};

/** A meter whose clock the test sets. */
function meterAt() {
  const clock = { now: 0 };
  const seen: ScaleProgress[] = [];
  const meter = new ProgressMeter(PLAN, (progress) => seen.push(progress), () => clock.now);
  return { clock, seen, meter };
}

Deno.test("ProgressMeter works out the rate of lately and the time left", () => {
  const { clock, seen, meter } = meterAt();
  meter.beginStep(1, 1_000);
  for (const [now, connections] of [[0, 0], [1_000, 250], [2_000, 500]] as const) {
    clock.now = now;
    meter.count(connections);
  }
  const { phase, step, steps, target, perSecond, elapsed, left } = seen.at(-1)!;
  assertEquals([phase, step, steps, target, perSecond, elapsed], ["opening", 1, 2, 1_000, 250, 2]);
  assert(left > 6, "1,500 at 250 a second, and two measurements");
  // Slower now: only the last two seconds count.
  for (const [now, connections] of [[5_000, 530], [6_000, 540], [7_000, 550]] as const) {
    clock.now = now;
    meter.count(connections);
  }
  assertEquals(seen.at(-1)!.perSecond, 10);
});

Deno.test("ProgressMeter shows that it starts, and how long all is to take", () => {
  const { seen, meter } = meterAt();
  meter.beginStarting();
  const { phase, step, steps, connections, left } = seen.at(-1)!;
  assertEquals([phase, step, steps, connections, left], ["starting", 0, 2, 0, PLAN.seconds]);
});

Deno.test("ProgressMeter takes the time left from the plan as long as nothing is open", () => {
  const { clock, seen, meter } = meterAt();
  clock.now = 1_000;
  meter.beginStep(1, 1_000);
  assertEquals(seen.at(-1)!.left, PLAN.seconds - 1);
});

Deno.test("ProgressMeter hands a measured step out once and keeps its figures", () => {
  const { clock, seen, meter } = meterAt();
  meter.beginStep(1, 1_000);
  clock.now = 2_000;
  meter.beginMeasuring();
  clock.now = 5_000;
  meter.endStep(STEP, 3);
  assertEquals(seen.at(-1)!.measured, STEP);
  assertEquals(seen.at(-1)!.left, 5, "1,000 more in 2 s, and 3 s to measure them");
  meter.beginStep(2, 2_000);
  const { measured, connections, clients } = seen.at(-1)!;
  assertEquals([measured, connections, clients], [undefined, 1_000, STEP.clients]);
  meter.beginClosing();
  assertEquals([seen.at(-1)!.phase, seen.at(-1)!.left], ["closing", 0]);
});
