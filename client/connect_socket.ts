import { connect, type ConnectOptions } from "./connect.ts";
import type { ClientConnection } from "./client_connection.ts";
import type { Connect, Data, SocketLike } from "./reconnecting_mod.ts";

/** The states of a `WebSocket`. */
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

/**
 * Makes `reconnecting()` connect by {@linkcode connect}, which sees more of a refusal than a browser's
 * WebSocket lets a page see: where the server says when to come back, with `Retry-After`, the next
 * attempt waits for that. Where it never will succeed there is no next one: "stopped" follows a refusal
 * that is {@linkcode ConnectError.final}, such as 401 and 403, and a URL, a subprotocol or a header
 * that cannot be. `error` of the state is what was thrown.
 *
 * @param options How to connect.
 * @returns The function for the option `connect` of `reconnecting()`.
 *
 * @example
 * ```ts
 * import { connectSocket, serve } from "@fourtuple/fourtuple";
 * import { reconnecting } from "@fourtuple/fourtuple/reconnecting";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = serve({ port: 0, message: (connection, data) => connection.send(data) });
 * const socket = reconnecting(server.url, { connect: connectSocket({ deflate: true }) });
 * socket.send("hello");
 * const { data } = await new Promise<MessageEvent>((resolve) =>
 *   socket.addEventListener("message", (event) => resolve(event as MessageEvent))
 * );
 * assertEquals(data, "hello");
 * await new Promise((resolve) => {
 *   socket.addEventListener("stopped", resolve);
 *   socket.close(1000);
 * });
 * ```
 */
export function connectSocket(
  options: Omit<
    ConnectOptions,
    "message" | "ping" | "pong" | "drain" | "close" | "signal" | "subprotocols"
  > = {},
): Connect {
  return async (url, { protocols, signal }) => {
    try {
      return new ConnectedSocket(
        await connect(url, { ...options, signal, subprotocols: protocols }),
      );
    } catch (error) {
      // The arguments of connect() are not valid, and so never will be; all else comes as a ConnectError.
      const isWrong = error instanceof TypeError || error instanceof RangeError;
      throw isWrong ? Object.assign(error, { final: true }) : error;
    }
  };
}

/** A connection in the shape of the platform's WebSocket, as far as `reconnecting()` needs it. */
class ConnectedSocket extends EventTarget implements SocketLike {
  binaryType = "arraybuffer";
  readonly #connection: ClientConnection;
  #isOver = false;

  constructor(connection: ClientConnection) {
    super();
    this.#connection = connection;
    connection.closed.then(({ code, reason }) => {
      this.#isOver = true;
      this.dispatchEvent(new CloseEvent("close", { code, reason, wasClean: code !== 1006 }));
    });
  }

  get readyState(): number {
    if (this.#isOver) return CLOSED;
    return this.#connection.open ? OPEN : CLOSING;
  }

  get bufferedAmount(): number {
    return this.#connection.bufferedAmount;
  }

  get protocol(): string {
    return this.#connection.subprotocol ?? "";
  }

  override addEventListener(...of: Parameters<EventTarget["addEventListener"]>): void {
    super.addEventListener(...of);
    // Not before there is a listener: messages wait until they are asked for.
    if (of[0] === "message") this.#pump();
  }

  async #pump(): Promise<void> {
    for await (const message of this.#connection.messages()) {
      const data = typeof message === "string" ? message : this.#shapeOf(message);
      this.dispatchEvent(new MessageEvent("message", { data }));
    }
  }

  #shapeOf(message: Uint8Array<ArrayBuffer>): ArrayBuffer | Blob {
    return this.binaryType === "blob" ? new Blob([message]) : message.slice().buffer;
  }

  send(data: Data): void {
    const connection = this.#connection;
    if (data instanceof Blob) connection.send(data);
    else connection.send(data);
  }

  close(code?: number, reason?: string): void {
    this.#connection.close(code, reason);
  }
}
