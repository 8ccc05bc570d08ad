import type { Distribution } from "../metrics/measurements.ts";
import type { ProcessSnapshot, Snapshot } from "../operations/operations.ts";

/** The most values of a label. The code has far fewer; what goes beyond is counted as `other`. */
const MAX_VALUES = 64;

/** Labels and their values. */
export type Labels = Readonly<Record<string, string>>;

/** One value of a metric. */
export interface Sample {
  /** The value, in the unit of the metric's name. */
  readonly value: number;
  /** The labels; absent without any. */
  readonly labels?: Labels;
  /** The name that it has in the text, where that is not the metric's own: `…_bucket`. */
  readonly metricName?: string;
}

/** A metric: all values with one name. */
export interface Metric {
  /** Its name, with the unit and, of a counter, `_total` at the end. */
  readonly name: string;
  /** What may be computed with it. */
  readonly type: "counter" | "gauge" | "histogram";
  /** What it says, for people. */
  readonly help: string;
  /** Reads its values; none where they are not known. */
  readonly read: (snapshot: Snapshot) => readonly Sample[];
}

/** What is read: values, one value without labels, or nothing where it is not known. */
export type Found = readonly Sample[] | number | undefined;

/** Makes a metric that goes up and down. */
export function gauge(name: string, help: string, find: (snapshot: Snapshot) => Found): Metric {
  return { name, type: "gauge", help, read: (snapshot) => samples(find(snapshot)) };
}

/** Makes a metric that only grows until the server starts again. */
export function counter(name: string, help: string, find: (snapshot: Snapshot) => Found): Metric {
  return { name, type: "counter", help, read: (snapshot) => samples(find(snapshot)) };
}

/** Makes a metric of a distribution. */
export function histogram(
  name: string,
  help: string,
  find: (snapshot: Snapshot) => Distribution,
): Metric {
  return { name, type: "histogram", help, read: (snapshot) => buckets(name, find(snapshot)) };
}

/** Makes a gauge of each process, by the label `worker`: without workers there is one, number 0. */
export function workerGauge(
  name: string,
  help: string,
  find: (process: ProcessSnapshot) => Found,
): Metric {
  return gauge(name, help, (snapshot) => byWorker(snapshot, find));
}

/** Makes a counter of each process, by the label `worker`: without workers there is one, number 0. */
export function workerCounter(
  name: string,
  help: string,
  find: (process: ProcessSnapshot) => Found,
): Metric {
  return counter(name, help, (snapshot) => byWorker(snapshot, find));
}

function byWorker({ processes }: Snapshot, find: (process: ProcessSnapshot) => Found): Sample[] {
  return processes.flatMap((process) => {
    const worker = String(process.worker ?? 0);
    return samples(find(process)).map((it) => ({ ...it, labels: { worker, ...it.labels } }));
  });
}

function samples(found: Found): readonly Sample[] {
  if (found === undefined) return [];
  return typeof found === "number" ? [{ value: found }] : found;
}

/**
 * Makes a sample of each entry.
 *
 * @param label The label that has the entries' names as values.
 * @param values The entries.
 * @param more Labels that all of them have.
 */
export function byLabel(
  label: string,
  values: Readonly<Record<string, number>>,
  more: Labels = {},
): Sample[] {
  return Object.entries(values).map(([name, value]) => ({
    labels: { ...more, [label]: name },
    value,
  }));
}

/**
 * Bounds how many names there are: beyond 64, counts go to `other`.
 *
 * @param counts Counts by name.
 * @param always Names that are there even when they were not counted yet, at 0.
 */
export function bounded(
  counts: Readonly<Record<string, number>>,
  always: readonly string[] = [],
): Record<string, number> {
  const zeros = Object.fromEntries(always.map((name) => [name, 0]));
  const entries = Object.entries({ ...zeros, ...counts });
  const rest = entries.splice(MAX_VALUES);
  const kept = Object.fromEntries(entries);
  if (rest.length === 0) return kept;
  return { ...kept, other: rest.reduce((sum, [, count]) => sum + count, 0) };
}

/** Prometheus counts a value in its own bucket and in all that are wider. */
function buckets(name: string, { bounds, counts, sum }: Distribution): Sample[] {
  let upTo = 0;
  const found = counts.map((count, at) => ({
    metricName: `${name}_bucket`,
    labels: { le: at < bounds.length ? String(bounds[at]) : "+Inf" },
    value: upTo += count,
  }));
  return [
    ...found,
    { metricName: `${name}_sum`, value: sum },
    { metricName: `${name}_count`, value: upTo },
  ];
}
