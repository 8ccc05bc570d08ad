import { parseArgs } from "../server/cli/command/parse_args.ts";
import { quote } from "../server/cli/terminal/problems.ts";

/** The options that a bench has, without their hyphens; `help` is there in any case. */
export interface FlagNames {
  /** Those that take a value. */
  readonly string: readonly string[];
  /** Those that take none. */
  readonly boolean?: readonly string[];
}

/** What a number may be, both ends included. */
export interface Range {
  readonly least: number;
  readonly most: number;
  /** Whether it may have a fraction. */
  readonly fraction?: boolean;
}

/** The options of a command line, and all that is wrong with them. */
export class Flags {
  /** A line for each fault that was found so far. */
  readonly faults: string[] = [];
  readonly #values: Readonly<Record<string, unknown>>;
  /** The paths that were asked for, by their options. */
  readonly #paths = new Map<string, string>();

  /**
   * @param args The arguments.
   * @param names The options that there are; each may be given once.
   */
  constructor(args: readonly string[], { string, boolean = [] }: FlagNames) {
    this.#values = parseArgs(args, {
      string,
      boolean: [...boolean, "help"],
      alias: { h: "help" },
      collect: string,
    }, this.faults);
    for (const name of string) {
      if (this.#given(name).length > 1) this.faults.push(`--${name}: expected once`);
    }
  }

  /** Whether an option without a value was given. */
  isSet(name: string): boolean {
    return this.#values[name] === true;
  }

  /** What an option was given as; `undefined` where it was not given. */
  text(name: string): string | undefined {
    return this.#given(name)[0];
  }

  /**
   * Reads a number.
   *
   * @param name The option.
   * @param range What it may be.
   * @param fallback What it is where it was not given, or is wrong.
   */
  number<Fallback>(name: string, range: Range, fallback: Fallback): number | Fallback {
    const text = this.text(name);
    return text === undefined ? fallback : this.#numberOf(name, text, range) ?? fallback;
  }

  /**
   * Reads numbers with commas between them.
   *
   * @param name The option.
   * @param range What each may be.
   * @returns Those that are right; `undefined` where the option was not given.
   */
  numbers(name: string, range: Range): number[] | undefined {
    const items = this.#items(name);
    return items?.map((item) => this.#numberOf(name, item, range)).filter((it) => it !== undefined);
  }

  /**
   * Reads words with commas between them.
   *
   * @param name The option.
   * @param known The words that there are.
   * @param none What says that none of them is wanted, if anything does.
   * @returns Those of `known` that were given, in its order; all where the option was not given.
   */
  words<Word extends string>(
    name: string,
    known: readonly Word[],
    none?: string,
  ): readonly Word[] {
    const items = this.#items(name);
    if (items === undefined) return known;
    if (items.length === 1 && items[0] === none) return [];
    const expected = `some of ${known.join(",")}${none === undefined ? "" : `, or ${none}`}`;
    for (const item of items) {
      if (known.some((word) => word === item)) continue;
      this.faults.push(`--${name}: expected ${expected}, received ${quote(item)}`);
    }
    return known.filter((word) => items.includes(word));
  }

  /** Reads the path of a file or folder, which no other option may have. */
  path(name: string): string | undefined {
    const path = this.text(name);
    if (path === undefined) return undefined;
    const other = this.#paths.get(path);
    if (path === "") this.faults.push(`--${name}: expected a path`);
    else if (other !== undefined) {
      this.faults.push(`--${name}: expected another path than --${other}`);
    }
    this.#paths.set(path, name);
    return path;
  }

  #given(name: string): readonly string[] {
    return (this.#values[name] ?? []) as readonly string[];
  }

  #items(name: string): readonly string[] | undefined {
    const items = this.text(name)?.split(",");
    const twice = items?.filter((item, at) => item !== "" && items.indexOf(item) !== at);
    for (const item of new Set(twice)) this.faults.push(`--${name}: ${quote(item)} is there twice`);
    return items;
  }

  #numberOf(name: string, text: string, { least, most, fraction = false }: Range) {
    const shape = fraction ? /^\d+(?:\.\d+)?$/ : /^\d+$/;
    const value = shape.test(text) ? Number(text) : NaN;
    if (value >= least && value <= most) return value;
    const kind = fraction ? "a number" : "an integer";
    this.faults.push(
      `--${name}: expected ${kind} from ${least} to ${most}, received ${quote(text)}`,
    );
    return undefined;
  }
}

/**
 * Writes a command line as it can be given to a shell.
 *
 * @param command The words that need no quotes.
 * @param args The words that may.
 */
export function commandLine(command: string, args: readonly string[]): string {
  const quoted = args.map((arg) =>
    /^[\w.,:/@%+=-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", `'\\''`)}'`
  );
  return [command, ...quoted].join(" ");
}
