import {
  Endpoint,
  type Fragment,
  FrameDecoder,
  type MessageLimits,
  type Opcode,
  type Role,
  type Session,
} from "../../protocol/mod.ts";
import { toHex } from "./notation.ts";

/** An endpoint that writes down all that happens. */
export class RecordingSession {
  readonly session: Session;
  readonly #log: string[] = [];
  readonly #controls: { opcode: Opcode; payload: Uint8Array }[] = [];
  readonly #endpoint: Endpoint;
  readonly #sent = new FrameDecoder({ role: "client" });

  constructor(role: Role, limits?: MessageLimits) {
    this.#endpoint = new Endpoint({
      role,
      ...limits && { limits },
      receivedPong: (payload) => this.#note(`pong ${toHex(payload)}`.trim()),
    });
    this.session = this.#endpoint.session;
  }

  /** One line per event, in order. */
  get log(): string[] {
    this.#noteSent();
    return this.#log;
  }

  /** The control frames that were sent. */
  get sent(): { opcode: Opcode; payload: Uint8Array }[] {
    this.#noteSent();
    return this.#controls;
  }

  /** Feeds bytes; the first error fails the session and ends the reading. */
  feed(...chunks: Uint8Array[]): void {
    for (const chunk of chunks) {
      const { error: before } = this.#endpoint;
      this.#endpoint.receive(chunk, (message) =>
        this.#note(
          typeof message === "string"
            ? `text ${JSON.stringify(message)}`
            : `binary ${toHex(message)}`.trim(),
        ));
      const { error } = this.#endpoint;
      this.#noteSent(before === error ? undefined : `error ${error!.code}`);
    }
  }

  #note(line: string): void {
    this.#noteSent();
    this.#log.push(line);
  }

  /** Writes down the frames that were sent since the last time, and before a Close its reason. */
  #noteSent(reason?: string): void {
    const sink = {
      enqueue: ({ opcode, payload }: Fragment) => {
        if (opcode === 8 && reason !== undefined) this.#log.push(reason);
        if (opcode === 8) reason = undefined;
        this.#controls.push({ opcode, payload: payload.slice() });
        const code = payload.length < 2 ? "" : payload[0]! * 256 + payload[1]!;
        this.#log.push(
          (opcode === 8 ? `sent close ${code}` : `sent pong ${toHex(payload)}`).trim(),
        );
      },
    };
    while (this.#endpoint.pendingBytes > 0) this.#sent.transform(this.#endpoint.take(), sink);
    if (reason !== undefined) this.#log.push(reason);
  }
}
