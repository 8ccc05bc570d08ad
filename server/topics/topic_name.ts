const ENCODER = new TextEncoder();

/**
 * Checks the name of a topic.
 *
 * @param name The name.
 * @param maxBytes The most bytes that it may have.
 * @throws {TypeError} When it is not a string, or not well-formed.
 * @throws {RangeError} When it is empty or too long.
 */
export function checkTopicName(name: string, maxBytes: number): void {
  if (typeof name !== "string") throw new TypeError("Topic must be a string");
  // Two of them would be the same in UTF-8, for other servers.
  if (!name.isWellFormed()) throw new TypeError("Topic must not have a lone surrogate");
  // Three bytes in UTF-8 is the most that a unit of UTF-16 becomes.
  const bytes = 3 * name.length <= maxBytes ? name.length : ENCODER.encode(name).length;
  if (bytes > 0 && bytes <= maxBytes) return;
  throw new RangeError(`Topic must have 1 to ${maxBytes} bytes in UTF-8: received ${bytes}`);
}
