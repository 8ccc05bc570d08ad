import { Flags, type Range } from "../flags.ts";
import type { SoakOptions } from "./result.ts";

const DEFAULTS: SoakOptions = { minutes: 60, connections: 10_000, churn: 200, messages: 500 };

/** What is more than that is a slip of the finger. */
const RANGES: Readonly<Record<keyof SoakOptions, Range>> = {
  minutes: { least: 0.05, most: 10_080, fraction: true },
  connections: { least: 1, most: 100_000_000 },
  churn: { least: 0, most: 100_000 },
  messages: { least: 0, most: 1_000_000 },
};

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
  const flags = new Flags(args, {
    string: ["minutes", "connections", "churn", "messages", "out"],
    boolean: ["json"],
  });
  const number = (name: keyof SoakOptions) => flags.number(name, RANGES[name], DEFAULTS[name]);
  const soak: SoakOptions = {
    minutes: number("minutes"),
    connections: number("connections"),
    churn: number("churn"),
    messages: number("messages"),
  };
  const out = flags.path("out");
  if (flags.faults.length > 0) return { faults: flags.faults };
  if (flags.isSet("help")) return "help";
  return { soak, json: flags.isSet("json"), ...out !== undefined && { out } };
}
