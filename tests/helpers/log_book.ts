import type { LogEntry } from "../../server/log.ts";
import { Events } from "./events.ts";

/** Takes a server's log, for tests that wait for an entry or look at all of them. */
export class LogBook {
  readonly #entries = new Events<LogEntry>();

  /** The option `log`. */
  readonly log = (entry: LogEntry): void => this.#entries.push(entry);

  /** All entries so far, or those about one event. */
  entries(event?: string): LogEntry[] {
    const { all } = this.#entries;
    return event === undefined ? all : all.filter((entry) => entry.event === event);
  }

  /** Waits for the next entry about an event. */
  next(event: string): Promise<LogEntry> {
    return this.#entries.find((entry) => entry.event === event);
  }
}
