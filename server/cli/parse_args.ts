import { parseArgs as parseArgsUntyped } from "@std/cli/parse-args";

/** What of std's parseArgs is used here. */
export interface ParseArgsOptions {
  /** Options that take a value. */
  string?: readonly string[];
  /** Options that take none. */
  boolean?: readonly string[];
  /** Options without a value that `--no-` turns off. */
  negatable?: readonly string[];
  /** What options are when they are not given. */
  default?: Readonly<Record<string, unknown>>;
  /** Options that may come several times. */
  collect?: readonly string[];
  /** Other names of options. */
  alias?: Readonly<Record<string, string>>;
  /** Called for what is none of these; false leaves it out. */
  unknown?: (arg: string, key?: string) => boolean;
}

/** std's parseArgs, whose mirror on npm carries no types. */
export const parseArgs: (
  args: readonly string[],
  options: ParseArgsOptions,
) => Record<string, unknown> = parseArgsUntyped;
