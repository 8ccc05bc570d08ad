/**
 * What can be typed after `fourtuple`: read from the commands' own help texts, so that what a shell
 * completes is what people read.
 *
 * @module
 */

import { z } from "zod";
import { WHEN_FULL } from "../../limits.ts";
import type { Command } from "../command/command.ts";
import type { OptionTable } from "../command/options.ts";
import { DECODE_FORMATS, DECODE_ROLES } from "../decode/decode.ts";
import { flagOf } from "../serve/read_settings.ts";
import { SETTINGS } from "../serve/setting_table.ts";

/** The shells that there are completions for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** One of {@linkcode SHELLS}. */
export type Shell = typeof SHELLS[number];

/** An option of a command. */
export interface CompletedOption {
  /** As it is typed: `--sort`. */
  readonly flag: string;
  /** What follows it: nothing, a file, one of `values`, or what nobody can complete. */
  readonly takes: "nothing" | "file" | "choice" | "text";
  /** What may follow it, where that is known. */
  readonly values: readonly string[];
  /** What it does, in a few words. */
  readonly summary: string;
}

/** A command, and what may follow it. */
export interface CompletedCommand {
  /** The word that selects it. */
  readonly name: string;
  /** What it does. */
  readonly summary: string;
  /** Its options, in the order of its help. */
  readonly options: readonly CompletedOption[];
  /** Words that may follow it and are no options, where they are known. */
  readonly words: readonly string[];
}

/** The longest summary of an option, in characters: it stands in one line beside the option. */
const MAX_SUMMARY = 60;

/** What options may be set to, by command and flag. */
const CHOICES: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  serve: choicesOfSettings(),
  decode: { "--format": DECODE_FORMATS, "--role": DECODE_ROLES },
};

/** The settings that are switched off by another flag of `serve`, which their help names too. */
const NEGATED = SETTINGS.filter(({ kind }) => kind === "switch").map(({ name }) => flagOf(name));

/**
 * Says what may follow each command.
 *
 * @param commands The commands.
 */
export function completionTable(commands: readonly Command[]): CompletedCommand[] {
  const completed = commands.map(({ name, summary, help, options }) => ({
    name,
    summary,
    options: options === undefined
      ? optionsIn(help, CHOICES[name] ?? {}, name === "serve" ? NEGATED : [])
      : optionsOf(options),
    words: name === "completions" ? SHELLS : [],
  }));
  const words = commands.map(({ name }) => name);
  return [...completed, {
    name: "help",
    summary: "Print the help of a command",
    options: [],
    words,
  }];
}

/** Takes the options out of a command's table. */
function optionsOf(table: OptionTable): CompletedOption[] {
  return Object.entries(table).flatMap(([name, option]) => {
    const completed: Omit<CompletedOption, "flag"> = {
      takes: option.kind === "switch"
        ? "nothing"
        : option.placeholder === "FILE"
        ? "file"
        : option.kind === "choice"
        ? "choice"
        : "text",
      values: option.kind === "choice" ? option.choices : [],
      summary: summaryOf(option.help),
    };
    const { alias } = option;
    const flags = [`--${name}`, ...alias === undefined ? [] : [`-${alias}`]];
    return flags.map((flag) => ({ flag, ...completed }));
  });
}

/** Reads the options out of a help text, where each begins a line: `  --sort ORDER`. */
function optionsIn(
  help: string,
  choices: Readonly<Record<string, readonly string[]>>,
  negated: readonly string[],
): CompletedOption[] {
  const options: CompletedOption[] = [];
  const lines = help.split("\n");
  for (const [index, line] of lines.entries()) {
    const [, short, flag, placeholder, beside] =
      /^ {2}(?:(-\w), )?(--[a-z][a-z-]*)(?: (\S+))?(?: {2,}(.*))?$/.exec(line) ?? [];
    if (flag === undefined) continue;
    const summary = summaryOf(beside?.startsWith("[") === false ? beside : textBelow(lines, index));
    const values = choices[flag] ?? [];
    const takes = placeholder === undefined
      ? "nothing"
      : placeholder === "FILE"
      ? "file"
      : values.length > 0
      ? "choice"
      : "text";
    options.push({ flag, takes, values, summary });
    if (short !== undefined) options.push({ flag: short, takes, values, summary });
    if (negated.includes(flag)) {
      options.push({ flag: `--no-${flag.slice(2)}`, takes, values, summary: "The opposite" });
    }
  }
  return options;
}

/** Joins the lines that are indented below an option. */
function textBelow(lines: readonly string[], index: number): string {
  const end = lines.findIndex((line, at) => at > index && !line.startsWith("      "));
  return lines.slice(index + 1, end).map((line) => line.trim()).join(" ");
}

/** Cuts a help down to its beginning. */
function summaryOf(help: string): string {
  const [start = ""] = help.split(/[;:] |, such as | \(default| \(/);
  if (start.length <= MAX_SUMMARY) return start;
  return `${start.slice(0, start.lastIndexOf(" ", MAX_SUMMARY))} …`;
}

function choicesOfSettings(): Record<string, readonly string[]> {
  const choices: Record<string, readonly string[]> = { [flagOf("whenFull")]: WHEN_FULL };
  for (const { name, schema } of SETTINGS) {
    if (schema instanceof z.ZodEnum) choices[flagOf(name)] = schema.options.map(String);
  }
  return choices;
}
