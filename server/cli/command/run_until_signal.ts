import { onEndSignals } from "./end_signals.ts";

/**
 * Runs something that SIGINT, SIGQUIT or SIGTERM ends early but in good order, and gives it up at a second one.
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
  const ignore = onEndSignals(() => {
    onFirst();
    stop.abort();
  }, giveUp);
  try {
    return await Promise.race([run(stop.signal), givenUp]);
  } finally {
    ignore();
  }
}
