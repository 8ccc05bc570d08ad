/**
 * Writes to one of the process's streams; nobody has to read it.
 *
 * @param stream Standard output or standard error.
 * @returns Writes a text, all of it, before it returns; returns `false` when the reader has gone.
 */
export function writeTo(
  stream: { writeSync(bytes: Uint8Array): number },
): (text: string) => boolean {
  return (text) => {
    const bytes = new TextEncoder().encode(text);
    try {
      for (let at = 0; at < bytes.length;) at += stream.writeSync(bytes.subarray(at));
      return true;
    } catch {
      // The reader has gone, as `head` does: that is no fault of ours.
      return false;
    }
  };
}
