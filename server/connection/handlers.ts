import type { Message } from "../../protocol/mod.ts";
import type { Connection } from "./connection.ts";

/**
 * The handlers of one server; each is called with its connection first and the server last. Of
 * their return values only a promise means something: `message` has the next message wait for it, and
 * one that rejects is a fault of the handler.
 *
 * @typeParam Data The data of each connection.
 * @typeParam Server The server; a client has none.
 */
export interface Handlers<Data, Server = unknown> {
  /**
   * A connection is open. Messages go to the `message` handler meanwhile; without one they wait as
   * long as a promise that this returns is pending, or until it asks for them.
   *
   * @param connection The connection; it can send at once.
   * @param server The server.
   */
  open?(connection: Connection<Data>, server: Server): unknown;
  /**
   * A message came. Where a promise is returned, the next message of this connection waits for it.
   * Pings are answered meanwhile, and a Close is seen, which aborts `connection.signal`; when 64 KiB
   * wait, so does the peer. A Close is answered when the messages that came before it were handed over,
   * or after `closeTimeout`.
   *
   * @param connection The connection.
   * @param data A string for text, bytes for binary; yours to keep and to change. Bytes are a view: go
   * by `byteOffset` and `byteLength`, and transfer the buffer of a `slice()`.
   * @param server The server.
   */
  message?(connection: Connection<Data>, data: Message, server: Server): unknown;
  /**
   * A ping came (RFC 6455 5.5.2); it is answered already.
   *
   * @param connection The connection.
   * @param payload Its payload, at most 125 bytes; yours to keep.
   * @param server The server.
   */
  ping?(connection: Connection<Data>, payload: Uint8Array<ArrayBuffer>, server: Server): unknown;
  /**
   * A pong came (RFC 6455 5.5.3): the answer to `connection.ping()`, to a ping of the server's own, or
   * to none.
   *
   * @param connection The connection.
   * @param payload Its payload, at most 125 bytes; yours to keep.
   * @param server The server.
   */
  pong?(connection: Connection<Data>, payload: Uint8Array<ArrayBuffer>, server: Server): unknown;
  /**
   * A connection that had a backlog has sent all of it.
   *
   * @param connection The connection.
   * @param server The server.
   */
  drain?(connection: Connection<Data>, server: Server): unknown;
  /**
   * A connection is over.
   *
   * @param connection The connection; `connection.closing` has both sides' codes.
   * @param code The peer's close code, 1005 if it sent none, 1006 without a Close frame of its own
   * (RFC 6455 7.1.5), also where we closed first and it did not answer: see `connection.closing`. After
   * a fault of a handler it is 1011 in any case.
   * @param reason The peer's reason. It comes from the peer: escape it before showing it.
   * @param server The server.
   */
  close?(connection: Connection<Data>, code: number, reason: string, server: Server): unknown;
}
