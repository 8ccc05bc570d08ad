import { parseArgs as parseArgsUntyped } from "@std/cli/parse-args";

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
  /** Called for what is none of these, with a key when it looks like an option; it is left out. */
  unknown: (arg: string, key?: string) => void;
}

const parseArgsOfStd: (
  args: readonly string[],
  options: Omit<ParseArgsOptions, "unknown"> & { unknown(arg: string, key?: string): boolean },
) => Record<string, unknown> = parseArgsUntyped;

/**
 * std's parseArgs, whose mirror on npm carries no types, without its surprise that `--no-port=1` is
 * `--port=1`.
 *
 * @param args The arguments.
 * @param options The options that there are.
 * @returns The values by name.
 */
export function parseArgs(
  args: readonly string[],
  { unknown, ...options }: ParseArgsOptions,
): Record<string, unknown> {
  const end = args.indexOf("--") < 0 ? args.length : args.indexOf("--");
  const known = args.slice(0, end).filter((arg) => {
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
  return parsed;
}
