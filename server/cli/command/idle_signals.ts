import type { LogEntry } from "../../log.ts";

/** A signal that does nothing, and what else does. */
export type IdleSignal = readonly [signal: "SIGUSR1" | "SIGUSR2", advice: string];

/** SIGUSR1, which other servers take as an order to open their logs anew. */
export const IDLE_SIGUSR1: IdleSignal = [
  "SIGUSR1",
  "SIGHUP opens the audit log anew; where Deno opens V8's inspector now, --allow-sys lets us close it",
];

/**
 * Says so in the log when a signal comes that does nothing, and that without a listener would end the
 * process.
 *
 * @param signals The signals.
 * @param log Gets a warning for each that comes.
 */
export function noteIdleSignals(
  signals: readonly IdleSignal[],
  log: (entry: LogEntry) => void,
): void {
  if (Deno.build.os === "windows") return;
  for (const [signal, advice] of signals) {
    Deno.addSignalListener(signal, () => {
      const message = `${signal} does nothing: ${advice}`;
      log({ level: "warning", event: "signal_ignored", message });
    });
  }
}
