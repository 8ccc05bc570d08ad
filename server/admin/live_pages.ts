import type { TokenCheck } from "./auth.ts";
import { Problem } from "./problem.ts";
import type { Snapshots } from "./snapshots.ts";

/** The most pages that are served at once; one more is turned away with 1013. */
const MAX_PAGES = 16;

/** The most that have not shown their token yet; one more cuts the oldest. */
const MAX_WAITING = 4;

/** How long a page may take to show its token, in milliseconds. */
const TOKEN_TIMEOUT = 5_000;

/** How often pages get a snapshot, in milliseconds. */
const INTERVAL = 1_000;

/** A page that does not answer a ping for so long is gone, in seconds. */
const IDLE_TIMEOUT = 30;

type Timer = ReturnType<typeof setTimeout>;

/** What pages need. */
export interface LivePagesOptions {
  readonly snapshots: Snapshots;
  readonly token: TokenCheck;
  /** Is told why a snapshot could not be taken. */
  readonly fault: (error: unknown) => void;
  /**
   * How often pages get a snapshot, in milliseconds.
   *
   * @default 1_000
   */
  readonly interval?: number;
  /**
   * How long a page may take to show its token, in milliseconds.
   *
   * @default 5_000
   */
  readonly tokenTimeout?: number;
}

/**
 * The pages that watch, each over a WebSocket. They share one timer and one snapshot, and without a
 * page nothing is done.
 */
export class LivePages {
  readonly #options: LivePagesOptions;
  /** Those that have not shown their token, the oldest first. */
  readonly #waiting = new Map<WebSocket, Timer>();
  readonly #pages = new Set<WebSocket>();
  #timer: Timer | undefined = undefined;
  #isTelling = false;

  /** @param options What pages need. */
  constructor(options: LivePagesOptions) {
    this.#options = options;
  }

  /** How many pages are served. */
  get size(): number {
    return this.#pages.size;
  }

  /**
   * Takes a page on.
   *
   * @param request Its request for an upgrade; host and origin were checked.
   * @returns The answer, with which Deno switches protocols.
   * @throws {Problem} 426 when it is no request for an upgrade.
   */
  accept(request: Request): Response {
    if (request.method !== "GET" || request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
      throw notWebSocket();
    }
    const { socket, response } = upgrade(request);
    socket.addEventListener("open", () => this.#opened(socket));
    socket.addEventListener("message", ({ data }) => this.#heard(socket, data));
    socket.addEventListener("close", () => this.#forget(socket));
    socket.addEventListener("error", () => this.#forget(socket));
    return response;
  }

  /** Closes all pages: the server goes away. */
  close(): void {
    for (const socket of [...this.#waiting.keys(), ...this.#pages]) {
      this.#turnAway(socket, 1001, "The ops port closes");
    }
  }

  #opened(socket: WebSocket): void {
    if (!this.#options.token.isNeeded) return this.#welcome(socket);
    const [oldest] = this.#waiting.keys();
    if (oldest !== undefined && this.#waiting.size >= MAX_WAITING) {
      this.#turnAway(oldest, 1013, "Too many pages have not shown their token");
    }
    const { tokenTimeout = TOKEN_TIMEOUT } = this.#options;
    const late = () => this.#turnAway(socket, 1008, "The token did not come in time");
    this.#waiting.set(socket, setTimeout(late, tokenTimeout));
  }

  #heard(socket: WebSocket, data: unknown): void {
    if (!this.#waiting.has(socket)) {
      // A page that kept its token for a server that no longer asks for one shows it all the same.
      const isToken = !this.#options.token.isNeeded && tokenIn(data) !== undefined;
      if (!isToken) this.#turnAway(socket, 1008, "A page has nothing to say");
      return;
    }
    const token = tokenIn(data);
    const isValid = token !== undefined && this.#options.token.matches(token);
    if (!isValid) return this.#turnAway(socket, 1008, "The token is wrong");
    clearTimeout(this.#waiting.get(socket));
    this.#waiting.delete(socket);
    this.#welcome(socket);
  }

  #welcome(socket: WebSocket): void {
    if (this.#pages.size >= MAX_PAGES) {
      return this.#turnAway(socket, 1013, `Only ${MAX_PAGES} pages may watch at once`);
    }
    this.#pages.add(socket);
    const { interval = INTERVAL } = this.#options;
    this.#timer ??= setInterval(() => this.#tellAll(), interval);
    // The others have theirs already.
    this.#tell([socket]);
  }

  async #tellAll(): Promise<void> {
    if (this.#isTelling) return;
    this.#isTelling = true;
    await this.#tell(this.#pages);
    this.#isTelling = false;
  }

  async #tell(pages: Iterable<WebSocket>): Promise<void> {
    try {
      const text = JSON.stringify(await this.#options.snapshots.take());
      for (const page of pages) {
        // A page that has not taken the last one needs no further.
        if (page.readyState === WebSocket.OPEN && page.bufferedAmount === 0) page.send(text);
      }
    } catch (error) {
      this.#options.fault(error);
    }
  }

  #turnAway(socket: WebSocket, code: number, reason: string): void {
    this.#forget(socket);
    if (socket.readyState === WebSocket.OPEN) socket.close(code, reason);
  }

  #forget(socket: WebSocket): void {
    clearTimeout(this.#waiting.get(socket));
    this.#waiting.delete(socket);
    this.#pages.delete(socket);
    if (this.#pages.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

function upgrade(request: Request): Deno.WebSocketUpgrade {
  try {
    return Deno.upgradeWebSocket(request, { idleTimeout: IDLE_TIMEOUT });
  } catch {
    // It throws whatever is missing: a key, a version.
    throw notWebSocket();
  }
}

function notWebSocket(): Problem {
  return new Problem(426, "Expected the opening handshake of a WebSocket", {
    headers: { upgrade: "websocket", connection: "Upgrade" },
  });
}

/** The token in `{"token":"…"}`. */
function tokenIn(data: unknown): string | undefined {
  if (typeof data !== "string" || data.length > 1_024) return undefined;
  try {
    const { token } = JSON.parse(data) as { token?: unknown };
    return typeof token === "string" ? token : undefined;
  } catch {
    return undefined;
  }
}
