import type { Message } from "../../protocol/mod.ts";
import type { Connection } from "./connection.ts";

/**
 * The handlers of one server; each is called with its connection. Of their return values only a
 * promise means something: `message` has the next message wait for it, and one that rejects is a
 * fault of the handler.
 */
export interface Handlers<Data> {
  /**
   * A connection is open. Messages go to the `message` handler meanwhile; without one they wait as
   * long as a promise that this returns is pending, or until it asks for them.
   *
   * @param connection The connection; it can send at once.
   */
  open?(connection: Connection<Data>): unknown;
  /**
   * A message came. Where a promise is returned, the next message of this connection waits for it.
   * Pings are answered meanwhile, and a Close is seen, which aborts `connection.signal`; when 64 KiB
   * wait, so does the peer. A Close is answered when the messages that came before it were handed over,
   * or after `closeTimeout`.
   *
   * @param connection The connection.
   * @param data A string for text, bytes for binary; yours to keep and to change. Bytes are a view: go
   * by `byteOffset` and `byteLength`, and transfer the buffer of a `slice()`.
   */
  message?(connection: Connection<Data>, data: Message): unknown;
  /**
   * A ping came (RFC 6455 5.5.2); it is answered already.
   *
   * @param connection The connection.
   * @param payload Its payload, at most 125 bytes; yours to keep.
   */
  ping?(connection: Connection<Data>, payload: Uint8Array<ArrayBuffer>): unknown;
  /**
   * A pong came (RFC 6455 5.5.3): the answer to `connection.ping()`, to a ping of the server's own, or
   * to none.
   *
   * @param connection The connection.
   * @param payload Its payload, at most 125 bytes; yours to keep.
   */
  pong?(connection: Connection<Data>, payload: Uint8Array<ArrayBuffer>): unknown;
  /**
   * A connection that had a backlog has sent all of it.
   *
   * @param connection The connection.
   */
  drain?(connection: Connection<Data>): unknown;
  /**
   * A connection is over.
   *
   * @param connection The connection; `connection.closing` has both sides' codes.
   * @param code The peer's close code, 1005 if it sent none, 1006 without a Close frame of its own
   * (RFC 6455 7.1.5), also where we closed first and it did not answer: see `connection.closing`. After
   * a fault of a handler it is 1011 in any case.
   * @param reason The peer's reason. It comes from the peer: escape it before showing it.
   */
  close?(connection: Connection<Data>, code: number, reason: string): unknown;
}
