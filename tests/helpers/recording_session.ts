import {
  type Fragment,
  FrameDecoder,
  type MessageLimits,
  type Opcode,
  ProtocolError,
  type Role,
  Session,
} from "../../protocol/mod.ts";
import { toHex } from "./notation.ts";

/** A session behind a decoder, driven as a server drives it, that writes down all that happens. */
export class RecordingSession {
  /** One line per event, in order. */
  readonly log: string[] = [];
  readonly session: Session;
  /** The control frames that were sent. */
  readonly sent: { opcode: Opcode; payload: Uint8Array }[] = [];
  readonly #decoder: FrameDecoder;
  #over = false;

  constructor(role: Role, limits?: MessageLimits) {
    this.#decoder = new FrameDecoder(limits === undefined ? { role } : { role, limits });
    this.session = new Session({
      sendControl: (opcode, payload) => {
        this.sent.push({ opcode, payload: payload.slice() });
        const code = payload.length < 2 ? "" : payload[0]! * 256 + payload[1]!;
        this.log.push((opcode === 8 ? `sent close ${code}` : `sent pong ${toHex(payload)}`).trim());
      },
      receivedPong: (payload) => this.log.push(`pong ${toHex(payload)}`.trim()),
    });
  }

  /** Feeds bytes; the first error fails the session and ends the reading. */
  feed(...chunks: Uint8Array[]): void {
    for (const chunk of chunks) {
      if (this.#over) return;
      try {
        this.#decoder.transform(chunk, this);
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        this.#over = true;
        this.log.push(`error ${error.code}`);
        this.session.fail(error);
      }
    }
  }

  /** The decoder's sink. */
  enqueue(fragment: Fragment): void {
    const message = this.session.receive(fragment);
    if (typeof message === "string") this.log.push(`text ${JSON.stringify(message)}`);
    else if (message !== undefined) this.log.push(`binary ${toHex(message)}`.trim());
  }
}
