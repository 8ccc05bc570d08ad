// The snapshots that come each second, over a WebSocket that comes back by itself.

import { ApiError } from "./api.js";

/** The first attempt waits at most this long, in milliseconds; each further one twice as long. */
const BASE_MS = 500;

/** No attempt waits longer, in milliseconds. */
const CAP_MS = 15_000;

/** Without a snapshot for this long, in milliseconds, a connection is given up. */
const SILENCE_MS = 10_000;

/**
 * @typedef {import("../../operations/operations.ts").Snapshot} Snapshot
 * @typedef {{ state: "connecting" }
 *   | { state: "open" }
 *   | { state: "waiting", until: number, reason: string }
 *   | { state: "stopped", reason: string }} LiveState
 *   `until` is in milliseconds on the clock of `performance.now()`.
 */

/** The snapshots of the server. */
export class Live {
  #api;
  #onState;
  #onSnapshot;
  #attempt = 0;
  /** @type {number | undefined} */
  #timer;
  /** @type {WebSocket | undefined} */
  #socket;
  #connecting = false;
  /** @type {Snapshot | undefined} */
  #last;
  #lastAt = 0;

  /**
   * @param {import("./api.js").Api} api
   * @param {{ onState: (state: LiveState) => void,
   *   onSnapshot: (snapshot: Snapshot) => void }} handlers
   */
  constructor(api, { onState, onSnapshot }) {
    this.#api = api;
    this.#onState = onState;
    this.#onSnapshot = onSnapshot;
  }

  /** The last snapshot; none before the first. */
  get last() {
    return this.#last;
  }

  /** How old it is, in milliseconds. */
  get age() {
    return performance.now() - this.#lastAt;
  }

  /** The server's time, in ms since the epoch, as far as it is known: the reader's clock may be off. */
  get now() {
    return this.#last === undefined ? Date.now() : this.#last.at + this.age;
  }

  /** Connects, whatever wait is left. Does nothing while a connection is open or being made. */
  async connect() {
    if (this.#connecting || this.#socket !== undefined) return;
    this.#connecting = true;
    clearTimeout(this.#timer);
    this.#onState({ state: "connecting" });
    try {
      // First by a plain request: only its answer can tell that the token is wrong.
      this.#take(await this.#api.get("snapshot", AbortSignal.timeout(SILENCE_MS)));
      this.#open();
    } catch (error) {
      const reason = error instanceof ApiError ? error.message : "The ops port does not answer";
      if (error instanceof ApiError && error.status === 401) {
        this.#onState({ state: "stopped", reason });
      } else this.#wait(reason);
    } finally {
      this.#connecting = false;
    }
  }

  /** Starts the wait over and connects now. */
  retry() {
    this.#attempt = 0;
    this.#api.allowAsking();
    this.connect();
  }

  #open() {
    const url = new URL("api/v1/live", document.baseURI);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const { token } = this.#api;
    // A page cannot set Authorization on this request.
    const secret = token === undefined ? [] : [`token.${base64Url(token)}`];
    const socket = new WebSocket(url, ["fourtuple.live", ...secret]);
    this.#socket = socket;
    const giveUp = () => socket.close();
    this.#timer = setTimeout(giveUp, SILENCE_MS);
    let lost = "The ops port takes no further page, or does not answer";
    socket.addEventListener("open", () => lost = "The connection to the ops port is lost");
    socket.addEventListener("message", ({ data }) => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(giveUp, SILENCE_MS);
      this.#attempt = 0;
      this.#onState({ state: "open" });
      this.#take(JSON.parse(data));
    });
    socket.addEventListener("close", ({ reason }) => {
      clearTimeout(this.#timer);
      this.#socket = undefined;
      this.#wait(reason === "" ? lost : reason);
    });
  }

  /** @param {Snapshot} snapshot */
  #take(snapshot) {
    this.#last = snapshot;
    this.#lastAt = performance.now();
    this.#onSnapshot(snapshot);
  }

  /** @param {string} reason */
  #wait(reason) {
    // Full jitter: pages that lost their server together do not come back together.
    const wait = Math.random() * Math.min(CAP_MS, BASE_MS * 2 ** this.#attempt);
    this.#attempt = Math.min(this.#attempt + 1, 16);
    this.#timer = setTimeout(() => this.connect(), wait);
    this.#onState({ state: "waiting", until: performance.now() + wait, reason });
  }
}

/** @param {string} text */
function base64Url(text) {
  const bytes = new TextEncoder().encode(text);
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
