import type { Connection } from "../../mod.ts";

/** A piece of a message; all receivers share it, and it is gone when it has left to the last of them. */
export interface Piece {
  readonly bytes: Uint8Array<ArrayBuffer>;
  next: Piece | undefined;
  /** To how many receivers it has not left. */
  users: number;
}

/** What a piece costs besides its bytes: many small ones have a bound too. */
const PIECE_BYTES = 256;

/** How far a piece lets somebody fall behind, in bytes. */
export function weightOf({ bytes }: Piece): number {
  return bytes.length + PIECE_BYTES;
}

/** The events of a copy. */
export interface CopyEvents {
  /** The receiver asks for the next piece. */
  asked(copy: RelayCopy): void;
  /** The receiver wants no more of it. */
  left(copy: RelayCopy): void;
}

/** The way of one message to one receiver: the source of the stream that is sent to it. */
export class RelayCopy implements UnderlyingDefaultSource<Uint8Array> {
  readonly connection: Connection<unknown>;
  /** Whether the receiver has taken all there is, and waits for more. */
  asks = false;
  /** How far the receiver is behind the sender, in bytes. */
  lag: number;
  readonly #events: CopyEvents;
  /** The last piece that was taken; absent at the end, so that it keeps no other one alive. */
  #last: Piece | undefined;
  /** The piece that the receiver was given last, while it may not have left. */
  #leaving: Piece | undefined = undefined;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  /** Whether something was taken since the last look, and what was queued then. */
  #took = false;
  #queued = 0;
  /** How many looks in a row have found that nothing was taken. */
  idleLooks = 0;
  /** How many more looks have found others held up by this receiver than have not. */
  heldLooks = 0;

  /**
   * @param connection The receiver.
   * @param before What comes before the first piece.
   * @param lag How much has come already.
   * @param events Told of its receiver.
   */
  constructor(connection: Connection<unknown>, before: Piece, lag: number, events: CopyEvents) {
    this.connection = connection;
    this.#last = before;
    this.lag = lag;
    this.#events = events;
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#controller = controller;
  }

  pull(): void {
    this.#pieceLeft();
    this.#events.asked(this);
  }

  cancel(): void {
    this.#events.left(this);
  }

  /** Hands the next piece on, if there is one; otherwise it is handed on when it comes. */
  advance(): void {
    const next = this.#last?.next;
    this.asks = next === undefined;
    if (next === undefined) return;
    this.#last = this.#leaving = next;
    this.lag -= weightOf(next);
    this.#took = true;
    this.#controller.enqueue(next.bytes);
  }

  /** Who asks for the next piece has sent the one before; of a receiver that goes that is not known. */
  #pieceLeft(): void {
    const piece = this.#leaving;
    this.#leaving = undefined;
    if (piece === undefined || --piece.users > 0) return;
    // Frees the memory now: the garbage collector lets tens of megabytes of pieces come together.
    piece.bytes.buffer.transfer(0);
  }

  /** No more pieces come. */
  end(): void {
    this.asks = false;
    this.#controller.close();
  }

  /** The receiver is done, or gone. */
  release(): void {
    this.asks = false;
    this.#last = this.#leaving = undefined;
    this.lag = 0;
  }

  /**
   * Looks at the receiver, from time to time.
   *
   * @param holds Whether others are held up by it.
   */
  look(holds: boolean): void {
    const { bufferedAmount } = this.connection;
    const idle = !this.asks && !this.#took && bufferedAmount >= this.#queued;
    this.#took = false;
    this.#queued = bufferedAmount;
    this.idleLooks = idle ? this.idleLooks + 1 : 0;
    this.heldLooks = holds ? this.heldLooks + 1 : Math.max(0, this.heldLooks - 1);
  }
}
