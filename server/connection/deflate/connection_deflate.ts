/**
 * `server/connection/deflate/` is for permessage-deflate (RFC 7692) of one connection, and the
 * memory that it takes.
 *
 * @module
 */

import {
  deflateDirection,
  type DeflateParameters,
  type Fragment,
  Opcode,
  type Role,
} from "../../../protocol/mod.ts";
import { atOnceBytes, deflateAlone, type DeflateSettings, deflateSliced } from "./deflate_alone.ts";
import { Deflater } from "./deflater.ts";
import { Inflater } from "./inflater.ts";
import { memoryOf } from "./memory_of.ts";
import type { ResolvedDeflate } from "./options.ts";

const NOTHING = new Uint8Array(0);

/**
 * Every peer reads what was made for a smaller window than its own (RFC 7692 7.1.2.1), so few sizes are
 * enough for what is shared: each costs as much as the message does once more.
 */
function sharedWindowBits(windowBits: number): number {
  return windowBits === 8 ? 8 : windowBits - windowBits % 3; // 9, 12 or 15
}

/** The settings of a connection that compresses. */
export interface ConnectionDeflateOptions {
  /** Our side. */
  readonly role: Role;
  /** The parameters that were agreed on. */
  readonly parameters: DeflateParameters;
  /** How messages are compressed. */
  readonly settings: ResolvedDeflate;
  /** Tells how many bytes one message may inflate to. */
  readonly limit: () => number;
}

/** Compression of one connection: what goes out becomes smaller, and what comes in plain fragments. */
export class ConnectionDeflate {
  /** Messages with fewer bytes are sent as they are. */
  readonly threshold: number;
  /** The window bits of messages that can be shared with other connections; 0 where none can be. */
  readonly sharedBits: number;
  /** The bytes that are kept while the connection is idle. */
  readonly idleBytes: number;
  readonly #outgoing: DeflateSettings;
  /** Absent where each message stands for itself. */
  readonly #deflater: Deflater | undefined;
  readonly #inflater: Inflater;
  /** The opcode of the next fragment that comes out. */
  #opcode: Opcode = Opcode.Continuation;
  #closed = false;

  /** @param options The settings. */
  constructor({ role, parameters, settings, limit }: ConnectionDeflateOptions) {
    const ours = deflateDirection(parameters, role);
    const theirs = deflateDirection(parameters, role === "server" ? "client" : "server");
    this.threshold = settings.threshold;
    this.#outgoing = {
      windowBits: ours.windowBits,
      level: settings.level,
      memLevel: settings.memoryLevel,
    };
    this.sharedBits = ours.contextTakeover ? 0 : sharedWindowBits(ours.windowBits);
    const { deflate, inflate } = memoryOf(parameters, this.#outgoing, role);
    this.idleBytes = deflate + inflate;
    this.#deflater = ours.contextTakeover ? new Deflater(this.#outgoing) : undefined;
    this.#inflater = new Inflater({ ...theirs, limit });
  }

  /**
   * Tells whether a message takes its time, so that it has to be deflated slice by slice.
   *
   * @param length How many bytes it has.
   */
  takesTime(length: number): boolean {
    return this.#deflater !== undefined || length > atOnceBytes(this.#outgoing);
  }

  /**
   * Deflates a message at once.
   *
   * @param payload The message, which must not be one that takes its time.
   * @returns The payload of the compressed message.
   */
  deflateNow(payload: Uint8Array): Uint8Array {
    return deflateAlone(payload, this.#outgoing);
  }

  /**
   * Deflates a message of any size.
   *
   * @param message Bytes, left alone until all parts have come, or a text.
   * @returns The payload of the compressed message, in parts that are sent as its fragments.
   */
  async *deflate(message: string | Uint8Array): AsyncIterable<Uint8Array> {
    if (this.#deflater !== undefined) yield* await this.#deflater.deflate(message);
    else yield* deflateSliced(message, this.#outgoing, () => !this.#closed);
  }

  /**
   * Inflates a fragment of a compressed message into fragments that look as if they had never been
   * compressed. One fragment after the other; the last one of a message makes the last one that comes out.
   *
   * @param fragment The fragment; its payload is left alone until all have come out.
   * @returns The inflated fragments: at once for small messages, else as they come.
   * @throws {ProtocolError} As {@linkcode Inflater.inflate}; from the call, or from the iteration.
   */
  inflate(fragment: Fragment): readonly Fragment[] | AsyncIterable<Fragment> {
    const { opcode, first, last, fin, payload } = fragment;
    if (first && opcode !== Opcode.Continuation) this.#opcode = opcode;
    const ends = last && fin;
    const pieces = this.#inflater.inflate(payload, ends);
    if (!(pieces instanceof Array)) return this.#fragments(pieces, ends);
    const whole = pieces.length === 0 ? [NOTHING] : pieces;
    return whole.map((piece, at) => this.#fragment(piece, at === whole.length - 1));
  }

  async *#fragments(
    pieces: AsyncIterable<Uint8Array>,
    ends: boolean,
  ): AsyncGenerator<Fragment, void> {
    let held: Uint8Array | undefined;
    for await (const piece of pieces) {
      if (held !== undefined) yield this.#fragment(held, false);
      held = piece;
    }
    if (held !== undefined || ends) yield this.#fragment(held ?? NOTHING, ends);
  }

  #fragment(payload: Uint8Array, fin: boolean): Fragment {
    const opcode = this.#opcode;
    this.#opcode = Opcode.Continuation;
    const frameLength = payload.length;
    return { opcode, fin, first: true, last: true, frameLength, payload, compressed: false };
  }

  /** The bytes that an unfinished message holds besides its inflated part; 0 between messages. */
  get heldBytes(): number {
    return this.#inflater.heldBytes;
  }

  /** Nothing more is inflated; not to be called while something is. */
  stopInflating(): void {
    this.#inflater.close();
  }

  /** The connection is over. */
  close(): void {
    this.#closed = true;
    this.#deflater?.close();
    this.#inflater.close();
  }
}
