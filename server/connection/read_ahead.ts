/** So many bytes are read ahead of a message that is not dealt with; then the TCP window closes. */
const READ_AHEAD_BYTES = 65_536;

/** So many bytes are read ahead in a process; then no connection of it reads on. */
const PROCESS_BYTES = 67_108_864;

/** The bytes that are read ahead in this process, and those that messages being inflated may become. */
let processBytes = 0;

/** The cost of a frame besides its bytes: many small ones have a bound too. */
const FRAME_BYTES = 256;

/** A message that waits. */
interface Waiting {
  readonly bytes: number;
  /** Hands it over; returns what the next one has to wait for. */
  hand(): Promise<void> | undefined;
}

/**
 * The messages that a connection has read while one before them is being dealt with: they wait in
 * order, so that the control frames between them can be answered meanwhile.
 */
export class ReadAhead {
  readonly #waiting: Waiting[] = [];
  /** The bytes of the messages that wait, and of the beginning of the one that comes. */
  #bytes = 0;
  #unfinished = 0;
  /** The bytes kept free for the message that comes, as it is compressed. */
  #reserved = 0;
  #room: PromiseWithResolvers<void> | undefined = undefined;
  #empty: PromiseWithResolvers<void> | undefined = undefined;
  #ended: PromiseWithResolvers<void> | undefined = undefined;

  /** A promise to wait for before more is read; `undefined` while there is room. */
  get room(): Promise<void> | undefined {
    if (this.#bytes < READ_AHEAD_BYTES && processBytes < PROCESS_BYTES) return undefined;
    return (this.#room ??= Promise.withResolvers()).promise;
  }

  /** Resolves when all that waits has been handed over; `undefined` where nothing does. */
  get empty(): Promise<void> | undefined {
    if (this.#waiting.length === 0) return undefined;
    return (this.#empty ??= Promise.withResolvers()).promise;
  }

  /** Resolves when all has been dealt with too, and nothing is read ahead any more. */
  get ended(): Promise<void> {
    return (this.#ended ??= Promise.withResolvers()).promise;
  }

  /**
   * Bytes of a message came.
   *
   * @param bytes How many.
   * @param most How long the message may become, where that does not show as it is compressed.
   */
  count(bytes: number, most = 0): void {
    this.#hold(bytes + FRAME_BYTES);
    this.#unfinished += bytes + FRAME_BYTES;
    if (this.#reserved === 0) this.#reserve(Math.min(most, PROCESS_BYTES));
  }

  /**
   * A message is whole, or a part of one that is handed over in parts.
   *
   * @param length How long it is: where it was compressed, more than came.
   * @param hand Hands it over when its turn comes.
   */
  add(length: number, hand: Waiting["hand"]): void {
    const bytes = Math.max(this.#unfinished, length);
    this.#hold(bytes - this.#unfinished);
    this.#reserve(0);
    this.#unfinished = 0;
    this.#waiting.push({ bytes, hand });
  }

  /** Takes the next message that waits. */
  next(): Waiting["hand"] | undefined {
    const next = this.#waiting.shift();
    if (next === undefined) return undefined;
    this.#hold(-next.bytes);
    if (this.#bytes < READ_AHEAD_BYTES) this.#leaveRoom();
    if (this.#waiting.length === 0) this.#empty?.resolve();
    return next.hand;
  }

  /** Nothing is read ahead any more; what waits is let go. */
  end(): void {
    this.#waiting.length = 0;
    this.#hold(-this.#bytes);
    this.#reserve(0);
    this.#leaveRoom();
    this.#empty?.resolve();
    this.#ended?.resolve();
  }

  #hold(bytes: number): void {
    this.#bytes += bytes;
    processBytes += bytes;
  }

  #reserve(bytes: number): void {
    processBytes += bytes - this.#reserved;
    this.#reserved = bytes;
  }

  #leaveRoom(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }
}
