import type { ClientConnection } from "../../../client/client_connection.ts";
import { Opcode } from "../../../protocol/mod.ts";
import { pause } from "../../loop/pause.ts";
import type { ConnectEvent } from "./connect_dial.ts";

/** The most Pings of our own that may stay without an answer; the oldest are forgotten. */
const MAX_PENDING = 64;

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

/** Measures round trips, and shows the Pings and Pongs that were not asked for here. */
export class Pings {
  readonly #show: (event: ConnectEvent) => unknown;
  readonly #showAll: boolean;
  /** When a Ping left, by its text. */
  readonly #pending = new Map<string, number>();

  /**
   * @param show Shows what happened.
   * @param showAll Whether to show what the peer sends by itself.
   */
  constructor(show: (event: ConnectEvent) => unknown, showAll: boolean) {
    this.#show = show;
    this.#showAll = showAll;
  }

  /**
   * Sends a Ping; its round trip is shown when the answer comes.
   *
   * @param connection Where.
   * @param text Its payload.
   * @throws {RangeError} When it is longer than 125 bytes.
   */
  send(connection: ClientConnection, text: string): void {
    const payload = ENCODER.encode(text);
    if (connection.ping(payload) === "dropped") return;
    this.#pending.delete(text);
    this.#pending.set(text, performance.now());
    const [oldest] = this.#pending.keys();
    if (this.#pending.size > MAX_PENDING) this.#pending.delete(oldest!);
  }

  /** Measures the round trip once, and shows it. */
  async measure(connection: ClientConnection): Promise<void> {
    const milliseconds = await connection.measureRoundTrip();
    // At the end of a connection there is no answer, and that is no news.
    if (connection.open || milliseconds !== undefined) {
      await this.#show({ type: "round_trip", milliseconds });
    }
  }

  /**
   * Measures it again and again until the connection is over.
   *
   * @param connection Where.
   * @param interval How long to wait in between, in milliseconds.
   */
  async every(connection: ClientConnection, interval: number): Promise<void> {
    const over = new AbortController();
    connection.closed.then(() => over.abort());
    while (connection.open) {
      await pause(interval, over.signal);
      if (connection.open) await this.measure(connection);
    }
  }

  /**
   * A Ping or a Pong came.
   *
   * @param opcode Which of them.
   * @param payload Valid only during the call.
   */
  received(opcode: Opcode, payload: Uint8Array): void {
    const type = opcode === Opcode.Ping ? "ping" : "pong";
    if (this.#showAll) this.#show({ type, payload: payload.slice() });
    if (type === "ping") return;
    const text = DECODER.decode(payload);
    const sent = this.#pending.get(text);
    this.#pending.delete(text);
    if (sent !== undefined) {
      this.#show({ type: "round_trip", milliseconds: performance.now() - sent });
    }
  }
}
