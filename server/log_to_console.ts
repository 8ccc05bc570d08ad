import type { LogEntry } from "./options.ts";

/**
 * What a library does that was given no `log`: what is bad should not go unseen.
 *
 * @param entry Shown when it is a warning or an error.
 */
export function logToConsole({ level, message, key, worker, error }: LogEntry): void {
  if (level !== "warning" && level !== "error") return;
  const who = worker === undefined ? "fourtuple" : `fourtuple worker ${worker}`;
  const place = key === undefined ? "" : ` (${key})`;
  // deno-lint-ignore no-console -- the console is what a library has where it was given no log
  console.error(`${who}: ${message}${place}`, ...error === undefined ? [] : [error]);
}
