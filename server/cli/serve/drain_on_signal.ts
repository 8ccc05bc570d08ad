import type { DrainResult, LogEntry } from "../../../mod.ts";
import { onEndSignals } from "../command/end_signals.ts";

/** What is to be drained. */
export interface Drainable {
  /** Drains it, and says so in the log. Asked when it has drained already, it tells how that went. */
  drain(): Promise<DrainResult>;
  /** Ends what would outlive this process. */
  kill?(): Promise<void>;
  /** Resolves when it has stopped, for whatever reason; rejects when it could not go on. */
  readonly finished: Promise<void>;
  /** Gets what is worth telling an operator. */
  log(entry: LogEntry): void;
}

/** How it ended. */
export interface Drained {
  /** The exit code. */
  readonly code: number;
  /** Whether a signal ended it; else somebody else drained it, or it could not go on. */
  readonly bySignal: boolean;
}

/**
 * Drains at SIGTERM, SIGINT and SIGQUIT, and gives up at a second one.
 *
 * @param drainable What is drained.
 * @returns How it ended: once it has drained, by a signal or otherwise, or is given up.
 */
export function drainOnSignal(
  { drain, kill, finished, log }: Drainable,
): Promise<Drained> {
  const { promise, resolve } = Promise.withResolvers<Drained>();
  let bySignal = false;
  const drained = async () => {
    const { closed, cut } = await drain();
    log({ level: "info", event: "drained", message: `Drained: ${closed} closed, ${cut} cut` });
    resolve({ code: 0, bySignal });
  };
  onEndSignals(() => {
    bySignal = true;
    drained();
  }, async (code) => {
    await kill?.();
    resolve({ code, bySignal });
  });
  finished.then(() => bySignal ? undefined : drained(), () => resolve({ code: 1, bySignal }));
  return promise;
}
