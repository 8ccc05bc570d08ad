import { escapeControls } from "./escape.ts";
import { entryText } from "./log_text.ts";
import type { LogEntry } from "./options.ts";

/**
 * What a library does that was given no `log`: what is bad should not go unseen.
 *
 * @param entry Shown when it is a warning or an error.
 */
export function logToConsole(entry: LogEntry): void {
  if (entry.level !== "warning" && entry.level !== "error") return;
  const { message, key, worker, error } = entryText(entry);
  const who = worker === undefined ? "fourtuple" : `fourtuple worker ${worker}`;
  const place = key === undefined ? "" : ` (${key})`;
  const below = error === undefined ? [] : error.split("\n");
  const lines = [`${who}: ${message}${place}`, ...below].map(escapeControls);
  // deno-lint-ignore no-console -- the console is what a library has where it was given no log
  console.error(lines.join("\n  "));
}
