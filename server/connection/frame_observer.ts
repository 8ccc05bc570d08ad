import type { CloseStatus, Fragment, Opcode } from "../../protocol/mod.ts";
import type { SharedFrames } from "../topics/topic_log.ts";

/** Watches the frames of one connection. */
export interface FrameObserver {
  /** A piece of a frame came from the peer; its payload is valid only during the call. */
  received(fragment: Fragment): void;
  /** A frame for the peer was queued, by default with FIN; its payload is valid only during the call. */
  sent(opcode: Opcode, payload: string | Uint8Array, fin?: boolean): void;
  /** Messages that were encoded for many were queued. */
  sentShared(shared: SharedFrames): void;
  /** The connection is over. */
  ended(status: CloseStatus, rule: string | undefined): void;
}
