import { WebSocketServer as WebSocketServerUntyped } from "ws";

/** What tests use of a connection of ws. */
export interface WsSocket {
  on(event: "message", listener: (data: Uint8Array, isBinary: boolean) => void): void;
  send(data: string | Uint8Array, options?: { binary?: boolean }): void;
  ping(payload?: string | Uint8Array): void;
  close(code?: number, reason?: string): void;
  terminate(): void;
  readonly protocol: string;
  readonly extensions: string;
  /** The TCP socket; ws has no other way to it. */
  readonly _socket: { pause(): void; resume(): void };
}

/** The request of a handshake, as Node has it. */
export interface WsRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

// The package has no types.
interface WebSocketServer {
  readonly clients: Set<WsSocket>;
  address(): { port: number };
  on(event: "connection", listener: (socket: WsSocket, request: WsRequest) => void): void;
  on(event: "listening", listener: () => void): void;
  close(listener: () => void): void;
}

const WebSocketServer: new (options: Record<string, unknown>) => WebSocketServer =
  WebSocketServerUntyped;

/** A server that is not ours: ws, the one that most of Node has. */
export class WsServer implements AsyncDisposable {
  /** Called with each connection; an echo, unless given. */
  onSocket: (socket: WsSocket, request: WsRequest) => void = (socket) => {
    socket.on("message", (data, binary) => socket.send(data, { binary }));
  };
  /** The requests so far. */
  readonly requests: WsRequest[] = [];
  readonly #server: WebSocketServer;

  /** @param options Those of ws. */
  constructor(options: Record<string, unknown>) {
    this.#server = new WebSocketServer({ ...options, port: 0, host: "127.0.0.1" });
    this.#server.on("connection", (socket, request) => {
      this.requests.push(request);
      this.onSocket(socket, request);
    });
  }

  /** Where it is. */
  get url(): string {
    return `ws://127.0.0.1:${this.#server.address().port}/`;
  }

  /** Resolves when it can be reached. */
  listening(): Promise<void> {
    return new Promise((resolve) => this.#server.on("listening", resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#server.clients) client.terminate();
    await new Promise<void>((resolve) => this.#server.close(resolve));
  }
}

/**
 * Starts ws.
 *
 * @param options Those of ws.
 */
export async function startWs(options: Record<string, unknown> = {}): Promise<WsServer> {
  const server = new WsServer(options);
  await server.listening();
  return server;
}
