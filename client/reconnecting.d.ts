/**
 * A WebSocket that comes back by itself, for browsers, Node 22 and later, and Deno.
 *
 * ```ts ignore
 * import { reconnecting } from "@fourtuple/fourtuple/reconnecting";
 *
 * const socket = reconnecting("wss://example.com/talk");
 * socket.addEventListener("message", ({ data }) => show(data));
 * socket.addEventListener("waiting", ({ until }) => showCountdown(until));
 * socket.send("kept until there is a connection");
 * ```
 *
 * Messages sent while there is no connection wait in an outbox. Those handed to a connection are never
 * sent again: when the connection is lost, some of them may have arrived and some may not, and a
 * WebSocket does not tell which. Where that has to be known, let the other side answer, and send those
 * again that were not answered.
 *
 * It is plain JavaScript of four files without dependencies, which a page can load as they are.
 *
 * @module
 */

/** The data that a WebSocket sends. */
export type Data = string | ArrayBuffer | ArrayBufferView<ArrayBuffer> | Blob;

/**
 * The policy for a message that the outbox has no room for.
 *
 * - `reject`: it is not taken, and `send()` says so.
 * - `drop-oldest`: those that have waited longest make room for it.
 * - `drop-newest`: it is dropped.
 *
 * The first and the last differ in whose loss it is: a rejected message is the caller's to keep, a
 * dropped one is gone, and "dropped" tells of it.
 */
export type WhenFull = "reject" | "drop-oldest" | "drop-newest";

/**
 * The outcome of sending a message.
 *
 * - `sent`: a connection has taken it, which does not say that it arrives.
 * - `kept`: it waits in the outbox.
 * - `dropped`: the outbox has no room for it, and the policy is not "reject".
 * - `rejected`: the outbox has no room for it, or nothing will be sent any more.
 */
export type SendOutcome = "sent" | "kept" | "dropped" | "rejected";

/**
 * The state of a reconnecting socket.
 *
 * - `connecting`: an attempt is under way.
 * - `open`: there is a connection.
 * - `waiting`: the next attempt is made at `until`, in milliseconds since 1970.
 * - `stopped`: there will be no attempt unless `now()` is called.
 *
 * `code` and `reason` are how the last connection or attempt ended: 1006 where nothing was said, and
 * what `close()` was told where that ended it. `error` is what an attempt failed with, where `connect`
 * says more than the platform's `WebSocket` does.
 */
export type State =
  | { readonly state: "connecting" }
  | { readonly state: "open" }
  | {
    readonly state: "waiting";
    readonly until: number;
    readonly code: number;
    readonly reason: string;
    readonly error?: unknown;
  }
  | {
    readonly state: "stopped";
    readonly code: number;
    readonly reason: string;
    readonly error?: unknown;
  };

/** A connection: the part of the platform's `WebSocket` that is used. */
export interface SocketLike {
  /** 0 while it connects, 1 while it is open, more when it is closing or closed. */
  readonly readyState: number;
  /** How binary messages arrive. Set before the first of them can. */
  binaryType: string;
  /** Bytes that were sent and have not left. */
  readonly bufferedAmount: number;
  /** The subprotocol that was agreed on; empty where there is none. */
  readonly protocol: string;
  /** Sends a message. */
  send(data: Data): void;
  /** Begins the closing handshake, or gives a connection up that is not open yet. */
  close(code?: number, reason?: string): void;
  /** Listens to one of its events. */
  addEventListener(
    type: "open" | "message" | "close" | "error",
    // Each platform has event types of its own.
    // deno-lint-ignore no-explicit-any
    listener: (event: any) => void,
  ): void;
}

/**
 * Opens a connection. It returns one that still connects, as `new WebSocket()` does, or resolves to
 * one that is open. An attempt that fails may say in milliseconds how long the server wants to be left
 * alone: as `retryAfter` on what is thrown or rejected with, or on the "close" event. `final: true`
 * there says that no attempt will ever succeed: "stopped" follows.
 *
 * @param url As it was given.
 * @param options The subprotocols to offer, and a signal that the attempt is not wanted any more.
 */
export type Connect = (
  url: string,
  options: { protocols: string[]; signal: AbortSignal },
) => SocketLike | Promise<SocketLike>;

/** The time, which tests make up. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls something once, so many milliseconds later. */
  setTimeout(run: () => void, ms: number): unknown;
  /** Takes that back; `undefined` stands for no timer. */
  clearTimeout(timer: unknown): void;
}

/** How to connect, how long to wait, and what to keep. */
export interface ReconnectingOptions {
  /**
   * The subprotocols to offer.
   *
   * @default []
   */
  protocols?: string[];
  /**
   * How binary messages arrive.
   *
   * @default "arraybuffer"
   */
  binaryType?: "arraybuffer" | "blob";
  /**
   * How many bytes may wait while there is no connection, each message counted as its payload and 64
   * more; 0 keeps nothing.
   *
   * @default 1_048_576
   */
  outboxBytes?: number;
  /**
   * The policy for a message that does not fit.
   *
   * @default "reject"
   */
  whenFull?: WhenFull;
  /**
   * Whether a close code from 4000 to 4999 ends it all, as 1002, 1003, 1007, 1008 and 1010 always do.
   *
   * @default false
   */
  stopOnApplicationCodes?: boolean;
  /**
   * How long one attempt may take, in milliseconds.
   *
   * @default 10_000
   */
  connectTimeout?: number;
  /** Ends it all, for good. */
  signal?: AbortSignal;
  /**
   * Opens the connections.
   *
   * @default the platform's `WebSocket`
   */
  connect?: Connect;
  /**
   * Gives a number in [0, 1), from which the waits are drawn.
   *
   * @default Math.random
   */
  random?: () => number;
  /**
   * The time.
   *
   * @default the platform's
   */
  clock?: Clock;
}

/** Tells of a new state; its type is the state's name. */
export class StateEvent extends Event {
  /**
   * Tells of a state.
   *
   * @param state The new one.
   */
  constructor(state: State);
  /** When the next attempt is made, in milliseconds since 1970; 0 unless it is "waiting". */
  readonly until: number;
  /** How it ended; 0 unless it is "waiting" or "stopped". */
  readonly code: number;
  /** Why it ended, in the words of the other side; empty unless it is "waiting" or "stopped". */
  readonly reason: string;
  /** The error of the attempt; `undefined` where `connect` does not say. */
  readonly error: unknown;
}

/** Tells of a message that the outbox had no room for; its type is "dropped". */
export class DroppedEvent extends Event {
  /**
   * Tells of a message.
   *
   * @param data The message.
   */
  constructor(data: Data);
  /** The message. */
  readonly data: Data;
}

/** The events of a {@linkcode ReconnectingSocket} by their types. */
export interface ReconnectingEvents {
  /** An attempt begins. Not told of the first, which begins with the socket. */
  connecting: StateEvent;
  /** There is a connection. What listeners send goes out before what the outbox kept. */
  open: StateEvent;
  /** The connection or the attempt is lost; the next attempt is made at `until`. */
  waiting: StateEvent;
  /** There will be no attempt unless `now()` is called. */
  stopped: StateEvent;
  /** A message came; `data` is it. */
  message: MessageEvent;
  /** The outbox dropped a message. */
  dropped: DroppedEvent;
}

/** A connection that is made again whenever it is lost; {@linkcode reconnecting} makes it. */
export class ReconnectingSocket extends EventTarget {
  /**
   * As {@linkcode reconnecting}.
   *
   * @param url Of the server.
   * @param options The settings that differ from the defaults.
   */
  constructor(url: string, options?: ReconnectingOptions);
  /** Its state now. */
  get state(): State;
  /** The bytes that wait, in the outbox, counted as its bound is, and in the connection. */
  get bufferedAmount(): number;
  /** The subprotocol of the connection; empty where there is none. */
  get protocol(): string;
  /**
   * Sends a message, or keeps it until there is a connection.
   *
   * @param data A buffer is copied.
   * @returns The outcome.
   */
  send(data: Data): SendOutcome;
  /**
   * Tries at once, whatever wait is left, and starts the waits over. Goes on after "stopped" too,
   * unless the signal has ended it; what the outbox kept is kept for that. Does nothing while a
   * connection is open or being made.
   */
  now(): void;
  /**
   * Ends it: "stopped" follows, at once or after the closing handshake, which takes 5 s at most. What
   * waits in the outbox is forgotten.
   *
   * @param code 1000, or 3000 to 4999.
   * @param reason At most 123 bytes in UTF-8; needs a code.
   * @throws {RangeError} When the code or the reason cannot be sent.
   */
  close(code?: number, reason?: string): void;
  /**
   * Listens to one of its events.
   *
   * @param type Which event.
   * @param listener Called for each.
   * @param options As the platform has them.
   */
  override addEventListener<Type extends keyof ReconnectingEvents>(
    type: Type,
    listener: (event: ReconnectingEvents[Type]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  /** Listens to an event of any other type, as every EventTarget can. */
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  /**
   * Stops listening to one of its events.
   *
   * @param type Which event.
   * @param listener The same function.
   * @param options As the platform has them.
   */
  override removeEventListener<Type extends keyof ReconnectingEvents>(
    type: Type,
    listener: (event: ReconnectingEvents[Type]) => void,
    options?: boolean | EventListenerOptions,
  ): void;
  /** Stops listening to an event of any other type, as every EventTarget can. */
  override removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void;
}

/**
 * Opens a connection that is made again whenever it is lost. The first attempt begins at once.
 *
 * A wait is drawn evenly between zero and a ceiling, which begins at half a second and doubles up to
 * half a minute. A connection of 10 s starts that over, and so does a device that is online again. What
 * the server asks for by Retry-After, where `connect` can see that, comes on top, up to an hour.
 *
 * @param url Of the server: `ws:` or `wss:`.
 * @param options The settings that differ from the defaults.
 * @returns The socket.
 * @throws {DOMException} What the platform throws when it can never connect like this: the address or
 * a subprotocol is wrong, or the page may not connect there. Of another `connect`, what that throws.
 * @throws {RangeError} When the outbox cannot be as asked for.
 */
export function reconnecting(url: string, options?: ReconnectingOptions): ReconnectingSocket;
