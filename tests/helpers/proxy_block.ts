/** The version and command of a PROXY header about a client. */
export const PROXY = 0x21;

/** The version and command of a PROXY header about the proxy itself. */
export const LOCAL = 0x20;

/** Makes a PROXY header of version 2, good or bad: its command, family, and what follows them. */
export function block(
  command: number,
  family: number,
  payload: readonly number[],
): Uint8Array<ArrayBuffer> {
  const signature = new TextEncoder().encode("\r\n\r\n\0\r\nQUIT\n");
  const { length } = payload;
  return Uint8Array.of(...signature, command, family, length >> 8, length & 255, ...payload);
}
