import type { DrainResult, LogEntry } from "../../mod.ts";
import { onEndSignals } from "./end_signals.ts";

/** What is to be drained. */
export interface Drainable {
  /** What it has, for the log: `3 connections`. */
  holds(): string;
  /** Drains it. */
  drain(): Promise<DrainResult>;
  /** Ends what would outlive this process. */
  kill?(): Promise<void>;
  /** Gets what is worth telling an operator. */
  log(entry: LogEntry): void;
}

/**
 * Drains at SIGTERM and SIGINT, and gives up at a second one.
 *
 * @param drainable What is drained.
 * @returns The exit code, once it has drained or is given up.
 */
export function drainOnSignal({ holds, drain, kill, log }: Drainable): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  onEndSignals(async () => {
    log({ level: "info", event: "draining", message: `Draining ${holds()}` });
    const { closed, cut } = await drain();
    log({ level: "info", event: "drained", message: `Drained: ${closed} closed, ${cut} cut` });
    resolve(0);
  }, async (code) => {
    await kill?.();
    resolve(code);
  });
  return promise;
}
