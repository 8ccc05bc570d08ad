import { setImmediate } from "node:timers";
import type { LogEntry } from "../log.ts";
import { pause } from "../loop/pause.ts";
import type { Backplane } from "./backplane.ts";
import type { Hub } from "./hub.ts";

/** A connection that gets broadcast messages. */
export interface PacedReceiver {
  /**
   * Whether it can be sent so many bytes and is still far from the policy for full queues.
   *
   * @param bytes Their number.
   */
  hasRoomFor(bytes: number): boolean;
}

/** The needs of pacing in the server. */
export interface BroadcastPaceContext {
  /** The connections that are there now. */
  receivers(): Iterable<PacedReceiver>;
  /** Hands out published messages, to some receivers in each turn of the event loop. */
  readonly hub: Pick<Hub, "published" | "handedOut">;
  /** Publishes a message on this server alone. */
  publish(data: string | Uint8Array): void;
  /** Carries word of receivers that are behind to other servers, and their messages here. */
  readonly backplane: Backplane | undefined;
  /** Tells the operator. */
  log(entry: LogEntry): void;
}

/** All receivers are looked at once for so many bytes of messages. */
const STRIDE_BYTES = 65_536;

/** So many turns of the event loop after it was published, a message has left if it can at once. */
const WRITING_TURNS = 2;

/** While a message waits, its receivers are looked at as often as this, in milliseconds. */
const LOOK = 5;

/** A receiver may hold others up for so many milliseconds, and gets more time as it takes bytes. */
const PATIENCE = 2_000;

/** A receiver that takes less than this, in bytes per millisecond, runs out of patience. */
const MIN_RATE = 250;

/** A receiver that has run out of patience is not waited for during so many milliseconds. */
const NOT_WAITED_FOR = 30_000;

/** When more bytes than these of other servers wait, their messages are dropped. */
const REMOTE_BYTES = 16_777_216;

/** The channel on which servers tell each other that their receivers are behind, and no longer. */
const BEHIND = "broadcast-behind";

/** A server that is behind says so this often, in milliseconds. */
const REPEAT = 1_000;

/** A server that was behind is forgotten after so many milliseconds without another word. */
const FORGET = 3_000;

/** The time of others that a receiver has taken. */
interface Account {
  /** The time for which it has held others up, less the time for all it has taken since. */
  held: number;
  /** The number of bytes that had been published when it was last charged. */
  published: number;
  /** The time from which it is waited for again. */
  notBefore: number;
}

/** A message whose turn has not come. */
interface Waiting {
  readonly bytes: number;
  /** Whether it came by the backplane: then only the receivers of this server count. */
  readonly remote: boolean;
  readonly publish: () => void;
}

/**
 * Paces what is broadcast for peers: a message waits until no receiver is behind, and with it its
 * sender, if the `message` handler returns the promise. The order is that in which they came.
 *
 * A receiver is waited for as long as it takes 250 KB a second, and for 2 s more. One that takes
 * less is not waited for during 30 s: then `limits.whenFull` decides about it, and about it alone.
 */
export class BroadcastPace {
  readonly #context: BroadcastPaceContext;
  readonly #id = crypto.randomUUID();
  readonly #waiting: Waiting[] = [];
  #remoteBytes = 0;
  /** Whether a message of another server was dropped since none waited. */
  #dropping = false;
  /** The number of bytes that all receivers were found to have room for. */
  #credit = 0;
  #published = 0;
  /** The number of the hub's messages when it got the last one from here. */
  #end = 0;
  /** The receivers that are waited for. */
  #behind: PacedReceiver[] = [];
  readonly #accounts = new WeakMap<PacedReceiver, Account>();
  /** The other servers that are behind, and the time they said so. */
  readonly #others = new Map<string, number>();
  /** The time the others were told that this server is behind. */
  #told = -Infinity;
  readonly #unsubscribe: (() => void) | undefined;
  readonly #stopping = new AbortController();

  /** @param context The server. */
  constructor(context: BroadcastPaceContext) {
    this.#context = context;
    this.#unsubscribe = context.backplane?.subscribe(BEHIND, (data) => this.#hear(String(data)));
  }

  /**
   * Publishes a message when its turn has come.
   *
   * @param bytes Its length.
   * @param publish Publishes it.
   * @returns `undefined` where that was done at once, otherwise when it is.
   */
  inTurn(bytes: number, publish: () => void): Promise<void> | undefined {
    if (this.#waiting.length === 0 && this.#admits({ bytes, remote: false })) {
      return this.#publish(publish);
    }
    return new Promise((resolve) => {
      this.#wait({ bytes, remote: false, publish: () => resolve(publish()) });
    });
  }

  /**
   * Publishes here a message that another server has broadcast, when its turn has come. Too many
   * bytes are not kept: the newest messages are dropped.
   *
   * @param data The message.
   */
  receive(data: string | Uint8Array): void {
    const bytes = data.length;
    const publish = () => this.#context.publish(data);
    if (this.#waiting.length === 0 && this.#admits({ bytes, remote: true })) {
      return this.#publish(publish);
    }
    if (this.#remoteBytes > REMOTE_BYTES) return this.#drop();
    this.#remoteBytes += bytes;
    this.#wait({
      bytes,
      remote: true,
      publish: () => {
        this.#remoteBytes -= bytes;
        publish();
      },
    });
  }

  #publish(publish: () => void): undefined {
    publish();
    this.#end = this.#context.hub.published;
  }

  /**
   * Whether all that came from here is in the queues of the receivers; others may publish all the
   * time.
   */
  get #isHandedOut(): boolean {
    return this.#context.hub.handedOut >= this.#end;
  }

  #drop(): void {
    if (this.#dropping) return;
    this.#dropping = true;
    this.#context.log({
      level: "warning",
      event: "relay_dropped",
      message: "Receivers are too slow for what other servers broadcast: " +
        `messages are dropped while ${REMOTE_BYTES} bytes wait`,
    });
  }

  #wait(waiting: Waiting): void {
    if (this.#waiting.push(waiting) === 1) this.#run();
  }

  async #run(): Promise<void> {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      for (let turns = 0; !this.#admits(next);) {
        if (!this.#isHandedOut || turns++ < WRITING_TURNS) {
          await new Promise<void>((resolve) => setImmediate(resolve));
        } else {
          await pause(LOOK, this.#stopping.signal);
          this.#charge();
        }
      }
      this.#waiting.shift();
      this.#publish(next.publish);
    }
    this.#dropping = false;
  }

  /** Whether all receivers have room for a message; those that have none are found otherwise. */
  #admits({ bytes, remote }: Pick<Waiting, "bytes" | "remote">): boolean {
    if (bytes > this.#credit && !this.#stopping.signal.aborted) {
      if (!this.#isHandedOut) return false;
      const wanted = Math.max(bytes, STRIDE_BYTES);
      const now = performance.now();
      this.#behind = [];
      for (const receiver of this.#context.receivers()) {
        if (receiver.hasRoomFor(wanted)) continue;
        const { notBefore = 0 } = this.#accounts.get(receiver) ?? {};
        if (notBefore <= now) this.#behind.push(receiver);
      }
      this.#tell(now);
      if (this.#behind.length > 0 || (!remote && this.#othersAreBehind(now))) return false;
      this.#credit = wanted;
    }
    this.#credit -= bytes;
    this.#published += bytes;
    return true;
  }

  /** Charges the receivers that hold others up. */
  #charge(): void {
    const published = this.#published;
    for (const receiver of this.#behind) {
      const account = this.#accounts.get(receiver) ?? { held: 0, published, notBefore: 0 };
      this.#accounts.set(receiver, account);
      const taken = published - account.published;
      account.held = Math.max(0, account.held - taken / MIN_RATE) + LOOK;
      account.published = published;
      if (account.held < PATIENCE) continue;
      account.held = 0;
      account.notBefore = performance.now() + NOT_WAITED_FOR;
    }
  }

  // The other servers: their receivers count too.

  #tell(now: number): void {
    const { backplane } = this.#context;
    if (backplane === undefined) return;
    if (this.#behind.length > 0) {
      if (now - this.#told < REPEAT) return;
      this.#told = now;
      backplane.publish(BEHIND, `+${this.#id}`);
    } else if (this.#told > -Infinity) {
      this.#told = -Infinity;
      backplane.publish(BEHIND, `-${this.#id}`);
    }
  }

  #hear(word: string): void {
    const id = word.slice(1);
    if (word.startsWith("+")) this.#others.set(id, performance.now());
    else this.#others.delete(id);
  }

  #othersAreBehind(now: number): boolean {
    for (const [id, at] of this.#others) if (now - at > FORGET) this.#others.delete(id);
    return this.#others.size > 0;
  }

  /** The server has stopped: nothing waits any longer. */
  stop(): void {
    this.#stopping.abort();
    this.#unsubscribe?.();
  }
}
