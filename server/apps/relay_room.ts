import type { Connection, IncomingStream, Limits, LogEntry } from "../../mod.ts";
import type { RelayCopy } from "./relay_copy.ts";
import { RelayMessage } from "./relay_message.ts";

/** What the relay keeps for each connection. */
export interface RelayData {
  /** The nickname that it asked for, if it did. */
  readonly wanted?: string | undefined;
  /** Its nickname; empty where it got none. */
  name: string;
  /** What stands in front of its binary messages: one byte of length, and the nickname. */
  header: Uint8Array<ArrayBuffer>;
  /** Whether a message is on its way to it. */
  receiving: boolean;
}

/** Somebody who sends and receives. */
export type Member = Connection<RelayData>;

/** The limits that the relay goes by. */
export type RelayRoomLimits = Pick<Limits, "sendQueueBytes" | "whenFull" | "streamTimeout">;

/** Everybody is looked at as often as this, in milliseconds. */
const LOOK = 100;

/** Who holds others up for so many milliseconds more than not is closed, unless they are to wait. */
const PATIENCE = 1_000;

/** A message that waits until its receivers are free. */
interface Waiting {
  readonly sender: Member;
  begin(): void;
}

/**
 * Passes messages on. RFC 6455 5.4 does not let two of them mix, so a receiver gets one at a time. A
 * message begins when all its receivers are free, and none overtakes one that waits: so the oldest
 * always goes on, and no two can wait for each other.
 */
export class RelayRoom {
  readonly #members = new Set<Member>();
  readonly #limits: () => Promise<RelayRoomLimits>;
  readonly #log: (entry: LogEntry) => void;
  readonly #waiting: Waiting[] = [];
  /** The messages on their way, with their senders. */
  readonly #messages = new Map<RelayMessage, Member>();
  #held: RelayRoomLimits | undefined = undefined;
  #timer: ReturnType<typeof setInterval> | undefined = undefined;

  /**
   * @param limits Gives the limits that hold now.
   * @param log Tells the operator.
   */
  constructor(limits: () => Promise<RelayRoomLimits>, log: (entry: LogEntry) => void) {
    this.#limits = limits;
    this.#log = log;
  }

  /** Somebody has come, and gets the messages that begin from now on. */
  enter(member: Member): void {
    this.#members.add(member);
  }

  /** Somebody has gone. */
  leave(member: Member): void {
    this.#members.delete(member);
    for (const message of this.#messages.keys()) message.leave(member);
    this.#advance();
  }

  /**
   * Passes a message on to all others.
   *
   * @param sender Its sender, who should not send the next one before this is done.
   * @param message The message; it is read as fast as it is taken.
   */
  async pass(sender: Member, { type, readable }: IncomingStream): Promise<void> {
    const reader = readable.getReader();
    let broken = false;
    reader.closed.catch(() => broken = true);
    const first = await reader.read().catch(() => undefined);
    if (first === undefined) return; // its sender has left without a byte of it
    const { sendQueueBytes: lagBytes } = this.#held = await this.#limits();
    const pieces = type === "binary" ? [sender.data.header.slice()] : [];
    if (first.value !== undefined) pieces.push(first.value);
    const beginning = { type, pieces, whole: first.done, reader, lagBytes };
    const begun = Promise.withResolvers<RelayMessage | undefined>();
    const begin = () => begun.resolve(broken ? undefined : this.#begin(sender, beginning));
    this.#waiting.push({ sender, begin });
    this.#advance();
    const message = await begun.promise;
    if (message === undefined) return; // its sender has left while it waited
    await message.run();
    this.#messages.delete(message);
    if (this.#messages.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Has the messages begin whose receivers are free, in order. */
  #advance(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (this.#others(next.sender).some(({ data }) => data.receiving)) return;
      this.#waiting.shift();
      next.begin();
    }
  }

  #others(sender: Member): Member[] {
    return [...this.#members].filter((member) => member !== sender && member.open);
  }

  #begin(sender: Member, beginning: ConstructorParameters<typeof RelayMessage>[0]): RelayMessage {
    const receivers = this.#others(sender);
    for (const { data } of receivers) data.receiving = true;
    const message = new RelayMessage(beginning, receivers, (receiver) => {
      (receiver as Member).data.receiving = false;
      this.#advance();
    });
    this.#messages.set(message, sender);
    this.#timer ??= setInterval(() => this.#look(), LOOK);
    return message;
  }

  /** Finds whoever holds others up. It counts looks, since after a pause of the process a clock blames all. */
  #look(): void {
    const { streamTimeout, whenFull } = this.#held!;
    const most = Math.ceil(streamTimeout / LOOK);
    const next = this.#waiting[0]?.sender;
    // Where nobody could get the next message, nobody is held up.
    const holds = next !== undefined && this.#others(next).some(({ data }) => !data.receiving);
    for (const [message, sender] of this.#messages) {
      message.look((receiver) => holds && receiver !== next);
      if (message.silentLooks >= most) this.#breakOff(message, sender);
      for (const copy of message.copies) {
        if (!copy.connection.open) message.left(copy);
        else if (copy.idleLooks >= most) this.#close(message, copy, "took_nothing");
        else if (whenFull !== "wait" && copy.heldLooks >= PATIENCE / LOOK) {
          this.#close(message, copy, "held_others_up");
        }
      }
    }
  }

  #breakOff(message: RelayMessage, sender: Member): void {
    const text = "Sender is closed as it was silent in the middle of a message";
    this.#tell("sender_silent", text, sender);
    sender.close(1008, "Silent in the middle of a message");
    message.breakOff();
  }

  #close(
    message: RelayMessage,
    copy: RelayCopy,
    reason: "took_nothing" | "held_others_up",
  ): void {
    const { connection } = copy;
    this.#tell(reason, "Receiver is closed as it is too far behind", connection);
    connection.close(1013, reason === "took_nothing" ? "Took nothing" : "Held the others up");
    message.left(copy);
  }

  #tell(reason: string, message: string, { key }: Pick<Member, "key">): void {
    this.#log({ level: "info", event: "relay_closed", reason, message, key });
  }
}
