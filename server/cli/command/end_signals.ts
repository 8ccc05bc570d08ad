/** A second signal within this many milliseconds is the same Ctrl-C, which `deno task` delivers twice. */
const SAME_SIGNAL = 1_000;

/** The exit codes that shells give to a process that a signal ended. */
const SIGNAL_CODES = { SIGINT: 130, SIGQUIT: 131, SIGTERM: 143 } as const;

/** The signals that end a process; Windows has only one of them to listen for. */
const SIGNALS: readonly (keyof typeof SIGNAL_CODES)[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGQUIT", "SIGTERM"];

/**
 * Listens for SIGINT, SIGQUIT and SIGTERM: the first asks for an end in good order, one more than a second later
 * for an end at once.
 *
 * @param onFirst Called at the first.
 * @param onSecond Called at a second, with the exit code that belongs to it.
 * @returns Listens no more.
 */
export function onEndSignals(onFirst: () => void, onSecond: (code: number) => void): () => void {
  let since: number | undefined;
  const listeners = SIGNALS.map((signal) => ({
    signal,
    listener(): void {
      const now = performance.now();
      if (since === undefined) {
        since = now;
        onFirst();
      } else if (now - since > SAME_SIGNAL) onSecond(SIGNAL_CODES[signal]);
    },
  }));
  for (const { signal, listener } of listeners) Deno.addSignalListener(signal, listener);
  return () => {
    for (const { signal, listener } of listeners) Deno.removeSignalListener(signal, listener);
  };
}
