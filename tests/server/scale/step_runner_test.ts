import { assertEquals } from "@std/assert";
import type { OpenerCount } from "../../../server/scale/opener.ts";
import { planScale } from "../../../server/scale/plan.ts";
import { ProgressMeter } from "../../../server/scale/progress.ts";
import type { ScaleProgress } from "../../../server/scale/result.ts";
import { type RunParts, StepRunner } from "../../../server/scale/step_runner.ts";

const AROUND = { limits: {}, cores: 2, reusePort: true, varied: "none" } as const;
const NEVER = new Promise<string>(() => {});

/** Clients that have no processes: opens as many connections as `open` says. */
function fakeRun(
  connections: number,
  steps: number[],
  open: (connections: number) => Promise<OpenerCount>,
) {
  const seen: ScaleProgress[] = [];
  const plan = planScale({ connections, steps }, AROUND);
  let count: OpenerCount = { open: 0, failures: {}, lost: {} };
  const parts: RunParts = {
    plan,
    target: {
      hosts: ["192.0.2.1"],
      port: 1,
      failed: NEVER,
      figures: () => Promise.resolve(undefined),
    },
    clients: {
      failed: NEVER,
      open: async (connections) => void (count = await open(connections)),
      stop: () => {},
      counts: () => Promise.resolve([count]),
      echo: () => Promise.resolve(undefined),
      figures: () => Promise.resolve({ processes: 1 }),
    },
    meter: new ProgressMeter(plan, (progress) => seen.push(progress)),
    pageSize: undefined,
    latency: false,
  };
  return { parts, seen };
}

function opened(open: number): Promise<OpenerCount> {
  return Promise.resolve({ open, failures: {}, lost: {} });
}

Deno.test("StepRunner shows all connections of a step while it measures", async () => {
  const { parts, seen } = fakeRun(1_000, [], opened);
  const { cause } = await new StepRunner(parts).run(new AbortController().signal);
  assertEquals(cause, undefined);
  const measuring = seen.filter(({ phase }) => phase === "measuring");
  assertEquals([...new Set(measuring.map(({ connections }) => connections))], [1_000]);
});

Deno.test("StepRunner measures the step that an interruption cuts", async () => {
  const interrupt = new AbortController();
  const { parts } = fakeRun(1_000, [100], (connections) => {
    if (connections === 100) return opened(100);
    interrupt.abort();
    return opened(700);
  });
  const { steps, cause } = await new StepRunner(parts).run(interrupt.signal);
  assertEquals(steps.map(({ connections }) => connections), [100, 700]);
  assertEquals(cause?.limit, "interrupted");
});

Deno.test("StepRunner names what kept a step from its target", async () => {
  const { parts } = fakeRun(
    1_000,
    [],
    () => Promise.resolve({ open: 600, failures: { ENFILE: 3 }, lost: {} }),
  );
  const { steps, cause } = await new StepRunner(parts).run(new AbortController().signal);
  assertEquals(steps[0]?.handshakes.failures, { ENFILE: 3 });
  assertEquals(cause?.limit, "fs.file-max");
});

Deno.test("StepRunner stops when a process ends, and says which side's", async () => {
  const { parts } = fakeRun(1_000, [], opened);
  const failed = Promise.resolve("process 7: exit code 1");
  const { steps, cause } = await new StepRunner({ ...parts, target: { ...parts.target, failed } })
    .run(new AbortController().signal);
  assertEquals(steps.length <= 1, true);
  assertEquals([cause?.limit, cause?.message], [
    "worker",
    "A server process ended: process 7: exit code 1",
  ]);
});
