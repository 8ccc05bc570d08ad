import type { Message } from "../../protocol/mod.ts";
import type { LogEntry } from "../log.ts";
import type { Backplane, PublishResult } from "../topics/backplane.ts";
import type { RelayLink } from "./backplane_relay.ts";
import { decodeEnvelope, encodeEnvelope } from "./envelope.ts";
import { RELAY_BYTES, RelayBound } from "./relay_bound.ts";

/** A worker's way to the others, by the link to its supervisor. */
export class LinkBackplane implements Backplane {
  readonly #link: RelayLink;
  readonly #log: (entry: LogEntry) => void;
  readonly #bound: RelayBound;
  readonly #channels = new Map<string, Set<(data: Message) => void>>();
  #closed = false;

  /**
   * @param link The link; the caller closes it.
   * @param log Told when messages begin to be dropped, and when a subscriber fails.
   */
  constructor(link: RelayLink, log: (entry: LogEntry) => void) {
    this.#link = link;
    this.#log = log;
    this.#bound = new RelayBound(() =>
      log({
        level: "warning",
        event: "relay_dropped",
        message: "Supervisor is too slow for what this worker publishes: " +
          `messages are dropped while ${RELAY_BYTES} bytes wait`,
      })
    );
  }

  /** Messages that were dropped because too many waited. */
  get dropped(): number {
    return this.#bound.dropped;
  }

  publish(channel: string, data: string | Uint8Array): PublishResult {
    if (this.#closed || !this.#bound.admits(this.#link.queuedBytes)) return "dropped";
    return this.#link.send(encodeEnvelope(channel, data)) ? "sent" : "dropped";
  }

  subscribe(channel: string, receive: (data: Message) => void): () => void {
    // A function of its own, so that the same one can subscribe twice.
    const subscriber = (data: Message) => receive(data);
    const subscribers = this.#channels.get(channel) ?? new Set();
    this.#channels.set(channel, subscribers.add(subscriber));
    return () => {
      subscribers.delete(subscriber);
      if (subscribers.size === 0) this.#channels.delete(channel);
    };
  }

  /** Hands an envelope of another worker to those who asked for its channel. */
  receive(envelope: Uint8Array<ArrayBuffer>): void {
    const { channel, data } = decodeEnvelope(envelope);
    for (const subscriber of this.#channels.get(channel) ?? []) {
      try {
        subscriber(data);
      } catch (error) {
        const message = "Subscriber of the backplane failed";
        this.#log({ level: "error", event: "handler_fault", message, error });
      }
    }
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#channels.clear();
    return Promise.resolve();
  }
}
