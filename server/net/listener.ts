import type { LogEntry } from "../log.ts";
import { pause } from "../loop/pause.ts";

/** The pause of accepting when descriptors have run out and none comes back, in milliseconds. */
const PAUSE = 1_000;

/** The milliseconds without a failure after which accepting goes on: more than one pause. */
const RECOVERY = 3_000;

/**
 * The connections accepted in a row before everything else has a turn. A waiting connection is
 * accepted without a turn of the event loop, so in a flood the bytes of the first would lie unread
 * meanwhile.
 */
const ACCEPTS_PER_TURN = 16;

/** EMFILE and ENFILE: the process, or the host, has no descriptor left. */
const OUT_OF_DESCRIPTORS = ["os error 24", "os error 23"] as const;

/** The peer reset its connection while it waited to be accepted; only that connection is lost. */
const LEFT_EARLY = [
  Deno.errors.NotConnected,
  Deno.errors.ConnectionAborted,
  Deno.errors.ConnectionReset,
] as const;

/** The callbacks of a {@linkcode Listener}. */
export interface ListenerOptions {
  /** Takes over a connection; must not throw. */
  accepted(conn: Deno.TcpConn): void;
  /** Whether so many were accepted that they should be read before more come. */
  crowded(): boolean;
  /** Tells the operator. */
  log(entry: LogEntry): void;
}

/**
 * Accepts connections, and goes on whatever happens to single ones. When descriptors have run out
 * `accept` fails at once and again, so it pauses until one comes back; the connections that there
 * are do not notice.
 */
export class Listener {
  readonly #listener: Deno.TcpListener;
  readonly #options: ListenerOptions;
  readonly #ended = Promise.withResolvers<void>();
  #closed = false;
  /** Whether connections accepted at the very end are still served. */
  #finishing = false;
  #starving = false;
  #lastFailure = 0;
  #resume: (() => void) | undefined = undefined;

  /**
   * @param listener The listening socket, owned from now on.
   * @param options The callbacks.
   */
  constructor(listener: Deno.TcpListener, options: ListenerOptions) {
    this.#listener = listener;
    this.#options = options;
  }

  /** The address that is listened on. */
  get addr(): Deno.NetAddr {
    return this.#listener.addr;
  }

  /** Accepts until the listener is closed. Never rejects. */
  async run(): Promise<void> {
    for (let count = 1; !this.#closed; count++) {
      // A timer, since Deno goes through immediates without a look at the sockets.
      if (count % ACCEPTS_PER_TURN === 0 && this.#options.crowded()) await pause(0);
      try {
        const conn = await this.#listener.accept();
        if (this.#closed && !this.#finishing) {
          conn.close();
          break;
        }
        // Of many that wait, each gets one descriptor that comes back: that is no recovery yet.
        if (this.#starving && performance.now() - this.#lastFailure > RECOVERY) this.#recovered();
        this.#options.accepted(conn);
      } catch (error) {
        if (!this.#closed) await this.#acceptFailed(error);
      }
    }
    this.#ended.resolve();
  }

  /**
   * Accepts no more, but for the accept under way. The kernel resets the connections that wait in
   * the socket's queue; taking all of that before made no difference under load, as more comes
   * between the last accept and the close.
   *
   * @returns Resolves when the socket is closed.
   */
  async finish(): Promise<void> {
    this.#finishing = !this.#closed;
    this.#shut();
    await this.#ended.promise;
  }

  /** A descriptor has come back. */
  descriptorFreed(): void {
    this.#resume?.();
  }

  /** Accepts no more, at once. */
  close(): void {
    this.#finishing = false;
    this.#shut();
  }

  #shut(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.close();
    this.#resume?.();
  }

  async #acceptFailed(error: unknown): Promise<void> {
    if (LEFT_EARLY.some((kind) => error instanceof kind)) {
      // Not worth a pause, nor a line for everybody: a hostile peer can do this all day.
      const message = "Peer left before its connection was accepted";
      return this.#options.log({ level: "debug", event: "left_early", message });
    }
    const text = error instanceof Error ? error.message : "";
    if (OUT_OF_DESCRIPTORS.some((code) => text.includes(code))) this.#starve();
    else {
      const message = "Connection could not be accepted";
      this.#options.log({ level: "warning", event: "accept_failed", message, error });
    }
    await this.#pause();
  }

  #starve(): void {
    this.#lastFailure = performance.now();
    if (this.#starving) return;
    this.#starving = true;
    this.#options.log({
      level: "error",
      event: "out_of_descriptors",
      message: "Descriptors have run out: accepting pauses until one comes back",
    });
  }

  #recovered(): void {
    this.#starving = false;
    this.#options.log({
      level: "info",
      event: "descriptors_back",
      message: "Descriptors are free again: accepting goes on",
    });
  }

  #pause(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, PAUSE);
    this.#resume = resolve;
    return promise.finally(() => {
      this.#resume = undefined;
      clearTimeout(timer);
    });
  }
}
