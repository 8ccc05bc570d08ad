/**
 * The options of the scaling bench.
 *
 * @module
 */

import type { ScaleOptions } from "../../server/scale/result.ts";
import { quote } from "../../server/cli/faults.ts";
import { parseArgs } from "../../server/cli/parse_args.ts";

/** The target that nobody has to ask for: well beyond 65,535. */
const DEFAULT_CONNECTIONS = 100_000;

/** What a command line asks for. */
export interface ScalingOptions {
  /** What the engine is to do. */
  readonly scale: ScaleOptions;
  /** The file to write the result to as JSON, if any. */
  readonly json?: string;
  /** The file to write the report to, if any. */
  readonly html?: string;
  /** The folder that gets JSON, report and picture, if any. */
  readonly out?: string;
}

/** The text of `--help`. */
export const HELP = `Usage: deno task bench [options]
       deno task bench throughput [options]
       deno task bench soak [options]

Opens more and more WebSocket connections to one port, in steps, and measures at
each what they cost: memory, descriptors, the rate of handshakes, the delay of an
echo. Says before what this host allows and what it will start, and goes on as
far as the limits allow. The server is one of its own, unless --url names another.
"throughput" compares the speed of this server with that of others, and "soak"
holds many connections for an hour; each has a --help of its own.

Options:
  --connections N  Connections to reach (default: ${DEFAULT_CONNECTIONS})
  --steps LIST     Connections to measure at, such as 1000,20000,66000
  --url URL        A server that echoes messages: ws:// or http://
  --workers N      Processes of our own server (default: as the limits require)
  --clients N      Processes that open connections (default: as the limits require)
  --json FILE      Write the result as JSON
  --html FILE      Write the report: one page with plots, which needs no network
  --out FOLDER     Write both and the main plot, named after this version
  -h, --help       Print this text

Ctrl-C ends the run and still reports; a second one, more than a second later,
ends at once.

Exit codes: 0 measured as far as was announced, 1 stopped before, 2 wrong usage,
130 or 143 ended by a second signal
`;

/**
 * Reads the command line.
 *
 * @param args The arguments.
 * @returns The options, `"help"` where that was asked for, or what is wrong with them.
 */
export function readOptions(
  args: readonly string[],
): ScalingOptions | "help" | { faults: string[] } {
  const faults: string[] = [];
  const parsed = parseArgs(args, {
    string: ["connections", "steps", "url", "workers", "clients", "json", "html", "out"],
    boolean: ["help"],
    alias: { help: "h" },
  }, faults);
  const text = (name: string): string | undefined => {
    const value = parsed[name];
    return typeof value === "string" ? value : undefined;
  };
  const count = (name: string): number | undefined => {
    const value = text(name);
    return value === undefined ? undefined : countOf(`--${name}`, value, faults);
  };
  const path = (name: string): string | undefined => {
    const value = text(name);
    if (value === "") faults.push(`--${name}: expected a path`);
    return value;
  };
  const connections = count("connections") ?? DEFAULT_CONNECTIONS;
  const steps = text("steps")?.split(",").map((step) => countOf("--steps", step, faults));
  const url = text("url");
  const [workers, clients] = [count("workers"), count("clients")];
  const [json, html, out] = [path("json"), path("html"), path("out")];
  if (url !== undefined && !/^(?:ws|http):$/.test(URL.parse(url)?.protocol ?? "")) {
    faults.push(`--url: expected ws://HOST:PORT/ or http://HOST:PORT/, got ${quote(url)}`);
  }
  if (url !== undefined && workers !== undefined) {
    faults.push("--workers: only for a server of its own, not with --url");
  }
  if (faults.length > 0) return { faults };
  if (parsed.help === true) return "help";
  return {
    scale: {
      connections,
      ...steps !== undefined && { steps },
      ...url !== undefined && { url },
      ...workers !== undefined && { workers },
      ...clients !== undefined && { clients },
    },
    ...json !== undefined && { json },
    ...html !== undefined && { html },
    ...out !== undefined && { out },
  };
}

/** Reads a whole number above 0; 0 and a fault for anything else. */
function countOf(flag: string, text: string, faults: string[]): number {
  const count = /^\d+$/.test(text) ? Number(text) : 0;
  if (count > 0 && Number.isSafeInteger(count)) return count;
  faults.push(`${flag}: expected a whole number above 0, got ${quote(text)}`);
  return 0;
}
