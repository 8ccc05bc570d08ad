/**
 * Parts standard input into the messages that `fourtuple connect` sends.
 *
 * @module
 */

/** The most bytes of a line, or of a whole input that is one message. */
export const MAX_MESSAGE = 64 * 2 ** 20;

/** How input becomes messages. */
export interface InputOptions {
  /** Whether messages are binary: one for each piece that is read. */
  readonly binary: boolean;
  /** Whether all of it is one message. */
  readonly whole: boolean;
}

/**
 * Reads messages as they are asked for, and no faster: text by lines, without their ends, unless the
 * options say otherwise.
 *
 * @param input The input; it is left when `signal` is aborted.
 * @param options How it becomes messages.
 * @param signal Ends the messages at once.
 * @throws {TypeError} When it is no UTF-8 and is to be text.
 * @throws {RangeError} When a message is too long.
 */
export async function* messagesIn(
  input: ReadableStream<Uint8Array>,
  { binary, whole }: InputOptions,
  signal: AbortSignal,
): AsyncGenerator<string | Uint8Array> {
  const chunks = readChunks(input, signal);
  if (binary && !whole) return yield* chunks;
  if (!whole) return yield* linesOf(textOf(chunks));
  const message = await joined(chunks);
  if (!signal.aborted) yield binary ? message : decoded(message);
}

async function* readChunks(
  input: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const reader = input.getReader();
  // A read that waits ends by it too.
  const leave = (): void => void reader.cancel().catch(() => {});
  signal.addEventListener("abort", leave, { once: true });
  try {
    while (!signal.aborted) {
      const { value, done } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    signal.removeEventListener("abort", leave);
    leave();
  }
}

async function* textOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  for await (const chunk of chunks) yield decoded(chunk, decoder, true);
  yield decoded(new Uint8Array(0), decoder);
}

async function* linesOf(texts: AsyncIterable<string>): AsyncGenerator<string> {
  // Joined once a line is whole: a long one comes in very many pieces.
  let parts: string[] = [];
  let length = 0;
  for await (const text of texts) {
    const [first = "", ...more] = text.split("\n");
    parts.push(first);
    length += first.length;
    for (const line of more) {
      yield parts.join("").replace(/\r$/, "");
      parts = [line];
      length = line.length;
    }
    if (length > MAX_MESSAGE) throw tooLong("a line");
  }
  if (length > 0) yield parts.join("");
}

async function joined(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > MAX_MESSAGE) throw tooLong("one message");
    all.push(new Uint8Array(chunk));
  }
  return new Uint8Array(await new Blob(all).arrayBuffer());
}

function decoded(
  bytes: Uint8Array,
  decoder: TextDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }),
  stream: boolean = false,
): string {
  try {
    return decoder.decode(bytes, { stream });
  } catch {
    throw new TypeError("Standard input is not UTF-8: --binary sends bytes as they are");
  }
}

function tooLong(what: string): RangeError {
  return new RangeError(
    `Standard input is too long: expected at most ${MAX_MESSAGE} B in ${what}`,
  );
}
