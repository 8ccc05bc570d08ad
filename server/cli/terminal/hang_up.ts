/** A stream of this process that may be a terminal. */
type MaybeTerminal = Pick<typeof Deno.stdin, "isTerminal">;

/**
 * Tells the two meanings of SIGHUP apart: the terminal that this process was started from is closed, or
 * somebody wants the settings read again.
 *
 * @param streams The streams of this process, as they are now.
 * @returns Says at a SIGHUP whether a terminal was closed: one that was there is one no more.
 */
export function terminalWatch(
  streams: readonly MaybeTerminal[] = [Deno.stdin, Deno.stdout, Deno.stderr],
): () => boolean {
  const terminals = streams.filter((stream) => stream.isTerminal());
  return () => terminals.some((stream) => !stream.isTerminal());
}
