import { Problem } from "./problem.ts";
import type { Snapshots } from "./snapshots.ts";

/** The subprotocol that pages speak: a snapshot in each message, and nothing from the page. */
export const LIVE_PROTOCOL = "fourtuple.live";

/** The most pages that are served at once; one more gets 429. */
const MAX_PAGES = 16;

/** How long the switch of protocols may take, in milliseconds. */
const OPEN_TIMEOUT = 5_000;

/** How often pages get a snapshot, in milliseconds. */
const INTERVAL = 1_000;

/** A page that does not answer a ping for so long is gone, in seconds. */
const IDLE_TIMEOUT = 30;

type Timer = ReturnType<typeof setTimeout>;

/** What pages need. */
export interface LivePagesOptions {
  readonly snapshots: Snapshots;
  /** Is told why a snapshot could not be taken. */
  readonly fault: (error: unknown) => void;
  /**
   * How often pages get a snapshot, in milliseconds.
   *
   * @default 1_000
   */
  readonly interval?: number;
  /**
   * How long the switch of protocols may take, in milliseconds.
   *
   * @default 5_000
   */
  readonly openTimeout?: number;
}

/**
 * The pages that watch, each over a WebSocket. They share one timer and one snapshot, and without a
 * page nothing is done. Whoever may not watch is told so before the protocol is switched: Deno holds
 * up to 64 MiB of a message before we see it.
 */
export class LivePages {
  readonly #options: LivePagesOptions;
  /** Each keeps its place until its socket is closed, those too that we have said goodbye to. */
  readonly #pages = new Set<WebSocket>();
  #timer: Timer | undefined = undefined;
  #isTelling = false;

  /** @param options What pages need. */
  constructor(options: LivePagesOptions) {
    this.#options = options;
  }

  /** How many pages have a place. */
  get size(): number {
    return this.#pages.size;
  }

  /**
   * Takes a page on.
   *
   * @param request Its request for an upgrade; host, origin and token were checked.
   * @returns The answer, with which Deno switches protocols.
   * @throws {Problem} 426 when it is no request for an upgrade, 400 when it does not offer our
   * subprotocol, 429 when there are too many pages.
   */
  accept(request: Request): Response {
    const { method, headers } = request;
    if (method !== "GET" || headers.get("upgrade")?.toLowerCase() !== "websocket") {
      throw notWebSocket();
    }
    const offered = (headers.get("sec-websocket-protocol") ?? "").split(",");
    if (!offered.some((name) => name.trim() === LIVE_PROTOCOL)) {
      throw new Problem(400, `Expected the subprotocol ${LIVE_PROTOCOL}`);
    }
    if (this.#pages.size >= MAX_PAGES) {
      throw new Problem(429, `Only ${MAX_PAGES} pages may watch at once`, {
        headers: { "retry-after": "5" },
      });
    }
    const { socket, response } = upgrade(request);
    this.#add(socket);
    return response;
  }

  /** Closes all pages: the server goes away. */
  close(): void {
    clearInterval(this.#timer);
    for (const socket of this.#pages) sendClose(socket, 1001, "The ops port closes");
  }

  #add(socket: WebSocket): void {
    this.#pages.add(socket);
    // Of a client that has gone before the switch, Deno tells nothing.
    const late = () => this.#forget(socket);
    const opening = setTimeout(late, this.#options.openTimeout ?? OPEN_TIMEOUT);
    socket.addEventListener("open", () => {
      clearTimeout(opening);
      if (this.#pages.has(socket)) this.#welcome(socket);
      else sendClose(socket, 1013, "The page was too late");
    });
    socket.addEventListener("message", () => sendClose(socket, 1008, "A page has nothing to say"));
    const gone = () => {
      clearTimeout(opening);
      this.#forget(socket);
    };
    socket.addEventListener("close", gone);
    socket.addEventListener("error", gone);
  }

  #welcome(socket: WebSocket): void {
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

  #forget(socket: WebSocket): void {
    this.#pages.delete(socket);
    if (this.#pages.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

function sendClose(socket: WebSocket, code: number, reason: string): void {
  if (socket.readyState === WebSocket.OPEN) socket.close(code, reason);
}

function upgrade(request: Request): Deno.WebSocketUpgrade {
  try {
    return Deno.upgradeWebSocket(request, {
      protocol: LIVE_PROTOCOL,
      idleTimeout: IDLE_TIMEOUT,
    });
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
