/**
 * Reads bodies of answers, however long the other side makes them.
 *
 * @module
 */

/**
 * Reads a body as text.
 *
 * @param response The answer, unread.
 * @param most The most bytes.
 * @throws {RangeError} When it is longer; then the rest is not read.
 */
export async function readBounded(response: Response, most: number): Promise<string> {
  const decoder = new TextDecoder();
  let length = 0;
  let text = "";
  // Leaving the loop cancels the rest.
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > most) throw new RangeError(`expected at most ${most} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/**
 * Reads a body line by line, as the lines come. Empty lines are left out.
 *
 * @param response The answer, unread.
 * @param most The most characters of a line.
 * @throws {RangeError} When one is longer; then the rest is not read.
 */
export async function* readLines(response: Response, most: number): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of response.body ?? []) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop()!;
    if (rest.length > most || lines.some((line) => line.length > most)) {
      throw new RangeError(`expected lines of at most ${most} characters`);
    }
    yield* lines.filter((line) => line.trim() !== "");
  }
  if (rest.trim() !== "") yield rest;
}
