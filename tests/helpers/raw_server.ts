import { type ClientConnection, connect, type ConnectOptions } from "../../mod.ts";
import {
  computeAccept,
  type Extension,
  type RequestHead,
  RequestHeadParser,
  serializeUpgradeResponse,
} from "../../protocol/mod.ts";
import { sha1 } from "../../server/sha1.ts";
import { concat } from "./notation.ts";

/** The server's end of a connection: it answers the handshake, and then nothing by itself. */
export class RawServer implements Disposable {
  /** The connection itself, for a test that reads on its own. */
  readonly conn: Deno.TcpConn;
  /** The head of the request, and what came behind it. */
  readonly request: RequestHead;
  readonly rest: Uint8Array;

  private constructor(conn: Deno.TcpConn, request: RequestHead, rest: Uint8Array) {
    this.conn = conn;
    this.request = request;
    this.rest = rest;
  }

  /** Takes one connection, and reads the request. */
  static async accept(listener: Deno.TcpListener): Promise<RawServer> {
    return await RawServer.greet(await listener.accept());
  }

  /** Reads the request of a connection. */
  static async greet(conn: Deno.TcpConn): Promise<RawServer> {
    const parser = new RequestHeadParser();
    for (const buffer = new Uint8Array(4_096);;) {
      const count = await conn.read(buffer);
      if (count === null) throw new Error("Client left in the middle of its handshake");
      const head = parser.push(buffer.subarray(0, count));
      if (head !== undefined) return new RawServer(conn, head, parser.rest.slice());
    }
  }

  /** Accepts the handshake. */
  async answer(...extensions: Extension[]): Promise<void> {
    const accept = computeAccept(this.request.headers.get("sec-websocket-key") ?? "", sha1);
    await this.send(serializeUpgradeResponse({ accept, extensions }));
  }

  /** Sends bytes as they are. */
  async send(...parts: Uint8Array[]): Promise<void> {
    const bytes = concat(parts);
    for (let sent = 0; sent < bytes.length;) sent += await this.conn.write(bytes.subarray(sent));
  }

  /** Reads until the client's FIN. */
  async read(): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for (const buffer = new Uint8Array(65_536);;) {
      const count = await this.conn.read(buffer);
      if (count === null) return concat(parts);
      parts.push(buffer.slice(0, count));
    }
  }

  [Symbol.dispose](): void {
    this.conn.close();
  }
}

/** A server that never leaves by itself is not waited for long. */
export const LIMITS = { closeTimeout: 20 };

/** Connects a client to a raw server, which takes these extensions. */
export async function pair(
  options: ConnectOptions = {},
  ...extensions: Extension[]
): Promise<{ client: ClientConnection; server: RawServer }> {
  using listener = listen();
  const connecting = connect(urlOf(listener), {
    ...options,
    limits: { ...LIMITS, ...options.limits },
  });
  const server = await RawServer.accept(listener);
  await server.answer(...extensions);
  return { client: await connecting, server };
}

/** Listens on any port. */
export function listen(): Deno.TcpListener {
  return Deno.listen({ hostname: "127.0.0.1", port: 0 });
}

/** The address of a listener. */
export function urlOf(listener: Deno.TcpListener, path = "/"): string {
  return `ws://127.0.0.1:${listener.addr.port}${path}`;
}
