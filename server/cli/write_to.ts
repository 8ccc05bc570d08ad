/**
 * Writes to one of the process's streams; nobody has to read it.
 *
 * @param stream Standard output or standard error.
 * @returns Writes a text, all of it, before it returns.
 */
export function writeTo(
  stream: { writeSync(bytes: Uint8Array): number },
): (text: string) => void {
  return (text) => {
    const bytes = new TextEncoder().encode(text);
    try {
      for (let at = 0; at < bytes.length;) at += stream.writeSync(bytes.subarray(at));
    } catch {
      // The reader has gone, as `head` does: that is no fault of ours.
    }
  };
}
