import { quote } from "../../server/cli/faults.ts";
import { parseArgs } from "../../server/cli/parse_args.ts";
import type { SoakOptions } from "./result.ts";

const DEFAULTS: SoakOptions = { minutes: 60, connections: 10_000, churn: 200, messages: 500 };

/** What a command line asks for. */
export interface SoakCommandOptions {
  /** What the soak is to do. */
  readonly soak: SoakOptions;
  /** The folder that gets JSON, page and picture, if any. */
  readonly out?: string;
  /** Whether the result goes to standard output as JSON. */
  readonly json: boolean;
}

/** The text of `--help`. */
export const HELP = `Usage: deno task bench soak [options]

Holds WebSocket connections to a server of its own for a long time, closes and
reopens some of them all the while (by a Close frame, by RST, by FIN without a
Close frame), has messages of mixed sizes echoed over others, some to slow
readers, and says whether the server's memory for a connection grows.

Options:
  --minutes N      How long (default: ${DEFAULTS.minutes})
  --connections N  Connections to hold (default: ${DEFAULTS.connections})
  --churn N        Connections to close and reopen a second (default: ${DEFAULTS.churn})
  --messages N     Messages to echo a second (default: ${DEFAULTS.messages})
  --out FOLDER     Write JSON, a page with plots and the main plot
  --json           Print the result as JSON instead of a table
  -h, --help       Print this text

Ctrl-C ends the run and still reports; a second one, more than a second later,
ends at once.

Exit codes: 0 nothing went wrong, 1 something did, the memory grew or the run was
ended early, 2 wrong usage, 130 or 143 ended by a second signal
`;

/**
 * Reads the command line.
 *
 * @param args The arguments.
 * @returns The options, `"help"` where that was asked for, or what is wrong with them.
 */
export function readOptions(
  args: readonly string[],
): SoakCommandOptions | "help" | { faults: string[] } {
  const faults: string[] = [];
  const parsed = parseArgs(args, {
    string: ["minutes", "connections", "churn", "messages", "out"],
    boolean: ["json", "help"],
    alias: { h: "help" },
  }, faults);
  const number = (name: keyof SoakOptions, expected: string, fits: (value: number) => boolean) => {
    const text = parsed[name];
    if (typeof text !== "string") return DEFAULTS[name];
    const value = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : NaN;
    if (!fits(value)) faults.push(`--${name}: expected ${expected}, got ${quote(text)}`);
    return value;
  };
  const rate = "a whole number, 0 for none";
  const soak: SoakOptions = {
    minutes: number("minutes", "a number from 0.05 to 10080", (it) => it >= 0.05 && it <= 10_080),
    connections: number(
      "connections",
      "a whole number above 0",
      (it) => it > 0 && Number.isSafeInteger(it),
    ),
    churn: number("churn", rate, Number.isSafeInteger),
    messages: number("messages", rate, Number.isSafeInteger),
  };
  const { out } = parsed;
  if (out === "") faults.push("--out: expected a path");
  if (faults.length > 0) return { faults };
  if (parsed.help === true) return "help";
  return { soak, json: parsed.json === true, ...typeof out === "string" && { out } };
}
