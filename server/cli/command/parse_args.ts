import { parseArgs as parseArgsUntyped } from "@std/cli/parse-args";
import { quote } from "../terminal/problems.ts";

/** The options as they were given, by name; words that are no options are under `_`. */
export type Flags = Readonly<Record<string, unknown>>;

/** What of std's parseArgs is used here. */
export interface ParseArgsOptions {
  /** Options that take a value. */
  string?: readonly string[];
  /** Options that take none. */
  boolean?: readonly string[];
  /** Options that may come several times. */
  collect?: readonly string[];
  /** Other names of options. */
  alias?: Readonly<Record<string, string>>;
  /**
   * How many words may come that are no options; they are put under `_`, as they were typed.
   *
   * @default 0
   */
  words?: number;
}

const parseArgsOfStd: (
  args: readonly string[],
  options: Omit<ParseArgsOptions, "words"> & { unknown(arg: string, key?: string): boolean },
) => Record<string, unknown> = parseArgsUntyped;

/**
 * std's parseArgs, whose mirror on npm carries no types, without its surprise that `--no-port=1` is
 * `--port=1`.
 *
 * @param args The arguments.
 * @param options The options that there are.
 * @param problems Gets a line for every argument that is none of these; it is left out.
 * @returns The values by name.
 */
export function parseArgs(
  args: readonly string[],
  { words: most = 0, ...options }: ParseArgsOptions,
  problems: string[],
): Record<string, unknown> {
  const words: string[] = [];
  const unknown = (arg: string, key?: string): void => {
    if (key !== undefined) problems.push(`${arg}: no such option`);
    else if (words.length < most) words.push(arg);
    else problems.push(`${quote(arg)}: unexpected argument`);
  };
  const end = args.indexOf("--") < 0 ? args.length : args.indexOf("--");
  const known = withNumbers(args.slice(0, end), options.string ?? []).filter((arg) => {
    const misread = arg.startsWith("--no-") && arg.includes("=");
    if (misread) unknown(arg, arg);
    return !misread;
  });
  const parsed = parseArgsOfStd(known, {
    ...options,
    unknown(arg, key) {
      unknown(arg, key);
      return false;
    },
  });
  for (const arg of args.slice(end + 1)) unknown(arg);
  return { ...parsed, _: words };
}

/** `--limit -1` becomes `--limit=-1`: no option begins with a digit, so it is a value, if a wrong one. */
function withNumbers(args: readonly string[], names: readonly string[]): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const before = joined.at(-1);
    const takesValue = before !== undefined && names.some((name) => before === `--${name}`);
    if (takesValue && /^-\d/.test(arg)) joined.splice(-1, 1, `${before}=${arg}`);
    else joined.push(arg);
  }
  return joined;
}
