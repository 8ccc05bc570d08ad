import type { Message } from "../../protocol/mod.ts";
import type { Backplane, PublishResult } from "../../server/topics/backplane.ts";

/** What joins servers of one process, as a relay joins processes: later, and in each publisher's order. */
export class MemoryRelay {
  readonly #members = new Set<MemoryBackplane>();
  #held: (() => void)[] | undefined = undefined;

  /** A backplane for one server. */
  join(): MemoryBackplane {
    const member = new MemoryBackplane(this);
    this.#members.add(member);
    return member;
  }

  /** Delivers nothing until {@linkcode MemoryRelay.release}, which then delivers all of it. */
  hold(): void {
    this.#held ??= [];
  }

  /** See {@linkcode MemoryRelay.hold}. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const deliver of held) queueMicrotask(deliver);
  }

  /** Use {@linkcode MemoryBackplane.publish}. */
  pass(from: MemoryBackplane, channel: string, data: Message): void {
    const deliver = () => {
      for (const member of this.#members) if (member !== from) member.deliver(channel, data);
    };
    if (this.#held === undefined) queueMicrotask(deliver);
    else this.#held.push(deliver);
  }

  /** Use {@linkcode MemoryBackplane.cut}. */
  leave(member: MemoryBackplane): void {
    this.#members.delete(member);
  }
}

/** The backplane of one server. */
export class MemoryBackplane implements Backplane {
  readonly #relay: MemoryRelay;
  readonly #receivers = new Map<string, Set<(data: Message) => void>>();
  #isCut = false;
  /** Whether a message to the others is dropped, as when too much waits. */
  drops: (data: Message) => boolean = () => false;
  /** What was published so far, dropped or not. */
  readonly published: { channel: string; data: Message }[] = [];

  /** Use {@linkcode MemoryRelay.join}. */
  constructor(relay: MemoryRelay) {
    this.#relay = relay;
  }

  publish(channel: string, published: string | Uint8Array): PublishResult {
    const data = typeof published === "string" ? published : new Uint8Array(published);
    this.published.push({ channel, data });
    if (this.#isCut || this.drops(data)) return "dropped";
    this.#relay.pass(this, channel, data);
    return "sent";
  }

  subscribe(channel: string, receive: (data: Message) => void): () => void {
    const receivers = this.#receivers.get(channel) ?? new Set();
    this.#receivers.set(channel, receivers.add(receive));
    return () => receivers.delete(receive);
  }

  /** How many subscriptions have not ended. */
  get subscriptions(): number {
    return [...this.#receivers.values()].reduce((sum, { size }) => sum + size, 0);
  }

  deliver(channel: string, data: Message): void {
    for (const receive of this.#receivers.get(channel) ?? []) receive(data);
  }

  /** Nothing comes and goes any more, as when the process has died. */
  cut(): void {
    this.#isCut = true;
    this.#relay.leave(this);
  }

  close(): Promise<void> {
    this.#receivers.clear();
    this.cut();
    return Promise.resolve();
  }
}
