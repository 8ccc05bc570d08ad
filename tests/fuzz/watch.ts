import type { Point } from "../../bench/soak/trend.ts";
import type { Find, Tally } from "./run_inputs.ts";
import type { FuzzOrder, FuzzTask } from "./serve_targets.ts";

/** When a worker is given up. */
export interface WatchLimits {
  /** How long one input may take, in milliseconds. */
  readonly hang: number;
  /** By how much the memory of the process may grow meanwhile, in bytes. */
  readonly growth: number;
}

/** Inputs take microseconds, and a process some 200 MiB. */
export const WATCH_LIMITS: WatchLimits = { hang: 20_000, growth: 2 ** 30 };

/** What a run came to. */
export interface Watched extends Omit<Tally, "find"> {
  /** How long it took, in seconds. */
  readonly seconds: number;
  /** Seconds since the start, and the process's resident memory in bytes. */
  readonly resident: readonly Point[];
  /** What was found; without the input where the worker could not tell it any more. */
  readonly find?: Omit<Find, "target">;
}

/** Stands for the number of inputs until the worker has loaded. */
const NOT_BEGUN = -1;

/** How often the worker is looked at, in milliseconds. */
const PACE = 250;

/**
 * Has a worker try a target, and ends it when an input takes too long or memory grows too much: then
 * its seed is known all the same.
 *
 * @param program The worker's program, which calls `serveTargets()`.
 * @param order What is to be tried.
 * @param limits When to give up.
 */
export async function watch(
  program: URL,
  order: FuzzOrder,
  limits: WatchLimits = WATCH_LIMITS,
): Promise<Watched> {
  const progress = new Int32Array(new SharedArrayBuffer(8));
  progress[1] = NOT_BEGUN;
  const began = performance.now();
  const resident: [number, number][] = [];
  const elapsed = () => (performance.now() - began) / 1_000;
  const done = Promise.withResolvers<Omit<Watched, "seconds" | "resident">>();
  const giveUp = (fault: string): void => {
    const [seed = 0, inputs = 0] = progress;
    done.resolve({
      inputs: Math.max(0, inputs),
      outcomes: {},
      slowest: { seed, milliseconds: NaN },
      find: { seed, fault },
    });
  };
  const worker = new Worker(program, { type: "module" });
  worker.onmessage = ({ data }: MessageEvent<Tally>) => done.resolve(data);
  worker.onerror = (event) => {
    event.preventDefault();
    giveUp(`The worker ended: ${event.message}`);
  };
  let [seen, changed] = [NOT_BEGUN, began];
  const timer = setInterval(() => {
    const { rss } = Deno.memoryUsage();
    resident.push([elapsed(), rss]);
    const now = performance.now();
    const before = Atomics.load(progress, 1);
    // Loading the worker, and checking its types for the first time, is no input's time.
    if (before !== seen || before === NOT_BEGUN) [seen, changed] = [before, now];
    else if (now - changed > limits.hang) giveUp(`No end within ${limits.hang} ms`);
    const grown = rss - resident[0]![1];
    if (grown > limits.growth) giveUp(`Memory grew by ${grown} bytes`);
  }, PACE);
  try {
    worker.postMessage({ ...order, progress } satisfies FuzzTask);
    return { ...await done.promise, seconds: elapsed(), resident };
  } finally {
    clearInterval(timer);
    worker.terminate();
  }
}
