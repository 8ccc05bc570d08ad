/**
 * `fourtuple connect` between pipes: what comes in is sent, what is received goes out.
 *
 * @module
 */

import type { ClientConnection } from "../../../client/client_connection.ts";
import { CloseCode, type CloseStatus, type Message } from "../../../protocol/mod.ts";
import { pause } from "../../loop/pause.ts";

/** How long nothing may come, in milliseconds, before a conversation counts as over. */
export const SILENCE = 1_000;

/** Whether all has left is looked at this often, in milliseconds. */
const LOOK = 20;

/** When to end. */
export interface PipeOptions {
  /** Whether to send one message and receive one. */
  readonly oneMessage: boolean;
  /** What to do once all is sent: leave the end to the peer, or close at once. */
  readonly atEnd: "stay" | "close" | "wait";
  /** How long to wait then, in milliseconds; without it until nothing has come for a while. */
  readonly wait?: number;
}

/** How it went. */
export interface PipeResult {
  /** How the connection ended. */
  readonly status: CloseStatus;
  /** The error of the input; absent where there was none. */
  readonly error?: unknown;
  /** Whether nobody read on; it was closed because of that. */
  readonly left: boolean;
  /** Whether the connection ended before all input was sent. */
  readonly cutShort: boolean;
}

/** One connection and the pipes at its ends. */
export class Pipe {
  readonly #connection: ClientConnection;
  readonly #options: PipeOptions;
  readonly #deliver: (data: Message) => Promise<boolean>;
  #timer: ReturnType<typeof setTimeout> | undefined = undefined;
  #received = false;
  #sent = false;
  #left = false;
  #cutShort = false;
  #error: unknown = undefined;

  /**
   * @param connection The connection.
   * @param deliver Takes a message; the next one waits for it, and the peer too. `false` when nobody
   * reads any more.
   * @param options When to end.
   */
  constructor(
    connection: ClientConnection,
    deliver: (data: Message) => Promise<boolean>,
    options: PipeOptions,
  ) {
    this.#connection = connection;
    this.#deliver = deliver;
    this.#options = options;
  }

  /**
   * Runs until the connection is over.
   *
   * @param input What to send; the next is asked for when the peer has room for it.
   * @param ended Is called when nothing more can be sent; the input has to end then.
   */
  async run(input: AsyncIterable<string | Uint8Array>, ended: () => void): Promise<PipeResult> {
    const sending = this.#send(input);
    await this.#receive();
    const status = await this.#connection.closed;
    ended();
    await sending;
    clearTimeout(this.#timer);
    return {
      status,
      left: this.#left,
      cutShort: this.#cutShort,
      ...this.#error !== undefined && { error: this.#error },
    };
  }

  async #receive(): Promise<void> {
    for await (const data of this.#connection.messages()) {
      if (this.#left || this.#options.oneMessage && this.#received) continue;
      this.#received = true;
      if (await this.#deliver(data)) this.#check();
      else {
        this.#left = true;
        this.#close();
      }
    }
  }

  async #send(input: AsyncIterable<string | Uint8Array>): Promise<void> {
    const writer = this.#connection.writable.getWriter();
    // It fails when the connection ends, which others see.
    writer.closed.catch(() => {});
    try {
      for await (const data of input) {
        if (!await written(writer, data)) {
          this.#cutShort = true;
          return;
        }
        if (this.#options.oneMessage) break;
      }
    } catch (error) {
      this.#error = error;
      return this.#close();
    }
    while (this.#connection.open && this.#connection.bufferedAmount > 0) await pause(LOOK);
    this.#sent = true;
    this.#check();
  }

  /** Ends it when all is sent, and enough received. */
  #check(): void {
    if (!this.#sent || !this.#connection.open) return;
    const { oneMessage, atEnd, wait } = this.#options;
    if (oneMessage && this.#received) return this.#close();
    if (atEnd === "close") return this.#close();
    if (atEnd === "stay" || oneMessage && wait === undefined) return;
    if (wait !== undefined && this.#timer !== undefined) return; // it counts from the first time
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#close(), wait ?? SILENCE);
  }

  #close(): void {
    clearTimeout(this.#timer);
    this.#connection.close(CloseCode.NormalClosure);
  }
}

/** Writes as soon as there is room; whether that was before the connection's end. */
async function written(
  writer: WritableStreamDefaultWriter<string | Uint8Array>,
  data: string | Uint8Array,
): Promise<boolean> {
  try {
    await writer.ready;
    await writer.write(data);
    return true;
  } catch {
    return false;
  }
}
