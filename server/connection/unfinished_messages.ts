import type { Limits } from "../limits.ts";
import type { DeadlineSweeper, HasDeadline } from "../loop/deadline_sweeper.ts";
import { sourceOf } from "../net/address_counter.ts";

/** So much of a message has to come in each `messageTimeout`: a phone's uplink brings it in seconds. */
const MIN_PROGRESS_BYTES = 65_536;

/** After so many that were closed in one look, everything else has a turn. */
const CLOSED_PER_LOOK = 256;

/** Why an unfinished message is given up. */
export type UnfinishedReason = "message_timeout" | "unfinished_full";

/** A connection in the middle of a message. */
export interface UnfinishedMessage {
  /** The peer's address, which is asked for only when the budget is used up. */
  readonly address: string;
  /** Whether nothing can come because of our own side, or the application alone waits for it. */
  readonly excused: boolean;
  /** Closes the connection, and lets go of all that was set aside for the message. */
  giveUp(reason: UnfinishedReason): void;
}

/** The progress of a message. */
interface Progress {
  /** The bytes that are set aside for it. */
  bytes: number;
  /** The bytes that have come of it since its time began. */
  arrived: number;
  /** The end of its time, on a clock that stands still while the event loop is late. */
  deadline: number;
  /** Its source; found out once, since parsing the addresses of thousands takes its time. */
  source: string | undefined;
}

/** The bounds, and who looks after the deadlines. */
interface UnfinishedContext {
  readonly limits: Pick<Limits, "messageTimeout" | "unfinishedBytes">;
  readonly sweeper: Pick<DeadlineSweeper, "now" | "add" | "delete">;
}

/**
 * The messages that have begun and not ended (RFC 6455 5.4), of all connections of a server: each has
 * to make progress, and all together hold no more than a budget. One that is alone may hold as much
 * as `messageBytes` allows.
 */
export class UnfinishedMessages implements HasDeadline {
  readonly #context: UnfinishedContext;
  /** In the order of their deadlines, which all are one timeout long. */
  readonly #messages = new Map<UnfinishedMessage, Progress>();
  #bytes = 0;
  /** By how much the deadlines were put off. */
  #postponed = 0;

  /** @param context The bounds, and the sweeper. */
  constructor(context: UnfinishedContext) {
    this.#context = context;
  }

  /** The bytes that are set aside for all of them. */
  get bytes(): number {
    return this.#bytes;
  }

  /** When the first of them has had its time. */
  get due(): number {
    for (const { deadline } of this.#messages.values()) return deadline + this.#postponed;
    return Infinity;
  }

  set due(due: number) {
    if (this.#messages.size > 0) this.#postponed += due - this.due;
  }

  /**
   * Takes note of a message that has begun, or of its progress.
   *
   * @param message The message.
   * @param bytes The bytes that are set aside for it now.
   * @param arrived How many more bytes of its payload have come.
   */
  update(message: UnfinishedMessage, bytes: number, arrived: number): void {
    let progress = this.#messages.get(message);
    if (progress === undefined) {
      progress = { bytes: 0, arrived: 0, deadline: this.#deadline(), source: undefined };
      this.#messages.set(message, progress);
      if (this.#messages.size === 1) this.#context.sweeper.add(this);
    }
    progress.arrived += arrived;
    this.#bytes += bytes - progress.bytes;
    progress.bytes = bytes;
    if (this.#bytes > this.#context.limits.unfinishedBytes) this.#relieve();
  }

  /** The message has ended, or its connection has. */
  delete(message: UnfinishedMessage): void {
    const progress = this.#messages.get(message);
    if (progress === undefined) return;
    this.#bytes -= progress.bytes;
    this.#messages.delete(message);
    if (this.#messages.size === 0) this.#context.sweeper.delete(this);
  }

  expire(now: number): void {
    let closed = 0;
    for (const [message, progress] of this.#messages) {
      if (progress.deadline + this.#postponed > now) return;
      if (message.excused || progress.arrived >= MIN_PROGRESS_BYTES) {
        progress.arrived = 0;
        progress.deadline = this.#deadline();
        this.#messages.delete(message);
        this.#messages.set(message, progress);
        continue;
      }
      this.#giveUp(message, "message_timeout");
      if (++closed === CLOSED_PER_LOOK) return;
    }
  }

  #deadline(): number {
    const { limits, sweeper } = this.#context;
    return sweeper.now + limits.messageTimeout - this.#postponed;
  }

  /** Gives messages up until the others fit into the budget. */
  #relieve(): void {
    while (this.#bytes > this.#context.limits.unfinishedBytes && this.#messages.size > 1) {
      this.#giveUp(this.#largestOfLargest(), "unfinished_full");
    }
  }

  /** Of the source whose messages hold the most, the one that holds the most, or the oldest such. */
  #largestOfLargest(): UnfinishedMessage {
    const sources = new Map<string, { bytes: number; most: number; message: UnfinishedMessage }>();
    for (const [message, progress] of this.#messages) {
      const { bytes } = progress;
      const source = progress.source ??= sourceOf(message.address);
      const group = sources.get(source);
      if (group === undefined) sources.set(source, { bytes, most: bytes, message });
      else {
        group.bytes += bytes;
        if (bytes > group.most) [group.most, group.message] = [bytes, message];
      }
    }
    const [first, ...others] = sources.values();
    return others.reduce((most, group) => group.bytes > most.bytes ? group : most, first!).message;
  }

  #giveUp(message: UnfinishedMessage, reason: UnfinishedReason): void {
    this.delete(message);
    message.giveUp(reason);
  }
}
