// One WebSocket at a time, made again whenever it is lost.

import { Pace } from "./pace.js";
import { Backoff, mayReconnect } from "./reconnect.js";

/** An attempt that hangs longer than this, in milliseconds, has failed. */
const CONNECT_MS = 10_000;

/**
 * @typedef {{ state: "connecting" }
 *   | { state: "open" }
 *   | { state: "waiting", until: number }
 *   | { state: "stopped", code: number, reason: string }} LinkState
 *   `until` is in milliseconds on the clock of `Date.now()`.
 */

/** A connection to the server that comes back by itself. */
export class Link {
  #url;
  #onState;
  #onMessage;
  #backoff = new Backoff();
  #pace = new Pace();
  /** @type {WebSocket | undefined} */
  #socket;
  /** @type {number | undefined} */
  #timer;
  #waiting = false;

  /**
   * @param {string} url
   * @param {{ onState: (state: LinkState) => void,
   *   onMessage: (data: string | ArrayBuffer) => void }} handlers
   */
  constructor(url, { onState, onMessage }) {
    this.#url = url;
    this.#onState = onState;
    this.#onMessage = onMessage;
    addEventListener("online", () => {
      if (this.#waiting) this.now();
    });
    // Timers sleep in a hidden tab: a reader who comes back should not wait for one.
    document.addEventListener("visibilitychange", () => {
      if (this.#waiting && !document.hidden) this.connect();
    });
  }

  /** Connects now, whatever wait is left. Does nothing while a connection is open or being made. */
  connect() {
    if (this.#socket !== undefined) return;
    this.#waiting = false;
    clearTimeout(this.#timer);
    const socket = new WebSocket(this.#url);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#pace = new Pace();
    let openedAt = 0;
    // close() of a socket that is still connecting leads to its close event, with code 1006.
    this.#timer = setTimeout(() => socket.close(), CONNECT_MS);
    socket.addEventListener("open", () => {
      clearTimeout(this.#timer);
      openedAt = Date.now();
      this.#onState({ state: "open" });
    });
    socket.addEventListener("message", (event) => this.#onMessage(event.data));
    socket.addEventListener("close", ({ code, reason }) => {
      clearTimeout(this.#timer);
      this.#socket = undefined;
      this.#backoff.ended(openedAt === 0 ? 0 : Date.now() - openedAt);
      if (mayReconnect(code)) this.#wait();
      else this.#onState({ state: "stopped", code, reason });
    });
    this.#onState({ state: "connecting" });
  }

  /** Starts the wait over and connects now: what the "now" button does. */
  now() {
    this.#backoff.reset();
    this.connect();
  }

  /**
   * Sends a message.
   *
   * @param {string | Uint8Array<ArrayBuffer>} data
   * @returns {"sent" | "closed" | "too fast"} "closed" when there is no connection to send it on,
   * "too fast" when the server would drop it.
   */
  send(data) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return "closed";
    if (!this.#pace.admit(performance.now())) return "too fast";
    this.#socket.send(data);
    return "sent";
  }

  #wait() {
    const wait = this.#backoff.next();
    this.#waiting = true;
    this.#timer = setTimeout(() => this.connect(), wait);
    this.#onState({ state: "waiting", until: Date.now() + wait });
  }
}
