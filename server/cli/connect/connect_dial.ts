import { RunningClientConnection } from "../../../client/client_connection.ts";
import type { ClientConnection } from "../../../client/client_connection.ts";
import { connect, type ConnectOptions } from "../../../client/connect.ts";
import { type CloseStatus, type Message, Opcode, type Side } from "../../../protocol/mod.ts";

/** How `fourtuple connect` asks for a connection. */
export interface DialOptions extends ConnectOptions {
  /** Whether to offer permessage-deflate. */
  deflate: boolean;
  /**
   * A Ping or a Pong came.
   *
   * @param opcode Which of them.
   * @param payload Valid only during the call.
   */
  control(opcode: Opcode, payload: Uint8Array): void;
}

/** Something to show, in the order in which it happened. */
export type ConnectEvent =
  | { readonly type: "open"; readonly url: string; readonly connection: ClientConnection }
  | { readonly type: "message"; readonly data: Message }
  | { readonly type: "ping" | "pong"; readonly payload: Uint8Array }
  | { readonly type: "round_trip"; readonly milliseconds: number | undefined }
  | { readonly type: "head"; readonly by: Side; readonly head: string }
  | { readonly type: "closed"; readonly status: CloseStatus; readonly sent?: CloseStatus };

/**
 * Opens a connection whose control frames are seen too.
 *
 * @param url Where to.
 * @param options How.
 * @returns The connection.
 * @throws As `connect()` does.
 */
export async function dial(url: URL, options: DialOptions): Promise<ClientConnection> {
  const connection = await connect(url, options);
  if (connection instanceof RunningClientConnection) {
    connection.observer = {
      received({ opcode, payload }) {
        if (opcode === Opcode.Ping || opcode === Opcode.Pong) options.control(opcode, payload);
      },
      sent() {},
      sentShared() {},
      ended() {},
    };
  }
  return connection;
}
