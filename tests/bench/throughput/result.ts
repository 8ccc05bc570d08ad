import type {
  CaseResult,
  Measurement,
  ThroughputResult,
} from "../../../bench/throughput/result.ts";

/** A measurement of which only the value matters. */
export function measurement(value: number, more: Partial<Measurement> = {}): Measurement {
  return { value, serverCpu: 1, loadCpu: 0.5, serverMicroseconds: 10, ...more };
}

/** A case without outcomes. */
export function caseResult(more: Partial<CaseResult> = {}): CaseResult {
  return {
    name: "echo64",
    title: "echo, 64 B",
    unit: "msg/s",
    better: "more",
    load: { kind: "echo", connections: 1, bytes: 64, text: false, pipeline: 1, seconds: 1 },
    outcomes: [],
    ...more,
  };
}

/** A result without cases. */
export function throughputResult(more: Partial<ThroughputResult> = {}): ThroughputResult {
  return {
    environment: {
      date: "2026-01-02T03:04:05.678Z",
      kernel: "linux 6.1",
      cpu: "A Processor",
      cores: 2,
      versions: { deno: "2.9.6" },
      command: "deno task bench throughput",
      pinned: { server: 0, load: 1 },
    },
    rounds: 3,
    seconds: 3,
    leftOut: [],
    interrupted: false,
    cases: [],
    ...more,
  };
}
