import { pause } from "../loop/pause.ts";

/** Something that is looked at again and again until it is ended. */
export interface Watch {
  /** Ends it, and resolves when the last look is over. */
  end(): Promise<void>;
}

/**
 * Looks at something again and again.
 *
 * @param look Looks; never rejects.
 * @param atLeast Milliseconds between two looks, at least.
 * @param rest Rests so many times as long as a look took, where that is longer.
 * @returns Ends it.
 */
export function watch(look: () => Promise<void>, atLeast: number, rest: number): Watch {
  const over = new AbortController();
  const run = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const began = performance.now();
      await look();
      await pause(Math.max(atLeast, rest * (performance.now() - began)), over.signal);
    }
  };
  const running = run();
  return {
    async end() {
      over.abort();
      await running;
    },
  };
}
