import { quote } from "../terminal/problems.ts";
import { parseArgs } from "./parse_args.ts";

/** The options of the commands that are about a number of connections. */
export interface ConnectionsOptions {
  /** All that is wrong with the arguments. */
  readonly problems: readonly string[];
  /** `--help`. */
  readonly showHelp: boolean;
  /** `--json`. */
  readonly json: boolean;
  /** `--connections N`. */
  readonly connections: number | undefined;
}

/**
 * Reads `--connections N`, `--json` and `--help`.
 *
 * @param args The arguments after the command's name.
 * @returns The options, with every problem at once.
 */
export function readConnectionsOptions(args: string[]): ConnectionsOptions {
  const problems: string[] = [];
  const flags = parseArgs(args, {
    string: ["connections"],
    boolean: ["json", "help"],
    alias: { h: "help" },
  }, problems);
  let connections: number | undefined;
  if (flags.connections !== undefined) {
    const text = String(flags.connections);
    connections = /^\d+$/.test(text) ? Number(text) : NaN;
    if (!Number.isSafeInteger(connections) || connections < 1) {
      problems.push(`--connections: expected a positive integer, received ${quote(text)}`);
    }
  }
  return { problems, showHelp: flags.help === true, json: flags.json === true, connections };
}
