import { type Metric as PromMetric, Registry } from "prom-client";
import type { Snapshot } from "../operations/operations.ts";
import type { Sample } from "./metric.ts";
import { METRICS } from "./metric_table.ts";

/** The media type of {@linkcode metricsText}: Prometheus' text format. */
export const METRICS_TYPE: string = Registry.PROMETHEUS_CONTENT_TYPE;

/**
 * Writes a snapshot down for Prometheus. Metrics whose values are not known are left out.
 *
 * @param snapshot What the server holds and has counted.
 * @param version The server's version.
 * @returns The text of a scrape.
 */
export function metricsText(snapshot: Snapshot, version: string): Promise<string> {
  const registry = new Registry();
  register(registry, "fourtuple_info", "gauge", "The version of the server, as a label.", [
    { labels: { version }, value: 1 },
  ]);
  for (const { name, type, help, read } of METRICS) {
    register(registry, name, type, help, read(snapshot));
  }
  return registry.metrics();
}

/** prom-client's own counters cannot be set to what others have counted; what it prints can. */
function register(
  registry: Registry,
  name: string,
  type: string,
  help: string,
  values: readonly Sample[],
): void {
  if (values.length === 0) return;
  const get = (): Promise<unknown> => Promise.resolve({ name, help, type, values });
  registry.registerMetric({ name, get } as unknown as PromMetric);
}
