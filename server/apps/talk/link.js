// The page's connection: the client's, which comes back by itself, and the pace that the server sets.

import { reconnecting } from "../../../client/reconnecting.js";
import { Pace } from "./pace.js";

/** A connection to the server that comes back by itself. */
export class Link {
  #socket;
  #pace = new Pace();

  /**
   * @param {string} url
   * @param {{ onState: (state: import("../../../client/reconnecting.d.ts").State) => void,
   *   onMessage: (data: string | ArrayBuffer) => void }} handlers
   */
  constructor(url, { onState, onMessage }) {
    // What a person says while there is no connection stays in its box, where they see it.
    this.#socket = reconnecting(url, { outboxBytes: 0, stopOnApplicationCodes: true });
    for (const type of ["connecting", "open", "waiting", "stopped"]) {
      this.#socket.addEventListener(type, () => {
        if (type === "open") this.#pace = new Pace();
        onState(this.#socket.state);
      });
    }
    this.#socket.addEventListener("message", (event) => {
      onMessage(/** @type {MessageEvent} */ (event).data);
    });
  }

  /** Starts the wait over and connects now: what the "now" button does. */
  now() {
    this.#socket.now();
  }

  /**
   * Sends a message.
   *
   * @param {string | Uint8Array<ArrayBuffer>} data
   * @returns {"sent" | "closed" | "too fast"} "closed" when there is no connection to send it on,
   * "too fast" when the server would drop it.
   */
  send(data) {
    const { state } = this.#socket.state;
    if (state !== "open") return "closed";
    if (!this.#pace.admit(performance.now())) return "too fast";
    return this.#socket.send(data) === "sent" ? "sent" : "closed";
  }

  /**
   * Sends a slice of a file that the server has asked for, which it does not count.
   *
   * @param {Uint8Array<ArrayBuffer>} data
   */
  sendSlice(data) {
    this.#socket.send(data);
  }
}
