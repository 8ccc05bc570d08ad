/// <reference lib="deno.worker" />
/**
 * The side of a worker that tries targets: it may hang without anybody else hanging.
 *
 * @module
 */

import { findOf, runInputs, type Tally } from "./run_inputs.ts";
import type { FuzzTarget } from "./target.ts";

/** What a worker is to do. */
export interface FuzzOrder {
  /** The target's name. */
  readonly target: string;
  /** The seed of the first input. */
  readonly seed: number;
  /** The most inputs. */
  readonly inputs: number;
  /** How long, in seconds. */
  readonly seconds: number;
}

/** An order, and where the worker says which input it is at: the seed, and how many came before. */
export type FuzzTask = FuzzOrder & { readonly progress: Int32Array };

/**
 * Waits for a task, does it, and sends back its {@linkcode Tally}.
 *
 * @param targets The targets there are.
 */
export function serveTargets(targets: readonly FuzzTarget[]): void {
  self.onmessage = async ({ data }: MessageEvent<FuzzTask>) => {
    const { target: name, seed, inputs, seconds, progress } = data;
    const target = targets.find((one) => one.name === name)!;
    self.onunhandledrejection = (event) => {
      event.preventDefault();
      const [at = 0, before = 0] = progress;
      const find = findOf(target, at, event.reason);
      const slowest = { seed: at, milliseconds: NaN };
      self.postMessage({ inputs: before + 1, outcomes: {}, slowest, find } satisfies Tally);
    };
    const end = performance.now() + seconds * 1_000;
    const tally: Tally = await runInputs(target, seed, (at, before) => {
      progress[0] = at;
      Atomics.store(progress, 1, before);
      return before < inputs && performance.now() < end;
    });
    self.postMessage(tally);
  };
}
