import { ProtocolError } from "./errors.ts";
import type { Role } from "./frame_check.ts";
import { type Fragment, FrameDecoder } from "./frame_decoder.ts";
import { encodeFrame } from "./frame_encoder.ts";
import type { MessageLimits } from "./limits.ts";
import type { Message } from "./message_assembler.ts";
import { Opcode } from "./opcode.ts";
import { Session } from "./session.ts";

/** Frames are joined up to so many bytes: a large one is not copied once more. */
const JOINED_BYTES = 65_536;

/** The settings of an {@linkcode Endpoint}. */
export interface EndpointOptions {
  /** The side of the connection that this is: a server's peer masks its frames (RFC 6455 5.1). */
  readonly role: Role;
  /**
   * The bounds of a message.
   *
   * @default DEFAULT_MESSAGE_LIMITS
   */
  readonly limits?: MessageLimits;
  /** Gives the key that masks the next frame: for a client, a new and unforeseeable one (5.3). */
  readonly maskKey?: () => number;
  /** Takes the payload of a Pong, which is valid only during the call. */
  readonly receivedPong?: (payload: Uint8Array) => void;
}

/**
 * One end of a connection after its handshake, without I/O and for both roles: bytes of the peer in;
 * messages, bytes to write and the word to close the transport out. It drives the decoder and the
 * {@linkcode Session}; extensions are not part of it.
 *
 * @example Echoes a message, and answers the Close
 * ```ts
 * import { Endpoint } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const server = new Endpoint({ role: "server" });
 * const client = new Endpoint({ role: "client", maskKey: () => 0x01020304 });
 * client.send("Hello");
 * client.session.close(1000);
 * server.receive(client.take(), (message) => server.send(message));
 * const got: unknown[] = [];
 * client.receive(server.take(), (message) => got.push(message));
 * // 1.4: a client that has begun to close takes no more messages.
 * assertEquals([got, server.mustClose, client.session.closeStatus?.code], [[], true, 1000]);
 * ```
 */
export class Endpoint {
  /** The state of the connection: it begins the closing handshake, and is told of the peer's end. */
  readonly session: Session;
  readonly #decoder: FrameDecoder;
  readonly #maskKey: (() => number) | undefined;
  readonly #frames: Uint8Array<ArrayBuffer>[] = [];
  #pendingBytes = 0;
  #error: ProtocolError | undefined = undefined;

  /**
   * Makes the end of a connection whose handshake is over.
   *
   * @param options The role and the bounds.
   */
  constructor({ role, limits, maskKey, receivedPong = () => {} }: EndpointOptions) {
    this.#decoder = new FrameDecoder({ role, ...limits && { limits } });
    this.#maskKey = maskKey;
    const sendControl = (opcode: Opcode, payload: Uint8Array) => this.#frame(opcode, payload);
    this.session = new Session({ sendControl, receivedPong });
  }

  /** The rule that the peer broke. */
  get error(): ProtocolError | undefined {
    return this.#error;
  }

  /**
   * Whether the transport is to be closed, once all bytes are written: the closing handshake is over,
   * or the peer broke a rule. A client lets the server close first (RFC 6455 7.1.1), for a while.
   */
  get mustClose(): boolean {
    const { state } = this.session;
    return state === "closed" || state === "failed";
  }

  /** The number of bytes that {@linkcode Endpoint.take} would give. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /**
   * Takes bytes of the peer. A broken rule fails the connection: the Close that says so is among the
   * bytes to write, and all that comes after it is ignored.
   *
   * @param bytes In any pieces; unmasked in place, and free again after the call.
   * @param take Takes each message; it may send and close. An exception in it ends the call, and the
   * endpoint cannot be used any longer.
   */
  receive(bytes: Uint8Array, take: (message: Message) => void): void {
    if (this.mustClose) return;
    const enqueue = (fragment: Fragment) => {
      const message = this.session.receive(fragment);
      if (message !== undefined) take(message);
    };
    try {
      this.#decoder.transform(bytes, { enqueue });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      if (this.mustClose) return; // 1.4: bytes after a Close are not looked at
      this.#error = error;
      this.session.fail(error);
    }
  }

  /**
   * Sends a message in one frame.
   *
   * @param data A string is sent as text, bytes as binary; copied.
   * @returns Whether it is sent: `false` once the connection is closing.
   */
  send(data: string | Uint8Array): boolean {
    if (this.session.state !== "open") return false;
    this.#frame(typeof data === "string" ? Opcode.Text : Opcode.Binary, data);
    return true;
  }

  /**
   * Sends a Ping, as long as the connection is open.
   *
   * @param payload At most 125 bytes; copied.
   * @throws {RangeError} When it is longer.
   */
  ping(payload: Uint8Array = new Uint8Array(0)): void {
    if (payload.length > 125) throw new RangeError("Payload of a Ping must be <= 125 bytes");
    if (this.session.state === "open") this.#frame(Opcode.Ping, payload);
  }

  /**
   * Gives the bytes to write next: whole frames, of which small ones are joined.
   *
   * @returns The caller's own to keep; empty when nothing is left.
   */
  take(): Uint8Array<ArrayBuffer> {
    let [count, length] = [0, 0];
    for (const frame of this.#frames) {
      if (count > 0 && length + frame.length > JOINED_BYTES) break;
      length += frame.length;
      count++;
    }
    const frames = this.#frames.splice(0, count);
    this.#pendingBytes -= length;
    if (count === 1) return frames[0]!;
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const frame of frames) {
      bytes.set(frame, at);
      at += frame.length;
    }
    return bytes;
  }

  #frame(opcode: Opcode, payload: string | Uint8Array): void {
    const maskKey = this.#maskKey?.();
    const frame = encodeFrame(opcode, payload, maskKey === undefined ? undefined : { maskKey });
    this.#frames.push(frame);
    this.#pendingBytes += frame.length;
  }
}
