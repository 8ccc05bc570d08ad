/** What can be sent as one message: a string is text, all else is binary. */
export type MessageData = string | ArrayBuffer | ArrayBufferView;

/**
 * Gives a message as the text or the bytes that are sent. Bytes are a view of what was given.
 *
 * @param data The message; anything else, which types do not stop in JavaScript, is given back.
 */
export function plainOf(data: MessageData): string | Uint8Array {
  if (typeof data === "string" || data instanceof Uint8Array) return data;
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (!ArrayBuffer.isView(data)) return data;
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
