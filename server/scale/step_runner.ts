import { readHostLimits } from "../host/host.ts";
import { pause } from "../loop/pause.ts";
import type { ClientGroup } from "./client_group.ts";
import { countConnections, readKernelMemory } from "./kernel.ts";
import { summarize } from "./latency.ts";
import type { OpenerCount } from "./opener.ts";
import { perConnection, type SideFigures } from "./per_connection.ts";
import { DEFAULT_LATENCY } from "./plan.ts";
import type { ProgressMeter } from "./progress.ts";
import type {
  Handshakes,
  KernelCount,
  Latency,
  ScaleOptions,
  ScalePlan,
  ScaleStep,
} from "./result.ts";
import { abortStop, memoryStop, type StopCause, stopOf } from "./stop.ts";
import { isLocal, type ScaleTarget } from "./target.ts";
import { watch } from "./watch.ts";

/** How often the clients are asked how far they are, in milliseconds. */
const TICK = 250;

/** The figures are read this often, in milliseconds, and rest some times as long as reading took. */
const LOOK_PAUSE = 1_000;
const LOOK_REST = 2;

/** After the last handshake everything may come to rest for so many milliseconds. */
const SETTLE = 1_000;

/** What a run works with. */
export interface RunParts {
  /** The plan. */
  readonly plan: ScalePlan;
  /** The server. */
  readonly target: Pick<ScaleTarget, "hosts" | "port" | "failed" | "figures">;
  /** The client processes, prepared. */
  readonly clients: Pick<ClientGroup, "failed" | "open" | "stop" | "counts" | "echo" | "figures">;
  /** Shows how far it is. */
  readonly meter: ProgressMeter;
  /** Bytes of a page of memory, where that is known. */
  readonly pageSize: number | undefined;
  /** How the delay of an echo is measured. */
  readonly latency: ScaleOptions["latency"];
}

/** Goes through the steps of a plan: opens the connections of each, and measures. */
export class StepRunner {
  readonly #parts: RunParts;
  readonly #steps: ScaleStep[] = [];
  readonly #halt = new AbortController();
  #before: SideFigures = { clients: { processes: 0 } };

  /** @param parts What it works with; they stay the caller's. */
  constructor(parts: RunParts) {
    this.#parts = parts;
  }

  /**
   * Goes through all steps, or to where something stops it.
   *
   * @param signal Tells it to stop.
   * @returns The steps that were begun, and why there are no more or the last one was not reached.
   */
  async run(signal: AbortSignal): Promise<{ steps: readonly ScaleStep[]; cause?: StopCause }> {
    const { target, clients } = this.#parts;
    const ended = (limit: string, side: string) => (how: string): void =>
      this.#stop({ limit, message: `A ${side} process ended: ${how}`, raise: [] });
    target.failed.then(ended("worker", "server"));
    clients.failed.then(ended("client", "client"));
    const interrupt = () => this.#stop(abortStop(signal.reason));
    signal.addEventListener("abort", interrupt);
    if (signal.aborted) interrupt();
    const cause = await this.#goThrough();
    signal.removeEventListener("abort", interrupt);
    return { steps: this.#steps, ...cause !== undefined && { cause } };
  }

  async #goThrough(): Promise<StopCause | undefined> {
    const { plan } = this.#parts;
    const { signal } = this.#halt;
    this.#before = await this.#figures();
    for (const [index, target] of plan.steps.entries()) {
      if (signal.aborted) break;
      const lost = await this.#step(index + 1, target);
      const { connections, handshakes } = this.#steps.at(-1)!;
      if (!signal.aborted && connections < target) return stopOf(handshakes.failures, lost, plan);
    }
    return signal.reason;
  }

  /** Stops it, for the first reason that comes. */
  #stop(cause: StopCause): void {
    if (this.#halt.signal.aborted) return;
    this.#halt.abort(cause);
    this.#parts.clients.stop();
  }

  /** Returns what ended connections that were open before. */
  async #step(number: number, target: number): Promise<Readonly<Record<string, number>>> {
    const { clients, meter } = this.#parts;
    const [before, cpuBefore] = await Promise.all([clients.counts(), this.#figures()]);
    meter.beginStep(number, target);
    const showCount = async () => meter.count(sumOf(await clients.counts()));
    const watches = [watch(showCount, TICK, 0), watch(() => this.#look(), LOOK_PAUSE, LOOK_REST)];
    const began = performance.now();
    await clients.open(target);
    const seconds = (performance.now() - began) / 1_000;
    await Promise.all(watches.map((one) => one.end()));
    const [cpuAfter] = await Promise.all([this.#figures(), showCount()]);
    meter.beginMeasuring();
    const measuring = performance.now();
    await pause(SETTLE, this.#halt.signal);
    const counts = await clients.counts();
    const cores = (from: number | undefined, to: number | undefined) =>
      from === undefined || to === undefined || seconds === 0 ? undefined : (to - from) / seconds;
    const serverCores = cores(cpuBefore.server?.cpuSeconds, cpuAfter.server?.cpuSeconds);
    const clientCores = cores(cpuBefore.clients.cpuSeconds, cpuAfter.clients.cpuSeconds);
    const opened = sumOf(counts) - sumOf(before);
    const step = await this.#measure(target, sumOf(counts), {
      opened,
      seconds,
      perSecond: seconds === 0 ? 0 : opened / seconds,
      failures: growth(before, counts, "failures"),
      ...serverCores !== undefined && { serverCores },
      ...clientCores !== undefined && { clientCores },
    });
    this.#steps.push(step);
    meter.endStep(step, (performance.now() - measuring) / 1_000);
    return growth(before, counts, "lost");
  }

  async #measure(target: number, connections: number, handshakes: Handshakes): Promise<ScaleStep> {
    const at = this.#parts.meter.elapsed;
    const [figures, kernelMemory, kernelCount, { memoryAvailable }] = await Promise.all([
      this.#figures(),
      readKernelMemory(this.#parts.pageSize),
      this.#countConnections(),
      readHostLimits(),
    ]);
    // Last, since it wakes connections up.
    const latency = await this.#latency();
    return {
      target,
      connections,
      at,
      handshakes,
      ...kernelCount !== undefined && { kernelCount },
      ...figures,
      kernelMemory,
      ...memoryAvailable !== undefined && { memoryAvailable },
      perConnection: perConnection(connections, this.#before, figures, kernelMemory),
      ...latency !== undefined && { latency },
    };
  }

  async #latency(): Promise<Latency | undefined> {
    const { clients, latency = DEFAULT_LATENCY } = this.#parts;
    const { signal } = this.#halt;
    if (latency === false || signal.aborted) return undefined;
    const { promise: halted, resolve } = Promise.withResolvers<undefined>();
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
    const sample = await Promise.race([clients.echo(latency), halted]);
    return sample && summarize(sample, latency);
  }

  /** Keeps the live figures young. */
  async #look(): Promise<void> {
    const [figures, kernelCount, limits] = await Promise.all([
      this.#figures(),
      this.#countConnections(),
      readHostLimits(),
    ]);
    const { meter, plan } = this.#parts;
    meter.figures({ ...figures, ...kernelCount !== undefined && { kernelCount } });
    const cause = memoryStop(limits, plan);
    if (cause !== undefined) this.#stop(cause);
  }

  async #figures(): Promise<SideFigures> {
    const [server, clients] = await Promise.all([
      this.#parts.target.figures(),
      this.#parts.clients.figures(),
    ]);
    return { clients, ...server !== undefined && { server } };
  }

  async #countConnections(): Promise<KernelCount | undefined> {
    const { hosts, port } = this.#parts.target;
    return hosts.every(isLocal) ? await countConnections(hosts, port) : undefined;
  }
}

function sumOf(counts: readonly OpenerCount[]): number {
  return counts.reduce((total, { open }) => total + open, 0);
}

/** How often what went wrong since. */
function growth(
  before: readonly OpenerCount[],
  after: readonly OpenerCount[],
  kind: "failures" | "lost",
): Record<string, number> {
  const times: Record<string, number> = {};
  const add = (counts: readonly OpenerCount[], sign: number): void => {
    for (const [fault, count] of counts.flatMap((it) => Object.entries(it[kind]))) {
      times[fault] = (times[fault] ?? 0) + sign * count;
    }
  };
  add(after, 1);
  add(before, -1);
  return Object.fromEntries(Object.entries(times).filter(([, count]) => count > 0));
}
