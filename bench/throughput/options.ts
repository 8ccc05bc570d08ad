import { quote } from "../../server/cli/faults.ts";
import { parseArgs } from "../../server/cli/parse_args.ts";
import { listCases } from "./cases.ts";
import { type Peer, PEERS } from "./contestants.ts";

/** The most that makes sense: a keep-alive ping after half a minute would be counted as a message. */
const MOST_SECONDS = 20;

/** What `--peers` is for a run without any. */
const NONE = "none";

/** What `deno task bench throughput` was told. */
export interface Options {
  /** What is wrong with the arguments. */
  faults: string[];
  showHelp: boolean;
  /** Rounds of each case. */
  rounds: number;
  /** Seconds that each is counted. */
  seconds: number;
  /** The cases to run, in the order of the list. */
  only: readonly string[];
  /** The peers to compare with. */
  peers: readonly Peer[];
  /** Where the JSON goes. */
  json?: string;
  /** Where the page goes. */
  html?: string;
}

/** The names of all cases. */
export const CASE_NAMES: readonly string[] = listCases(1).map(({ name }) => name);

/**
 * Reads the arguments, and lists everything that is wrong with them at once.
 *
 * @param args The arguments.
 */
export function readOptions(args: string[]): Options {
  const faults: string[] = [];
  const flags = parseArgs(args, {
    string: ["rounds", "seconds", "only", "peers", "json", "html"],
    boolean: ["help"],
    alias: { h: "help" },
  }, faults);
  const text = (name: string): string | undefined => {
    const value = flags[name];
    return typeof value === "string" ? value : undefined;
  };
  const number = (name: string, fallback: number, most: number, whole: boolean): number => {
    const given = text(name);
    if (given === undefined) return fallback;
    const value = /^\d+(?:\.\d+)?$/.test(given) ? Number(given) : NaN;
    if (value > 0 && value <= most && (!whole || Number.isInteger(value))) return value;
    const kind = whole ? "an integer from 1" : "a number above 0 and up";
    faults.push(`--${name}: expected ${kind} to ${most}, received ${quote(given)}`);
    return fallback;
  };
  const names = <T extends string>(name: string, known: readonly T[]): readonly T[] => {
    const given = text(name);
    if (given === undefined) return known;
    const words = given.split(",").filter((word) => word !== "");
    for (const word of words) {
      if ((known as readonly string[]).includes(word)) continue;
      faults.push(`--${name}: expected some of ${known.join(",")}, received ${quote(word)}`);
    }
    return known.filter((word) => words.includes(word));
  };
  const file = (name: "json" | "html") => {
    const path = text(name);
    if (path === "") faults.push(`--${name}: expected a file name`);
    return path === undefined ? {} : { [name]: path };
  };
  return {
    rounds: number("rounds", 3, 100, true),
    seconds: number("seconds", 3, MOST_SECONDS, false),
    only: names("only", CASE_NAMES),
    peers: flags.peers === NONE ? [] : names("peers", PEERS),
    ...file("json"),
    ...file("html"),
    showHelp: flags.help === true,
    faults,
  };
}
