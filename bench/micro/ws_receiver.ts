import { Receiver } from "ws";
import { DEFAULT_MESSAGE_LIMITS } from "../../protocol/mod.ts";

/** What is used of ws's reader of frames; ws comes without types. */
export interface WsReceiver {
  /** Has a listener called with each message: its bytes, and whether they are binary. */
  on(event: "message", listener: (data: Uint8Array, isBinary: boolean) => void): void;
  /** Takes the next bytes, and unmasks them in place; its listener is called before it returns. */
  write(chunk: Uint8Array): boolean;
}

/**
 * Makes the reader that ws has for a connection of a server, with our limits.
 *
 * @param options `skipUTF8Validation` leaves text unchecked, as our decoder does.
 */
export function wsReceiver(options: { skipUTF8Validation?: boolean } = {}): WsReceiver {
  const { messageBytes, messageFragments } = DEFAULT_MESSAGE_LIMITS;
  return new Receiver({
    ...options,
    isServer: true,
    maxPayload: messageBytes,
    maxFragments: messageFragments,
  });
}
