// @ts-check
// A WebSocket that comes back by itself, as reconnecting.d.ts tells: its types and what it promises
// are there, how it is done is here.

import { Backoff, isFinal } from "./backoff.js";
import { OfflineQueue } from "./offline_queue.js";
import { DroppedEvent, StateEvent } from "./reconnecting_events.js";

export { DroppedEvent, StateEvent } from "./reconnecting_events.js";

/** @import { Clock, Connect, Data, SocketLike, State } from "./reconnecting.d.ts" */

/** How long an attempt may take unless it is told otherwise, in milliseconds. */
const CONNECT_MS = 10_000;

/** How long the closing handshake may take, in milliseconds, before it is not waited for any more. */
const CLOSE_MS = 5_000;

const MAX_REASON_BYTES = 123;

/** The `readyState` of a connection that can send; less is before it, more is after it. */
const OPEN = 1;

/**
 * One attempt, and the connection it led to.
 *
 * @typedef {object} Attempt
 * @property {SocketLike | undefined} socket Absent until there is one.
 * @property {number | undefined} openedAt In milliseconds since 1970; absent until it is open.
 * @property {AbortController} aborter Ends an attempt that is not wanted any more.
 */

/** A connection that is made again whenever it is lost. */
export class ReconnectingSocket extends EventTarget {
  #url;
  #options;
  /** @type {Clock} */
  #clock;
  #backoff;
  #offlineQueue;
  /** @type {State} */
  #state = { state: "connecting" };
  /** @type {Attempt | undefined} The attempt that is under way, or the connection it led to. */
  #attempt;
  /** @type {unknown} The one timer: of the attempt, of the wait or of the closing handshake. */
  #timer;
  /** Whether `close()` waits for the closing handshake. */
  #closing = false;
  /** Whether the server asked for the wait, so that nobody but a person may cut it short. */
  #asked = false;
  /** @type {AbortController | undefined} Ends the listeners on the platform's own events. */
  #watching;

  /**
   * @param {string} url
   * @param {import("./reconnecting.d.ts").ReconnectingOptions} [options]
   */
  constructor(url, options = {}) {
    super();
    this.#url = url;
    this.#options = options;
    this.#clock = options.clock ?? PLATFORM_CLOCK;
    this.#backoff = new Backoff(options.random);
    this.#offlineQueue = new OfflineQueue(options.outboxBytes, options.whenFull);
    if (options.signal?.aborted) {
      this.#state = { state: "stopped", code: 1006, reason: "" };
      return;
    }
    this.#connect(true);
  }

  /** @returns {State} */
  get state() {
    return this.#state;
  }

  /** @returns {number} */
  get bufferedAmount() {
    return this.#offlineQueue.bytes + (this.#attempt?.socket?.bufferedAmount ?? 0);
  }

  /** @returns {string} */
  get protocol() {
    return this.#attempt?.socket?.protocol ?? "";
  }

  /**
   * @param {Data} data
   * @returns {import("./reconnecting.d.ts").SendOutcome}
   */
  send(data) {
    if (this.#closing || this.#state.state === "stopped") return "rejected";
    const socket = this.#attempt?.socket;
    if (this.#state.state === "open" && socket?.readyState === OPEN) {
      socket.send(data);
      return "sent";
    }
    const { kept, dropped } = this.#offlineQueue.add(data);
    for (const one of dropped) this.dispatchEvent(new DroppedEvent(one));
    if (kept) return "kept";
    return dropped.length > 0 ? "dropped" : "rejected";
  }

  now() {
    if (this.#attempt !== undefined || this.#options.signal?.aborted) return;
    this.#backoff.reset();
    this.#connect();
  }

  /**
   * @param {number} [code]
   * @param {string} [reason]
   */
  close(code, reason) {
    checkClose(code, reason);
    if (this.#state.state === "stopped" || this.#closing) return;
    this.#offlineQueue.clear();
    const stop = () => {
      this.#abandon();
      this.#stop(code ?? 1005, reason ?? "");
    };
    const socket = this.#attempt?.socket;
    if (this.#state.state !== "open" || socket === undefined) return stop();
    this.#closing = true;
    this.#setTimer(stop, CLOSE_MS);
    socket.close(code, reason);
  }

  /** @param {boolean} [first] Whether the caller of the constructor is there to be told of an error. */
  #connect(first = false) {
    /** @type {Attempt} */
    const attempt = { socket: undefined, openedAt: undefined, aborter: new AbortController() };
    this.#attempt = attempt;
    this.#watch();
    this.#setTimer(() => {
      this.#abandon();
      this.#lost({});
    }, this.#options.connectTimeout ?? CONNECT_MS);
    this.#become({ state: "connecting" });
    // A listener may have called close().
    if (this.#attempt !== attempt) return;
    const { connect = platformConnect, protocols = [] } = this.#options;
    const { signal } = attempt.aborter;
    try {
      const opened = connect(this.#url, { protocols, signal });
      if (!("then" in opened)) return this.#adopt(attempt, opened);
      opened.then(
        (socket) => this.#adopt(attempt, socket),
        (error) => this.#ended(attempt, error),
      );
    } catch (error) {
      if (!first) return this.#ended(attempt, error);
      // An address or a subprotocol that cannot be used now never can.
      this.#abandon();
      this.#stop(1006, "", { error });
      throw error;
    }
  }

  /**
   * @param {Attempt} attempt
   * @param {SocketLike} socket
   */
  #adopt(attempt, socket) {
    socket.addEventListener("open", () => this.#opened(attempt));
    socket.addEventListener("message", ({ data }) => {
      if (attempt === this.#attempt) this.dispatchEvent(new MessageEvent("message", { data }));
    });
    // Says nothing that "close" does not; the WebSocket of the ws package wants somebody to listen.
    socket.addEventListener("error", () => {});
    socket.addEventListener("close", (event) => this.#ended(attempt, event));
    if (attempt !== this.#attempt) return socket.close();
    attempt.socket = socket;
    socket.binaryType = this.#options.binaryType ?? "arraybuffer";
    if (socket.readyState === OPEN) this.#opened(attempt);
    else if (socket.readyState > OPEN) this.#ended(attempt, {});
  }

  /** @param {Attempt} attempt */
  #opened(attempt) {
    if (attempt !== this.#attempt || attempt.openedAt !== undefined) return;
    this.#clearTimer();
    attempt.openedAt = this.#clock.now();
    this.#become({ state: "open" });
    // A listener may have called close(), which empties the outbox.
    for (const data of this.#offlineQueue.take()) attempt.socket?.send(data);
  }

  /**
   * @param {Attempt} attempt
   * @param {unknown} how The "close" event, or why there is no connection.
   */
  #ended(attempt, how) {
    if (attempt !== this.#attempt) return;
    this.#attempt = undefined;
    const { openedAt } = attempt;
    this.#backoff.ended(openedAt === undefined ? 0 : this.#clock.now() - openedAt);
    this.#lost(Object(how));
  }

  /** @param {{ code?: unknown, reason?: unknown, retryAfter?: unknown, final?: unknown }} how */
  #lost(how) {
    // What is not a CloseEvent has codes of another kind, such as "ECONNREFUSED".
    const code = typeof how.code === "number" ? how.code : 1006;
    const reason = typeof how.reason === "string" ? how.reason : "";
    const error = how instanceof Error ? { error: how } : {};
    const { stopOnApplicationCodes } = this.#options;
    if (this.#closing || how.final === true || isFinal(code, stopOnApplicationCodes)) {
      return this.#stop(code, reason, error);
    }
    const retryAfter = typeof how.retryAfter === "number" ? how.retryAfter : 0;
    this.#asked = retryAfter > 0;
    const wait = this.#backoff.next(retryAfter);
    this.#setTimer(() => this.#connect(), wait);
    this.#become({ state: "waiting", until: this.#clock.now() + wait, code, reason, ...error });
  }

  /** Lets go of the attempt or the connection: what becomes of it is not waited for. */
  #abandon() {
    const attempt = this.#attempt;
    this.#attempt = undefined;
    attempt?.aborter.abort();
    attempt?.socket?.close();
  }

  /**
   * @param {number} code
   * @param {string} reason
   * @param {{ error?: unknown }} [error]
   */
  #stop(code, reason, error) {
    this.#clearTimer();
    this.#closing = false;
    this.#watching?.abort();
    this.#watching = undefined;
    this.#become({ state: "stopped", code, reason, ...error });
  }

  /** @param {State} state */
  #become(state) {
    this.#state = state;
    this.dispatchEvent(new StateEvent(state));
  }

  /** Listens to the signal, and to what a browser knows of the network and of the person before it. */
  #watch() {
    if (this.#watching !== undefined) return;
    this.#watching = new AbortController();
    const { signal } = this.#watching;
    this.#options.signal?.addEventListener("abort", () => this.close(), { signal });
    if (typeof globalThis.addEventListener !== "function") return;
    const isWaiting = () => this.#state.state === "waiting" && !this.#asked;
    globalThis.addEventListener("online", () => isWaiting() && this.now(), { signal });
    /** @type {(EventTarget & { hidden: boolean }) | undefined} Only pages have one. */
    const document = Reflect.get(globalThis, "document");
    // Timers sleep in a hidden tab: a reader who comes back should not wait for one. The waits go on
    // growing, since this says nothing of the server.
    document?.addEventListener("visibilitychange", () => {
      if (!document.hidden && isWaiting()) this.#connect();
    }, { signal });
  }

  /**
   * @param {() => void} run
   * @param {number} ms
   */
  #setTimer(run, ms) {
    this.#clearTimer();
    this.#timer = this.#clock.setTimeout(run, ms);
  }

  #clearTimer() {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/**
 * @param {string} url
 * @param {import("./reconnecting.d.ts").ReconnectingOptions} [options]
 * @returns {ReconnectingSocket}
 */
export function reconnecting(url, options) {
  return new ReconnectingSocket(url, options);
}

/** @type {Connect} */
function platformConnect(url, { protocols }) {
  return new WebSocket(url, protocols);
}

/** @type {Clock} */
const PLATFORM_CLOCK = {
  now: () => Date.now(),
  setTimeout: (run, ms) => setTimeout(run, ms),
  clearTimeout: (timer) => clearTimeout(/** @type {number | undefined} */ (timer)),
};

/**
 * Refuses what no Close frame of a client can carry, in every state alike.
 *
 * @param {number | undefined} code
 * @param {string | undefined} reason
 */
function checkClose(code, reason) {
  if (code !== undefined && code !== 1000 && !(code >= 3000 && code <= 4999)) {
    throw new RangeError(`Close code must be 1000 or from 3000 to 4999: received ${code}`);
  }
  if (reason === undefined) return;
  if (code === undefined) throw new RangeError("Close reason needs a close code");
  const bytes = new TextEncoder().encode(reason).length;
  if (bytes > MAX_REASON_BYTES) {
    throw new RangeError(
      `Close reason must be <= ${MAX_REASON_BYTES} bytes in UTF-8: received ${bytes} bytes`,
    );
  }
}
