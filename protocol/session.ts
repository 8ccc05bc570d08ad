import { CloseCode } from "./close_code.ts";
import { type CloseStatus, parseClosePayload, serializeClosePayload } from "./close_payload.ts";
import { ProtocolError } from "./errors.ts";
import type { Fragment } from "./frame_decoder.ts";
import { type Message, MessageAssembler } from "./message_assembler.ts";
import { Opcode } from "./opcode.ts";

/**
 * Where a connection stands (RFC 6455 4.1, 7.1).
 *
 * - `open`: messages flow.
 * - `closing`: we sent Close first and wait for the peer's.
 * - `answering`: the peer sent Close first, and our answer waits for what was sent before it (5.5.1).
 * - `failed`: we sent Close because of an error; what the peer still sends is ignored (7.1.7).
 * - `closed`: the closing handshake is over, or the transport ended.
 */
export type SessionState = "open" | "closing" | "answering" | "failed" | "closed";

/** Which side ended a connection: with the first Close frame, or by leaving without one. */
export type Side = "us" | "peer";

/** The calls of a {@linkcode Session} to the owner of the transport. */
export interface SessionOutput {
  /**
   * Sends a control frame.
   *
   * @param opcode Close or Pong.
   * @param payload At most 125 bytes, valid only during the call.
   */
  sendControl(opcode: Opcode, payload: Uint8Array): void;
  /**
   * Tells that the peer sent a Pong.
   *
   * @param payload Its payload, valid only during the call.
   */
  receivedPong(payload: Uint8Array): void;
  /**
   * Tells that the peer sent Close first, before it is answered: 5.5.1 lets the answer wait until what is
   * being sent has been. Without this method it is answered at once.
   *
   * @param answer Sends the answer.
   * @returns Whether `answer` will be called later.
   */
  delaysAnswer?(answer: () => void): boolean;
  /**
   * A Ping came, and was answered.
   *
   * @param payload Valid only during the call.
   */
  receivedPing?(payload: Uint8Array): void;
}

/**
 * The state machine of one connection after its handshake, without I/O and for both roles: it takes
 * the decoder's fragments, gives back messages, answers Ping and Close, and carries the closing
 * handshake (RFC 6455 5.4, 5.5, 7).
 *
 * @example
 * ```ts
 * import { encodeFrame, FrameDecoder, Opcode, Session } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const sent: number[] = [];
 * const session = new Session({
 *   sendControl: (opcode) => sent.push(opcode),
 *   receivedPong: () => {},
 * });
 * const decoder = new FrameDecoder({ role: "client" });
 * const sink = { enqueue: session.receive.bind(session) };
 * decoder.transform(encodeFrame(Opcode.Ping, "are you there"), sink);
 * decoder.transform(encodeFrame(Opcode.Close, Uint8Array.of(0x03, 0xe9)), sink);
 * assertEquals(sent, [Opcode.Pong, Opcode.Close]);
 * assertEquals([session.state, session.closeStatus?.code], ["closed", 1001]);
 * ```
 */
export class Session {
  #state: SessionState = "open";
  #closedBy: Side | undefined = undefined;
  #sent: CloseStatus | undefined = undefined;
  #received: CloseStatus | undefined = undefined;
  /** Whether we closed because of a fault of our own. */
  #faulted = false;
  readonly #assembler = new MessageAssembler();
  readonly #output: SessionOutput;

  /**
   * Makes the session of a connection whose handshake is over.
   *
   * @param output Where control frames go.
   */
  constructor(output: SessionOutput) {
    this.#output = output;
  }

  /** Where the connection stands. */
  get state(): SessionState {
    return this.#state;
  }

  /** The side that ended the connection; `undefined` while it is open. */
  get closedBy(): Side | undefined {
    return this.#closedBy;
  }

  /** The status in our Close frame; `undefined` when none was sent. */
  get sentClose(): CloseStatus | undefined {
    return this.#sent;
  }

  /** The status in the peer's Close frame; `undefined` when none came. */
  get receivedClose(): CloseStatus | undefined {
    return this.#received;
  }

  /**
   * The connection's close code and reason as 7.1.5 and 7.1.6 define them: the peer's, or 1006 as long
   * as it has sent none. Where a fault of our own closed the connection and the peer has sent none, they
   * are those that we sent: 1011. `undefined` while the connection is open.
   */
  get closeStatus(): CloseStatus | undefined {
    if (this.#state === "open") return undefined;
    const told = this.#received ?? (this.#faulted ? this.#sent : undefined);
    return told ?? { code: CloseCode.AbnormalClosure, reason: "" };
  }

  /**
   * Takes the next fragment.
   *
   * @param fragment From a decoder; its payload need only be valid during the call.
   * @returns The message that it completes, if it does and the session is open.
   * @throws {ProtocolError} When the message or a Close frame is malformed; hand it to
   * {@linkcode Session.fail}.
   */
  receive(fragment: Fragment): Message | undefined {
    // 1.4, 7.1.7: nothing is processed after Close, nor after the connection was failed.
    if (this.#state !== "open" && this.#state !== "closing") return;
    switch (fragment.opcode) {
      case Opcode.Ping:
        // 5.5.2: a Ping is answered unless a Close was received; after our own Close nothing is sent.
        if (this.#state !== "open") return;
        this.#output.sendControl(Opcode.Pong, fragment.payload);
        this.#output.receivedPing?.(fragment.payload);
        return;
      case Opcode.Pong:
        this.#output.receivedPong(fragment.payload);
        return;
      case Opcode.Close:
        this.#receiveClose(parseClosePayload(fragment.payload));
        return;
      default:
        // Like browsers, a side that has begun to close hands out no more messages.
        return this.#state === "open" ? this.#assembler.push(fragment) : undefined;
    }
  }

  /** How many bytes are set aside for a message that is not finished (RFC 6455 5.4). */
  get heldBytes(): number {
    return this.#assembler.heldBytes;
  }

  /** Lets go of what is kept for speed alone; to be called when nothing has come for a while. */
  rest(): void {
    this.#assembler.rest();
  }

  #receiveClose(status: CloseStatus): void {
    this.#received = status;
    if (this.#state === "open") {
      const delayed = this.#output.delaysAnswer?.(() => this.#answer(status));
      // Whoever was asked may have closed it himself.
      if (this.#state === "open") {
        this.#closedBy = "peer";
        this.#leave("answering");
        if (!delayed) this.#answer(status);
        return;
      }
    }
    this.#leave("closed");
  }

  /** 5.5.1: answer with a Close, typically echoing the code; we echo the reason too. */
  #answer({ code, reason }: CloseStatus): void {
    if (this.#state !== "answering") return;
    const empty = code === CloseCode.NoStatusReceived;
    this.#sendClose(empty ? serializeClosePayload() : serializeClosePayload(code, reason));
    this.#state = "closed";
  }

  /** The transport ended: without a Close frame that is 1006 (7.1.5). */
  receiveEof(): void {
    this.#closedBy ??= "peer";
    this.#leave("closed");
  }

  /**
   * Begins the closing handshake; does nothing when it has begun already.
   *
   * @param code The close code; without it the frame has no body.
   * @param reason The reason, at most 123 bytes in UTF-8.
   * @throws {RangeError} When the code may not be sent or the reason is too long.
   */
  close(code?: number, reason = ""): void {
    const payload = serializeClosePayload(code, reason);
    if (this.#state !== "open") return;
    this.#leave("closing");
    this.#closedBy = "us";
    this.#sendClose(payload);
  }

  /**
   * Closes the connection because of an error. Where the peer broke a rule that fails the connection
   * (7.1.7): it sends the close code that belongs to the error, and ignores everything after it. A fault of
   * our own begins the closing handshake.
   *
   * @param error A {@linkcode ProtocolError}; anything else is our own fault and becomes 1011
   * without a reason, so that nothing internal reaches the wire.
   */
  fail(error: unknown): void {
    if (this.#state !== "open" && this.#state !== "closing") return;
    const alreadySent = this.#state === "closing";
    const isFault = !(error instanceof ProtocolError);
    this.#leave(isFault ? "closing" : "failed");
    this.#closedBy ??= "us";
    // 5.5.1: nothing is sent after a Close frame, so an error while closing stays unanswered.
    if (alreadySent) return;
    this.#faulted = isFault;
    this.#sendClose(failurePayload(error));
  }

  /** Leaves the open state, in which alone messages are taken. */
  #leave(state: SessionState): void {
    this.#state = state;
    this.#assembler.discard();
  }

  #sendClose(payload: Uint8Array): void {
    this.#sent = parseClosePayload(payload);
    this.#output.sendControl(Opcode.Close, payload);
  }
}

/** The Close for an error: it names the rule that the peer broke, and of our own faults nothing. */
function failurePayload(error: unknown): Uint8Array {
  if (!(error instanceof ProtocolError)) return serializeClosePayload(CloseCode.InternalError);
  try {
    return serializeClosePayload(error.closeCode, error.message);
  } catch {
    return serializeClosePayload(error.closeCode); // the message is too long for a reason
  }
}
