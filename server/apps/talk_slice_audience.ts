import type { ServerFileMessage, StopReason } from "./talk_file_messages.ts";

/** Who is slow for this long, in milliseconds, gets no more of a file. */
export const SLOW_MS = 10_000;

/** Whoever can get slices: a connection. */
export interface Recipient {
  /** Bytes that wait for the peer to read. */
  readonly bufferedAmount: number;
  /** Sends a message; large bytes are not copied. */
  send(data: string | Uint8Array): unknown;
}

/** The people of one server who take a file: at first all who are there. */
export class SliceAudience {
  /** Each with the moment since which it has had no room; undefined for those that have some. */
  readonly #members: Map<Recipient, number | undefined>;
  readonly #queueBytes: number;
  readonly #file: { id: number; file: number };

  /**
   * @param host Who is there now, and what may wait for each of them, in bytes.
   * @param file Whose file it is, and which.
   */
  constructor(
    host: { audience: Iterable<Recipient>; queueBytes: number },
    file: { id: number; file: number },
  ) {
    this.#members = new Map([...host.audience].map((member) => [member, undefined]));
    this.#queueBytes = host.queueBytes;
    this.#file = file;
  }

  /** How many they are. */
  get size(): number {
    return this.#members.size;
  }

  /**
   * Whether each of them has room for what is on its way: no more than a quarter of what may wait does.
   */
  get hasRoom(): boolean {
    return this.#members.keys().every((member) => this.#isReady(member));
  }

  /**
   * Takes somebody out.
   *
   * @param member Who wants no more, or has left.
   */
  delete(member: Recipient): void {
    this.#members.delete(member);
  }

  /**
   * Sends all of them a text.
   *
   * @param text The text.
   */
  tell(text: string): void {
    for (const member of this.#members.keys()) member.send(text);
  }

  /**
   * Tells all of them that no more comes.
   *
   * @param reason Why.
   */
  stop(reason: StopReason): void {
    this.tell(this.#stopped(reason));
  }

  /**
   * Sends all of them a slice. Who has no room for it is told so, and taken out.
   *
   * @param slice Shared by all; the caller must not change it.
   */
  give(slice: Uint8Array): void {
    for (const member of this.#members.keys()) {
      const { bufferedAmount } = member;
      if (bufferedAmount > 0 && bufferedAmount + slice.length > this.#queueBytes) {
        this.#drop(member);
      } else member.send(slice);
    }
  }

  /**
   * Takes those out who have had no room for {@linkcode SLOW_MS}, and tells them; to be called again
   * and again.
   *
   * @param now The time in milliseconds, of a clock that never goes back.
   */
  dropSlow(now: number): void {
    for (const [member, since = now] of this.#members) {
      if (this.#isReady(member)) this.#members.set(member, undefined);
      else if (now - since > SLOW_MS) this.#drop(member);
      else this.#members.set(member, since);
    }
  }

  #isReady({ bufferedAmount }: Recipient): boolean {
    return bufferedAmount <= this.#queueBytes / 4;
  }

  #drop(member: Recipient): void {
    this.#members.delete(member);
    member.send(this.#stopped("slow"));
  }

  #stopped(reason: StopReason): string {
    const message: ServerFileMessage = { type: "file-stop", ...this.#file, reason };
    return JSON.stringify(message);
  }
}
