import type { LogEntry } from "../log.ts";
import type { Link } from "../process/link.ts";
import { encodeEnvelope } from "./envelope.ts";
import { RELAY_BYTES, RelayBound } from "./relay_bound.ts";

/** What a relay sends to. */
export type RelayLink = Pick<Link<never>, "send" | "queuedBytes">;

interface Member {
  readonly link: RelayLink;
  readonly bound: RelayBound;
}

/**
 * Carries messages between the workers of a host: bytes that one sends go to all others as they are.
 * They stay in the order of the link that they came by. What waits for a worker is bounded; beyond it
 * the newest messages for that worker are dropped and counted, and all others get them.
 */
export class BackplaneRelay {
  readonly #log: (entry: LogEntry) => void;
  readonly #members = new Map<number, Member>();
  #dropped = 0;

  /** @param log Told once for each time that messages begin to be dropped. */
  constructor(log: (entry: LogEntry) => void) {
    this.#log = log;
  }

  /** Messages that were dropped, each counted for every worker that did not get it. */
  get dropped(): number {
    let dropped = this.#dropped;
    for (const { bound } of this.#members.values()) dropped += bound.dropped;
    return dropped;
  }

  /** A worker is there. */
  add(worker: number, link: RelayLink): void {
    const bound = new RelayBound(() =>
      this.#log({
        level: "warning",
        event: "relay_dropped",
        message: `Worker ${worker} is too slow for what others publish: ` +
          `messages for it are dropped while ${RELAY_BYTES} bytes wait`,
        worker,
      })
    );
    this.#members.set(worker, { link, bound });
  }

  /** A worker has gone. */
  delete(worker: number): void {
    this.#dropped += this.#members.get(worker)?.bound.dropped ?? 0;
    this.#members.delete(worker);
  }

  /**
   * Sends what a worker has published to all others.
   *
   * @param from Which worker.
   * @param envelope An envelope; shared and never changed.
   */
  forward(from: number, envelope: Uint8Array): void {
    for (const [worker, { link, bound }] of this.#members) {
      if (worker !== from && bound.admits(link.queuedBytes)) link.send(envelope);
    }
  }

  /**
   * Sends a message to all workers.
   *
   * @param channel The channel's name.
   * @param data The message, copied.
   */
  publish(channel: string, data: string | Uint8Array): void {
    this.forward(0, encodeEnvelope(channel, data));
  }
}
