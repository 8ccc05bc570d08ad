/**
 * The option table of a command: its arguments are read by it, its help is written from it, and
 * shells complete by it.
 *
 * @module
 */

import { quote } from "../terminal/problems.ts";
import { parseArgs } from "./parse_args.ts";

/** An option of a command. */
export type Option =
  & {
    /** The letter that may be typed instead of its name. */
    readonly alias?: string;
    /** The sentence about it in the help, of any length. */
    readonly help: string;
  }
  & (
    | { readonly kind: "switch" }
    | { readonly kind: "text"; readonly placeholder: string }
    | { readonly kind: "texts"; readonly placeholder: string }
    | {
      readonly kind: "integer";
      readonly placeholder: string;
      /** The least and the greatest value. */
      readonly range: readonly [number, number];
    }
    | {
      readonly kind: "choice";
      readonly placeholder: string;
      readonly choices: readonly string[];
    }
  );

/** The options of a command by name, in the order of its help. */
export type OptionTable = Readonly<Record<string, Option>>;

/** The value of an option; `undefined` where it was not given; NaN for an integer that is not valid. */
type OptionValue<Given extends Option> = Given extends { kind: "switch" } ? boolean
  : Given extends { kind: "texts" } ? readonly string[]
  : Given extends { kind: "integer" } ? number | undefined
  : Given extends { kind: "choice"; choices: readonly (infer Choice)[] } ? Choice | undefined
  : string | undefined;

/** The values of all options of a table. */
export type OptionValues<Table extends OptionTable> = {
  readonly [Name in keyof Table]: OptionValue<Table[Name]>;
};

/** The option `--help`, which every command takes. */
export const HELP_OPTION = {
  help: { kind: "switch", alias: "h", help: "Print this text" },
} as const;

/** The options that were read, and the words between them. */
export interface ReadOptions<Table extends OptionTable> {
  /** The values by name. */
  readonly values: OptionValues<Table>;
  /** The words that are not options, as they were typed. */
  readonly words: readonly string[];
}

/**
 * Reads the arguments of a command.
 *
 * @param args The arguments after the command's name.
 * @param table Its options.
 * @param problems Gets a line for every argument that is not valid.
 * @param maxWords The number of words that may come beside the options.
 */
export function readOptions<const Table extends OptionTable>(
  args: readonly string[],
  table: Table,
  problems: string[],
  maxWords = 0,
): ReadOptions<Table> {
  const options = Object.entries<Option>(table);
  const namesOf = (fits: (option: Option) => boolean): string[] =>
    options.flatMap(([name, option]) => fits(option) ? [name] : []);
  const { _: words, ...flags } = parseArgs(args, {
    string: namesOf(({ kind }) => kind !== "switch"),
    boolean: namesOf(({ kind }) => kind === "switch"),
    collect: namesOf(({ kind }) => kind === "texts"),
    alias: Object.fromEntries(
      options.flatMap(([name, { alias }]) => alias === undefined ? [] : [[alias, name]]),
    ),
    words: maxWords,
  }, problems);
  const values = options.map((
    [name, option],
  ) => [name, valueOf(name, option, flags[name], problems)]);
  return {
    values: Object.fromEntries(values) as OptionValues<Table>,
    words: words as string[],
  };
}

function valueOf(name: string, option: Option, given: unknown, problems: string[]): unknown {
  if (option.kind === "switch") return given === true;
  if (option.kind === "texts") return given ?? [];
  if (given === undefined) return undefined;
  const text = String(given);
  if (option.kind === "choice") {
    if (option.choices.includes(text)) return text;
    problems.push(
      `--${name}: expected one of ${option.choices.join(", ")}, received ${quote(text)}`,
    );
    return undefined;
  }
  if (option.kind !== "integer") return text;
  const [least, most] = option.range;
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  const expected = least === 1 && most === Number.MAX_SAFE_INTEGER
    ? "a positive integer"
    : `an integer from ${least} to ${most}`;
  problems.push(`--${name}: expected ${expected}, received ${quote(text)}`);
  return NaN; // it was given, which rules about two options ask for
}

/** The help has lines of at most this many characters. */
const HELP_WIDTH = 80;

/** The sentence about an option stands below it, after this. */
const HELP_INDENT = " ".repeat(6);

/**
 * Writes the part of a command's help that lists its options.
 *
 * @param table The options.
 * @returns Lines without a line feed at the end.
 */
export function optionHelp(table: OptionTable): string {
  return Object.entries(table).map(([name, option]) => {
    const short = option.alias === undefined ? "" : `-${option.alias}, `;
    const value = option.kind === "switch" ? "" : ` ${option.placeholder}`;
    return `  ${short}--${name}${value}\n${wrapped(option.help)}`;
  }).join("\n");
}

function wrapped(text: string): string {
  const lines: string[] = [];
  let line = HELP_INDENT;
  for (const word of text.split(" ")) {
    if (line.length + word.length > HELP_WIDTH) {
      lines.push(line.trimEnd());
      line = HELP_INDENT;
    }
    line += `${word} `;
  }
  return [...lines, line.trimEnd()].join("\n");
}
