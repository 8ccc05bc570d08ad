/** A second signal within this many milliseconds is the same Ctrl-C, which `deno task` delivers twice. */
const SAME_SIGNAL = 1_000;

/** The exit codes that shells give to a process that a signal ended. */
const SIGNAL_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/** The signals that end a run; Windows has no SIGTERM to listen for. */
const SIGNALS: readonly (keyof typeof SIGNAL_CODES)[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM"];

/**
 * Runs something that SIGINT or SIGTERM ends early but in good order, and gives it up at a second one.
 *
 * @param run Does it, and ends soon after its signal is aborted.
 * @param onFirst Is called at the first signal, before that.
 * @returns What `run` returned, or the exit code where a second signal came first.
 * @throws What `run` throws.
 */
export async function runUntilSignal<Result extends object>(
  run: (signal: AbortSignal) => Promise<Result>,
  onFirst: () => void = () => {},
): Promise<Result | number> {
  const stop = new AbortController();
  const { promise: givenUp, resolve: giveUp } = Promise.withResolvers<number>();
  let since: number | undefined;
  const listeners = SIGNALS.map((signal) => ({
    signal,
    listener: () => {
      const now = performance.now();
      if (since === undefined) {
        since = now;
        onFirst();
        stop.abort();
      } else if (now - since > SAME_SIGNAL) giveUp(SIGNAL_CODES[signal]);
    },
  }));
  for (const { signal, listener } of listeners) Deno.addSignalListener(signal, listener);
  try {
    return await Promise.race([run(stop.signal), givenUp]);
  } finally {
    for (const { signal, listener } of listeners) Deno.removeSignalListener(signal, listener);
  }
}
