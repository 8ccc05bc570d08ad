import { Flags } from "../flags.ts";
import { listCases } from "./cases.ts";
import { type Peer, PEERS } from "./contestants.ts";

/** The most that makes sense: a keep-alive ping after half a minute would be counted as a message. */
const MAX_SECONDS = 20;

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
export function readOptions(args: readonly string[]): Options {
  const flags = new Flags(args, {
    string: ["rounds", "seconds", "only", "peers", "json", "html"],
  });
  const [json, html] = [flags.path("json"), flags.path("html")];
  return {
    rounds: flags.number("rounds", { least: 1, most: 100 }, 3),
    seconds: flags.number("seconds", { least: 0.1, most: MAX_SECONDS, fraction: true }, 3),
    only: flags.words("only", CASE_NAMES),
    peers: flags.words("peers", PEERS, "none"),
    ...json !== undefined && { json },
    ...html !== undefined && { html },
    showHelp: flags.isSet("help"),
    faults: flags.faults,
  };
}
