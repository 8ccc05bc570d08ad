import { encodeFrame, Opcode } from "../protocol/mod.ts";
import type { SendResult } from "./send_queue.ts";

/** What became of a message for everybody. */
export type BroadcastResult = Record<SendResult, number>;

/** Who takes part in a broadcast. */
export interface Subscriber {
  /** Sends a whole unmasked frame, shared with others and never changed. */
  sendShared(frame: Uint8Array): SendResult;
}

/**
 * Sends one message to many: it is encoded once, and large ones share their bytes.
 *
 * @param subscribers Whom to.
 * @param data A string is sent as text, bytes as binary; copied.
 * @returns How many had it sent, queued behind others, and dropped.
 * @throws {TypeError} When the data is neither, which types do not stop in JavaScript.
 */
export function broadcast(
  subscribers: Iterable<Subscriber>,
  data: string | Uint8Array,
): BroadcastResult {
  if (typeof data !== "string" && !(data instanceof Uint8Array)) {
    throw new TypeError("Cannot broadcast message as it must be a string or a Uint8Array");
  }
  const frame = encodeFrame(typeof data === "string" ? Opcode.Text : Opcode.Binary, data);
  const result: BroadcastResult = { sent: 0, queued: 0, dropped: 0 };
  for (const subscriber of subscribers) result[subscriber.sendShared(frame)]++;
  return result;
}
