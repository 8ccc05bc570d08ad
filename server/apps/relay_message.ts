import type { Connection, IncomingStream } from "../../mod.ts";
import { type CopyEvents, type Piece, RelayCopy, weightOf } from "./relay_copy.ts";

const NOTHING = new Uint8Array(0);

/**
 * What a message ends with whose sender has left in the middle of it. Half a message cannot be taken
 * back, so it has to become one that is whole (RFC 6455 5.4), or cost its receivers the connection.
 */
export const BROKE_OFF = "\uFFFD[broke off]";

/** What a message begins with. */
export interface RelayedBeginning {
  /** Text or binary. */
  readonly type: IncomingStream["type"];
  /** The pieces that are there already; nobody else uses their buffers. */
  readonly pieces: readonly Uint8Array<ArrayBuffer>[];
  /** Whether they are all. */
  readonly whole: boolean;
  /** Where the rest comes from. */
  readonly reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
  /** How far a receiver may be behind the others, in bytes. */
  readonly lagBytes: number;
}

/**
 * One message on its way from its sender to its receivers, piece by piece. The sender is read when the
 * fastest receiver has taken all there is, and no receiver is too far behind. Pieces are shared, so
 * however many receivers there are, no more of the message is held than the slowest is behind.
 */
export class RelayMessage implements CopyEvents {
  /** Those who have not got all of it. */
  readonly copies = new Set<RelayCopy>();
  /** Whether nothing more is read from the sender. */
  ended = false;
  /** How many looks in a row have found that the sender gave nothing while it was asked. */
  silentLooks = 0;
  readonly #beginning: RelayedBeginning;
  readonly #free: (connection: Connection<unknown>) => void;
  /** The last piece that came; those before it are kept by the receivers that have not taken them. */
  #newest: Piece = { bytes: NOTHING, next: undefined, users: 0 };
  /** The last bytes that came, as far back as a character of UTF-8 may have begun that is not whole. */
  #tail: Uint8Array = NOTHING;
  #reading = false;
  #asking = 0;
  #behind = 0;
  #wake: (() => void) | undefined = undefined;

  /**
   * @param beginning What it begins with.
   * @param receivers Who gets it.
   * @param free Called when a receiver is done with it.
   */
  constructor(
    beginning: RelayedBeginning,
    receivers: readonly Connection<unknown>[],
    free: (connection: Connection<unknown>) => void,
  ) {
    this.#beginning = beginning;
    this.#free = free;
    this.ended = beginning.whole;
    const before = this.#newest;
    let lag = 0;
    for (const bytes of beginning.pieces) {
      lag += weightOf(this.#add(bytes, receivers.length));
    }
    for (const receiver of receivers) this.#sendTo(receiver, before, lag);
  }

  #sendTo(receiver: Connection<unknown>, before: Piece, lag: number): void {
    const copy = new RelayCopy(receiver, before, lag, this);
    this.copies.add(copy);
    if (this.#isBehind(copy)) this.#behind++;
    const stream = new ReadableStream(copy, { highWaterMark: 0 });
    const { type } = this.#beginning;
    // Who is silent is seen here: a receiver cannot tell its sender from one that others hold up.
    receiver.send(stream, { type, timeout: Infinity }).then(() => this.left(copy));
  }

  /** Reads the sender until the message is whole; all of it waits for the receivers. */
  async run(): Promise<void> {
    const { reader } = this.#beginning;
    try {
      while (!this.ended && await this.#wanted()) {
        this.#reading = true;
        const { done, value } = await reader.read();
        this.#reading = false;
        this.silentLooks = 0;
        if (this.ended) break; // it failed meanwhile
        if (done) this.#end();
        else this.#append(value);
      }
    } catch {
      this.breakOff();
    }
    reader.cancel().catch(() => {}); // nobody is left who wants the rest
    while (this.copies.size > 0) await this.#changed();
  }

  /** Waits until somebody wants the next piece; false when nobody is left. */
  async #wanted(): Promise<boolean> {
    while (this.copies.size > 0 && (this.#asking === 0 || this.#behind > 0)) await this.#changed();
    return this.copies.size > 0;
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => this.#wake = resolve);
  }

  #add(bytes: Uint8Array<ArrayBuffer>, users: number): Piece {
    const tail = bytes.length < 3 ? [...this.#tail, ...bytes] : bytes;
    this.#tail = Uint8Array.from(tail.slice(-3));
    return this.#newest = this.#newest.next = { bytes, next: undefined, users };
  }

  #append(bytes: Uint8Array<ArrayBuffer>): void {
    const weight = weightOf(this.#add(bytes, this.copies.size));
    for (const copy of this.copies) {
      this.#change(copy, () => {
        copy.lag += weight;
        if (copy.asks) copy.advance();
      });
    }
  }

  #end(): void {
    this.ended = true;
    for (const copy of this.copies) if (copy.asks) this.#change(copy, () => copy.end());
  }

  /** No more of it comes: it ends with {@linkcode BROKE_OFF}. */
  breakOff(): void {
    if (this.ended) return;
    // RFC 6455 8.1: a text that ends within a character would cost its receivers the connection.
    const rest = this.#beginning.type === "text" ? restOfCharacter(this.#tail) : [];
    this.#append(Uint8Array.from([...rest, ...new TextEncoder().encode(BROKE_OFF)]));
    this.#end();
    this.#beginning.reader.cancel().catch(() => {});
  }

  asked(copy: RelayCopy): void {
    if (!this.copies.has(copy)) return;
    this.#change(copy, () => {
      copy.advance();
      if (copy.asks && this.ended) copy.end();
    });
  }

  left(copy: RelayCopy): void {
    if (!this.copies.has(copy)) return;
    this.#change(copy, () => copy.release());
    this.copies.delete(copy);
    this.#free(copy.connection);
  }

  /** A receiver has gone. */
  leave(connection: Connection<unknown>): void {
    for (const copy of this.copies) if (copy.connection === connection) this.left(copy);
  }

  /** Changes a copy, and counts whom it is about now. */
  #change(copy: RelayCopy, change: () => void): void {
    const asked = copy.asks;
    const behind = this.#isBehind(copy);
    change();
    this.#asking += Number(copy.asks) - Number(asked);
    this.#behind += Number(this.#isBehind(copy)) - Number(behind);
    this.#wake?.();
    this.#wake = undefined;
  }

  #isBehind({ lag }: RelayCopy): boolean {
    return lag >= this.#beginning.lagBytes;
  }

  /**
   * Looks at sender and receivers, from time to time.
   *
   * @param isWaitedFor Tells whether others wait until a receiver has all of a message.
   */
  look(isWaitedFor: (receiver: Connection<unknown>) => boolean): void {
    this.silentLooks = this.#reading ? this.silentLooks + 1 : 0;
    for (const copy of this.copies) {
      const holds = this.ended
        ? isWaitedFor(copy.connection)
        : this.#asking > 0 && this.#isBehind(copy);
      copy.look(holds);
    }
  }
}

/**
 * Gives bytes that make a whole character of one that was cut.
 *
 * @param tail The last bytes of a text that was UTF-8 so far, three where there are as many.
 * @returns None where the last character is whole.
 */
function restOfCharacter(tail: Uint8Array): number[] {
  const at = tail.findLastIndex((byte) => (byte & 0xc0) !== 0x80);
  const lead = tail[at] ?? 0;
  const length = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  const rest: number[] = Array(Math.max(0, at + length - tail.length)).fill(0x80);
  // RFC 3629 4: the byte behind these two has a lower bound of its own.
  if (at === tail.length - 1 && lead === 0xe0) rest[0] = 0xa0;
  if (at === tail.length - 1 && lead === 0xf0) rest[0] = 0x90;
  return rest;
}
