import type { Latency, LatencyOptions } from "./result.ts";

/** What one client process measured: the delays of the messages that came back, in milliseconds. */
export interface EchoSample {
  /** Connections that took part. */
  readonly connections: number;
  /** Messages that were sent. */
  readonly sent: number;
  /** One for each message that came back; in any order. */
  readonly delays: readonly number[];
}

/**
 * Sums a sample up.
 *
 * @param sample What was measured.
 * @param options What was asked for.
 * @returns The percentiles; `undefined` where nothing came back.
 */
export function summarize(sample: EchoSample, options: LatencyOptions): Latency | undefined {
  const { connections, sent, delays } = sample;
  if (delays.length === 0) return undefined;
  const sorted = Float64Array.from(delays).sort();
  return {
    sent,
    received: sorted.length,
    connections,
    perSecond: options.perSecond,
    p50: percentile(sorted, 50),
    p99: percentile(sorted, 99),
    p999: percentile(sorted, 99.9),
    max: sorted[sorted.length - 1]!,
  };
}

/**
 * Returns the least value that at least so many percent of the values do not exceed (nearest rank).
 *
 * @param sorted The values in ascending order, at least one.
 * @param percent From 0 to 100.
 */
export function percentile(sorted: ArrayLike<number>, percent: number): number {
  // 99.9 has no exact binary form: without the allowance it would be one rank too high at 1,000.
  const rank = Math.ceil(percent * sorted.length / 100 - 1e-9);
  return sorted[Math.max(0, rank - 1)]!;
}
