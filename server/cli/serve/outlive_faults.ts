import type { Log } from "./log.ts";

/**
 * Has this process outlive what is thrown where no call of ours could catch it, such as in a callback
 * of the runtime's own: it is a line of the log. The connection that it came from is left to its
 * deadline, and all others go on. For processes that serve; a library leaves this to its program.
 *
 * @param log Gets the line.
 */
export function outliveFaults(log: Pick<Log, "write">): void {
  const outlive = (event: Event, error: unknown) => {
    event.preventDefault();
    log.write({
      level: "error",
      event: "fault",
      message: "Fault where nothing could catch it",
      error,
    });
  };
  addEventListener("error", (event) => outlive(event, event.error));
  addEventListener("unhandledrejection", (event) => outlive(event, event.reason));
}
