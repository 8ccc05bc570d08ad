/**
 * The options of the scaling bench.
 *
 * @module
 */

import { quote } from "../../server/cli/terminal/problems.ts";
import type { ScaleOptions } from "../../server/scale/result.ts";
import { Flags } from "../flags.ts";

/** The target that nobody has to ask for: well beyond 65,535. */
const DEFAULT_CONNECTIONS = 100_000;

/** More than any one host has held. */
const MAX_CONNECTIONS = 100_000_000;

/** More processes than any host has a use for. */
const MAX_PROCESSES = 1_024;

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
       deno task bench large [options]

Opens more and more WebSocket connections to one port, in steps, and measures at
each what they cost: memory, descriptors, the rate of handshakes, the delay of an
echo. Says before what this host allows and what it will start, and goes on as
far as the limits allow. The server is one of its own, unless --url names another.
"throughput" compares the speed of this server with that of others, "soak" holds
many connections for an hour, and "large" sends messages of gigabytes; each has a
--help of its own.

Options:
  --connections N  Connections to reach (default: ${DEFAULT_CONNECTIONS})
  --steps LIST     Connections to measure at on the way, such as 1000,20000,66000
  --url URL        A server that echoes messages: ws:// or http://
  --workers N      Processes of our own server (default: as the limits require)
  --clients N      Processes that open connections (default: as the limits require)
  --json FILE      Write the result as JSON
  --html FILE      Write the report: one page with plots, which needs no network
  --out FOLDER     Write both and the main plot, named after this version
  -h, --help       Print this text

Ctrl-C ends the run and still reports; a second one, more than a second later,
ends at once.

Exit codes: 0 measured as far as was announced, 1 stopped before, nothing was
measured or a file could not be written, 2 wrong usage, 130 or 143 ended by a
second signal
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
  const flags = new Flags(args, {
    string: ["connections", "steps", "url", "workers", "clients", "json", "html", "out"],
  });
  const { faults } = flags;
  const connections = flags.number(
    "connections",
    { least: 1, most: MAX_CONNECTIONS },
    DEFAULT_CONNECTIONS,
  );
  const steps = flags.numbers("steps", { least: 1, most: connections });
  const url = flags.text("url");
  const processes = (name: string) =>
    flags.number(name, { least: 1, most: MAX_PROCESSES }, undefined);
  const [workers, clients] = [processes("workers"), processes("clients")];
  const [json, html, out] = [flags.path("json"), flags.path("html"), flags.path("out")];
  if (url !== undefined && !isServer(url)) {
    faults.push(`--url: expected ws://HOST:PORT/ or http://HOST:PORT/, received ${quote(url)}`);
  }
  if (url !== undefined && workers !== undefined) {
    faults.push("--workers: only for a server of its own, not with --url");
  }
  if (faults.length > 0) return { faults };
  if (flags.isSet("help")) return "help";
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

/** Nothing is sent of a fragment, and no name or password. */
function isServer(text: string): boolean {
  const { protocol = "", username, password, hash } = URL.parse(text) ?? {};
  return /^(?:ws|http):$/.test(protocol) && `${username}${password}${hash}` === "";
}
