import type { DrainResult, LogEntry } from "../../mod.ts";

/** A second signal within this many milliseconds is the same Ctrl-C, which `deno task` delivers twice. */
const SAME_SIGNAL = 1_000;

/** The exit codes that shells give to a process that a signal ended. */
const SIGNAL_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/** The signals that drain; Windows has no SIGTERM to listen for. */
const SIGNALS: readonly (keyof typeof SIGNAL_CODES)[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM"];

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
  let since: number | undefined;
  for (const signal of SIGNALS) {
    Deno.addSignalListener(signal, async () => {
      const now = performance.now();
      if (since !== undefined) {
        if (now - since <= SAME_SIGNAL) return;
        await kill?.();
        return resolve(SIGNAL_CODES[signal]);
      }
      since = now;
      log({ level: "info", event: "draining", message: `Draining ${holds()}` });
      const { closed, cut } = await drain();
      log({ level: "info", event: "drained", message: `Drained: ${closed} closed, ${cut} cut` });
      resolve(0);
    });
  }
  return promise;
}
