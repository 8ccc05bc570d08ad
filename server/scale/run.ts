/**
 * `server/scale/` is for very many connections at once, for the bench and for `fourtuple myth`.
 *
 * Opening very many connections to one port and measuring what they cost.
 *
 * @module
 */

import { pause } from "../loop/pause.ts";
import { sourcePorts } from "./addresses.ts";
import { ClientGroup } from "./client_group.ts";
import { describeHost, readSurroundings } from "./machine.ts";
import { planScale } from "./plan.ts";
import { ProgressMeter } from "./progress.ts";
import type { ScaleOptions, ScalePlan, ScaleProgress, ScaleResult, ScaleStep } from "./result.ts";
import { StepRunner } from "./step_runner.ts";
import { abortStop, type StopCause } from "./stop.ts";
import { findServer, type ScaleTarget, startOwnServer } from "./target.ts";

/** The Ctrl-C that has ended a process is heard of here within so many milliseconds. */
const INTERRUPT_DELAY = 1_000;

/**
 * Plans a run on this host, without starting anything.
 *
 * @param options What is asked.
 * @returns What `runScale()` would do.
 * @throws {TypeError} When `url` is none.
 */
export async function prepareScale(options: ScaleOptions): Promise<ScalePlan> {
  return planScale(options, await readSurroundings(options));
}

/**
 * Opens connections step by step as far as asked or as the host allows, measures at each step, and
 * leaves nothing behind.
 *
 * @param options What is asked.
 * @param onProgress Gets what a live display shows, a few times a second.
 * @param signal Ends the run early; what was measured is returned as well.
 * @returns All that was measured. A limit that was met, a process that ended and an abort are no
 * errors but its `stop`.
 * @throws {TypeError} When `url` is none.
 * @throws {Error} When a process does not start.
 */
export async function runScale(
  options: ScaleOptions,
  onProgress: (progress: ScaleProgress) => void = () => {},
  signal: AbortSignal = new AbortController().signal,
): Promise<ScaleResult> {
  const date = new Date().toISOString();
  const around = await readSurroundings(options);
  const { limits } = around;
  const plan = planScale(options, around);
  const host = await describeHost(limits);
  const meter = new ProgressMeter(plan, onProgress);
  let target: ScaleTarget | undefined;
  let clients: ClientGroup | undefined;
  const resultOf = (steps: readonly ScaleStep[], cause?: StopCause): ScaleResult => {
    const connections = steps.at(-1)?.connections ?? 0;
    const stop = cause === undefined ? plan.stop : { ...cause, connections };
    return {
      date,
      host,
      limits,
      plan,
      url: target?.url ?? options.url ?? "",
      steps,
      ...stop !== undefined && { stop },
      seconds: meter.elapsed,
    };
  };
  if (plan.connections === 0) return resultOf([]);
  if (signal.aborted) return resultOf([], abortStop(signal.reason));
  meter.beginStarting();
  try {
    try {
      target = options.url === undefined
        ? await startOwnServer(plan)
        : await findServer(options.url);
      clients = await ClientGroup.start({
        plan,
        target,
        ports: sourcePorts(limits),
        ownAddresses: around.addresses === undefined,
      });
    } catch (error) {
      // A terminal sends Ctrl-C to the whole process group: it ends those that cannot ignore it yet,
      // perhaps before it is known here.
      await pause(INTERRUPT_DELAY, signal);
      if (!signal.aborted) throw error;
      return resultOf([], abortStop(signal.reason));
    }
    const { latency } = options;
    const parts = { plan, target, clients, meter, pageSize: limits.pageSize, latency };
    const { steps, cause } = await new StepRunner(parts).run(signal);
    return resultOf(steps, cause);
  } finally {
    meter.beginClosing();
    // Whose end closes first keeps the 4-tuple for a minute (TIME_WAIT): better the server's, whose
    // port will not come again, than the clients' ports.
    await target?.close();
    await clients?.close();
  }
}
