/** The data of one message to send: a string is text, all else is binary. */
export type MessageData = string | ArrayBuffer | ArrayBufferView;

/** A message that is sent while it is made: its pieces in order, text or bytes. */
export type OutgoingStream = ReadableStream<string | Uint8Array>;

/** How a stream is sent. */
export interface StreamOptions {
  /**
   * The type of the message. Bytes of a text have to be UTF-8, and a string must not end in the middle of
   * a surrogate pair.
   *
   * @default what the first piece is: a string makes a text, bytes a binary message
   */
  type?: "text" | "binary";
  /**
   * How long the source may give nothing, in milliseconds; `Infinity` where the caller watches it.
   *
   * @default limits.streamTimeout
   */
  timeout?: number;
}

/**
 * Gives a message as the text or the bytes that are sent. Bytes are a view of what was given. Nothing
 * after it checks the type again.
 *
 * @param data The message.
 * @param expected The types that the caller takes, for the error.
 * @throws {TypeError} When the message is something else, which types do not stop in JavaScript.
 */
export function plainOf(
  data: MessageData,
  expected = "a string, an ArrayBuffer or a view of one",
): string | Uint8Array {
  if (typeof data === "string" || data instanceof Uint8Array) return data;
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (!ArrayBuffer.isView(data)) {
    throw new TypeError(`Cannot send message as it must be ${expected}`);
  }
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
