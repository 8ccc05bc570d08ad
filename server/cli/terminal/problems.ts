import { escapeControls } from "../../escape.ts";
import { cutText, describeError } from "../../log.ts";

/** Who has passed a whole file by mistake knows it by its start. */
const MAX_QUOTED = 60;

/** At most this many bytes of what was thrown are in a line. */
const MAX_OF_ERROR = 2_048;

/**
 * Writes what was received instead of what was expected.
 *
 * @param value A text, or what JSON holds.
 * @returns At most some 60 characters, of which those that cannot be seen are written as escapes.
 */
export function quote(value: unknown): string {
  // JSON has no number beyond its range, but reads 1e400.
  const text = typeof value === "number" ? String(value) : JSON.stringify(value);
  const cut = text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text;
  return escapeControls(cut);
}

/**
 * Says why a file could not be read.
 *
 * @param error What reading it threw.
 * @returns A few words, without the file's name.
 */
export function readProblem(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.IsADirectory) return "it is a directory";
  if (error instanceof Deno.errors.NotADirectory) return "its path leads through a file";
  if (error instanceof Deno.errors.PermissionDenied) return "this user lacks the permission";
  if (error instanceof Deno.errors.NotCapable) return "Deno was not given --allow-read for it";
  return firstLine(error);
}

/**
 * Writes an error as one line.
 *
 * @param error What was thrown.
 * @returns Its message as far as the first line feed, escaped: it may quote a peer.
 */
export function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : describeError(error);
  return escapeControls(cutText(message.split("\n")[0]!, MAX_OF_ERROR));
}

/**
 * Says why something could not be written.
 *
 * @param error What writing it threw.
 * @returns A few words, without the place's name.
 */
export function writeProblem(error: unknown): string {
  const text = firstLine(error).replace(/ \(os error \d+\)$/, "");
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/**
 * Says whether something could not be written because nobody reads any more, as when `head` has seen enough.
 *
 * @param error What writing it threw.
 * @param wasTerminal Whether it went to a terminal, which fails like a disk once it is closed.
 */
export function readerHasLeft(error: unknown, wasTerminal: boolean): boolean {
  return error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.ConnectionReset ||
    wasTerminal && error instanceof Error && error.message.endsWith("(os error 5)"); // EIO
}
